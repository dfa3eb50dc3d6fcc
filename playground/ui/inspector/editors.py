"""Editors for choices, switches and text, and the table that says which kind of field gets which editor."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from playground.style import theme
from playground.style.widgets import Segments
from playground.ui.inspector.controls import MIXED, Choices, Switch, calm_wheel
from playground.ui.inspector.editor import Editor
from playground.ui.inspector.fields import Field, said
from playground.ui.inspector.number_editors import FloatEditor, IntEditor, SliderEditor

SEGMENT_LETTERS = 17
"""Choices with more letters than this, in all, go into a list instead of segments."""


class ChoiceEditor(Editor):
    """One of a few: segments while their words are short, a list otherwise."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        pairs = [(choice, said(choice)) for choice in field.choices]
        few = len(pairs) <= 4 and sum(len(word) for _, word in pairs) <= SEGMENT_LETTERS
        self.segments = Segments(pairs, self) if few else None
        self.combo = None if few else Choices(self)
        if self.segments is not None:
            self.row.addWidget(self.segments)
            for button in self.controls():
                button.setProperty("dense", True)
                button.setFont(theme.font(0.92))
            room = self.segments.layout()
            assert isinstance(room, QHBoxLayout)
            for index, (_, word) in enumerate(pairs if len(pairs) > 2 else ()):  # more room for longer words
                room.setStretch(index, 2 + len(word))
            self.segments.chosen.connect(self._emit)
            self._choices = {button: choice for button, (choice, _) in zip(self.controls(), pairs, strict=True)}
            for button in self._choices:
                button.installEventFilter(self)
        if self.combo is not None:
            self.combo.setPlaceholderText(MIXED)
            # the form may be narrower than the longest choice
            self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            self.combo.setMinimumContentsLength(8)
            for choice, word in pairs:
                self.combo.addItem(word, choice)
            self.combo.highlighted.connect(lambda index: self.hinted.emit(field.choices[index]))
            self.combo.closed.connect(lambda: self.hinted.emit(None))
            self.row.addWidget(self.combo)
            self.combo.activated.connect(lambda _index: self.edited.emit(self.value()))
            calm_wheel(self.combo)

    def value(self) -> str | None:
        """The choice shown."""
        return self.segments.value() if self.segments is not None else self.combo.currentData()  # type: ignore[union-attr]

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a choice."""
        if self.segments is not None:
            if self.segments.value() != value:
                self.segments.set_value(value)
        elif self.combo is not None:
            self.combo.setCurrentIndex(self.combo.findData(value))

    def show_mixed(self, first: Any) -> None:
        """Nothing is chosen."""
        if self.segments is not None:
            self.segments.set_value(None)
        elif self.combo is not None:
            self.combo.setCurrentIndex(-1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Say which choice the pointer is on."""
        if event.type() == QEvent.Type.Enter:
            self.hinted.emit(self._choices.get(watched))  # type: ignore[call-overload]
        elif event.type() == QEvent.Type.Leave:
            self.hinted.emit(None)
        return False

    def controls(self) -> list[QWidget]:
        """The buttons, or the list."""
        if self.combo is not None:
            return [self.combo]
        assert self.segments is not None
        return list(self.segments.buttons())

    def value_of(self, control: QWidget) -> Any:
        """The choice of a segment, or the one the pointer is on in the list."""
        return self._choices.get(control) if self.segments is not None else None

    def set_texts(self, name: str, tip: str, whats_this: str) -> None:
        """Every segment keeps its own name."""
        super().set_texts(name, tip, whats_this)
        if self.segments is not None:
            self.segments.set_accessible(name)


class BoolEditor(Editor):
    """Yes or no; also whether a part is there at all (its value is then the part, or None)."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.switch = Switch(self)
        self.row.addStretch(1)
        self.row.addWidget(self.switch)
        self.switch.clicked.connect(self._emit)

    def value(self) -> bool | None:
        """Whether it is on."""
        return None if self.switch.checkState() == Qt.CheckState.PartiallyChecked else self.switch.isChecked()

    def show_value(self, value: Any, effective: Any) -> None:
        """Show on or off."""
        self.switch.setTristate(False)
        self.switch.setChecked(value is not None and value is not False)

    def show_mixed(self, first: Any) -> None:
        """Neither on nor off; the next press is on."""
        self.switch.setCheckState(Qt.CheckState.PartiallyChecked)

    def value_of(self, control: QWidget) -> bool:
        """The other way round."""
        return not self.switch.isChecked()

    def controls(self) -> list[QWidget]:
        """The switch."""
        return [self.switch]


class TextEditor(Editor):
    """A line of text."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.line = QLineEdit(self)
        self.row.addWidget(self.line)
        self.line.editingFinished.connect(self._finished)

    def _finished(self) -> None:
        if self.line.isModified():
            self._ask()

    def value(self) -> str:
        """The text shown."""
        return self.line.text()

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a text."""
        if self.line.text() != value:
            self.line.setText(value)

    def show_mixed(self, first: Any) -> None:
        """No text."""
        with QSignalBlocker(self.line):
            self.line.clear()
        self.line.setPlaceholderText(MIXED)

    def controls(self) -> list[QWidget]:
        """The line."""
        return [self.line]

    def _ask(self) -> None:
        self.line.setModified(False)
        self.edited.emit(self.line.text())


def make(field: Field, parent: QWidget | None = None) -> Editor:
    """The editor for a field."""
    if field.kind == "int" and field.info.slider is not None:
        return SliderEditor(field, parent)
    kinds: dict[str, type[Editor]] = {
        "int": IntEditor, "float": FloatEditor, "choice": ChoiceEditor,
        "bool": BoolEditor, "part": BoolEditor, "text": TextEditor,
    }  # fmt: skip
    return kinds[field.kind](field, parent)
