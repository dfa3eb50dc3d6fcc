"""The cloud: tokens as points in the plane, coloured and shaped by kind, labelled where there is room."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QEasingCurve, QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from playground.style import card, theme
from playground.style.card import Words
from playground.style.tokentext import quoted
from playground.views.embeddings.frame import EmbeddingFrame
from playground.views.embeddings.panel_picture import Picture
from playground.views.embeddings.panel_range import Range

NEAR = 14.0
"""Pixels from the pointer to the point it means."""
GLIDE_MS, GLIDE_EVERY = 280, 0.07
"""How long the view takes to follow the cloud, and the seconds between two of its pictures: the run needs the time."""
STEP = 40.0


class Cloud(QWidget):
    """Wheel zooms, dragging pans, a double click shows everything again; + − arrows and Home do the same."""

    hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Token embeddings in the plane")
        self.setMinimumSize(160, 120)
        self.frame: EmbeddingFrame | None = None
        self.range, self.picture = Range(), Picture()
        self.hover = -1
        self.places = np.zeros((0, 2))
        """Where the points lie, in pixels (shown, 2)."""
        self._grip: QPointF | None = None
        self._glided = 0.0
        self._painted: QPixmap | None = None
        self._glide = QVariantAnimation(self)
        self._glide.setStartValue(0.0)
        self._glide.setEndValue(1.0)
        self._glide.setDuration(GLIDE_MS)
        self._glide.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._glide.valueChanged.connect(self._on_glide)

    def draw(self, frame: EmbeddingFrame) -> None:
        """Take a new frame."""
        other = self.frame is None or self.frame.tokens != frame.tokens
        self.frame = frame
        self.picture.take(frame)
        if other:
            self._glide.stop()
            self.range.fit()
            self._point(-1)
        if self.range.follow(frame.points, at_once=other) and not other:
            self._glide.start()
        self.refresh()

    def mark(self, hidden: set[int], found: np.ndarray) -> None:
        """Leave kinds out, and bring out the tokens that are `found` (bool (shown,))."""
        self.picture.hidden, self.picture.found = hidden, found
        self.refresh()

    def shown(self) -> np.ndarray:
        """Which tokens are visible, bool (shown,)."""
        return self.picture.visible()

    def fit(self) -> None:
        """Show everything, and follow the cloud from now on."""
        self.range.fit()
        if self.frame is not None:
            self.range.follow(self.frame.points, at_once=True)
        self.refresh()

    def refresh(self) -> None:
        """Paint everything anew, not only the card."""
        self._painted = None
        self.update()

    def neighbours(self, index: int, count: int = 3) -> list[int]:
        """The nearest visible tokens in this picture."""
        assert self.frame is not None
        away = np.linalg.norm(self.frame.points - self.frame.points[index], axis=1)
        away[~self.shown()] = np.inf
        away[index] = np.inf
        return [int(i) for i in np.argsort(away, kind="stable")[:count] if np.isfinite(away[i])]

    def said(self, index: int) -> list[str]:
        """What the card says of a token, line by line."""
        assert self.frame is not None
        times = int(self.frame.counts[index])
        near = ", ".join(quoted(self.frame.tokens[i]) for i in self.neighbours(index))
        often = "stands once in the text" if times == 1 else f"stands {times:,} times in the text"
        lines = [quoted(self.frame.tokens[index]), often]
        return lines + ([f"near in this picture: {near}"] if near else [])

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Room for a cloud."""
        return QSize(640, 400)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The picture, kept until something in it changes, and what belongs to the pointer on top."""
        painter = QPainter(self)
        if self.frame is None:
            return
        if self._painted is None:
            self.range.resize(self.width(), self.height())
            self.places = self.range.pixels(self.frame.points)
            origin = self.range.pixels(np.zeros((1, 2)))[0]
            self._painted = self.picture.paint(self.places, origin, self.size(), self.devicePixelRatioF())
        painter.drawPixmap(0, 0, self._painted)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if 0 <= self.hover < len(self.places) and self.shown()[self.hover]:
            self._paint_hover(painter)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Pan while a button is held, otherwise find the token under the pointer."""
        if self._grip is not None:
            moved = event.position() - self._grip
            self._grip = event.position()
            self.range.drag(moved.x(), moved.y())
            self.refresh()
            return
        self._point(self._nearest(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Take hold of the cloud."""
        self._grip = event.position()
        self._point(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Let go."""
        self._grip = None
        self._point(self._nearest(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show everything."""
        self.fit()

    def leaveEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Nothing is hovered outside."""
        self._point(-1)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Zoom around the pointer."""
        self.range.zoom(event.position().x(), event.position().y(), 1.0015 ** event.angleDelta().y())
        self.refresh()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """+ and − zoom, arrows move, Home shows everything."""
        key = Qt.Key
        moves = {key.Key_Left: (STEP, 0), key.Key_Right: (-STEP, 0), key.Key_Up: (0, STEP), key.Key_Down: (0, -STEP)}
        pressed = key(event.key())
        if pressed in moves:
            self.range.drag(*moves[pressed])
        elif pressed in (key.Key_Plus, key.Key_Equal, key.Key_Minus):
            self.range.zoom(self.width() / 2, self.height() / 2, 1 / 1.3 if pressed == key.Key_Minus else 1.3)
        elif pressed == key.Key_Home:
            self.fit()
        else:
            super().keyPressEvent(event)
            return
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Another size is another picture."""
        self.refresh()

    def _on_glide(self, share: float) -> None:
        now = time.monotonic()
        if share == 1.0 or now - self._glided > GLIDE_EVERY:
            self._glided = now
            self.range.glide(share)
            self.refresh()

    def _nearest(self, place: QPointF) -> int:
        visible = self.shown()
        if not visible.any() or len(self.places) != len(visible):
            return -1
        away = np.hypot(self.places[:, 0] - place.x(), self.places[:, 1] - place.y())
        away[~visible] = np.inf
        best = int(away.argmin())
        return best if away[best] < NEAR else -1

    def _point(self, index: int) -> None:
        if index != self.hover:
            self.hover = index
            self.setAccessibleDescription("; ".join(self.said(index)) if index >= 0 else "")
            self.hovered.emit(index)
            self.update()

    def _paint_hover(self, painter: QPainter) -> None:
        """A ring, lines to the nearest points, and the card."""
        x, y = self.places[self.hover].tolist()
        near = self.neighbours(self.hover)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("accent", 170), 1.4))
        for other in near:
            painter.drawLine(QPointF(x, y), QPointF(*self.places[other].tolist()))
        painter.setPen(QPen(theme.colour("text"), 1.4))
        for other in near:
            painter.drawEllipse(QPointF(*self.places[other].tolist()), 6, 6)
        painter.setPen(QPen(theme.colour("accent"), 2.4))
        painter.drawEllipse(QPointF(x, y), 8.5, 8.5)
        name, *rest = self.said(self.hover)
        lines = [
            [Words(name, theme.font(1.1, bold=True, mono=True))],
            *([Words(line, theme.font(0.92), "quiet")] for line in rest),
        ]
        beside = QRectF(x - 8, y - 8, 16, 16)
        for other in near:  # those close by stay in sight too
            left, top = (self.places[other] - 6).tolist()
            there = QRectF(left, top, 12, 12)
            beside = both if (both := beside.united(there)).width() < 130 and both.height() < 90 else beside
        card.paint(painter, QRectF(self.rect()), beside, lines)
