"""A row of the form: label, reset, editor and menu, and under it what the choice does and what is wrong with it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from playground.ui.inspector import editors
from playground.ui.inspector.drawings import drawing_of
from playground.ui.inspector.fields import Field
from playground.ui.inspector.help import HelpCard, rich, tip
from playground.ui.inspector.naming import GAP, Name, Slot, scaled
from playground.ui.inspector.notice import Notice, shown
from playground.ui.inspector.picture import Picture
from playground.ui.inspector.placing import Said
from playground.ui.inspector.selection import Seen
from playground.ui.inspector.subject import Subject


class FieldRow(QWidget):
    """One field. `asked` carries what the person wants it to be; `noticed` says that it has the mouse or the keyboard."""

    asked = Signal(str, object)
    back = Signal(str)
    menu_wanted = Signal(str, object)
    repair = Signal(object)
    noticed = Signal(str)

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._shown: tuple[Seen, tuple[Subject, ...]] | None = None
        self.card: HelpCard | None = None
        self._here, self._way_back, self._auto = False, False, ""
        self.label, self.slot_ = Name(field.info.label, self), Slot(field.info.label, self)
        self.reset, self.more, self.auto = self.slot_.reset, self.slot_.more, self.slot_.auto
        self.editor = editors.make(field, self)
        drawing = drawing_of(field.path)
        self.picture = Picture(drawing, self) if drawing is not None else None
        self.notice = Notice(self)
        self._arrange()
        self._dress()
        self.editor.edited.connect(self._on_edited)
        self.editor.hinted.connect(self._on_hinted)
        self.reset.clicked.connect(lambda: self.back.emit(self.field.path))
        self.more.clicked.connect(lambda: self.menu_wanted.emit(self.field.path, self.more))
        self.label.pressed.connect(self.explain)
        self.notice.repair.connect(self.repair)
        for control in (*self.editor.controls(), self.reset, self.more):
            control.installEventFilter(self)

    def address(self, field: Field) -> None:
        """Stand for the same field of another part."""
        if field.path != self.field.path:
            self.field, self._shown = field, None
            self.editor.settle()

    def show_value(self, seen: Seen, subjects: tuple[Subject, ...]) -> None:
        """Show a value or that there are several, what it does, and the way back where it differs from the preset."""
        if self._shown == (seen, subjects):
            return
        self._shown = seen, subjects
        if seen.mixed:
            self.editor.show_mixed(seen.effective)
        else:
            self.editor.show_value(seen.value, seen.effective)
        if self.picture is not None:
            self.picture.show_subjects(subjects)
        self.label.mark(differs=bool(seen.back))
        open_ = self.field.optional and not self.field.can_be_none
        target = "automatic" if seen.preset is None and open_ else shown(seen.preset)
        where = f"Back to {target}, as in the opened model" if seen.one_preset else "Back to the values of the opened model"
        self.reset.setToolTip(where)
        had_focus = self.reset.hasFocus()
        self._way_back = bool(seen.back)
        # what is none says so itself
        self._auto = "auto" if open_ and not seen.mixed and seen.value is None else ""
        self._fit_slot()
        if had_focus and not self._way_back:
            self.editor.controls()[-1].setFocus()

    def say(self, what: Said | None) -> None:
        """Mark the value as wrong and say why, or as fine again."""
        if what is not None:
            self.notice.say(what, self.field.path)
        elif not self.notice.isHidden():
            self.notice.clear()
        if self.label.wrong != (what is not None):
            self.editor.set_wrong(what is not None)
            self.label.mark(wrong=what is not None)

    def explain(self) -> None:
        """Open the card with the help and the source."""
        self.card = HelpCard(self.field.info, self)
        self.card.closed.connect(self._on_closed)
        self.card.open_beside(self.label)

    @property
    def resettable(self) -> bool:
        """Whether the way back is offered."""
        return not self.reset.isHidden()

    def enterEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The mouse is here."""
        self._notice_me()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The mouse has gone."""
        self._here = self._has_focus()
        self._fit_slot()
        self.noticed.emit("")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """What can be done with the value."""
        self.menu_wanted.emit(self.field.path, self.more)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """F1 explains the field."""
        if event.key() == Qt.Key.Key_F1:
            self.explain()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """The keyboard comes and goes."""
        if event.type() == QEvent.Type.FocusIn:
            self._notice_me()
        elif event.type() == QEvent.Type.FocusOut and isinstance(event, QFocusEvent):
            if event.reason() == Qt.FocusReason.PopupFocusReason:
                return False  # the menu or the card: the keyboard comes back
            self._here = self.underMouse() or self._has_focus()
            self._fit_slot()
            self.noticed.emit("")
        return False

    # -- inside -------------------------------------------------------------------------------------------------

    def _on_closed(self) -> None:
        self.card = None

    def _on_edited(self, value: Any) -> None:
        self._shown = None  # what is typed may be refused, and then it is not what was shown
        self.asked.emit(self.field.path, value)

    def _on_hinted(self, choice: Any) -> None:
        if self.picture is not None:
            self.picture.hint(self.field.path, choice)

    def _notice_me(self) -> None:
        self._here = True
        self._fit_slot()
        self.noticed.emit(self.field.path)

    def _has_focus(self) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and self.isAncestorOf(focused)

    def _fit_slot(self) -> None:
        self.slot_.offer(reset=self._way_back, more=self._here, auto=self._auto)

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(scaled(GAP))
        line.addWidget(self.label)
        line.addWidget(self.slot_)
        line.addWidget(self.editor, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(line)
        column.addWidget(self.notice)
        if self.picture is not None:
            column.addWidget(self.picture)
        QWidget.setTabOrder(self.editor.controls()[-1], self.more)

    def _dress(self) -> None:
        about = self.field.info
        self.label.setToolTip(tip(about))
        self.label.setWhatsThis(rich(about))
        self.label.setBuddy(self.editor.controls()[-1])
        self.editor.set_texts(f"{about.label} ({about.unit})" if about.unit else about.label, tip(about), rich(about))
        self.auto.setToolTip("Follows from the other values until you set it")
