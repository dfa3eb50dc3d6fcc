"""The card that floats beside what the pointer is on: a few lines, each of differently toned words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from playground.style import theme

AWAY, PADDING, LEADING = 10.0, 12.0, 4.0


@dataclass(frozen=True)
class Words:
    """A stretch of a line: what it says, in which font, in which colour of the theme."""

    text: str
    font: QFont
    tone: str = "text"


Lines = Sequence[Sequence[Words]]


def size(lines: Lines) -> QSizeF:
    """The room a card needs."""
    wide = max(sum(QFontMetricsF(words.font).horizontalAdvance(words.text) for words in line) for line in lines)
    return QSizeF(wide + 2 * PADDING, sum(_height(line) for line in lines) + 2 * PADDING - 8)


def paint(painter: QPainter, room: QRectF, beside: QRectF, lines: Lines) -> QRectF:
    """Draw a card above and right of `beside`, below it where `room` ends; returns where it lies."""
    wanted = size(lines)
    x = max(room.left() + 4, min(beside.right() + AWAY, room.right() - wanted.width() - 4))
    y = beside.top() - wanted.height() - AWAY
    if y < room.top() + 4:
        y = min(beside.bottom() + AWAY, room.bottom() - wanted.height() - 4)
    card = QRectF(QPointF(round(x), round(y)), wanted)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 36 if theme.theme().dark else 12))
    for spread in (6, 4, 2):  # a soft shadow
        painter.drawRoundedRect(card.adjusted(-spread, 3 - spread, spread, 3 + spread), 8 + spread, 8 + spread)
    painter.setPen(QPen(theme.colour("line"), 1))
    painter.setBrush(theme.colour("surface"))
    painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    top = card.top() + PADDING - 4
    for line in lines:
        left, high = card.left() + PADDING, _height(line)
        for words in line:
            painter.setFont(words.font)
            painter.setPen(theme.colour(words.tone))
            painter.drawText(QPointF(left, top + QFontMetricsF(line[0].font).ascent() + LEADING / 2), words.text)
            left += QFontMetricsF(words.font).horizontalAdvance(words.text)
        top += high
    return card


def _height(line: Sequence[Words]) -> float:
    return max(QFontMetricsF(words.font).height() for words in line) + LEADING
