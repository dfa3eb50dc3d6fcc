"""What happens around and within a branch, drawn: the curve of an MLP's neurons, and where a layer's norm stands."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPolygonF

from playground.spec.mlp import Mlp
from playground.spec.norm import PlacedNorm
from playground.style import theme
from playground.ui.inspector.fields import said
from playground.ui.inspector.subject import Subject, pen

GATES = {"relu": "ReGLU", "gelu": "GEGLU", "gelu_tanh": "GEGLU", "silu": "SwiGLU", "sigmoid": "GLU", "tanh": "tanh GLU"}

CURVES: dict[str, Callable[[float], float]] = {
    "relu": lambda x: max(0.0, x),
    "relu2": lambda x: max(0.0, x) ** 2,
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}


def activation(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """The curve over its axes; gated, what the gate makes of it by 1, and paler by other factors."""
    mlp = subject.of(Mlp)
    curve, unit = CURVES[mlp.activation], room.height() / 4.2
    reach = room.width() / 2 / unit
    base = room.bottom() - (2.1 if mlp.gated else 1.2) * unit
    painter.setPen(pen("line", 1.0))
    painter.drawLine(QPointF(room.left(), base), QPointF(room.right(), base))
    painter.drawLine(QPointF(room.center().x(), room.top()), QPointF(room.center().x(), room.bottom()))
    painter.save()
    painter.setClipRect(room)
    for factor in (-1.0, -0.5, 0.5, 1.0) if mlp.gated else (1.0,):
        points = []
        for step in range(81):
            x = reach * (step / 40 - 1)
            points.append(QPointF(room.center().x() + x * unit, base - factor * curve(x) * unit))
        painter.setPen(pen("mlp", 2.0 if factor == 1.0 else 1.2, 255 if factor == 1.0 else 130))
        painter.drawPolyline(QPolygonF(points))
    painter.restore()


def activation_words(subject: Subject) -> str:
    """The name of the curve, or of the gated network it makes."""
    mlp = subject.of(Mlp)
    name = "GELU" if mlp.activation == "gelu_tanh" else said(mlp.activation)
    if mlp.activation == "gelu_tanh" and not mlp.gated:
        return "GELU(x), by tanh"
    return f"{GATES.get(mlp.activation, name)}:\n{name}(x) · u" if mlp.gated else f"{name}(x)"


def placement(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """The stream from left to right, the branch f, and the norms at their places."""
    place = subject.of(PlacedNorm).place
    boxes = {"pre": ("norm", "f", "+"), "post": ("f", "+", "norm"), "sandwich": ("norm", "f", "norm", "+")}.get(
        place, ("f", "norm", "+")
    )
    small, spare = theme.font(0.85), room.width() < theme.points(12.0)  # then a norm is a box without its name
    metrics = QFontMetricsF(small)
    wide = {
        "norm": 11.0 if spare else metrics.horizontalAdvance("norm") + 7,
        "f": metrics.horizontalAdvance("f") + 15,
        "+": 13.0,
    }
    line, high = room.bottom() - 14, min(22.0, metrics.height() + 4)
    gap = max(3.0, (min(room.width(), 210.0) - sum(wide[box] for box in boxes)) / (len(boxes) + 1))
    painter.setFont(small)
    left, begin = room.left(), room.left() + gap * 0.4
    painter.setPen(pen("quiet", 1.4))
    end = left + gap * (len(boxes) + 1) + sum(wide[box] for box in boxes)
    painter.drawLine(QPointF(left, line), QPointF(end, line))
    for box in boxes:
        left += gap
        if box == "+":  # the stream goes around the branch and comes back here
            _around(painter, begin, left + wide[box] / 2, line, room.top() + 5)
        area = QRectF(left, line - (wide["+"] if box == "+" else high) / 2, wide[box], wide["+"] if box == "+" else high)
        painter.setBrush(theme.colour("raised" if box == "norm" else "window"))
        painter.setPen(pen("norm" if box == "norm" else "quiet", 1.4))
        painter.drawRoundedRect(area, area.height() / 2 if box == "+" else 4, area.height() / 2 if box == "+" else 4)
        if box == "+":
            for across in (QPointF(3.5, 0), QPointF(0, 3.5)):
                painter.drawLine(area.center() - across, area.center() + across)
        elif box == "f" or not spare:
            painter.setPen(theme.colour("text"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, box)
        left += wide[box]


def placement_words(subject: Subject) -> str:
    """Where the norm stands."""
    return {
        "pre": "what the branch reads is normed",
        "post": "the whole stream is normed",
        "sandwich": "what the branch reads and brings is normed",
        "output": "what the branch brings is normed",
    }[subject.of(PlacedNorm).place]


def _around(painter: QPainter, begin: float, end: float, line: float, top: float) -> None:
    pen_now = painter.pen()
    painter.setPen(pen("quiet", 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([QPointF(begin, line), QPointF(begin, top), QPointF(end, top), QPointF(end, line - 7)]))
    painter.setPen(pen_now)
