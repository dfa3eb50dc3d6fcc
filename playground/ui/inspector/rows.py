"""A row of the form: label, reset, editor, and under it what is wrong with the value and what would repair it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from playground.style import theme
from playground.style.widgets import repolish
from playground.ui.inspector import editors
from playground.ui.inspector.fields import Field, said
from playground.ui.inspector.number import written
from playground.ui.inspector.placing import Said

LABEL, SLOT = 68, 30
"""Widths of the label and of the place for reset, at type scale 1."""

CHANGES = {
    "hot": ("hot: next step uses it", "good"),
    "graft": ("graft: weights carry over", "warning"),
    "fresh": ("fresh: training starts again", "bad"),
}


class Notice(QFrame):
    """A refusal in words, with a button for each repair."""

    repair = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "notice")
        self.label = QLabel(self)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons: list[QPushButton] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 5, 6, 5)
        column.setSpacing(2)
        self._first, self._more = QHBoxLayout(), QGridLayout()
        self._first.addWidget(self.label, 1)
        self._more.setColumnStretch(2, 1)
        self._more.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._first)
        column.addLayout(self._more)
        self.hide()

    def say(self, what: Said, path: str = "") -> None:
        """Show a refusal; a repair of the field at `path` itself only names the value."""
        self.clear()
        self.label.setText("\n".join(what.messages))
        for index, fix in enumerate(sorted(what.fixes, key=lambda fix: fix.path != path)):
            button = QPushButton(f"use {shown(fix.value)}" if fix.path == path else fix.label, self)
            button.setProperty("role", "link")
            button.setAccessibleName(f"Repair: {fix.label}")
            button.setToolTip(f"Set {fix.path} to {shown(fix.value)}")
            button.clicked.connect(lambda _checked=False, fix=fix: self.repair.emit(fix))
            if len(what.fixes) == 1:
                self._first.addWidget(button)
            else:
                self._more.addWidget(button, *divmod(index, 2), Qt.AlignmentFlag.AlignLeft)
            self.buttons.append(button)
        self.show()

    def clear(self) -> None:
        """Nothing is wrong."""
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self.buttons = []
        self.hide()


class FieldRow(QWidget):
    """One field. `asked` carries what the person wants it to be; `noticed` says that it has the mouse or the keyboard."""

    asked = Signal(str, object)
    repair = Signal(object)
    noticed = Signal(str)

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._reset_to: Any = None
        scale = theme.points() / theme.BASE_POINTS
        self.label = QLabel(field.info.label, self)
        self.label.setMinimumWidth(round(LABEL * scale))
        self.reset, self.auto = QToolButton(self), QLabel("auto", self)
        self.editor = editors.make(field, self)
        self.notice = Notice(self)
        self._dress()
        self.slot_ = QStackedWidget(self)
        self.slot_.setFixedSize(round(SLOT * scale), round(22 * scale))
        for widget in (QWidget(self), self.reset, self.auto):
            self.slot_.addWidget(widget)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.label)
        line.addWidget(self.slot_)
        line.addWidget(self.editor, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(line)
        column.addWidget(self.notice)
        self.editor.edited.connect(lambda value: self.asked.emit(field.path, value))
        self.reset.clicked.connect(lambda: self.asked.emit(field.path, self._reset_to))
        self.notice.repair.connect(self.repair)
        for control in self.editor.controls():
            control.installEventFilter(self)

    def show_value(self, value: Any, effective: Any, preset: Any) -> None:
        """Show a value, and offer the way back where it differs from the preset or stands in for an automatic one."""
        self.editor.show_value(value, effective)
        same = (value is None) == (preset is None) if self.field.kind == "part" else value == preset
        back = not same or (self.field.optional and value is not None)
        self._reset_to = preset if not same else None
        target = "automatic" if self._reset_to is None and self.field.optional else shown(self._reset_to)
        self.reset.setToolTip(f"Back to {target}, as in the opened model" if not same else "Back to automatic")
        had_focus = self.reset.hasFocus()
        if back:
            self.slot_.setCurrentWidget(self.reset)
        elif self.field.optional:
            self.auto.setText("" if self.field.can_be_none else "auto")  # what is none says so itself
            self.slot_.setCurrentWidget(self.auto)
        else:
            self.slot_.setCurrentIndex(0)
        if had_focus and not back:
            self.editor.controls()[-1].setFocus()

    def say(self, what: Said | None) -> None:
        """Mark the value as wrong and say why, or as fine again."""
        if what is None:
            self.notice.clear()
        else:
            self.notice.say(what, self.field.path)
        self.editor.set_wrong(what is not None)
        if bool(self.label.property("wrong")) != (what is not None):
            self.label.setProperty("wrong", what is not None)
            self.label.setText(f"{self.field.info.label} •" if what is not None else self.field.info.label)
            self.label.setStyleSheet(f"color: {theme.theme().warning}" if what is not None else "")
            repolish(self.label)

    @property
    def resettable(self) -> bool:
        """Whether the way back is offered."""
        return self.slot_.currentWidget() is self.reset

    def enterEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The mouse is here."""
        self.noticed.emit(self.field.path)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The mouse has gone."""
        self.noticed.emit("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """The keyboard comes and goes."""
        if event.type() == QEvent.Type.FocusIn:
            self.noticed.emit(self.field.path)
        elif event.type() == QEvent.Type.FocusOut:
            self.noticed.emit("")
        return False

    def _dress(self) -> None:
        about = self.field.info
        tip = f"{about.help}\n{CHANGES[about.change][0]}"
        cite = f"<p><i>{about.cite}</i></p>" if about.cite else ""
        link = f'<p><a href="{about.url}">{about.url}</a></p>' if about.url else ""
        whole = f"<p><b>{about.label}</b></p><p>{about.help}</p>{cite}{link}<p>{CHANGES[about.change][0]}</p>"
        self.label.setToolTip(f"{tip}\n{about.cite}" if about.cite else tip)
        self.label.setWhatsThis(whole)
        self.label.setBuddy(self.editor.controls()[-1])
        self.editor.set_texts(f"{about.label} ({about.unit})" if about.unit else about.label, tip, whole)
        self.reset.setText("⟲")
        self.reset.setProperty("role", "reset")
        self.reset.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.reset.setAccessibleName(f"Reset {about.label}")
        self.auto.setProperty("role", "quiet")
        self.auto.setFont(theme.font(0.85))
        self.auto.setToolTip("Follows from the other values until you set it")
        self.auto.setAlignment(Qt.AlignmentFlag.AlignCenter)


def shown(value: Any) -> str:
    """A value in words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return written(value)
    return said(value) if isinstance(value, str) else str(value) if isinstance(value, int) else "the part as it was"
