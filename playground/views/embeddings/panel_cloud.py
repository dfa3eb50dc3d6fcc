"""The cloud: tokens as points in the plane, coloured and shaped by kind, labelled where there is room."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from playground.style import theme
from playground.style.tokentext import label, quoted
from playground.views.embeddings.frame import EmbeddingFrame

MARGIN = 28
GROW = 1.25
"""The range of the picture only changes when the cloud's extent does by this factor, so that motion means something."""
NEAR = 12.0
COLOURS = ("embedding", "attention", "mlp", "unembedding", "cross_attention", "norm")
SHAPES = ("circle", "square", "triangle", "diamond", "down", "cross")


class Cloud(QWidget):
    """Wheel zooms, dragging pans, a double click shows everything again."""

    hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Token embeddings in the plane")
        self.setMinimumSize(160, 120)
        self.frame: EmbeddingFrame | None = None
        self.hidden: set[int] = set()
        self.found = np.zeros(0, dtype=bool)
        self.hover = -1
        self._extent, self._zoom, self._offset = np.full(2, 1e-9), 1.0, QPointF(0, 0)
        self._grip: QPointF | None = None
        self._places = np.zeros((0, 2))

    def draw(self, frame: EmbeddingFrame, found: np.ndarray) -> None:
        """Take a new frame; `found` (shown,) marks the tokens that are searched for."""
        self.frame, self.found = frame, found
        extent = np.quantile(np.abs(frame.points), 0.998, axis=0) if len(frame.points) else np.ones(2)
        if ((extent < self._extent / GROW) | (extent > self._extent)).any():
            self._extent = np.maximum(extent, 1e-6) * 1.08
        self.hover = min(self.hover, len(frame.tokens) - 1)
        self.update()

    def shown(self) -> np.ndarray:
        """Which tokens are visible, bool (shown,)."""
        if self.frame is None:
            return np.zeros(0, dtype=bool)
        return ~np.isin(self.frame.kinds, list(self.hidden))

    def fit(self) -> None:
        """Show everything."""
        self._zoom, self._offset = 1.0, QPointF(0, 0)
        self.update()

    def neighbours(self, index: int, count: int = 3) -> list[int]:
        """The nearest visible tokens in this picture."""
        assert self.frame is not None
        away = np.linalg.norm(self.frame.points - self.frame.points[index], axis=1)
        away[~self.shown()] = np.inf
        away[index] = np.inf
        return [int(i) for i in np.argsort(away)[:count] if np.isfinite(away[i])]

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Room for a cloud."""
        return QSize(640, 400)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Axes through the origin, points by kind, labels of the most frequent tokens that have room, the hovered card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.frame is None:
            return
        self._places = self._mapped(self.frame.points)
        origin = self._mapped(np.zeros((1, 2)))[0]
        painter.setPen(QPen(theme.colour("line"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(0, origin[1]), QPointF(self.width(), origin[1]))
        painter.drawLine(QPointF(origin[0], 0), QPointF(origin[0], self.height()))
        visible = self.shown()
        self._draw_points(painter, visible)
        self._draw_labels(painter, visible)
        if 0 <= self.hover < len(visible) and visible[self.hover]:
            self._draw_card(painter, self.hover)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Pan while a button is held, otherwise find the token under the pointer."""
        if self._grip is not None:
            self._offset += event.position() - self._grip
            self._grip = event.position()
            self.update()
            return
        self._point(self._nearest(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Take hold of the cloud."""
        self._grip = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Let go."""
        self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show everything."""
        self.fit()

    def leaveEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Nothing is hovered outside."""
        self._point(-1)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Zoom around the pointer."""
        factor = 1.0015 ** event.angleDelta().y()
        zoom = min(60.0, max(0.5, self._zoom * factor))
        centre = QPointF(self.width() / 2, self.height() / 2)
        from_centre = event.position() - centre - self._offset
        self._offset -= from_centre * (zoom / self._zoom - 1)
        self._zoom = zoom
        self.update()

    def _mapped(self, points: np.ndarray) -> np.ndarray:
        """Points of the frame as pixels (n, 2); each axis fills the room it has."""
        half = np.maximum(10.0, np.array([self.width(), self.height()]) / 2 - MARGIN)
        scaled = points / self._extent * half * self._zoom * np.array([1.0, -1.0])
        placed: np.ndarray = scaled + [self.width() / 2 + self._offset.x(), self.height() / 2 + self._offset.y()]
        return placed

    def _nearest(self, place: QPointF) -> int:
        visible = self.shown()
        if self.frame is None or not visible.any() or len(self._places) != len(visible):
            return -1
        away = np.hypot(*(self._places - [place.x(), place.y()]).T)
        away[~visible] = np.inf
        best = int(away.argmin())
        return best if away[best] < NEAR else -1

    def _point(self, index: int) -> None:
        if index != self.hover:
            self.hover = index
            self.hovered.emit(index)
            self.update()

    def _draw_points(self, painter: QPainter, visible: np.ndarray) -> None:
        assert self.frame is not None
        sizes = 2.2 + 3.2 * np.log1p(self.frame.counts) / np.log1p(max(1, int(self.frame.counts.max(initial=1))))
        searching = bool(self.found.any())
        painter.setPen(Qt.PenStyle.NoPen)
        for kind in range(len(COLOURS)):
            faint, full = theme.colour(COLOURS[kind], 70), theme.colour(COLOURS[kind], 225)
            for index in np.flatnonzero(visible & (self.frame.kinds == kind)).tolist():
                loud = not searching or self.found[index]
                painter.setBrush(full if loud else faint)
                x, y = self._places[index].tolist()
                mark(painter, SHAPES[kind], x, y, float(sizes[index]) * (1.5 if searching and loud else 1.0))

    def _draw_labels(self, painter: QPainter, visible: np.ndarray) -> None:
        """Each label takes cells of a grid; a token whose cells are taken goes without until somebody zooms in."""
        assert self.frame is not None
        font = theme.font(0.85, mono=True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        high = metrics.height()
        taken: set[tuple[int, int]] = set()
        order = np.argsort(-(self.frame.counts + 1e12 * self.found), kind="stable")
        searching = bool(self.found.any())
        for index in order.tolist():
            if not visible[index]:
                continue
            x, y = self._places[index].tolist()
            if not (-20 < x < self.width() and 0 < y < self.height()):
                continue
            text = label(self.frame.tokens[index], 14)
            width = metrics.horizontalAdvance(text)
            row = int(y // high)
            cells = {(row, column) for column in range(int(x // 14), int((x + width + 8) // 14) + 1)}
            if cells & taken and index != self.hover:
                continue
            taken |= cells
            colour = theme.colour("text" if not searching or self.found[index] else "quiet")
            painter.setPen(QColor(colour))
            painter.drawText(QPointF(x + 7, y + high * 0.32), text)

    def _draw_card(self, painter: QPainter, index: int) -> None:
        assert self.frame is not None
        near = ", ".join(quoted(self.frame.tokens[i]) for i in self.neighbours(index))
        lines = [quoted(self.frame.tokens[index]), f"stands {int(self.frame.counts[index]):,} times in the text"]
        lines += [f"near in this picture: {near}"] if near else []
        fonts = [theme.font(mono=True, bold=True), theme.font(0.9), theme.font(0.9)]
        width = max(QFontMetricsF(font).horizontalAdvance(line) for font, line in zip(fonts, lines, strict=False)) + 24
        height = 14 + 20 * len(lines) * theme.points() / theme.BASE_POINTS
        x, y = self._places[index].tolist()
        left = x + 14 if x + 14 + width < self.width() else x - 14 - width
        card = QRectF(max(4.0, left), min(max(4.0, y - height / 2), self.height() - height - 4), width, height)
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(x, y), 8, 8)
        painter.setPen(theme.colour("line"))
        painter.setBrush(theme.colour("surface"))
        painter.drawRoundedRect(card, 8, 8)
        step = (height - 14) / len(lines)
        for row, (line, font) in enumerate(zip(lines, fonts, strict=False)):
            painter.setFont(font)
            painter.setPen(theme.colour("quiet" if row else "text"))
            place = QRectF(card.left() + 12, card.top() + 7 + row * step, width, step)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, line)


def mark(painter: QPainter, shape: str, x: float, y: float, size: float) -> None:
    """One marker of the given radius; every kind has its own shape, so colour is not alone."""
    if shape == "circle":
        painter.drawEllipse(QPointF(x, y), size, size)
    elif shape == "square":
        painter.drawRect(QRectF(x - size * 0.85, y - size * 0.85, size * 1.7, size * 1.7))
    elif shape == "cross":
        painter.drawRect(QRectF(x - size, y - size * 0.32, size * 2, size * 0.64))
        painter.drawRect(QRectF(x - size * 0.32, y - size, size * 0.64, size * 2))
    else:
        corners = {
            "triangle": ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
            "down": ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
            "diamond": ((0, -1.25), (1.1, 0), (0, 1.25), (-1.1, 0)),
        }[shape]
        painter.drawPolygon(QPolygonF([QPointF(x + dx * size, y + dy * size) for dx, dy in corners]))
