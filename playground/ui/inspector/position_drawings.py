"""How positions enter, drawn: turning pairs, slopes, buckets, sines, learned numbers; each kind is one function in a table."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from playground.spec.attention import Attention, d_head
from playground.spec.ends import Embedding
from playground.spec.model import ModelSpec
from playground.style import theme
from playground.ui.inspector.subject import Subject, pen

DIALS, HANDS, LINES = (0.0, 0.15, 0.35, 1.0), 7, 8
"""The pairs that are drawn, from the fastest (0) to the slowest (1); how often each; how many heads."""
WIDEST = 220.0
"""A curve does not grow wider than this."""


def inside(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """Positions inside the attention."""
    _INSIDE[subject.of(Attention).position.kind](painter, _kept(room), subject)


def inside_words(subject: Subject) -> str:
    """The same in words."""
    position = subject.of(Attention).position
    return {
        "none": "knows no distance",
        "rotary": "pairs turn with the position, fast to slow",
        "alibi": "scores fall with distance, by head",
        "t5": f"{position.buckets} buckets for distances to {position.max_distance:,}",
    }[position.kind]


def added(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """Positions added to the embedding."""
    _ADDED[subject.of(Embedding).position.kind](painter, _kept(room), subject)


def added_words(subject: Subject) -> str:
    """The same in words."""
    return {
        "none": "knows no place",
        "learned": f"learned vectors for {subject.n_ctx:,} places",
        "sinusoidal": "waves, from short to long",
        "sinusoidal_paper": "waves, with the context as base",
    }[subject.of(Embedding).position.kind]


def nothing(painter: QPainter, room: QRectF, _subject: Subject) -> None:
    """A level line: all distances are the same."""
    line = pen("quiet", 1.6)
    line.setStyle(Qt.PenStyle.DotLine)
    painter.setPen(line)
    painter.drawLine(QPointF(room.left(), room.center().y()), QPointF(room.right(), room.center().y()))


def rotary(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """Dials for fast to slow pairs; each hand is one token further, and what is not turned stands still."""
    attention = subject.of(Attention)
    model = ModelSpec.model_construct(d_model=subject.d_model)
    pairs = max(1, round(d_head(model, attention) * attention.position.fraction) // 2)
    count = len(DIALS)
    radius = min(room.height(), room.width() / count - 4) / 2 - 1
    for dial, share in enumerate(DIALS):
        centre = QPointF(room.left() + radius + 1 + dial * (room.width() - 2 * radius - 2) / (count - 1), room.center().y())
        still = (dial + 0.5) / count > attention.position.fraction
        painter.setPen(pen("line", 1.2))
        painter.setBrush(theme.colour("raised"))
        painter.drawEllipse(centre, radius, radius)
        pair = round(share * (pairs - 1))
        speed = 0.0 if still else attention.position.base ** (-pair / pairs)
        for hand in range(1 if still else HANDS):
            angle = speed * hand
            end = centre + QPointF(math.cos(angle), -math.sin(angle)) * (radius - 3)
            first = hand == 0
            painter.setPen(pen("quiet" if still else "attention", 2.0 if first else 1.4, 255 - 27 * hand))
            painter.drawLine(centre, end)


def alibi(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """What each head takes from a score, against the distance back."""
    attention = subject.of(Attention)
    falls = sorted((attention.position.slope * each for each in slopes(attention.heads)), reverse=True)
    count = len(falls)
    _axes(painter, room)
    painter.save()
    painter.setClipRect(room)
    for index in range(min(count, LINES)):
        head = index if count <= LINES else round(index / (LINES - 1) * (count - 1))
        painter.setPen(pen("attention", 1.6, 255 - round(150 * index / max(1, min(count, LINES) - 1))))
        fall = falls[head] * 4 * room.height()  # over 16 tokens, of 4 nats
        painter.drawLine(room.topLeft() + QPointF(0, 1), QPointF(room.right(), room.top() + 1 + fall))
    painter.restore()


def t5(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """The bucket of each distance: one to one at first, then wider and wider."""
    attention = subject.of(Attention)
    position, both = attention.position, attention.mask == "bidirectional"
    buckets = position.buckets // 2 if both else position.buckets
    points, before, reach = [], 0, position.max_distance * 1.1
    for step in range(241):
        now = bucket(int(reach * step / 240), buckets, position.max_distance)
        x = room.left() + room.width() * step / 240
        for height in dict.fromkeys((before, now)):  # stairs that rise upright
            points.append(QPointF(x, room.bottom() - 1 - (room.height() - 3) * height / max(1, buckets - 1)))
        before = now
    _axes(painter, room)
    painter.setPen(pen("attention", 1.8))
    painter.drawPolyline(QPolygonF(points))


def slopes(heads: int) -> list[float]:
    """What ALiBi takes from a score for each token of distance, by head."""
    whole = 2 ** math.floor(math.log2(heads))
    first = [2.0 ** (-8.0 * i / whole) for i in range(1, whole + 1)]
    return first + [2.0 ** (-4.0 * i / whole) for i in range(1, 2 * (heads - whole), 2)]


def bucket(away: int, buckets: int, max_distance: int) -> int:
    """Which of T5's buckets a distance falls into."""
    exact = max(1, buckets // 2)
    if away < exact:
        return away
    grown = math.log(away / exact) / math.log(max_distance / exact) * (buckets - exact)
    return min(exact + int(grown), buckets - 1)


def sines(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """A few of the waves, over the places of the context."""
    position = subject.of(Embedding).position
    base = position.base if position.kind == "sinusoidal" else float(subject.n_ctx)
    places = min(subject.n_ctx, 64)
    for index, share in enumerate((0.12, 0.3, 0.5)):
        speed = base**-share
        points = [
            QPointF(
                room.left() + room.width() * step / 160,
                room.center().y() - math.sin(places * step / 160 * speed) * (room.height() / 2 - 2),
            )
            for step in range(161)
        ]
        painter.setPen(pen("embedding", 1.8, (120, 185, 255)[index]))
        painter.drawPolyline(QPolygonF(points))


def learned(painter: QPainter, room: QRectF, _subject: Subject) -> None:
    """A column of numbers for each place, in no order that anyone has given."""
    chance = random.Random(7)  # the same dots each time, or the form would flicker
    painter.setPen(Qt.PenStyle.NoPen)
    for column in range(16):
        x = room.left() + (column + 0.5) * room.width() / 16
        for _ in range(3):
            painter.setBrush(theme.colour("embedding", chance.choice((120, 185, 255))))
            painter.drawEllipse(QPointF(x, room.top() + 3 + chance.random() * (room.height() - 6)), 2.0, 2.0)


def _kept(room: QRectF) -> QRectF:
    return QRectF(room.topLeft(), QPointF(room.left() + min(room.width(), WIDEST), room.bottom()))


def _axes(painter: QPainter, room: QRectF) -> None:
    painter.setPen(pen("line", 1.0))
    painter.drawLine(room.topLeft(), room.bottomLeft())
    painter.drawLine(room.bottomLeft(), room.bottomRight())


_INSIDE: dict[str, Callable[[QPainter, QRectF, Subject], None]] = {
    "none": nothing, "rotary": rotary, "alibi": alibi, "t5": t5,
}  # fmt: skip
_ADDED: dict[str, Callable[[QPainter, QRectF, Subject], None]] = {
    "none": nothing, "learned": learned, "sinusoidal": sines, "sinusoidal_paper": sines,
}  # fmt: skip
