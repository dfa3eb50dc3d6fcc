"""The masks of gist tokens as a small drawing: instruction, gist, and what comes behind it."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from playground.spec.gist import Gist
from playground.style import theme
from playground.ui.inspector.subject import Subject

BEFORE, BEHIND = 4, 4
"""Tokens that are drawn of the instruction, and of what comes behind the gist tokens."""
WORDS = {
    "none": "no gist tokens",
    "positive": "the answer sees words and gist",
    "gist": "the answer sees only the gist",
    "negative": "the answer sees neither",
}


def mask(painter: QPainter, room: QRectF, subject: Subject) -> None:
    """Who sees whom in a causal decoder: rows look, columns are looked at; the gist's column is the brightest."""
    gist = subject.of(Gist)
    count = 0 if gist.mask == "none" else min(gist.tokens, 3)
    cells, last = BEFORE + count + BEHIND, BEFORE + count
    hidden = {"gist": BEFORE, "negative": last}.get(gist.mask, 0)
    cell = min(room.width(), room.height()) / cells
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for query in range(cells):
        for key in range(cells):
            seen = key <= query and not (query >= last and key < hidden)
            colour = "raised" if not seen else "accent" if BEFORE <= key < last else "attention"
            left, top = room.left() + round(key * cell), room.top() + round(query * cell)
            right, bottom = room.left() + round((key + 1) * cell), room.top() + round((query + 1) * cell)
            painter.fillRect(QRectF(left, top, right - left - 1, bottom - top - 1), theme.colour(colour))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def words(subject: Subject) -> str:
    """What the answer sees."""
    return WORDS[subject.of(Gist).mask]
