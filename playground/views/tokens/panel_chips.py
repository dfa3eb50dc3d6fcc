"""The chips: a text cut into tokens, wrapped like a text, each token coloured by its place or by its surprise."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from playground.style import card, colourmaps, theme
from playground.style.card import Words
from playground.style.numbers import percent
from playground.style.tokentext import quoted
from playground.views.tokens.frame import TokensFrame
from playground.views.tokens.panel_flow import PAD, Piece, flow

WORST = 8.0
"""Nats that the strongest colour of surprise stands for; the scale is fixed."""
HUES = ("embedding", "attention", "mlp", "unembedding")
SIZE = 1.1


class Chips(QWidget):
    """Flows the tokens of a frame; a line break in a token breaks the line."""

    hovered = Signal(int)
    locked = Signal(int)
    """A click holds this token; -1 releases."""
    reached = Signal(int)
    """The keyboard has come to this token."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Tokens of the text")
        self.frame: TokensFrame | None = None
        self.surprise = False
        self.hover = self.held = -1
        self.lit: frozenset[int] = frozenset()
        """What other views point at."""
        self._pieces: list[Piece] = []
        self._places: dict[int, QRectF] = {}
        self._high = 0.0

    def draw(self, frame: TokensFrame) -> None:
        """Take a frame; the layout is only made anew when its tokens are others."""
        same = self.frame is not None and self.frame.tokens == frame.tokens
        self.frame = frame
        if not same:
            self.held, self.lit = -1, frozenset()
            self.point(-1)
            self.flow()
        if not same or self.surprise or self.hover >= 0:  # cuts do not change while the model learns
            self.update()

    def flow(self) -> None:
        """Lay the tokens out for the width there is."""
        metrics = QFontMetricsF(theme.font(SIZE, mono=True))
        high = metrics.height() + 4
        self._pieces = flow(self.frame.tokens if self.frame else (), self.width() - 2, high, metrics.horizontalAdvance)
        self._places = {}
        for piece in self._pieces:
            self._places.setdefault(piece.index, piece.place)
        self._high = max((piece.place.bottom() for piece in self._pieces), default=0.0) + 2
        self.setMinimumHeight(int(self._high) + 1)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """As high as the text is."""
        return QSize(480, int(self._high))

    def at(self, place: QPointF) -> int:
        """The token at a place, or -1."""
        return next((piece.index for piece in self._pieces if piece.place.contains(place)), -1)

    def place_of(self, index: int) -> QRectF:
        """Where a token stands; of one with line breaks, its first piece."""
        return self._places[index]

    def said(self, index: int) -> tuple[str, str, str]:
        """The token, its number, and what it cost, or why that is not known."""
        assert self.frame is not None
        loss = float(self.frame.losses[index])
        known = "no loss, nothing stands before it" if math.isnan(loss) else f"{loss:.2f} nats, {percent(math.exp(-loss))}"
        return quoted(self.frame.tokens[index]), f"id {int(self.frame.ids[index])}", known

    def point(self, index: int) -> None:
        """Show the card of a token; -1 shows none."""
        if index != self.hover:
            self.hover = index
            self.setAccessibleDescription(" · ".join(self.said(index)) if index >= 0 else "")
            self.hovered.emit(index)
            self.update()

    def hold(self, index: int) -> None:
        """Keep a token; -1 releases."""
        if index != self.held:
            self.held = index
            self.locked.emit(index)
            self.update()

    def light(self, lit: frozenset[int]) -> None:
        """Mark what other views point at."""
        if lit != self.lit:
            self.lit = lit
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Only the chips in the part that is to be painted."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font(SIZE, mono=True)
        painter.setFont(font)
        baseline = 2 + QFontMetricsF(font).ascent()
        text, mark = theme.colour("text"), theme.colour("text", 105)
        area = QRectF(event.rect())
        inside = [piece for piece in self._pieces if piece.place.intersects(area)]
        grounds = self._grounds()
        painter.setPen(Qt.PenStyle.NoPen)
        for piece in inside:
            painter.setBrush(grounds[piece.index])
            painter.drawRoundedRect(piece.place, 4, 4)
        painter.setBrush(mark)
        for piece in inside:
            for space in piece.spaces:
                painter.drawEllipse(QPointF(piece.place.left() + space, piece.place.center().y() + 1), 1.3, 1.3)
        for piece in inside:
            if not piece.text.isspace():
                painter.setPen(mark if piece.text in "⏎∅" else text)
                painter.drawText(piece.place.topLeft() + QPointF(PAD, baseline), piece.text)
        self._paint_rings(painter, inside)
        if 0 <= self.hover < len(grounds):
            self._paint_hover(painter)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Say which token is under the pointer."""
        self.point(self.at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Hold the token under the pointer, or release it."""
        found = self.at(event.position())
        self.hold(-1 if found == self.held else found)

    def leaveEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Nothing is hovered outside."""
        self.point(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Left and Right go from token to token, Enter holds one, Esc lets go."""
        count = len(self.frame.tokens) if self.frame else 0
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and count:
            self.point(min(max(self.hover + (1 if event.key() == Qt.Key.Key_Right else -1), 0), count - 1))
            self.reached.emit(self.hover)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.hover >= 0:
            self.hold(-1 if self.hover == self.held else self.hover)
        elif event.key() == Qt.Key.Key_Escape and max(self.hover, self.held) >= 0:
            self.hold(-1)
            self.point(-1)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Another width wraps otherwise."""
        if event.size().width() != event.oldSize().width():
            self.flow()

    def _grounds(self) -> list[QColor]:
        """The colour behind each token."""
        if self.frame is None:
            return []
        if not self.surprise:
            hues = [theme.colour(hue, 78 if theme.theme().dark else 60) for hue in HUES]
            return [hues[index % len(hues)] for index in range(len(self.frame.tokens))]
        scale = [QColor(*colour) for colour in colourmaps.ground(theme.theme().dark).tolist()]
        nothing = theme.colour("raised")
        levels = np.nan_to_num(self.frame.losses.astype(float) * (255 / WORST), nan=-1).clip(-1, 255).astype(int)
        return [scale[level] if level >= 0 else nothing for level in levels.tolist()]

    def _paint_rings(self, painter: QPainter, pieces: list[Piece]) -> None:
        """Around what is held, and around what other views point at."""
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for piece in pieces:
            if piece.index == self.held or piece.index in self.lit:
                painter.drawRoundedRect(piece.place, 4, 4)

    def _paint_hover(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for piece in self._pieces:
            if piece.index == self.hover:
                painter.drawRoundedRect(piece.place, 4, 4)
        token, number, known = self.said(self.hover)
        quiet = theme.font(0.95)
        lines = [
            [Words(token, theme.font(1.1, bold=True, mono=True)), Words(f"   {number}", quiet, "quiet")],
            [Words(known, theme.font(1.0))],
        ]
        card.paint(painter, QRectF(self.visibleRegion().boundingRect()), self.place_of(self.hover), lines)
