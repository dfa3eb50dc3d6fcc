"""A small plot of one quantity under its name and newest value, and what all curves share: pens, smoothing, nearest step."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Caption
from playground.views.curves.panel_plot import Plot, short

POINTS = 240
"""What a small plot can tell apart; wide antialiased lines are what costs time here."""


class Small(QWidget):
    """A small plot of one quantity under its name and value."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption, self.value, self.plot = Caption(title), QLabel(), Plot(title)
        self.line = self.plot.curve()
        self.line.setSymbolSize(6)
        self.plot.setMouseEnabled(False, False)  # its steps are those of the loss above
        self.plot.getViewBox().setAutoVisible(y=True)
        self.steps = self.values = np.zeros(0)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 6, 0)
        row.addWidget(self.caption)
        row.addStretch(1)
        row.addWidget(self.value)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.plot, 1)

    def draw(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Show the line so far."""
        self.steps, self.values = steps, values
        self.line.setData(*thinned(steps, values, POINTS), symbol=dot(values))
        self.read(None)

    def read(self, step: float | None) -> None:
        """Print the value at a step, or the newest one."""
        index = nearest(self.steps, step) if step is not None else len(self.values) - 1
        self.value.setText(short(float(f"{self.values[index]:.3g}")) if len(self.values) else "")

    def retheme(self) -> None:
        """Take the theme in force."""
        self.caption.restyle()
        self.value.setFont(theme.font(0.9, bold=True))
        self.plot.retheme()
        self.plot.getAxis("left").setStyle(maxTickLevel=0, textFillLimits=[(0, 0.5)])
        self.plot.getAxis("bottom").setStyle(textFillLimits=[(0, 0.6)])
        self.line.setPen(pen("accent", 1.5, 220))
        self.line.setSymbolBrush(theme.colour("accent"))
        self.line.setSymbolPen(None)


def pen(name: str, width: float, alpha: int = 255) -> QPen:
    """A pen of the theme in force, in pixels."""
    made = pg.mkPen(theme.colour(name, alpha), width=width)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return made


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """Exponential mean of the points, each keeping `weight` of what was before; free of the start's bias (Kingma & Ba 2015)."""
    made, mean, seen = np.empty(len(values)), 0.0, 0.0
    for index, value in enumerate(values.tolist()):
        if math.isfinite(value):
            mean, seen = weight * mean + (1 - weight) * value, weight * seen + (1 - weight)
        made[index] = mean / seen if seen else math.nan
    return made


def nearest(steps: np.ndarray, step: float) -> int:
    """The index of the step nearest to one, in ascending steps."""
    right = int(np.searchsorted(steps, step).clip(1, max(len(steps) - 1, 1)))
    return right - 1 if right >= len(steps) or step - steps[right - 1] <= steps[right] - step else right


def dot(values: np.ndarray) -> str | None:
    """The symbol of a line: one point alone would otherwise be invisible."""
    return "o" if len(values) == 1 else None


def thinned(steps: np.ndarray, values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` points: the least and the greatest of each stretch, in their order, so that no peak is lost."""
    if len(values) <= most:
        return steps, values
    size = -(-len(values) // (most // 2))
    filled = np.full(-(-len(values) // size) * size, values[-1])
    filled[: len(values)] = values
    rows = filled.reshape(-1, size)
    at = np.sort(np.stack([rows.argmin(1), rows.argmax(1)], 1), 1) + np.arange(len(rows))[:, None] * size
    at = np.minimum(at.ravel(), len(values) - 1)
    return steps[at], values[at]
