"""Every head of every layer as one image: hover previews a head, a click or the arrow keys choose one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import colourmaps, theme

if TYPE_CHECKING:
    from playground.style.tokens import Theme

GAP, LARGEST, ROOM = 5, 132, 5
"""Pixels between two heads, the largest head, and the room the frame of a chosen head needs around it."""

Place = tuple[int, int]
"""Row (layer that attends) and column (head), both from 0."""


def resampled(pattern: np.ndarray, cells: int) -> np.ndarray:
    """(…, n, n) at `cells` a side: the largest of what a cell covers, so that thin lines stay whole; nearest when enlarged."""
    made: np.ndarray = pattern
    for axis in (-2, -1):
        length = made.shape[axis]
        starts = np.arange(cells) * length // cells
        if cells < length:
            made = np.maximum.reduceat(made, starts, axis)
        elif cells > length:
            made = np.take(made, starts, axis)
    return made


def rounded(cells: int, radius: float) -> np.ndarray:
    """The opacity of a square with round corners, uint8 (cells, cells)."""
    centre = np.arange(cells) + 0.5
    beyond = np.maximum(np.maximum(radius - centre, centre - (cells - radius)), 0.0)
    inside = radius + 0.5 - np.hypot(beyond[:, None], beyond[None, :])
    made: np.ndarray = (inside.clip(0.0, 1.0) * 255).astype(np.uint8)
    return made


def tiled(
    patterns: Sequence[np.ndarray], causal: Sequence[bool], cell: int, gap: int, ground: Theme, *, signed: bool = False
) -> np.ndarray:
    """All heads as one picture, uint8 (height, width, 4): a row for each layer, `cell` pixels a head, clear between them.

    `patterns` are (heads, query, key) weights on the fixed scale of `colourmaps.shares`; masked cells are left empty. With
    `signed` they are differences of weights.
    """
    most = max(len(layer) for layer in patterns)
    made = np.zeros((len(patterns) * (cell + gap) - gap, most * (cell + gap)), dtype=np.uint32)  # a pixel is one number
    name = colourmaps.SIGNED if signed else colourmaps.MAGNITUDE
    colours, empty = colourmaps.lookup(name).view(np.uint32)[:, 0], colourmaps.empty(ground).view(np.uint32)[0]
    opacity = rounded(cell, min(4.0, cell / 8))
    corners = np.nonzero(opacity < 255)
    for row, (layer, hides) in enumerate(zip(patterns, causal, strict=True)):
        index = colourmaps.differences(layer) if signed else colourmaps.shares(layer)
        seen = np.tri(*layer.shape[1:], dtype=np.bool_)
        if cell < layer.shape[-1]:
            index, seen = resampled(index, cell), resampled(seen, cell)
        heads = colours[index]  # (heads, query, key)
        if hides:
            heads[:, np.logical_not(seen)] = empty
        heads = resampled(heads, cell)  # (heads, cell, cell)
        heads.view(np.uint8).reshape(*heads.shape, 4)[:, corners[0], corners[1], 3] = opacity[corners]
        strip = made[row * (cell + gap) :][:cell, : len(layer) * (cell + gap)].reshape(cell, len(layer), cell + gap)
        strip[:, :, :cell] = heads.transpose(1, 0, 2)
    return made.view(np.uint8).reshape(*made.shape, 4)


class Mosaic(QWidget):
    """Draws the heads and says which one the person points at (`hovered`, row -1 for none) and picks (`picked`)."""

    hovered = Signal(int, int)
    picked = Signal(int, int)
    moved = Signal(int, int)
    """The arrow keys chose another head."""
    added = Signal(int, int)
    """A head shall be laid over the others, or no more (Ctrl and a click)."""
    menu_wanted = Signal(int, int, object)
    """A menu for a head, at a global point."""
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._patterns: tuple[np.ndarray, ...] = ()
        self._causal: tuple[bool, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._image: QImage | None = None
        self._selected: Place | None = None
        self._hover: Place | None = None
        self._marks: dict[Place, str] = {}
        self.signed = False
        """Whether differences of two models are drawn."""
        self._edge: tuple[int, int] | None = None
        """Room for the numbers, once it has been measured."""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Layers and heads")

    def draw(self, patterns: tuple[np.ndarray, ...], causal: tuple[bool, ...], labels: tuple[str, ...]) -> None:
        """Show these (heads, query, key) patterns; the picture is made when it is painted."""
        if labels != self._labels:
            self._edge = None
        self._patterns, self._causal, self._labels, self._image = patterns, causal, labels, None
        self.update()

    def select(self, place: Place | None) -> None:
        """Frame a head."""
        if place != self._selected:
            self._selected = place
            self.update()

    def mark(self, marks: dict[Place, str]) -> None:
        """Frame heads in colours of their own ("#rrggbb")."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def retheme(self) -> None:
        """Make the picture again: empty cells carry a colour of the theme."""
        self._image = self._edge = None
        self.update()

    def height_for(self, width: int) -> int:
        """The height the picture takes when it may be `width` wide."""
        left, top = self._margins()
        return top + len(self._patterns) * (self._cell(width, 1 << 20) + GAP) - GAP + 2 * ROOM if self._patterns else 0

    def cell_rect(self, row: int, head: int) -> QRectF:
        """Where a head is drawn."""
        (left, top), cell = self._margins(), self._cell(self.width(), self.height())
        return QRectF(left + ROOM + head * (cell + GAP), top + ROOM + row * (cell + GAP), cell, cell)

    def place_at(self, point: QPointF) -> Place | None:
        """The head under a point, the gap around it included."""
        (left, top), pitch = self._margins(), self._cell(self.width(), self.height()) + GAP
        row = int((point.y() - top - ROOM + GAP / 2) // pitch)
        head = int((point.x() - left - ROOM + GAP / 2) // pitch)
        return (row, head) if 0 <= row < len(self._patterns) and 0 <= head < len(self._patterns[row]) else None

    # -- what the person does -----------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Preview."""
        self._point_at(self.place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """End the preview."""
        self._point_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Pick."""
        if event.button() == Qt.MouseButton.LeftButton and (place := self.place_at(event.position())) is not None:
            many = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            (self.added if many else self.picked).emit(*place)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """What can be done to a head."""
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        place = self.place_at(QPointF(event.pos())) if by_mouse else self._selected
        if place is not None:
            self.menu_wanted.emit(*place, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrows move, Home and End go to the ends of the layer, Enter picks, Esc releases."""
        key, counts = event.key(), [len(layer) for layer in self._patterns]
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
                 Qt.Key.Key_Home: (0, -(1 << 20)), Qt.Key.Key_End: (0, 1 << 20)}  # fmt: skip
        if key == Qt.Key.Key_Escape:
            self.released.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._selected is not None:
            self.picked.emit(*self._selected)
        elif counts and self._selected is not None and key in steps:
            down, right = steps[Qt.Key(key)]
            row = min(max(self._selected[0] + down, 0), len(counts) - 1)
            head = min(max(self._selected[1] + right, 0), counts[row] - 1)
            if (row, head) != self._selected:
                self.moved.emit(row, head)
        else:
            super().keyPressEvent(event)

    def _point_at(self, place: Place | None) -> None:
        if place != self._hover:
            self._hover = place
            self.setCursor(Qt.CursorShape.ArrowCursor if place is None else Qt.CursorShape.PointingHandCursor)
            self.hovered.emit(*(place or (-1, -1)))
            self.update()

    # -- inside -------------------------------------------------------------------------------------------------

    def _margins(self) -> tuple[int, int]:
        if self._edge is None:
            self._edge = self._measured()
        return self._edge

    def _measured(self) -> tuple[int, int]:
        metrics = QFontMetricsF(theme.font(0.85))
        widest = max((metrics.horizontalAdvance(label) for label in self._labels), default=0.0)
        return int(widest) + 10, int(metrics.height()) + 3

    def _cell(self, width: int, height: int) -> int:
        if not self._patterns:
            return 1
        (left, top), rows = self._margins(), len(self._patterns)
        columns = max(len(layer) for layer in self._patterns)
        wide = (width - left - 2 * ROOM + GAP) // columns - GAP
        high = (height - top - 2 * ROOM + GAP) // rows - GAP
        return max(4, min(wide, high, LARGEST))

    def _picture(self) -> QImage:
        ratio, cell = self.devicePixelRatioF(), self._cell(self.width(), self.height())
        image, pixels = self._image, round(cell * ratio)
        if image is None or image.text("cell") != f"{pixels}":
            made = tiled(self._patterns, self._causal, pixels, round((cell + GAP) * ratio) - pixels, theme.theme(),
                         signed=self.signed)  # fmt: skip
            high, wide = made.shape[:2]
            image = QImage(made.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888).copy()
            image.setText("cell", f"{pixels}")
            image.setDevicePixelRatio(ratio)
            self._image = image
        return image

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """One image, the numbers beside it, and a frame around the chosen head."""
        if not self._patterns:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(self._corner(), self._picture())
        self._paint_numbers(painter)
        for marked, colour in self._marks.items():
            if marked[0] < len(self._patterns):
                painter.setPen(QPen(QColor(colour), 2.5))
                painter.drawRoundedRect(self.cell_rect(*marked).adjusted(-2, -2, 2, 2), 5, 5)
        for place, name, width in ((self._hover, "quiet", 1.5), (self._selected, "accent", 2.0)):
            if place is not None and place[0] < len(self._patterns):
                painter.setPen(QPen(theme.colour(name), width))
                painter.drawRoundedRect(self.cell_rect(*place).adjusted(-2, -2, 2, 2), 5, 5)
        if self.hasFocus() and self._selected is not None:  # a second ring: the arrow keys act here
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.drawRoundedRect(self.cell_rect(*self._selected).adjusted(-4, -4, 4, 4), 7, 7)

    def _corner(self) -> QPointF:
        """Where the picture begins."""
        return self.cell_rect(0, 0).topLeft()

    def _paint_numbers(self, painter: QPainter) -> None:
        left, top = self._margins()
        chosen = self._hover or self._selected or (-1, -1)
        columns = max(len(layer) for layer in self._patterns)
        every = 1 + int(QFontMetricsF(theme.font(0.85)).horizontalAdvance("00") // self.cell_rect(0, 0).width())
        for line, hot in ((False, False), (True, True)):
            painter.setFont(theme.font(0.85, bold=hot))
            painter.setPen(theme.colour("text" if hot else "quiet"))
            for row, label in enumerate(self._labels):
                if (row == chosen[0]) is line:
                    rect = self.cell_rect(row, 0)
                    painter.drawText(QRectF(0, rect.top(), left - 6, rect.height()),
                                     Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)  # fmt: skip
            for head in range(0, columns, every):
                if (head == chosen[1]) is line:
                    rect = self.cell_rect(0, head)
                    painter.drawText(QRectF(rect.left() - 10, 0, rect.width() + 20, top),
                                     Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, f"{head + 1}")  # fmt: skip
