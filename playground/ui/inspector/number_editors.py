"""Editors for numbers: a slider with a spin box, a spin box for whole numbers, and one for real numbers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import QSpinBox, QWidget

from playground.style import theme
from playground.style.widgets import repolish
from playground.ui.inspector.controls import OpenSpin, SnappingSlider, calm_wheel
from playground.ui.inspector.editor import Editor
from playground.ui.inspector.fields import Field
from playground.ui.inspector.number import Number

LARGEST = 2**31 - 1
WIDTH = 84
"""Of a spin box without a slider, at type scale 1: the longest name still stands beside it in the narrowest form."""
DRAG_MS = 140
"""A slider that is being dragged asks for an edit when it rests this long, and when it is let go."""


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
            self.pair.number.none_text = "none"
            self.pair.number.setSpecialValueText("none")
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
        return None if self.pair.number.blank or self.pair.value() == self._none else self.pair.value()

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a number, quietly when it is left open."""
        effective = self._none if effective is None else effective
        if self.pair.number.mixed:
            self.pair.set_mixed(None)
        if not self.pair.slider.isSliderDown() and self.pair.value() != effective:
            self.pair.set_value(int(effective))
        self._set_auto(value is None)

    def show_mixed(self, first: Any) -> None:
        """No number, and a slider that points nowhere."""
        if not self.pair.slider.isSliderDown():
            self.pair.set_mixed(int(first) if first is not None else self._none)
        self._set_auto(False)

    def settle(self) -> None:
        """Nothing is being dragged or typed any more."""
        self._timer.stop()
        self.pair.number.refresh()

    def controls(self) -> list[QWidget]:
        """Slider and spin box."""
        return [self.pair.slider, self.pair.spin]

    def set_texts(self, name: str, tip: str, whats_this: str) -> None:
        """The slider says that it is one."""
        super().set_texts(name, tip, whats_this)
        self.pair.slider.setAccessibleName(f"{name}, slider")

    def _set_auto(self, auto: bool) -> None:
        if bool(self.pair.spin.property("auto")) != auto:
            self.pair.spin.setProperty("auto", auto)
            repolish(self.pair.spin)

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
        self.spin = OpenSpin(self)
        self.spin.set_limits(round(field.low or 0), round(field.high or LARGEST))
        self.spin.setKeyboardTracking(False)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.spin.setGroupSeparatorShown(True)
        self.spin.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        self.spin.setFixedWidth(round(WIDTH * theme.points() / theme.BASE_POINTS))
        self.row.addStretch(1)
        self.row.addWidget(self.spin)
        self.spin.valueChanged.connect(self._emit)
        calm_wheel(self.spin)

    def value(self) -> int | None:
        """The number shown."""
        return None if self.spin.blank else self.spin.value()

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a number."""
        if self.spin.mixed or self.spin.value() != effective:
            with QSignalBlocker(self.spin):
                self.spin.set_mixed(None)
                self.spin.setValue(int(effective))

    def show_mixed(self, first: Any) -> None:
        """No number."""
        self.spin.set_mixed(int(first))

    def settle(self) -> None:
        """Nothing is half typed."""
        self.spin.refresh()

    def controls(self) -> list[QWidget]:
        """The spin box."""
        return [self.spin]


class FloatEditor(Editor):
    """A real number, written as short as it can be."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.spin = Number(field.low, field.high, field.info.step, self)
        self.spin.setFixedWidth(round(WIDTH * theme.points() / theme.BASE_POINTS))
        self.row.addStretch(1)
        self.row.addWidget(self.spin)
        self.spin.valueChanged.connect(self._emit)
        calm_wheel(self.spin)

    def value(self) -> float | None:
        """The number shown."""
        return None if self.spin.blank else self.spin.value()

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a number."""
        if self.spin.mixed or self.spin.value() != effective:
            self.spin.set_mixed(None)
            with QSignalBlocker(self.spin):
                self.spin.setValue(float(effective))

    def show_mixed(self, first: Any) -> None:
        """No number."""
        self.spin.set_mixed(float(first))

    def settle(self) -> None:
        """Nothing is half typed."""
        self.spin.refresh()

    def controls(self) -> list[QWidget]:
        """The spin box."""
        return [self.spin]
