"""The alignment of a target with its source: how much of its cross-attention each token of the answer gave to each it read."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
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
        self.setMinimumHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """As high as the answer is long."""
        return QSize(360, round(self._head() + len(self.target) * self._high()) + 2)

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is; row -1 are the tokens of the source, column -1 those of the answer."""
        names = self._names()
        wide = min(WIDEST, (self.width() - names) / max(1, len(self.source)))
        head, high = self._head(), self._high()
        top, tall = (0.0, head) if row < 0 else (head + row * high, high)
        return QRectF(0 if column < 0 else names + column * wide, top, names if column < 0 else wide, tall)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Both texts, and the weights between them."""
        painter = QPainter(self)
        mono = theme.font(0.95, mono=True)
        painter.setFont(mono)
        metrics, table = QFontMetricsF(mono), colourmaps.weights(self.weights)
        middle, right = Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.colour("text"))
        for column, token in enumerate(self.source):
            place, shown = self.cell(-1, column), label(token, LETTERS)
            if not self._upright():
                painter.drawText(place, middle, shown)
                continue
            painter.save()
            painter.translate(place.center().x() + metrics.height() / 2 - metrics.descent(), place.bottom() - 4)
            painter.rotate(-90)
            painter.drawText(0, 0, shown)
            painter.restore()
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
        first = self.cell(0, 0)
        row = int((point.y() - first.top()) / self._high()) if point.y() >= first.top() else -1
        column = int((point.x() - first.left()) / max(1.0, first.width())) if point.x() >= first.left() else -1
        if not (0 <= row < len(self.target) and 0 <= column < len(self.source)):
            return ""
        share = percent(float(self.weights[row, column]))
        return f"{quoted(self.target[row])} gave {share} of its cross-attention to {quoted(self.source[column])}"

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Narrower columns have upright names."""
        super().resizeEvent(event)
        self.setMinimumHeight(self.sizeHint().height())

    def _upright(self) -> bool:
        """Whether the columns are too narrow for the names of the source."""
        metrics = QFontMetricsF(theme.font(0.95, mono=True))
        wide = min(WIDEST, (self.width() - self._names()) / max(1, len(self.source)))
        return any(metrics.horizontalAdvance(label(token, LETTERS)) > wide - 4 for token in self.source)

    def _head(self) -> float:
        """The height of the names above the columns."""
        metrics = QFontMetricsF(theme.font(0.95, mono=True))
        longest = max((metrics.horizontalAdvance(label(token, LETTERS)) for token in self.source), default=0.0)
        return longest + 10 if self._upright() else self._high()

    def _high(self) -> float:
        return QFontMetricsF(theme.font(0.95, mono=True)).height() + 5

    def _names(self) -> float:
        return QFontMetricsF(theme.font(0.95, mono=True)).horizontalAdvance("m") * (LETTERS + 1) + 8
