"""The picture of a cloud without the pointer: points, labels and axes on a pixmap."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPixmap, QStaticText

from playground.style import theme
from playground.style.numbers import percent
from playground.style.tokentext import label
from playground.views.embeddings.frame import EmbeddingFrame
from playground.views.embeddings.panel_labels import place
from playground.views.embeddings.panel_marks import Stamps

SMALLEST, LARGEST = 2.4, 5.6
"""Radii in pixels of the rarest and the most frequent token."""
STEADY = 1.5
"""How much a label that was shown counts for staying, so that labels do not flicker while the cloud moves."""
LETTERS = 14


class Picture:
    """Keeps what does not change from frame to frame: texts, sizes, stamps."""

    def __init__(self) -> None:
        self.hidden: set[int] = set()
        self.found = np.zeros(0, dtype=bool)
        self.labelled: list[int] = []
        """The tokens whose labels are in the last picture."""
        self._frame: EmbeddingFrame | None = None
        self._stamps = Stamps()
        self._radii = np.zeros(0)
        self._order = np.zeros(0, dtype=np.intp)
        self._texts: list[QStaticText] = []
        self._widths = np.zeros(0)
        self._high = 12.0

    def take(self, frame: EmbeddingFrame) -> None:
        """Get ready for a frame."""
        other = self._frame is None or self._frame.tokens != frame.tokens or self._frame.counts is not frame.counts
        self._frame = frame
        if other:
            self.prepare()

    def prepare(self) -> None:
        """Texts and sizes anew: other tokens, or another theme or type size."""
        self._stamps.forget()
        self.labelled = []
        if self._frame is None:
            return
        counts = self._frame.counts.astype(float)
        share = np.log1p(counts) / np.log1p(max(1.0, float(counts.max(initial=1.0))))
        self._radii = SMALLEST + (LARGEST - SMALLEST) * share**2
        self._order = np.argsort(counts, kind="stable")
        font = theme.font(0.88, mono=True)
        metrics = QFontMetricsF(font)
        words = [written(token) for token in self._frame.tokens]
        self._widths = np.array([metrics.horizontalAdvance(word) for word in words])
        self._high = metrics.height()
        self._texts = []
        for word in words:
            text = QStaticText(word)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            self._texts.append(text)

    def visible(self) -> np.ndarray:
        """Which tokens are not hidden, bool (shown,)."""
        if self._frame is None:
            return np.zeros(0, dtype=bool)
        return ~np.isin(self._frame.kinds, list(self.hidden))

    def paint(self, places: np.ndarray, origin: np.ndarray, size: QSize, ratio: float) -> QPixmap:
        """The cloud with its points at `places` (shown, 2) and its middle at `origin` (2,), in pixels."""
        made = QPixmap(size * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(theme.colour("window"))
        painter = QPainter(made)
        painter.setPen(QPen(theme.colour("raised"), 1))
        painter.drawLine(QPointF(0, round(origin[1]) + 0.5), QPointF(size.width(), round(origin[1]) + 0.5))
        painter.drawLine(QPointF(round(origin[0]) + 0.5, 0), QPointF(round(origin[0]) + 0.5, size.height()))
        visible = self.visible()
        self._paint_points(painter, places, visible, size, ratio)
        self._paint_labels(painter, places, visible, size)
        self._paint_axes(painter, size)
        painter.end()
        return made

    def _sizes(self, size: QSize) -> np.ndarray:
        """Radii (shown,) in a picture of that size; few different ones, so that there are few stamps."""
        factor = min(1.15, max(0.72, (size.width() * size.height()) ** 0.5 / 850))
        sizes: np.ndarray = np.round(self._radii * factor * 2) / 2
        return sizes

    def _searching(self) -> bool:
        return len(self.found) == len(self._radii) and bool(self.found.any())

    def _paint_points(self, painter: QPainter, places: np.ndarray, visible: np.ndarray, size: QSize, ratio: float) -> None:
        """The rarest first, so that the most frequent lie on top; what is searched for above all."""
        assert self._frame is not None
        searching = self._searching()
        inside = ((places > -9) & (places < np.array([size.width() + 9, size.height() + 9]))).all(axis=1)
        order = self._order[(visible & inside)[self._order]]
        if searching:
            order = order[np.argsort(self.found[order], kind="stable")]
        corners, kinds, radii = (
            np.round(places[order]).tolist(),
            self._frame.kinds[order].tolist(),
            self._sizes(size)[order].tolist(),
        )
        faint = (~self.found[order]).tolist() if searching else [False] * len(order)
        for (x, y), kind, radius, dim in zip(corners, kinds, radii, faint, strict=True):
            stamp, half = self._stamps.get(kind, radius + 1.5 if searching and not dim else radius, dim, ratio)
            painter.drawPixmap(int(x) - half, int(y) - half, stamp)

    def _paint_labels(self, painter: QPainter, places: np.ndarray, visible: np.ndarray, size: QSize) -> None:
        """The most frequent first; while something is searched for, only what was found."""
        assert self._frame is not None
        weight = self._frame.counts.astype(float)
        weight[self.labelled] *= STEADY
        wanted = visible & self.found if self._searching() else visible
        order = np.argsort(-weight, kind="stable")
        chosen = place(
            places, self._sizes(size), self._widths, self._high, order[wanted[order]], wanted, (size.width(), size.height() - 8)
        )
        self.labelled = [index for index, _, _ in chosen]
        painter.setFont(theme.font(0.88, mono=True))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("window", 120))
        painter.drawRects([QRectF(left - 1, top + 2, self._widths[index] + 2, self._high - 4) for index, left, top in chosen])
        painter.setPen(theme.colour("text"))
        for index, left, top in chosen:
            painter.drawStaticText(QPointF(round(left), round(top)), self._texts[index])

    def _paint_axes(self, painter: QPainter, size: QSize) -> None:
        """What the two directions are, and how much of the whole they show."""
        assert self._frame is not None
        first, second = self._frame.explained
        font = theme.font(0.85)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        across, up = f"PC 1 · {percent(first)} of the variance →", f"↑ PC 2 · {percent(second)} of the variance"
        for text, left, top in (
            (across, size.width() - metrics.horizontalAdvance(across) - 4, size.height() - metrics.height() - 2),
            (up, 4.0, 2.0),
        ):
            painter.fillRect(
                QRectF(left - 3, top, metrics.horizontalAdvance(text) + 6, metrics.height()), theme.colour("window", 200)
            )
            painter.setPen(theme.colour("quiet"))
            painter.drawText(QPointF(left, top + metrics.ascent()), text)


def written(token: str) -> str:
    """A token beside its point; a space before it is seen, since " in" and "in" are two tokens."""
    if len(token) > 2 and not token.strip(" "):
        return f"␣×{len(token)}"
    return "·" + label(token[1:], LETTERS - 1) if token[:1] == " " and token.strip(" ") else label(token, LETTERS)
