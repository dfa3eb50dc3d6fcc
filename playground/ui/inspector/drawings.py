"""What a choice does, as a small drawing: masks, shared heads, curves, where a norm stands; one table from field to drawing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPolygonF

from playground.spec.attention import Attention, AttentionHeads, kv_heads
from playground.spec.mlp import Mlp
from playground.spec.norm import PlacedNorm
from playground.style import theme
from playground.ui.inspector import position_drawings as positions
from playground.ui.inspector.fields import said
from playground.ui.inspector.subject import Subject, pen

CELLS = 11
"""Rows and columns of the small mask."""
PREFIX = 4
"""How many of them are the prefix."""
HEADS = 16
"""More heads than these are not drawn one by one."""
GATES = {"relu": "ReGLU", "gelu": "GEGLU", "gelu_tanh": "GEGLU", "silu": "SwiGLU", "sigmoid": "GLU", "tanh": "tanh GLU"}


@dataclass(frozen=True)
class Drawing:
    """How a choice is painted and said in words; the painting takes from `least` to `most` pixels, at type scale 1."""

    paint: Callable[[QPainter, QRectF, Subject], None]
    words: Callable[[Subject], str]
    least: float = 64.0
    most: float = 200.0


def mask(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """Who sees whom: rows look, columns are looked at."""
    attention = subject.of(Attention)
    side = min(room.width(), room.height())
    cell = side / CELLS
    reach = CELLS if attention.window is None else max(1, round(attention.window / subject.n_ctx * CELLS))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for query in range(CELLS):
        for key in range(CELLS):
            ahead = attention.mask == "bidirectional" or (attention.mask == "prefix" and max(query, key) < PREFIX)
            seen = (key <= query or ahead) and abs(query - key) < reach
            left, top = room.left() + round(key * cell), room.top() + round(query * cell)
            right, bottom = room.left() + round((key + 1) * cell), room.top() + round((query + 1) * cell)
            painter.fillRect(
                QRectF(left, top, right - left - 1, bottom - top - 1), theme.colour("attention" if seen else "raised")
            )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def mask_words(subject: Subject) -> str:
    """What a token sees."""
    attention = subject.of(Attention)
    places = None if attention.window is None or attention.window >= subject.n_ctx else attention.window - 1
    if attention.mask == "bidirectional":
        return "sees the whole sequence" if places is None else f"sees {places:,} on either side"
    if attention.mask == "prefix":
        return "prompt sees itself, answer looks back" + ("" if places is None else f" {places:,}")
    return "sees itself and all before" if places is None else f"sees itself and {places:,} before"


def heads(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """Queries above, the keys and values that they share below."""
    attention = subject.of(AttentionHeads)
    count = min(attention.heads, HEADS)
    groups = max(1, round(count * kv_heads(attention) / attention.heads))
    size = min(4.5, room.width() / count * 0.33)
    above, below = room.top() + 8, room.bottom() - 8

    def at(index: float, of: int) -> float:
        return room.left() + room.width() * (index + 0.5) / of

    painter.setPen(pen("quiet", 1.2))
    for head in range(count):
        painter.drawLine(QPointF(at(head, count), above), QPointF(at(head * groups // count, groups), below))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("attention"))
    for head in range(count):
        painter.drawEllipse(QPointF(at(head, count), above), size, size)
    for group in range(groups):
        square = QRectF(0, 0, 2 * size, 2 * size)
        square.moveCenter(QPointF(at(group, groups), below))
        painter.drawRoundedRect(square, 1.5, 1.5)


def heads_words(subject: Subject) -> str:
    """How many queries share keys and values."""
    attention = subject.of(AttentionHeads)
    groups = kv_heads(attention)
    if groups == attention.heads:
        return "multi-head: each has its own keys" if groups > 1 else "one head"
    return "multi-query: all share one" if groups == 1 else f"grouped: {attention.heads // groups} heads share one"


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


DRAWINGS: dict[tuple[str, str], Drawing] = {
    ("attention", "mask"): Drawing(mask, mask_words, 44, 44),
    ("attention", "kv_heads"): Drawing(heads, heads_words, 60, 150),
    ("cross", "kv_heads"): Drawing(heads, heads_words, 60, 150),
    ("attention", "position.kind"): Drawing(positions.inside, positions.inside_words),
    ("embedding", "position.kind"): Drawing(positions.added, positions.added_words),
    ("mlp", "activation"): Drawing(activation, activation_words, 56, 96),
    ("norm", "place"): Drawing(placement, placement_words, 64, 220),
}
"""(part, field in it) with a drawing."""


def drawing_of(path: str) -> Drawing | None:
    """The drawing of the field at a path, or None."""
    steps = path.split(".")
    return next((DRAWINGS[key] for i in range(len(steps)) if (key := (steps[i], ".".join(steps[i + 1 :]))) in DRAWINGS), None)


def part_of(path: str) -> str:
    """The path of the part that a field with a drawing belongs to."""
    steps = path.split(".")
    return next((".".join(steps[: i + 1]) for i in range(len(steps)) if (steps[i], ".".join(steps[i + 1 :])) in DRAWINGS), "")
