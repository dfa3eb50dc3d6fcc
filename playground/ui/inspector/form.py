"""The inspector: the chosen part, the model or the training as a form, faults beside their fields, facts under it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QScrollArea, QTabBar, QVBoxLayout, QWidget

from playground.spec import edit
from playground.spec.check import Fix, Problem
from playground.spec.experiment import Experiment
from playground.style import theme
from playground.style.widgets import Caption, Hairline, Pill, take_no_drops
from playground.ui.inspector import fields, placing
from playground.ui.inspector.facts import Facts, facts_of
from playground.ui.inspector.fields import Field
from playground.ui.inspector.pages import TABS, sections
from playground.ui.inspector.rows import CHANGES, FieldRow, Notice
from playground.ui.inspector.schedule_curve import ScheduleCurve

MESSAGE_MS = 9000
"""How long a report of a graft stays."""


class Inspector(QWidget):
    """Shows an Experiment, never changes it: what the person wants goes out as `edit_requested`."""

    edit_requested = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiment, self._preset = Experiment(), Experiment()
        self._path = "model.embedding"
        self._shape: object = None
        self._pending: dict[str, Any] = {}
        self._edited = ""
        self.rows: dict[str, FieldRow] = {}
        self.curve: ScheduleCurve | None = None
        self.tabs = QTabBar(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Inspector pages")
        for _, name, tip in TABS:
            self.tabs.setTabToolTip(self.tabs.addTab(name), tip)
        self.caption, self.pill = Caption("", self), Pill("", "warning", self)
        self.notice, self.message = Notice(self), QLabel(self)
        self.facts = Facts()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MESSAGE_MS)
        self._timer.timeout.connect(self.message.hide)
        self._arrange()
        self.tabs.currentChanged.connect(self._on_tab)
        self.notice.repair.connect(self._on_repair)
        self._fit()
        self._refresh()

    # -- what the owner tells it ---------------------------------------------------------------------------------

    def set_experiment(self, experiment: Experiment, preset: Experiment) -> None:
        """Show an experiment; `preset` is what was opened, and what a reset goes back to. Nothing typed stays pending."""
        self._experiment, self._preset = experiment, preset
        self._pending.clear()
        self._edited = ""
        self._say({})
        self._refresh()

    def show_part(self, path: str) -> None:
        """Bring the part at `path` to the front; the place of an absent part shows its layer."""
        while path and not edit.exists(self._experiment, path) and "." in path:
            path = path.rpartition(".")[0]
        if path != self._path:
            self._forget()
        self._path = path
        if self.tabs.currentIndex() != 0:
            self.tabs.setCurrentIndex(0)
        else:
            self._refresh()

    def show_problems(self, problems: list[Problem]) -> None:
        """The last edit is refused: say why beside its field, keep what was typed, offer what would work."""
        shown = [path for path, row in self.rows.items() if not row.isHidden()]
        self._say(placing.place(problems, shown, self._pending, self._edited, self._experiment))

    def show_message(self, text: str) -> None:
        """A piece of good news, such as what a graft kept; it goes by itself."""
        self.message.setText(text)
        self.message.setVisible(bool(text))
        self._timer.start()

    def retheme(self) -> None:
        """Take the theme and the type scale that are in force."""
        self.caption.restyle()
        focused = next((path for path, row in self.rows.items() if row.isAncestorOf(self.focusWidget() or self)), "")
        self._shape = None
        self._fit()
        self._refresh()
        if focused in self.rows:
            self.rows[focused].editor.controls()[-1].setFocus()

    # -- what the person does ------------------------------------------------------------------------------------

    def _on_asked(self, path: str, value: Any) -> None:
        if path.endswith((".attention", ".cross", ".mlp")) and isinstance(value, bool):
            value = fields.preset_value(self._preset, path) or fields.part_default(path) if value else None
        if edit.get(self._experiment, path) == value:  # back to what holds: nothing to ask for, nothing wrong
            self._pending.pop(path, None)
            self.rows[path].say(None)
            self._refresh_values()
            return
        self._edited = path
        self._request({**self._pending, path: value}, {path: value})

    def _on_repair(self, fix: Fix) -> None:
        self._request({**self._pending, fix.path: fix.value}, {fix.path: fix.value})

    def _request(self, all_of_it: dict[str, Any], alone: dict[str, Any]) -> None:
        """Ask for an edit alone; where only all that is pending can be, ask for that as one edit."""
        ((path, value),) = alone.items()
        self._pending = all_of_it
        whole = placing.together(self._experiment, all_of_it) if len(all_of_it) > 1 else None
        self.edit_requested.emit(*(whole or (path, value)))

    def _on_tab(self) -> None:
        self._forget()
        self._refresh()

    def _on_noticed(self, path: str) -> None:
        self._show_change(self.rows[path].field if path in self.rows else None)

    def _forget(self) -> None:
        """Leave a page: what was refused on it is not kept."""
        self._pending.clear()
        self._edited = ""
        self._say({})

    # -- inside --------------------------------------------------------------------------------------------------

    @property
    def tab(self) -> str:
        """Which page is in front: part, model or training."""
        return TABS[self.tabs.currentIndex()][0]

    def _arrange(self) -> None:
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setContentsMargins(16, 12, 16, 8)
        self._head.setSpacing(6)
        self._head.addWidget(self.caption, 1)
        self._head.addWidget(self.pill)
        self.message.setProperty("role", "good")
        self.message.setWordWrap(True)
        self.message.hide()
        above = QVBoxLayout()
        above.setContentsMargins(16, 0, 16, 0)
        above.setSpacing(0)
        for widget in (self.message, self.notice):
            above.addWidget(widget)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.verticalScrollBar().rangeChanged.connect(self._keep_margin)
        self._ground = QWidget()
        self._column = QVBoxLayout(self._ground)
        self._column.setContentsMargins(16, 4, 16, 16)
        self._column.setSpacing(8)
        self._form = QWidget(self._ground)
        self._column.addWidget(self._form)
        self._line = Hairline(parent=self._ground)
        self._column.addSpacing(4)
        self._column.addWidget(self._line)
        self._column.addSpacing(4)
        self._column.addWidget(self.facts)
        self._column.addStretch(1)
        self.area.setWidget(self._ground)
        self.area.viewport().setAutoFillBackground(False)
        self._ground.setAutoFillBackground(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(Hairline(parent=self))
        column.addLayout(self._head)
        column.addLayout(above)
        column.addSpacing(4)
        column.addWidget(self.area, 1)

    def _refresh(self) -> None:
        """Show the page: new rows only where it has other fields than before."""
        if not edit.exists(self._experiment, self._path):
            self._path = "model.embedding"
        made = sections(self._experiment, self.tab, self._path)
        shape = (self.tab, tuple((name, tuple(field.path for field in group)) for name, group in made))
        if shape != self._shape:
            self._shape = shape
            self._build(made)
        self.caption.setText({"model": "The model", "training": "Training"}.get(self.tab) or fields.title(self._path))
        self._refresh_values()
        self._show_change(None)
        self.facts.show_facts(facts_of(self._experiment, self.tab, self._path))

    def _build(self, made: list[tuple[str, tuple[Field, ...]]]) -> None:
        old, self._form = self._form, QWidget(self._ground)
        self.rows, self.curve = {}, None
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        for index, (name, group) in enumerate(made):
            if index:
                column.addSpacing(7)
            if name:
                column.addWidget(Caption(name, self._form))
            if any(field.path == "training.schedule" for field in group):
                self.curve = ScheduleCurve(self._form)
                column.addWidget(self.curve)
            for field in group:
                row = FieldRow(field, self._form)
                row.asked.connect(self._on_asked)
                row.repair.connect(self._on_repair)
                row.noticed.connect(self._on_noticed)
                self.rows[field.path] = row
                column.addWidget(row)
        take_no_drops(self._form)
        self._column.replaceWidget(old, self._form)
        old.hide()
        old.deleteLater()
        self._form.show()
        self.area.verticalScrollBar().setValue(0)

    def _refresh_values(self) -> None:
        if self.curve is not None:
            self.curve.show_training(self._experiment.training)
        for path, row in self.rows.items():
            if path in self._pending:
                continue
            value = edit.get(self._experiment, path)
            row.show_value(value, fields.effective(self._experiment, path), fields.preset_value(self._preset, path, value))
            row.setVisible(fields.needed(self._experiment, path))

    def _say(self, said: dict[str, placing.Said]) -> None:
        for path, row in self.rows.items():
            row.say(said.get(path))
        if placing.TOP in said:
            self.notice.say(said[placing.TOP])
        else:
            self.notice.clear()

    def _show_change(self, field: Field | None) -> None:
        """Say what kind of change a field is; without one, what most fields of the page are."""
        kinds = [row.field.change for row in self.rows.values() if not row.isHidden()]
        kind = field.change if field is not None else max(kinds, key=kinds.count) if kinds else "graft"
        text, role = CHANGES[kind]
        self.pill.setText(text)
        self.pill.set_role(role)
        self._fit_head()

    def _fit(self) -> None:
        scale = theme.points() / theme.BASE_POINTS
        self.setMinimumWidth(round(284 * scale))
        self.pill.setFont(theme.font(0.85))
        self.message.setFont(theme.font(0.92))

    def _fit_head(self) -> None:
        """Put the pill under the caption where they may not fit beside each other; hovering never moves anything."""
        metrics = QFontMetrics(self.pill.font())
        kinds = {row.field.change for row in self.rows.values()} or {"graft"}
        pill = max(metrics.horizontalAdvance(CHANGES[kind][0]) for kind in kinds) + 18
        wide = self.caption.sizeHint().width() + pill + 38 <= self.width()
        self._head.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _keep_margin(self) -> None:
        bar = self.area.verticalScrollBar()
        self._column.setContentsMargins(16, 4, 16 - (bar.sizeHint().width() if bar.maximum() > 0 else 0), 16)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrange the head for the new width."""
        super().resizeEvent(event)
        self._fit_head()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """The width of the design."""
        return QSize(304, 640)
