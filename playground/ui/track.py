"""The track of the timeline: the loss as one quiet line, the recorded steps as dots, and a playhead to drag."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from playground.style import theme
from playground.ui.lossline import LossLine
from playground.worker.mailbox import Recorded

NEAR = 5.0
"""Pixels within which the pointer means a mark, or the end."""
PAGE = 10
"""Recorded steps that PageUp and PageDown pass."""


class Track(QAbstractSlider):
    """A slider whose value is the step that is seen. What the person does comes out as `sought`, or as `live_wanted` at its
    end; nothing moves before `show_at` says so."""

    sought = Signal(int)
    live_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = LossLine()
        self._recorded = Recorded(())
        self._at: int | None = None
        self._held: tuple[int, int] | None = None
        """First and last step while the mouse button is down: what is dragged over must not slide away underneath."""
        self._pointer: float | None = None
        self._sent: int | None = None
        self._showing = False
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(160)
        self.setAccessibleName("Timeline: the step that is shown")
        self.valueChanged.connect(self._on_value)

    # -- what is shown ------------------------------------------------------------------------------------------

    def span(self) -> tuple[int, int]:
        """The first and the last step."""
        if self._held is not None:
            return self._held
        first = self._recorded.steps[0] if self._recorded.steps else self.line.first
        return first, max(first, self.line.last)

    def steps(self) -> tuple[int, ...]:
        """The recorded steps."""
        return self._recorded.steps

    def set_recorded(self, recorded: Recorded) -> None:
        """What can be looked at; painted with the next `update`."""
        self._recorded = recorded

    def show_at(self, step: int | None) -> None:
        """The playhead's place; None: the present."""
        self._at = self._sent = step
        self.refresh()
        self.update()

    def refresh(self) -> None:
        """Tell screen readers where it stands."""
        first, last = self.span()
        at = last if self._at is None else self._at
        self._showing = True
        self.setRange(min(first, at), last)
        self.setValue(at)
        self._showing = False
        self.setAccessibleDescription(self.told(at) + ("" if self._at is not None else ", the present"))

    def told(self, step: int) -> str:
        """A step in words: its number, its loss where it is known, and what was changed there."""
        loss = self.line.loss_at(step)
        marks = [words for at, words in self._recorded.marks if at == step]
        return " · ".join([f"step {step:,}", *([f"loss {loss:.3f}"] if loss is not None else []), *marks])

    def x_of(self, step: float) -> float:
        """Where a step lies, in pixels."""
        (first, last), area = self.span(), self._area()
        return area.left() + (step - first) / max(1, last - first) * area.width()

    def step_at(self, x: float) -> int:
        """The step at a place, from the first to the last."""
        (first, last), area = self.span(), self._area()
        return round(first + min(1.0, max(0.0, (x - area.left()) / area.width())) * (last - first))

    # -- what the person does -----------------------------------------------------------------------------------

    def step_by(self, count: int) -> None:
        """Go to a recorded step before or after; behind the newest lies the present."""
        steps = self._recorded.steps
        if not steps:
            return
        if self._at is None:
            index = len(steps) + count if steps[-1] < self.line.last else len(steps) - 1 + count
        elif count > 0:
            index = bisect_right(steps, self._at) - 1 + count
        else:
            index = bisect_left(steps, self._at) + count
        if index >= len(steps):
            self.live_wanted.emit()
        else:
            self._seek(steps[max(0, index)])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrows, pages, Home, End and Esc; everything else is for the window."""
        key, steps = event.key(), self._recorded.steps
        moves = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -PAGE, Qt.Key.Key_PageUp: PAGE,
        }  # fmt: skip
        if key in moves:
            self.step_by(moves[Qt.Key(key)])
        elif key == Qt.Key.Key_Home and steps:
            self._seek(steps[0])
        elif key == Qt.Key.Key_End or (key == Qt.Key.Key_Escape and self._at is not None):
            self.live_wanted.emit()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Go where it was pressed."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = self.span()
            self._sent = None
            self._go(event.position().x())
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Drag, or look what is there."""
        self._pointer = event.position().x()
        if self._held is not None:
            self._go(self._pointer)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """The drag is over."""
        self._held = None
        self.update()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Nobody points."""
        self._pointer = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Rolling past must not change what is seen."""
        event.ignore()

    def _go(self, x: float) -> None:
        step = self.step_at(x)
        if x >= self._area().right() - 1:
            if self._sent != -1:
                self._sent = -1
                self.live_wanted.emit()
        elif self._recorded.steps:
            self._seek(step)

    def _seek(self, step: int) -> None:
        """Ask for a step, unless what would be shown for it is what has just been asked for."""
        steps = self._recorded.steps
        nearest = min(steps, key=lambda each: (abs(each - step), each))
        if nearest != self._sent:
            self._sent = nearest
            self.sought.emit(step)

    def _on_value(self, value: int) -> None:
        if not self._showing:  # by a screen reader's hand
            self._seek(value) if value < self.maximum() else self.live_wanted.emit()

    # -- painting -----------------------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        return QRectF(8, 9, max(1, self.width() - 18), max(1, self.height() - 24))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The line, the dots, the marks, the playhead, and what the pointer is over."""
        painter, area = QPainter(self), self._area()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(_pen("accent", 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 2.5, -0.5, -2.5), 6, 6)
        self._paint_dots(painter, area)
        points = self._points(area)
        if len(points) < 2:
            painter.setPen(theme.colour("quiet"))
            painter.setFont(theme.font(0.9))
            words = "the loss of this run is drawn here while it trains" if len(self._recorded.steps) < 2 else ""
            words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(area.width()))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)
        else:
            self._paint_line(painter, area, points)
        if self.span()[1] == self.span()[0]:
            return
        self._paint_head(painter, area, points)
        if self._pointer is not None:
            self._paint_pointer(painter, area, self._pointer)

    def _points(self, area: QRectF) -> np.ndarray:
        """The line in pixels (points, 2), no more of them than can be told apart."""
        steps, loss = self.line.points(max(2, int(area.width() / 2)))
        if not len(steps):
            return np.zeros((0, 2))
        low, high = float(np.nanmin(loss)), float(np.nanmax(loss))
        y = area.bottom() - (loss - low) / max(high - low, 1e-9) * area.height()
        first, last = self.span()
        return np.stack([area.left() + (steps - first) * (area.width() / max(1, last - first)), y], 1)

    def _paint_line(self, painter: QPainter, area: QRectF, points: np.ndarray) -> None:
        line = QPolygonF([QPointF(*point) for point in points.tolist()])
        if self._at is None:
            painter.setPen(_pen("accent", 2))
            painter.drawPolyline(line)
            return
        at = self.x_of(self._at)
        for low, high, alpha in ((0.0, at, 255), (at, float(self.width()), 90)):
            painter.save()
            painter.setClipRect(QRectF(low, 0, max(0.0, high - low), self.height()))
            painter.setPen(_pen("accent", 2, alpha))
            painter.drawPolyline(line)
            painter.restore()

    def _paint_dots(self, painter: QPainter, area: QRectF) -> None:
        y = area.bottom() + 7
        dots = _pen("quiet", 2.8, 170)
        dots.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(dots)
        painter.drawPoints(QPolygonF([QPointF(self.x_of(step), y) for step in self._recorded.steps]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("warning"))
        for step, _ in self._recorded.marks:
            x = self.x_of(step)
            painter.drawPolygon(QPolygonF([QPointF(x, y - 4.5), QPointF(x + 4.5, y), QPointF(x, y + 4.5), QPointF(x - 4.5, y)]))

    def _paint_head(self, painter: QPainter, area: QRectF, points: np.ndarray) -> None:
        step = self.span()[1] if self._at is None else self._at
        x = self.x_of(step)
        y = float(np.interp(x, points[:, 0], points[:, 1])) if len(points) else area.bottom()
        if self._at is not None:
            painter.setPen(_pen("accent", 1.5))
            painter.drawLine(QPointF(x, 2), QPointF(x, area.bottom() + 10))
        painter.setBrush(theme.colour("accent"))
        painter.setPen(_pen("window", 2))
        painter.drawEllipse(QPointF(x, y), 6, 6)

    def _paint_pointer(self, painter: QPainter, area: QRectF, x: float) -> None:
        """A hairline, and beside it the step and its loss, or what was changed there."""
        x = min(max(x, area.left()), area.right())
        step = next((at for at, _ in self._recorded.marks if abs(self.x_of(at) - x) <= NEAR), self.step_at(x))
        words, font = self.told(step), theme.font(0.85)
        metrics = QFontMetricsF(font)
        painter.setPen(_pen("quiet", 1, 150))
        painter.drawLine(QPointF(x, 2), QPointF(x, area.bottom() + 10))
        box = QRectF(0, 0, min(metrics.horizontalAdvance(words) + 14, area.width()), metrics.height() + 4)
        box.moveTopLeft(QPointF(x + 8 if x + 8 + box.width() <= self.width() else max(0.0, x - 8 - box.width()), 2))
        painter.setBrush(theme.colour("surface"))
        painter.setPen(_pen("line", 1))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(theme.colour("text"))
        painter.setFont(font)
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, box.width() - 12)
        painter.drawText(box.adjusted(7, 0, -5, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


def _pen(name: str, width: float, alpha: int = 255) -> QPen:
    return QPen(theme.colour(name, alpha), width)
