"""The chips: a text cut into tokens, wrapped like a text, each token coloured by its place or by its surprise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from playground.style import theme
from playground.style.tokentext import label
from playground.views.tokens.frame import TokensFrame

WORST = 8.0
"""Nats that the strongest colour of surprise stands for; the scale is fixed."""
PAD, GAP = 5.0, 3.0
HUES = ("embedding", "attention", "mlp", "unembedding")


@dataclass(frozen=True)
class Chip:
    """One token on the page."""

    index: int
    text: str
    place: QRectF


class Chips(QWidget):
    """Flows the tokens of a frame; a newline token ends its line."""

    hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setAccessibleName("Tokens of the text")
        self.frame: TokensFrame | None = None
        self.surprise = False
        self.hover = -1
        self._chips: list[Chip] = []
        self._high = 0.0

    def draw(self, frame: TokensFrame) -> None:
        """Take a frame; the layout is only made anew when its tokens are others."""
        same = self.frame is not None and self.frame.tokens == frame.tokens
        self.frame = frame
        if not same:
            self.flow()
        if not same or self.surprise:  # cuts do not change while the model learns
            self.update()

    def flow(self) -> None:
        """Lay the chips out for the width there is."""
        self._chips, self.hover = [], -1
        metrics = QFontMetricsF(theme.font(1.05, mono=True))
        high = metrics.height() + 8
        x = y = 0.0
        for index, token in enumerate(self.frame.tokens if self.frame else ()):
            text = label(token, 40)
            wide = metrics.horizontalAdvance(text) + 2 * PAD
            if x and x + wide > self.width():
                x, y = 0.0, y + high + GAP
            self._chips.append(Chip(index, text, QRectF(x, y, wide, high)))
            x += wide + GAP
            if "\n" in token:
                x, y = 0.0, y + high + GAP
        self._high = y + high + GAP
        self.setMinimumHeight(int(self._high))

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """As high as the text is."""
        return QSize(480, int(self._high))

    def at(self, place: QPointF) -> int:
        """The token at a place, or -1."""
        return next((chip.index for chip in self._chips if chip.place.contains(place)), -1)

    def place_of(self, index: int) -> QRectF:
        """Where a token stands."""
        return self._chips[index].place

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Only the chips in the part that is to be painted."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(1.05, mono=True))
        area = QRectF(event.rect())
        for chip in self._chips:
            if not chip.place.intersects(area):
                continue
            painter.setPen(theme.colour("accent") if chip.index == self.hover else Qt.PenStyle.NoPen)
            painter.setBrush(self._ground(chip.index))
            painter.drawRoundedRect(chip.place, 4, 4)
            painter.setPen(theme.colour("text"))
            painter.drawText(chip.place, Qt.AlignmentFlag.AlignCenter, chip.text)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Say which token is under the pointer."""
        self._point(self.at(event.position()))

    def leaveEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Nothing is hovered outside."""
        self._point(-1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Another width wraps otherwise."""
        if event.size().width() != event.oldSize().width():
            self.flow()

    def _point(self, index: int) -> None:
        if index != self.hover:
            self.hover = index
            self.hovered.emit(index)
            self.update()

    def _ground(self, index: int) -> QColor:
        if not self.surprise or self.frame is None:
            return theme.colour(HUES[index % len(HUES)], 64)
        loss = float(self.frame.losses[index])
        if np.isnan(loss):
            return theme.colour("raised")
        return theme.colour("cross_attention", int(14 + 190 * min(1.0, max(0.0, loss / WORST))))
