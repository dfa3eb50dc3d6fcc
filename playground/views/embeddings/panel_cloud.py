"""The cloud: vectors as points in the plane or in space, to zoom, pan, turn, point at, pick, and draw a lasso around."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QEasingCurve, QPointF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from playground.style.tokentext import quoted
from playground.views.embeddings import panel_pointing as pointing
from playground.views.embeddings.frame import EmbeddingFrame
from playground.views.embeddings.panel_picture import Picture, Scene
from playground.views.embeddings.panel_range import Range
from playground.views.embeddings.panel_trails import Trails
from playground.views.embeddings.panel_turn import Turn, sphere

NEAR = 14.0
"""Pixels from the pointer to the point it means."""
STILL = 4.0
"""Pixels the pointer may move between press and release for a click."""
GLIDE_MS, GLIDE_EVERY = 280, 0.07
"""How long the view takes to follow the cloud, and the seconds between two of its pictures: the run needs the time."""
STEP = 40.0
SOLID = 3
"""Dimensions of space."""
LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier


class Cloud(QWidget):
    """Wheel zooms; dragging pans the plane and turns space (with another button it pans); with Shift, or with `lasso`, it
    draws a lasso. A click picks, a double click shows everything again; + − arrows and Home do the same."""

    hovered = Signal(int)
    picked = Signal(int)
    """A point was clicked, or nothing (-1)."""
    caught = Signal()
    """A lasso was drawn; `inside` tells what is in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Embeddings as points")
        self.setMinimumSize(160, 120)
        self.frame: EmbeddingFrame | None = None
        self.range, self.picture, self.turn, self.trails = Range(), Picture(), Turn(), Trails()
        self.hover, self.held = -1, -1
        """The points that the pointer is on, and that was picked."""
        self.lit = np.zeros(0, dtype=bool)
        """What other views point at, bool (n,)."""
        self.lasso = self.trailing = False
        self.inside = np.zeros(0, dtype=bool)
        """What the last lasso has caught, bool (n,)."""
        self.places = np.zeros((0, 2))
        """Where the points lie, in pixels (n, 2)."""
        self._middle, self._radius = np.zeros(SOLID), 1.0
        self._grip: QPointF | None = None
        self._pressed: QPointF | None = None
        self._loop: list[QPointF] = []
        self._pans, self._glided = False, 0.0
        self._painted: QImage | None = None
        self._glide = QVariantAnimation(self)
        self._glide.setStartValue(0.0)
        self._glide.setEndValue(1.0)
        self._glide.setDuration(GLIDE_MS)
        self._glide.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._glide.valueChanged.connect(self._on_glide)

    # -- what it shows ------------------------------------------------------------------------------------------

    def draw(self, frame: EmbeddingFrame) -> None:
        """Take a new frame."""
        before = self.frame
        other = before is None or before.tokens != frame.tokens or before.space != frame.space
        anew = other or before is None or _laid(before) != _laid(frame)
        self.frame = frame
        self.picture.take(frame)
        self.trails.take(frame)
        if other:
            self.held, self.inside, self.lit = -1, np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
        if anew:
            self._glide.stop()
            self.range.fit()
            self.point(-1)
        if self.range.follow(self._extent(), at_once=anew) and not anew:
            self._glide.start()
        self.refresh()

    def mark(self, hidden: set[int], found: np.ndarray) -> None:
        """Leave groups out, and bring out the points that are `found` (bool (n,))."""
        self.picture.mark(hidden, found)
        self.refresh()

    def shown(self) -> np.ndarray:
        """Which points are visible, bool (n,)."""
        return self.picture.visible()

    def solid(self) -> bool:
        """Whether the points lie in space."""
        return self.frame is not None and self.frame.points.shape[1] == SOLID

    def fit(self) -> None:
        """Show everything, and follow the cloud from now on."""
        self.range.fit()
        if self.solid():
            self.turn.home()
        if self.frame is not None:
            self.range.follow(self._extent(), at_once=True)
        self.refresh()

    def refresh(self) -> None:
        """Paint everything anew, not only the card."""
        self._painted = None
        self.update()

    def neighbours(self, index: int, count: int = 3) -> list[int]:
        """The nearest visible points in this picture."""
        assert self.frame is not None
        away = np.linalg.norm(self.frame.points - self.frame.points[index], axis=1)
        away[~self.shown()] = np.inf
        away[index] = np.inf
        count = min(count, len(away) - 1)
        nearest = np.argpartition(away, count)[: count + 1] if count > 0 else np.zeros(0, np.intp)
        order = nearest[np.argsort(away[nearest], kind="stable")]
        return [int(i) for i in order[:count] if np.isfinite(away[i])]

    def said(self, index: int) -> list[str]:
        """What the card says of a point, line by line."""
        assert self.frame is not None
        frame, place = self.frame, int(self.frame.places[index])
        near = ", ".join(quoted(frame.tokens[i]) for i in self.neighbours(index))
        if frame.space == "positions":
            return [f"place {place + 1:,}", *([f"near in this picture: {near}"] if near else [])]
        times = int(frame.counts[index])
        often = "stands once in the text" if times == 1 else f"stands {times:,} times in the text"
        lines = [quoted(frame.tokens[index]), f"place {place + 1:,} · {often}" if place >= 0 else often]
        return lines + ([f"near in this picture: {near}"] if near else [])

    # -- painting -----------------------------------------------------------------------------------------------

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
            scene = self._scene()
            self.places = scene.places
            self._painted = self.picture.paint(scene, self.size(), self.devicePixelRatioF())
        painter.drawImage(0, 0, self._painted)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pointing.paint(painter, self)
        if self._loop:
            pointing.paint_loop(painter, self._loop)
        if self.hasFocus():
            pointing.paint_focus(painter, self)

    def _extent(self) -> np.ndarray:
        """What the range has to hold: the cloud as it is seen."""
        assert self.frame is not None
        if not self.solid():
            return self.frame.points
        self._middle, self._radius = sphere(self.frame.points)
        return self.turn.seen(self.frame.points, self._middle)[0]

    def _scene(self) -> Scene:
        assert self.frame is not None
        past = self.trails.pictures() if self.trailing else []
        if not self.solid():
            origin = self.range.pixels(np.zeros((1, 2)))[0]
            before = [self.range.pixels(points) for points in past]
            return Scene(self.range.pixels(self.frame.points), None, origin, np.zeros((0, 2)), before)
        seen, depth = self.turn.seen(self.frame.points, self._middle)
        axes, _ = self.turn.seen(np.vstack((np.zeros(SOLID), np.eye(SOLID) * self._radius)), self._middle)
        axes = self.range.pixels(axes)
        before = [self.range.pixels(self.turn.seen(points, self._middle)[0]) for points in past]
        return Scene(self.range.pixels(seen), (depth / self._radius + 1) / 2, axes[0], axes[1:], before)

    # -- mouse and keys -----------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Take hold of the cloud, or begin a lasso."""
        self._pressed = self._grip = event.position()
        self._pans = not self.solid() or event.button() != LEFT
        if event.button() == LEFT and (self.lasso or event.modifiers() & SHIFT):
            self._loop = [event.position()]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Go on with what the button has begun, otherwise find the point under the pointer."""
        if self._grip is None or self._pressed is None:
            self.point(self._nearest(event.position()))
            return
        moved = event.position() - self._grip
        if self._loop:
            self._loop.append(event.position())
            self.update()
            return
        self.point(-1)
        self._grip = event.position()
        (self.range.drag if self._pans else self.turn.drag)(moved.x(), moved.y())
        self.refresh()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Let go: after a click something is picked, after a lasso something is caught."""
        pressed, loop = self._pressed, self._loop
        self._grip, self._pressed, self._loop = None, None, []
        far = pressed is not None and (event.position() - pressed).manhattanLength() >= STILL
        at = self._nearest(event.position())
        if len(loop) > 2:
            self._catch(loop)
        elif pressed is not None and not far and event.button() == LEFT:
            self.picked.emit(at)
        self.point(at)
        if far and self.solid() and self.range.follow(self._extent()):
            self._glide.start()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show everything."""
        self.fit()

    def leaveEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Nothing is hovered outside."""
        self.point(-1)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """Zoom around the pointer."""
        self.range.zoom(event.position().x(), event.position().y(), 1.0015 ** event.angleDelta().y())
        self.refresh()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """+ and − zoom, arrows move or turn, Home shows everything."""
        key = Qt.Key
        moves = {key.Key_Left: (STEP, 0), key.Key_Right: (-STEP, 0), key.Key_Up: (0, STEP), key.Key_Down: (0, -STEP)}
        pressed = key(event.key())
        if pressed in moves:
            (self.turn.drag if self.solid() else self.range.drag)(*moves[pressed])
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

    def point(self, index: int) -> None:
        """The pointer is on a point, or on none (-1), here or in the matrix."""
        if index != self.hover:
            self.hover = index
            self.setAccessibleDescription("; ".join(self.said(index)) if index >= 0 else "")
            self.hovered.emit(index)
            self.update()

    def _catch(self, loop: list[QPointF]) -> None:
        """What lies inside a loop, which closes itself."""
        self.inside = self.shown() & pointing.inside(loop, self.places, self.size())
        self.caught.emit()


def _laid(frame: EmbeddingFrame) -> tuple[object, ...]:
    return frame.layout, frame.points.shape[1], frame.ends if frame.layout == "axis" else ()
