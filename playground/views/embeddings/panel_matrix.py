"""The similarity matrix: the cosine of each vector with each other one, on a fixed scale from -1 to 1."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from playground.style import card, colourmaps, theme
from playground.style.card import Words
from playground.style.tokentext import quoted
from playground.views.embeddings.frame import EmbeddingFrame

BAR = 10.0
"""Pixels of the scale."""


class SimilarityMatrix(QWidget):
    """Hovering a cell says whose cosine it is; a click picks the row."""

    hovered = Signal(int)
    """The row under the pointer, or -1."""
    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setMinimumSize(140, 120)
        self.setAccessibleName("Similarity of all pairs")
        self.frame: EmbeddingFrame | None = None
        self.lit = -1
        """The row of the frame that another view points at."""
        self.cell: tuple[int, int] | None = None
        self._image: QImage | None = None

    def draw(self, frame: EmbeddingFrame) -> None:
        """Take a frame."""
        self.frame, self._image = frame, None
        self.update()

    def light(self, row: int) -> None:
        """Point at a row and a column."""
        if row != self.lit:
            self.lit = row
            self.update()

    def room(self) -> QRectF:
        """Where the cells lie: a square."""
        line = QFontMetricsF(theme.font(0.85)).height()
        side = max(10.0, min(self.width() - 8.0, self.height() - 3 * line - BAR))
        return QRectF(round((self.width() - side) / 2), round(line + 4), side, side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Cells, the ends of the axes, the scale, and what the pointer is on."""
        frame = self.frame
        if frame is None or frame.similarity is None:
            return
        painter = QPainter(self)
        room, count = self.room(), len(frame.similarity)
        if self._image is None:
            colours = np.ascontiguousarray(colourmaps.rgba(frame.similarity, -1.0, 1.0, colourmaps.SIGNED))
            self._image = QImage(colours.data, count, count, 4 * count, QImage.Format.Format_RGBA8888).copy()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, count > room.width())
        painter.drawImage(room, self._image)
        self._paint_words(painter, room, frame)
        side = room.width() / count
        painter.setPen(QPen(theme.colour("accent"), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.lit >= 0:
            at = self.lit // frame.stride * side
            painter.drawRect(QRectF(room.left(), room.top() + at, room.width(), max(side, 2.0)))
            painter.drawRect(QRectF(room.left() + at, room.top(), max(side, 2.0), room.height()))
        if self.cell is not None:
            self._paint_card(painter, room, side)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Find the cell under the pointer."""
        self._point(self._at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Pick the row."""
        if self.frame is not None and (cell := self._at(event.position())) is not None:
            self.picked.emit(cell[0] * self.frame.stride)

    def leaveEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Nothing is hovered outside."""
        self._point(None)

    def _at(self, place: QPointF) -> tuple[int, int] | None:
        if self.frame is None or self.frame.similarity is None or not self.room().contains(place):
            return None
        room, count = self.room(), len(self.frame.similarity)
        row, column = (int(share * count) for share in ((place.y() - room.top()) / room.height(),
                                                        (place.x() - room.left()) / room.width()))  # fmt: skip
        return min(row, count - 1), min(column, count - 1)

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell != self.cell:
            self.cell = cell
            self.hovered.emit(-1 if cell is None or self.frame is None else cell[0] * self.frame.stride)
            self.update()

    def name(self, row: int) -> str:
        """A row of the matrix in words."""
        assert self.frame is not None
        index = row * self.frame.stride
        place = int(self.frame.places[index]) + 1
        return f"place {place:,}" if self.frame.space == "positions" else f"{quoted(self.frame.tokens[index])} at {place:,}"

    def _paint_words(self, painter: QPainter, room: QRectF, frame: EmbeddingFrame) -> None:
        font = theme.font(0.85)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(theme.colour("quiet"))
        shown = "" if frame.stride == 1 else f": {len(frame.places[:: frame.stride]):,} of them shown, one in {frame.stride}"
        said = f"cosines of {len(frame.places):,} vectors, the first at the top left{shown}"
        said = metrics.elidedText(said, Qt.TextElideMode.ElideRight, self.width() - room.left())
        painter.drawText(QPointF(room.left(), metrics.ascent()), said)
        top, wide = room.bottom() + 6, min(160.0, room.width() - 60)
        left, base = room.left() + metrics.horizontalAdvance("−1 "), room.bottom() + 6 + BAR / 2 + metrics.ascent() / 2 - 1
        painter.drawText(QPointF(room.left(), base), "−1")
        painter.drawText(QPointF(left + wide + 6, base), "1")
        ramp = colourmaps.rgba(np.linspace(-1, 1, 256)[None], -1.0, 1.0, colourmaps.SIGNED)
        painter.drawImage(QRectF(left, top, wide, BAR), QImage(ramp.tobytes(), 256, 1, 1024, QImage.Format.Format_RGBA8888))

    def _paint_card(self, painter: QPainter, room: QRectF, side: float) -> None:
        assert self.cell is not None
        assert self.frame is not None
        assert self.frame.similarity is not None
        row, column = self.cell
        box = QRectF(room.left() + column * side, room.top() + row * side, side, side)
        painter.setPen(QPen(theme.colour("text"), 1.6))
        painter.drawRect(box)
        value = f"{self.frame.similarity[row, column]:+.3f}".replace("-", "−")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card.paint(painter, QRectF(self.rect()), box, [
            [Words(f"cosine {value}", theme.font(1.05, bold=True))],
            [Words(f"{self.name(row)} and {self.name(column)}", theme.font(0.92), "quiet")],
        ])  # fmt: skip
