"""One editor for each kind of field; all of them show a value, report what the person wants, and can be marked wrong."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSpinBox, QWidget

from playground.style import theme
from playground.style.widgets import Segments, repolish
from playground.ui.inspector.controls import Choices, SnappingSlider, Switch, calm_wheel
from playground.ui.inspector.fields import Field, said
from playground.ui.inspector.number import Number

LARGEST = 2**31 - 1
DRAG_MS = 140
"""A slider that is being dragged asks for an edit when it rests this long, and when it is let go."""
SEGMENT_LETTERS = 17
"""Choices with more letters than this, in all, go into a list instead of segments."""


class Editor(QWidget):
    """What the form knows of an editor."""

    edited = Signal(object)

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(0)

    def value(self) -> Any:
        """What is shown."""
        raise NotImplementedError

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a value without a signal; `effective` is what counts when the value itself is left open (None)."""
        raise NotImplementedError

    def controls(self) -> list[QWidget]:
        """The widgets that take keys, the main one last."""
        raise NotImplementedError

    def _emit(self, value: Any) -> None:
        self.edited.emit(value)

    def set_wrong(self, wrong: bool) -> None:
        """Mark the value as one that cannot be."""
        for control in self.controls():
            if bool(control.property("wrong")) != wrong:
                control.setProperty("wrong", wrong)
                repolish(control)

    def set_texts(self, name: str, tip: str, whats_this: str) -> None:
        """Name for screen readers, tooltip and longer help."""
        for control in self.controls():
            control.setAccessibleName(name)
            control.setAccessibleDescription(tip)
            control.setToolTip(tip)
            control.setWhatsThis(whats_this)


class SliderEditor(Editor):
    """An integer with a usual range; left open it shows what follows, quietly."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        low, high = field.info.slider or (field.low or 0, field.high or 100)
        least = round(field.low or 0)
        self._none = least - 1 if field.can_be_none else None
        if self._none is not None:  # one step below the smallest number stands for none
            least, low = self._none, min(low, self._none)
        self.pair = SnappingSlider(least, round(field.high or LARGEST), (round(low), round(high)), self)
        if self._none is not None:
            self.pair.spin.setSpecialValueText("none")
        self.row.addWidget(self.pair)
        self.pair.edited.connect(self._on_edited)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DRAG_MS)
        self._timer.timeout.connect(self._ask)
        self.pair.slider.sliderReleased.connect(self._on_released)
        for control in self.controls():
            calm_wheel(control)

    def value(self) -> int | None:
        """The number shown, or None."""
        return None if self.pair.value() == self._none else self.pair.value()

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a number, quietly when it is left open."""
        effective = self._none if effective is None else effective
        if not self.pair.slider.isSliderDown() and self.pair.value() != effective:
            self.pair.set_value(int(effective))
        if bool(self.pair.spin.property("auto")) != (value is None):
            self.pair.spin.setProperty("auto", value is None)
            repolish(self.pair.spin)

    def controls(self) -> list[QWidget]:
        """Slider and spin box."""
        return [self.pair.slider, self.pair.spin]

    def set_texts(self, name: str, tip: str, whats_this: str) -> None:
        """The slider says that it is one."""
        super().set_texts(name, tip, whats_this)
        self.pair.slider.setAccessibleName(f"{name}, slider")

    def _on_edited(self, value: int) -> None:
        if self.pair.slider.isSliderDown():
            self._timer.start()
        else:
            self._ask()

    def _on_released(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self._ask()

    def _ask(self) -> None:
        self.edited.emit(self.value())


class IntEditor(Editor):
    """An integer with a spin box only."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.spin = QSpinBox(self)
        self.spin.setRange(round(field.low or 0), round(field.high or LARGEST))
        self.spin.setKeyboardTracking(False)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.spin.setGroupSeparatorShown(True)
        self.spin.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        self.spin.setFixedWidth(round(96 * theme.points() / theme.BASE_POINTS))
        self.row.addStretch(1)
        self.row.addWidget(self.spin)
        self.spin.valueChanged.connect(self._emit)
        calm_wheel(self.spin)

    def value(self) -> int:
        """The number shown."""
        return self.spin.value()

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a number."""
        if self.spin.value() != effective:
            with QSignalBlocker(self.spin):
                self.spin.setValue(int(effective))

    def controls(self) -> list[QWidget]:
        """The spin box."""
        return [self.spin]


class FloatEditor(Editor):
    """A real number, written as short as it can be."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.spin = Number(field.low, field.high, field.info.step, self)
        self.spin.setFixedWidth(round(96 * theme.points() / theme.BASE_POINTS))
        self.row.addStretch(1)
        self.row.addWidget(self.spin)
        self.spin.valueChanged.connect(self._emit)
        calm_wheel(self.spin)

    def value(self) -> float:
        """The number shown."""
        return self.spin.value()

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a number."""
        if self.spin.value() != effective:
            with QSignalBlocker(self.spin):
                self.spin.setValue(float(effective))

    def controls(self) -> list[QWidget]:
        """The spin box."""
        return [self.spin]


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
        if self.combo is not None:
            for choice, word in pairs:
                self.combo.addItem(word, choice)
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

    def controls(self) -> list[QWidget]:
        """The buttons, or the list."""
        if self.combo is not None:
            return [self.combo]
        assert self.segments is not None
        return list(self.segments.buttons())

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

    def value(self) -> bool:
        """Whether it is on."""
        return self.switch.isChecked()

    def show_value(self, value: Any, effective: Any) -> None:
        """Show on or off."""
        self.switch.setChecked(value is not None and value is not False)

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
