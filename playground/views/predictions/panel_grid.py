"""The grid of predictions: one cell for each layer and position, with the tokens that are read above and the surprise below."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from playground.style import colourmaps, theme
from playground.style.numbers import percent
from playground.style.tokentext import label
from playground.views.predictions.frame import PredictionsFrame

CELL, ROW, TALLEST, NAMES, SURPRISE = 62, 24, 44, 78, 42
"""Width of a cell, its height at least and at most, room for names of layers, height of the bars, at type scale 1."""
WORST = 10.0
"""Nats at which a bar of surprise is full."""
LETTERS = 8
"""Of a token in a cell."""
CHANCE, TRUTH, RANK = "chance", "truth", "rank"
Cell = tuple[int, int]


class PredictionsGrid(QWidget):
    """Draws a PredictionsFrame; `pointed` and `picked` carry a cell (row, position), or None when the mouse leaves."""

    pointed = Signal(object)
    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Predictions by layer and position")
        self.frame_: PredictionsFrame | None = None
        self.colouring = CHANCE
        self.hovered: Cell | None = None
        self.locked: Cell | None = None
        self.lit: frozenset[int] = frozenset()
        """Positions that other views point at."""

    def show_frame(self, frame: PredictionsFrame) -> None:
        """Show a frame; what was locked stays where it still is."""
        before, self.frame_ = self.frame_, frame
        if before is None or (len(before.rows), len(before.tokens)) != (len(frame.rows), len(frame.tokens)):
            self.hovered, self.lit = None, frozenset()
            if self.locked is not None and not self._there(self.locked):
                self.locked = None
            self.updateGeometry()
            self.resize(self.sizeHint().expandedTo(self.size()))
        self.update()

    def cell(self) -> Cell | None:
        """The cell that is spoken of: what the mouse is on, or what was clicked."""
        return self.hovered or self.locked

    def light(self, positions: frozenset[int]) -> None:
        """Mark what other views point at."""
        if positions != self.lit:
            self.lit = positions
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """All rows and positions."""
        if self.frame_ is None:
            return QSize(200, 100)
        high = self._scaled(ROW) * (len(self.frame_.rows) + 2) + self._scaled(SURPRISE) + 8
        return QSize(self._scaled(NAMES) + self._scaled(CELL) * len(self.frame_.tokens) + 8, high)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """What does not fit is scrolled to."""
        return self.sizeHint()

    def place(self, row: int, position: int) -> QRectF:
        """Where a cell is; row -1 is what is read."""
        cell, high = self._scaled(CELL), self._high()
        return QRectF(self._scaled(NAMES) + position * cell, (row + 1) * high, cell, high)

    def at(self, point: QPoint) -> Cell | None:
        """The cell under a point."""
        if self.frame_ is None or point.x() < self._scaled(NAMES):
            return None
        found = point.y() // self._high() - 1, (point.x() - self._scaled(NAMES)) // self._scaled(CELL)
        return found if self._there(found) else None

    def strength(self, row: int, position: int) -> float:
        """How strongly a cell is coloured, 0 to 1; NaN for not at all."""
        assert self.frame_ is not None
        if self.colouring == CHANCE:
            return float(self.frame_.chances[row, position, 0])
        truth = float(self.frame_.truth[row, position])
        if self.colouring == TRUTH or math.isnan(truth):
            return truth
        return 1.0 - math.log(int(self.frame_.ranks[row, position])) / math.log(max(2, self.frame_.vocab))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Names, what is read, the cells in sight, what was right, and the surprise."""
        frame = self.frame_
        if frame is None:
            return
        painter = QPainter(self)
        cell, names = self._scaled(CELL), self._scaled(NAMES)
        first = max(0, (event.rect().left() - names) // cell)
        last = min(len(frame.tokens), (event.rect().right() - names) // cell + 1)
        mono, small = theme.font(0.88, mono=True), theme.font(0.85)
        right, middle = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignCenter
        painter.setFont(small)
        painter.setPen(theme.colour("quiet"))
        count = len(frame.rows)
        heads = [
            (-1, "reads"),
            *((row, "output" if row == count - 1 else name) for row, name in enumerate(frame.rows)),
            (count, "right"),
        ]
        for row, name in heads:
            painter.drawText(self.place(row, 0).adjusted(-names, 0, -cell - 8, 0), right, name)
        painter.drawText(self._bar(0).adjusted(-names, 0, -cell - 8, 0), right, "surprise")
        table = colourmaps.ground(theme.theme().dark)
        metrics = QFontMetricsF(mono)
        painter.setFont(mono)
        for position in range(first, last):
            painter.setPen(theme.colour("text"))
            read = "□" if frame.tokens[position] == "" else label(frame.tokens[position], LETTERS)
            painter.drawText(self.place(-1, position), middle, read)
            for row in range(count):
                self._paint_cell(painter, table, metrics, row, position)
            painter.setPen(theme.colour("quiet"))
            painter.drawText(
                self.place(count, position), middle, label(frame.answers[position], LETTERS) if frame.answers[position] else ""
            )
            self._paint_surprise(painter, position)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("accent"), 2))
        for position in self.lit:
            painter.drawRoundedRect(self.place(-1, position).adjusted(2, 2, -2, -2), 4, 4)
        for found, width in ((self.locked, 2.0), (self.hovered, 1.4)):
            if found is not None:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme.colour("accent"), width))
                painter.drawRect(self.place(*found).adjusted(1, 1, -1, -1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Preview the cell under the mouse."""
        found = self.at(event.position().toPoint())
        if found != self.hovered:
            self.hovered = found
            self.pointed.emit(found)
            self.update()
        if found is None or self.frame_ is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(event.globalPosition().toPoint(), self._said(*found), self)

    def leaveEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Nothing is previewed any more."""
        self.hovered = None
        self.pointed.emit(None)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Lock the cell, or release it."""
        found = self.at(event.position().toPoint())
        self.lock(None if found == self.locked else found)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrows walk through the cells, Esc releases."""
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape and self.locked is not None:
            self.lock(None)
        elif key in steps and self.frame_ is not None:
            row, position = self.locked or (len(self.frame_.rows) - 1, -1)
            found = row + steps[key][0], position + steps[key][1]
            if self._there(found):
                self.lock(found)
        else:
            super().keyPressEvent(event)

    def lock(self, cell: Cell | None) -> None:
        """Keep speaking of a cell."""
        self.locked = cell
        self.picked.emit(cell)
        self.update()

    def _paint_cell(self, painter: QPainter, table: np.ndarray, metrics: QFontMetricsF, row: int, position: int) -> None:
        assert self.frame_ is not None
        place, difference = self.place(row, position).adjusted(1, 1, -1, -1), self.frame_.difference
        strength = self.strength(row, position) if difference is None else float(difference[row, position])
        if difference is not None and not math.isnan(strength):
            painter.fillRect(
                place, theme.colour("good" if strength > 0 else "bad", round(200 * min(1.0, abs(strength) ** 0.5)))
            )
        elif not math.isnan(strength):
            painter.fillRect(place, QColor(*table[round(255 * min(1.0, max(0.0, strength)))][:3].tolist()))
        piece = self.frame_.pieces[int(self.frame_.ids[row, position, 0])]
        painter.setPen(theme.colour("text"))
        text = metrics.elidedText(label(piece, LETTERS), Qt.TextElideMode.ElideRight, place.width() - 4)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _bar(self, position: int) -> QRectF:
        assert self.frame_ is not None
        place = self.place(len(self.frame_.rows) + 1, position)
        return QRectF(place.left(), place.top() + 4, place.width(), self._scaled(SURPRISE))

    def _paint_surprise(self, painter: QPainter, position: int) -> None:
        assert self.frame_ is not None
        truth = float(self.frame_.truth[-1, position])
        if math.isnan(truth):
            return
        nats = -math.log(max(truth, 1e-12))
        bar = self._bar(position).adjusted(12, 0, -12, 0)
        high = bar.height() * min(1.0, nats / WORST)
        painter.fillRect(bar, theme.colour("raised"))
        painter.fillRect(QRectF(bar.left(), bar.bottom() - high, bar.width(), high), theme.colour("unembedding"))

    def _said(self, row: int, position: int) -> str:
        assert self.frame_ is not None
        frame = self.frame_
        lines = [f"{'output' if row == len(frame.rows) - 1 else 'after ' + frame.rows[row]}, position {position + 1}"]
        lines += [f"“{label(token, 24)}” {percent(chance)}" for token, chance in frame.top(row, position)[:3]]
        if not math.isnan(truth := float(frame.truth[row, position])):
            if frame.difference is not None:
                lines.append(f"right: {frame.difference[row, position]:+.2f} against B")
            lines.append(
                f"right: “{label(frame.answers[position], 24)}” {percent(truth)}, place {frame.ranks[row, position]:,}"
            )
        return "\n".join(lines)

    def _there(self, cell: Cell) -> bool:
        frame = self.frame_
        return frame is not None and 0 <= cell[0] < len(frame.rows) and 0 <= cell[1] < len(frame.tokens)

    def _high(self) -> int:
        """Height of a row: more where there is room."""
        assert self.frame_ is not None
        room = (self.height() - self._scaled(SURPRISE) - 8) // (len(self.frame_.rows) + 2)
        return max(self._scaled(ROW), min(self._scaled(TALLEST), room))

    def _scaled(self, pixels: float) -> int:
        return round(pixels * theme.points() / theme.BASE_POINTS)
