"""The card beside a cell: which token looks at which, how much, and how the two stand to each other."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from playground.style import theme

AWAY, PADDING, LEADING = 10, 13, 3


def paint(painter: QPainter, room: QRectF, cell: QRectF, said: tuple[str, ...]) -> None:
    """Draw (pair, weight, relation) on a card above and right of `cell`, or below it where the room ends."""
    pair, weight, where = said
    fonts = theme.font(0.95, mono=True), theme.font(1.0, bold=True), theme.font(0.95)
    wide = [QFontMetricsF(font).horizontalAdvance(text) for font, text in zip(fonts, said, strict=True)]
    metrics = QFontMetricsF(fonts[1])
    line = metrics.height() + LEADING
    size = QSizeF(max(wide[0], wide[1] + AWAY + wide[2]) + 2 * PADDING, 2 * line + 17)
    x = max(4.0, min(cell.right() + AWAY, room.right() - size.width() - 4))
    y = cell.top() - size.height() - AWAY
    card = QRectF(QPointF(round(x), round(y if y >= 4 else cell.bottom() + AWAY)), size)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 36 if theme.theme().dark else 12))
    for spread in (6, 4, 2):  # a soft shadow
        painter.drawRoundedRect(card.adjusted(-spread, 3 - spread, spread, 3 + spread), 8 + spread, 8 + spread)
    painter.setPen(QPen(theme.colour("line"), 1))
    painter.setBrush(theme.colour("surface"))
    painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    first = QPointF(card.left() + PADDING, card.top() + 7 + metrics.ascent())
    second = first + QPointF(0, line)
    for font, at, text, name in (
        (fonts[0], first, pair, "text"),
        (fonts[1], second, weight, "text"),
        (fonts[2], second + QPointF(wide[1] + AWAY, 0), where, "quiet"),
    ):
        painter.setFont(font)
        painter.setPen(theme.colour(name))
        painter.drawText(at, text)
