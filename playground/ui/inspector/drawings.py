"""What a choice does, as a small drawing: masks and shared heads here, and one table from field to every drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from playground.spec.attention import Attention, AttentionHeads, kv_heads
from playground.style import theme
from playground.ui.inspector import branch_drawings as branches
from playground.ui.inspector import gist_drawings as gists
from playground.ui.inspector import position_drawings as positions
from playground.ui.inspector.subject import Subject, pen

CELLS = 11
"""Rows and columns of the small mask."""
PREFIX = 4
"""How many of them are the prefix."""
HEADS = 16
"""More heads than these are not drawn one by one."""


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


DRAWINGS: dict[tuple[str, str], Drawing] = {
    ("attention", "mask"): Drawing(mask, mask_words, 44, 44),
    ("attention", "kv_heads"): Drawing(heads, heads_words, 60, 150),
    ("cross", "kv_heads"): Drawing(heads, heads_words, 60, 150),
    ("attention", "position.kind"): Drawing(positions.inside, positions.inside_words),
    ("embedding", "position.kind"): Drawing(positions.added, positions.added_words),
    ("mlp", "activation"): Drawing(branches.activation, branches.activation_words, 56, 96),
    ("gist", "mask"): Drawing(gists.mask, gists.words, 44, 44),
    ("norm", "place"): Drawing(branches.placement, branches.placement_words, 64, 220),
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
