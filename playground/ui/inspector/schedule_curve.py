"""The learning rate over the run, drawn before it runs: what the schedule's fields mean, as a picture."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.spec.training import TrainingSpec
from playground.style import theme
from playground.training.schedule import joints, learning_rate
from playground.ui.inspector.number import written
from playground.views.curves.points import short, ticks

HEIGHT = 138
"""In pixels, at type scale 1."""
FALLS = {
    "constant": "then level",
    "linear": "then a line to {end}",
    "cosine": "then a half cosine to {end}",
    "step": "then × {factor} every {every}",
    "exponential": "then × {factor} over each {every}",
    "wsd": "level until {until}, a line to {end}",
}
"""What comes after the warm-up, in words."""


class ScheduleCurve(QWidget):
    """Shows the rate of every step from 0 to `steps`; under the pointer it says step and rate."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._training = TrainingSpec()
        self._pointed: int | None = None
        self.setMouseTracking(True)
        self.setFixedHeight(round(HEIGHT * theme.points() / theme.BASE_POINTS))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Learning rate over the steps")
        self.show_training(self._training)

    def show_training(self, training: TrainingSpec) -> None:
        """Draw the schedule of these settings."""
        self._training = training
        self.setAccessibleDescription(in_words(training))
        self.update()

    def text(self) -> str:
        """The line above the curve: the schedule in words, or what is under the pointer."""
        return in_words(self._training) if self._pointed is None else at_step(self._training, self._pointed)

    # -- what the person does -----------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Say the rate of the step under the pointer."""
        area = self._area()
        share = (event.position().x() - area.left()) / area.width()
        self._pointed = round(share * self._training.steps) if -0.02 <= share <= 1.02 else None
        if self._pointed is not None:
            self._pointed = min(max(self._pointed, 0), self._training.steps)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The pointer is gone."""
        self._pointed = None
        self.update()

    # -- inside -------------------------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        """Where the curve lies, within its axes."""
        high = QFontMetricsF(theme.font(0.85)).height()
        left = max(QFontMetricsF(theme.font(0.85)).horizontalAdvance(label) for label in self._labels()) + 8
        return QRectF(left, high + 10, max(1.0, self.width() - left - 2), max(1.0, self.height() - 2 * high - 16))

    def _top(self) -> float:
        return self._training.lr * 1.08

    def _marks(self) -> list[float]:
        return [0.0, self._training.lr / 2, self._training.lr]

    def _labels(self) -> list[str]:
        return [_rate(mark) for mark in self._marks()]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Words, axes, the curve, the pointer."""
        painter, area = QPainter(self), self._area()
        small = theme.font(0.85)
        metrics = QFontMetricsF(small)
        pointed = self._pointed is not None
        painter.setFont(small)
        painter.setPen(theme.colour("text" if pointed else "quiet"))
        line = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, 0, self.width(), metrics.height()), Qt.AlignmentFlag.AlignLeft, line)
        self._paint_axes(painter, area, metrics)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        curve = self._curve(area)
        ground = QPolygonF([QPointF(curve[0].x(), area.bottom()), *curve, QPointF(curve[-1].x(), area.bottom())])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent", 40))
        painter.drawPolygon(ground)
        painter.setPen(
            QPen(theme.colour("accent"), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        painter.drawPolyline(QPolygonF(curve))
        if self._pointed is not None:
            at = self._place(area, self._pointed, learning_rate(self._training, self._pointed))
            painter.setPen(QPen(theme.colour("quiet", 160), 1))
            painter.drawLine(QPointF(at.x(), area.top()), QPointF(at.x(), area.bottom()))
            painter.setPen(QPen(theme.colour("window"), 1.5))
            painter.setBrush(theme.colour("text"))
            painter.drawEllipse(at, 4.0, 4.0)

    def _paint_axes(self, painter: QPainter, area: QRectF, metrics: QFontMetricsF) -> None:
        high = metrics.height()
        for mark, label in zip(self._marks(), self._labels(), strict=True):
            y = round(self._place(area, 0, mark).y())
            painter.setPen(theme.colour("line"))
            painter.drawLine(int(area.left()), y, int(area.right()), y)
            painter.setPen(theme.colour("quiet"))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - high / 2, area.left() - 8, high), flags, label)
        end = f"{short(self._training.steps)} steps"
        painter.drawText(QRectF(area.left(), area.bottom() + 4, area.width(), high), Qt.AlignmentFlag.AlignRight, end)
        free = area.right() - metrics.horizontalAdvance(end) - 10
        for mark in ticks(0.0, float(self._training.steps), 5):
            x, label = self._place(area, mark, 0.0).x(), short(mark)
            wide = metrics.horizontalAdvance(label)
            left = max(area.left(), x - wide / 2)
            if left + wide <= free:
                painter.drawText(QPointF(left, area.bottom() + 4 + metrics.ascent()), label)

    def _place(self, area: QRectF, step: float, rate: float) -> QPointF:
        return QPointF(
            area.left() + step / self._training.steps * area.width(), area.bottom() - rate / self._top() * area.height()
        )

    def _curve(self, area: QRectF) -> list[QPointF]:
        """The curve with a point for each pixel, its corners, and stairs that fall upright."""
        training = self._training
        sampled = np.linspace(0, training.steps, max(2, math.ceil(area.width()))).round().astype(int).tolist()
        made: list[QPointF] = []
        before = 0.0
        for step in sorted({*sampled, *joints(training)}):
            rate = learning_rate(training, step)
            if training.schedule == "step" and rate < before:
                made.append(self._place(area, step, before))
            made.append(self._place(area, step, rate))
            before = rate
        return made


def in_words(training: TrainingSpec) -> str:
    """The schedule as a sentence without a full stop."""
    until = max(float(training.warmup), training.steps - training.steps * training.decay_share)
    falls = FALLS[training.schedule].format(
        end=written(training.lr_min),
        factor=written(training.step_factor),
        every=f"{training.step_every:,}",
        until=f"{round(until):,}",
    )
    if training.warmup:
        return f"Up over {training.warmup:,} steps, {falls}"
    return falls.removeprefix("then ").capitalize()


def at_step(training: TrainingSpec, step: int) -> str:
    """The rates of a step."""
    rate = learning_rate(training, step)
    own = f" · Muon {_rate(rate * (training.muon_lr / training.lr))}" if training.optimiser == "muon" else ""
    return f"Step {step:,} · {_rate(rate)}{own}"


def _rate(value: float) -> str:
    return written(float(f"{value:.3g}"))
