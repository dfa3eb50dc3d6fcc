"""A small plot of one quantity under its name and value; painted directly, because it is redrawn several times a second."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import theme
from playground.style.widgets import Caption
from playground.views.curves import points

AXIS = 46
"""Pixels left of the line for the numbers."""
LATER_MS = 30
"""Until a change is painted: not in the same frame as the large plot, since no frame shall take long."""


class Small(QWidget):
    """Shows the steps that the large plot shows; `pointed` tells the x under the pointer (NaN when it leaves)."""

    pointed = Signal(float)
    fit_wanted = Signal()

    def __init__(self, title: str, short: str, parent: QWidget | None = None) -> None:
        """`short` is its name where there is little room."""
        super().__init__(parent)
        self._titles = title, short
        self.caption = Caption(title, self)
        self._steps = self._x = self._values = np.zeros(0)
        self._span = 0.0, 1.0
        self._log = False
        self._cursor: float | None = None
        self._text = ""
        self._later = QTimer(self, singleShot=True, interval=LATER_MS)
        self._later.timeout.connect(self.update)
        self.setMouseTracking(True)
        self.setMinimumHeight(56)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)

    def draw(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Show the line so far; steps ascend."""
        self._steps, self._values = steps, values
        self._place()
        self.read(None)

    def set_log(self, on: bool) -> None:
        """Steps on a logarithmic axis, or a linear one."""
        self._log = on
        self._place()

    def set_span(self, low: float, high: float) -> None:
        """Show the x (steps, or their logarithms) from low to high."""
        self._span = low, max(high, low + 1e-9)
        self._later.start()

    def read(self, step: float | None) -> None:
        """Print the value at a step and mark it, or the newest one."""
        self._cursor = None if step is None or not len(self._x) else self._at(step)
        index = len(self._values) - 1 if step is None else points.nearest(self._steps, step)
        self._text = points.short(float(f"{self._values[index]:.3g}")) if len(self._values) else ""
        self.setAccessibleDescription(self._text)
        self._later.start()

    def text(self) -> str:
        """The value printed."""
        return self._text

    def retheme(self) -> None:
        """Take the theme in force."""
        self.caption.restyle()
        self._name()
        self._later.start()

    def _at(self, step: float) -> float:
        return math.log10(max(step, 1.0)) if self._log else step

    def _place(self) -> None:
        self._x = np.log10(np.maximum(self._steps, 1.0)) if self._log else self._steps
        self._later.start()

    # -- what the person does -----------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Tell where the pointer is."""
        area, (low, high) = self._area(), self._span
        inside = area.left() <= event.position().x() <= area.right()
        self.pointed.emit(low + (event.position().x() - area.left()) / area.width() * (high - low) if inside else math.nan)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The pointer is gone."""
        self.pointed.emit(math.nan)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show everything again."""
        self.fit_wanted.emit()

    # -- inside -------------------------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        top = self.caption.height() + 6
        return QRectF(AXIS, top, max(1, self.width() - AXIS - 6), max(1, self.height() - top - 6))

    def _line(self, area: QRectF) -> tuple[np.ndarray, np.ndarray]:
        """The visible points, no more of them than pixels can tell apart."""
        low, high = self._span
        seen = (self._x >= low) & (self._x <= high) & np.isfinite(self._values) & (self._steps >= (1 if self._log else 0))
        x, values = self._x[seen], self._values[seen]
        kept = points.thinned(x, values, int(area.width() / 2))
        return x[kept], values[kept]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """As much of the name as leaves room for the value."""
        super().resizeEvent(event)
        self._name()

    def _name(self) -> None:
        room = self.width() - QFontMetricsF(theme.font(0.9, bold=True)).horizontalAdvance("8.88e-8") - 16
        for title in self._titles:
            self.caption.setText(title)
            if self.caption.sizeHint().width() <= room:
                break
        self.caption.adjustSize()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Value, three ticks at most, the line, the cursor."""
        painter, area = QPainter(self), self._area()
        painter.setFont(theme.font(0.9, bold=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(0, 0, self.width() - 6, self.caption.height()), Qt.AlignmentFlag.AlignRight, self._text)
        x, values = self._line(area)
        if not len(values):
            return
        least, greatest = float(values.min()), float(values.max())
        margin = (greatest - least) * 0.06 or abs(greatest) * 0.5 or 1.0
        least, greatest = least - margin, greatest + margin
        self._paint_ticks(painter, area, least, greatest)
        across = area.width() / (self._span[1] - self._span[0])
        places = np.stack([area.left() + (x - self._span[0]) * across,
                           area.bottom() - (values - least) * (area.height() / (greatest - least))], 1)  # fmt: skip
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("accent"), 1.25))
        if len(places) == 1:  # a line of one point would be invisible
            painter.setBrush(theme.colour("accent"))
            painter.drawEllipse(QPointF(*places[0]), 2.5, 2.5)
        else:
            painter.drawPolyline(QPolygonF([QPointF(*place) for place in places.tolist()]))
        if self._cursor is not None and self._span[0] <= self._cursor <= self._span[1]:
            at = area.left() + (self._cursor - self._span[0]) * across
            painter.setPen(QPen(theme.colour("quiet", 160), 1))
            painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()))

    def _paint_ticks(self, painter: QPainter, area: QRectF, least: float, greatest: float) -> None:
        font = theme.font(0.85)
        painter.setFont(font)
        height = QFontMetricsF(font).height()
        for value in points.ticks(max(least, 0.0), greatest, max(1, min(3, int(area.height() / (1.6 * height))))):
            y = round(area.bottom() - (value - least) / (greatest - least) * area.height())
            painter.setPen(theme.colour("line", 130))
            painter.drawLine(int(area.left()), y, int(area.right()), y)
            painter.setPen(theme.colour("quiet"))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - height / 2, AXIS - 7, height), flags, points.short(value))
