"""The alignment of a target with its source: how much of its cross-attention each token of the answer gave to each it read."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from playground.style import colourmaps, theme
from playground.style.numbers import percent
from playground.style.tokentext import label, quoted

WIDEST, LETTERS = 54.0, 7


class Alignment(QWidget):
    """A row for each token of the answer, a column for each of the source; the brightest cell is where it looked most."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setAccessibleName("Alignment of the answer with its source")
        self.source: tuple[str, ...] = ()
        self.target: tuple[str, ...] = ()
        self.weights = np.zeros((0, 0), dtype=np.float32)

    def show_alignment(self, weights: np.ndarray, target: tuple[str, ...], source: tuple[str, ...]) -> None:
        """Weights (target, source), each row adding up to 1."""
        self.weights, self.target, self.source = weights, target, source
        self.setMinimumHeight(round((len(target) + 1) * self._high()) + 2)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """As high as the answer is long."""
        return QSize(360, round((len(self.target) + 1) * self._high()) + 2)

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is; row -1 are the tokens of the source, column -1 those of the answer."""
        names = self._names()
        wide = min(WIDEST, (self.width() - names) / max(1, len(self.source)))
        return QRectF(
            0 if column < 0 else names + column * wide, (row + 1) * self._high(), names if column < 0 else wide, self._high()
        )

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Both texts, and the weights between them."""
        painter = QPainter(self)
        mono = theme.font(0.95, mono=True)
        painter.setFont(mono)
        metrics, table = QFontMetricsF(mono), colourmaps.weights(self.weights)
        middle, right = Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.colour("text"))
        for column, token in enumerate(self.source):
            place = self.cell(-1, column)
            if metrics.horizontalAdvance(label(token, LETTERS)) <= place.width() + 1:
                painter.drawText(place, middle, label(token, LETTERS))
        for row, token in enumerate(self.target):
            painter.drawText(self.cell(row, -1).adjusted(0, 0, -8, 0), right, label(token, LETTERS))
            for column in range(len(self.source)):
                painter.fillRect(self.cell(row, column).adjusted(0.5, 0.5, -0.5, -0.5), QColor(*table[row, column].tolist()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Say a weight in words."""
        said = self.said(event.position().toPoint())
        if said:
            QToolTip.showText(event.globalPosition().toPoint(), said, self)
        else:
            QToolTip.hideText()

    def said(self, point: QPoint) -> str:
        """What the cell at a point means, or nothing."""
        first, row = self.cell(0, 0), int(point.y() / self._high()) - 1
        column = int((point.x() - first.left()) / max(1.0, first.width())) if point.x() >= first.left() else -1
        if not (0 <= row < len(self.target) and 0 <= column < len(self.source)):
            return ""
        share = percent(float(self.weights[row, column]))
        return f"{quoted(self.target[row])} gave {share} of its cross-attention to {quoted(self.source[column])}"

    def _high(self) -> float:
        return QFontMetricsF(theme.font(0.95, mono=True)).height() + 5

    def _names(self) -> float:
        return QFontMetricsF(theme.font(0.95, mono=True)).horizontalAdvance("m") * (LETTERS + 1) + 8
