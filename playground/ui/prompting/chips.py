"""The tokens of prompt and answer, wrapped like a text and coloured by surprise; point at one, or choose it."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from playground.style import card, colourmaps, theme
from playground.style.card import Words
from playground.style.numbers import percent
from playground.style.tokentext import quoted
from playground.views.tokens.panel_flow import PAD, Piece, flow
from playground.worker.telling import Said

WORST = 8.0
"""Nats that the strongest colour stands for; the scale is fixed."""
SIZE = 1.1


class SaidChips(QWidget):
    """A line under a token says that it belongs to the answer, and its colour whether it is new there."""

    pointed = Signal(int)
    """A token is under the pointer or the keyboard; -1: none."""
    picked = Signal(int)
    """A token was chosen, -1: let go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Tokens of prompt and answer")
        self.tokens: tuple[Said, ...] = ()
        self.answer_from = 0
        """The place of the first token of the answer."""
        self.chosen: frozenset[int] = frozenset()
        """Places whose tokens the person has put there."""
        self.fresh: frozenset[int] = frozenset()
        """Places whose tokens were others in the answer before."""
        self.hover = self.held = -1
        self._pieces: list[Piece] = []
        self._high = 0.0

    def show_tokens(self, tokens: tuple[Said, ...], answer_from: int, chosen: frozenset[int], fresh: frozenset[int]) -> None:
        """Take another answer."""
        same = [each.piece for each in tokens] == [each.piece for each in self.tokens]
        self.tokens, self.answer_from, self.chosen, self.fresh = tokens, answer_from, chosen, fresh
        if not same:
            if max(self.held, self.hover) >= len(tokens):
                self.held = self.hover = -1
            self.flow()
        self.update()

    def flow(self) -> None:
        """Lay the tokens out for the width there is."""
        metrics = QFontMetricsF(theme.font(SIZE, mono=True))
        pieces = [each.piece for each in self.tokens]
        self._pieces = flow(pieces, self.width() - 2, metrics.height() + 6, metrics.horizontalAdvance)
        self._high = max((piece.place.bottom() for piece in self._pieces), default=0.0) + 2
        self.setMinimumHeight(int(self._high) + 1)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """As high as the text is."""
        return QSize(360, int(self._high))

    def place_of(self, index: int) -> QRectF:
        """Where a token begins."""
        return next(piece.place for piece in self._pieces if piece.index == index)

    def pick(self, index: int) -> None:
        """Keep a token; -1 lets go."""
        if index != self.held:
            self.held = index
            self.picked.emit(index)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Grounds, text, the lines under the answer, and the card of what is pointed at."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font(SIZE, mono=True)
        scale, nothing = colourmaps.ground(theme.theme().dark), theme.colour("raised")
        baseline, mark = 3 + QFontMetricsF(font).ascent(), theme.colour("text", 105)
        for piece in self._pieces:
            said = self.tokens[piece.index]
            level = said.surprise * 255 / WORST
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(nothing if math.isnan(level) else QColor(*scale[min(255, round(level))].tolist()))
            painter.drawRoundedRect(piece.place, 4, 4)
            self._paint_line(painter, piece)
            painter.setBrush(mark)
            for space in piece.spaces:
                painter.drawEllipse(QPointF(piece.place.left() + space, piece.place.center().y()), 1.3, 1.3)
            painter.setFont(theme.font(SIZE, mono=True, bold=piece.index in self.chosen))
            painter.setPen(mark if piece.text in "⏎∅" else theme.colour("text"))
            painter.drawText(piece.place.topLeft() + QPointF(PAD, baseline), piece.text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for piece in self._pieces:
            if piece.index in (self.held, self.hover):
                painter.setPen(QPen(theme.colour("accent"), 2 if piece.index == self.held else 1.2))
                painter.drawRoundedRect(piece.place.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if 0 <= self.hover < len(self.tokens):
            room = QRectF(self.visibleRegion().boundingRect())
            card.paint(painter, room, self.place_of(self.hover), _lines(self.tokens[self.hover]))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Tell of the token under the pointer."""
        self._point(self._at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep it, or let it go."""
        found = self._at(event.position())
        self.pick(-1 if found == self.held else found)

    def leaveEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Nothing is pointed at outside."""
        self._point(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Left and Right go from token to token, Enter keeps one, Esc lets go."""
        key, last = event.key(), len(self.tokens) - 1
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and last >= 0:
            self._point(min(max(self.hover + (1 if key == Qt.Key.Key_Right else -1), 0), last))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.hover >= 0:
            self.pick(-1 if self.hover == self.held else self.hover)
        elif key == Qt.Key.Key_Escape and max(self.hover, self.held) >= 0:
            self.pick(-1)
            self._point(-1)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Another width wraps otherwise."""
        if event.size().width() != event.oldSize().width():
            self.flow()

    def _at(self, place: QPointF) -> int:
        return next((piece.index for piece in self._pieces if piece.place.contains(place)), -1)

    def _point(self, index: int) -> None:
        if index != self.hover:
            self.hover = index
            self.setAccessibleDescription(" · ".join(words.text for line in _lines(self.tokens[index]) for words in line)
                                          if index >= 0 else "")  # fmt: skip
            self.pointed.emit(index)
            self.update()

    def _paint_line(self, painter: QPainter, piece: Piece) -> None:
        said = self.tokens[piece.index]
        if piece.index >= self.answer_from or said.blank:
            painter.setBrush(theme.colour("good" if piece.index in self.fresh else "accent"))
            foot = piece.place
            painter.drawRect(QRectF(foot.left() + 2, foot.bottom() - 2.5, max(1.0, foot.width() - 4), 2.5))


def _lines(said: Said) -> card.Lines:
    """What the card says of a token."""
    head = [Words(quoted(said.piece), theme.font(1.1, bold=True, mono=True))]
    if math.isnan(said.chance):
        return [head, [Words("nothing was expected here", theme.font(1.0), "quiet")]]
    figures = f"{percent(said.chance)} · rank {said.rank:,} · {said.surprise:.2f} nats"
    others = [each for each in said.others if each[0] != said.id][:3]
    rows = [[Words(f"{quoted(piece)}  ", theme.font(0.95, mono=True)), Words(percent(chance), theme.font(0.95), "quiet")]
            for _, piece, chance in others]  # fmt: skip
    return [head, [Words(figures, theme.font(1.0))], *rows]
