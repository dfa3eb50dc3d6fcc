"""A spin box for real numbers of any size: written as short as possible, stepped evenly or, without a step, along 1-2-5."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from playground.spec.saying import written as written

NOWHERE = -1e12
"""No field goes so far: it stands for no number."""
FINEST = 12
"""Digits behind the point that are kept."""


def stepped(value: float, steps: int) -> float:
    """The next number along … 1, 2, 5, 10, 20, 50 …, `steps` further."""
    for _ in range(abs(steps)):
        if value <= 0:
            return 1e-6 if steps > 0 else 0.0
        power = 10.0 ** math.floor(math.log10(value) + 1e-9)
        ladder = [power / 10 * m for m in (1, 2, 5)] + [power * m for m in (1, 2, 5, 10, 20)]
        if steps > 0:
            value = next(rung for rung in ladder if rung > value * (1 + 1e-9))
        else:
            value = next(rung for rung in reversed(ladder) if rung < value * (1 - 1e-9))
        value = float(f"{value:.6g}")
    return value


class Number(QDoubleSpinBox):
    """Any number can be typed, also one that will be refused: it stays visible beside the reason. Steps keep to the limits."""

    def __init__(self, low: float | None, high: float | None, step: float | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low = low if low is not None else -math.inf
        self._high = high if high is not None else math.inf
        self._step = step
        self.mixed = False
        self._first = 0.0
        self.setDecimals(FINEST)
        self.setRange(NOWHERE, -NOWHERE)
        self.setKeyboardTracking(False)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def set_mixed(self, first: float | None) -> None:
        """Show no number, and step on from `first`, as several parts have several; None ends it."""
        with QSignalBlocker(self):
            self.mixed = first is not None
            self.lineEdit().setPlaceholderText("mixed" if self.mixed else "")
            if first is not None:
                self._first = first
                self.setValue(NOWHERE)

    @property
    def blank(self) -> bool:
        """Whether no number is shown: there are several, and none has been typed."""
        return self.mixed and self.value() == NOWHERE

    def refresh(self) -> None:
        """Write the number again over what is half typed."""
        with QSignalBlocker(self):
            self.setValue(self.value())

    def textFromValue(self, value: float) -> str:  # noqa: N802 (Qt's name)
        """As short as it can be; nothing while there are several."""
        return "" if self.mixed and value == NOWHERE else written(value)

    def valueFromText(self, text: str) -> float:  # noqa: N802 (Qt's name)
        """Plain or scientific, with a point or a comma."""
        try:
            value = float(text.strip().replace(",", "."))
        except ValueError:
            return self.value()
        return value if math.isfinite(value) else self.value()

    def validate(self, text: str, position: int) -> Any:
        """Whatever can still become a number may be typed."""
        tidy = text.strip().replace(",", ".")
        try:
            fine = math.isfinite(float(tidy))
        except ValueError:
            fine = False
        if fine:
            return QValidator.State.Acceptable, text, position
        unfinished = all(letter in "0123456789.eE+-" for letter in tidy)
        return (QValidator.State.Intermediate if unfinished else QValidator.State.Invalid), text, position

    def stepEnabled(self) -> QDoubleSpinBox.StepEnabledFlag:  # noqa: N802 (Qt's name)
        """From several numbers there is a way up and down."""
        both = QDoubleSpinBox.StepEnabledFlag.StepUpEnabled | QDoubleSpinBox.StepEnabledFlag.StepDownEnabled
        return both if self.blank else super().stepEnabled()

    def stepBy(self, steps: int) -> None:  # noqa: N802 (Qt's name)
        """One step of the field, or one rung of 1-2-5."""
        self.interpretText()
        value = self._first if self.blank else self.value()
        moved = value + steps * self._step if self._step is not None else stepped(value, steps)
        self.setValue(min(max(round(moved, FINEST), self._low), self._high))
        self.selectAll()
