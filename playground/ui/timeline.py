"""The timeline: the loss of the whole run as one quiet line along the foot of the window."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from playground.style import theme
from playground.training.report import StepReport

CAPACITY = 1024
REPAINT_SECONDS = 1.0


class Timeline(QWidget):
    """Draws at most CAPACITY points however long the run is: when full, neighbours are averaged and the stretch doubles."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(56)
        self.setAccessibleName("Timeline of the loss")
        self._values = np.zeros(CAPACITY)
        self._painted = 0.0
        self.clear()

    def clear(self) -> None:
        """Forget the run."""
        self._count, self._stride, self._sum, self._pending, self._step = 0, 1, 0.0, 0, 0
        self._live = False
        self.update()

    def add(self, reports: list[StepReport]) -> None:
        """Append steps."""
        for report in reports:
            self._sum += report.loss
            self._pending += 1
            if self._pending == self._stride:
                self._values[self._count] = self._sum / self._stride
                self._count, self._sum, self._pending = self._count + 1, 0.0, 0
                if self._count == CAPACITY:
                    self._values[: CAPACITY // 2] = self._values.reshape(-1, 2).mean(1)
                    self._count, self._stride = CAPACITY // 2, self._stride * 2
        if reports:
            self._step = reports[-1].step
            self._repaint()

    def set_live(self, live: bool, step: int) -> None:
        """Whether training goes on, and where it is."""
        if (live, step) != (self._live, self._step):
            stopped = self._live and not live
            self._live, self._step = live, step
            if stopped or not live:
                self.setAccessibleDescription(f"Step {step:,}")
                self.update()
            else:
                self._repaint()

    def _repaint(self) -> None:
        """A line of a thousand points is not worth painting at every step."""
        now = time.monotonic()
        if now - self._painted > REPAINT_SECONDS:
            self._painted = now
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Caption, line, and the step it has reached."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = 112.0, 168.0
        area = QRectF(left, 12, self.width() - left - right, self.height() - 24)
        painter.setFont(theme.font())
        painter.setPen(theme.colour("quiet"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(16, 0, left - 16, self.height()), middle | Qt.AlignmentFlag.AlignLeft, "Timeline")
        said = f"{'live' if self._live else 'paused'} · step {self._step:,}"
        painter.drawText(QRectF(area.right(), 0, right - 16, self.height()), middle | Qt.AlignmentFlag.AlignRight, said)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(QPointF(area.left(), area.bottom() + 4), QPointF(area.right(), area.bottom() + 4))
        if self._count < 2:
            painter.setPen(theme.colour("quiet"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "the loss of this run is drawn here while it trains")
            return
        shown = self._values[: self._count]
        wide = int(max(2, area.width() / 2))
        if len(shown) > wide:
            shown = shown[np.linspace(0, len(shown) - 1, wide).astype(int)]
        low, high = float(shown.min()), float(shown.max())
        xs = np.linspace(area.left(), area.right() - 8, len(shown))
        ys = area.bottom() - (shown - low) / max(high - low, 1e-9) * area.height()
        line = QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)])
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawPolyline(line)
        painter.setBrush(theme.colour("accent"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(line.last(), 5, 5)
