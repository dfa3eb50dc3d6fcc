"""All heads large enough to be judged: by layer or sorted by a score, each with its value, each layer with its mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import theme
from playground.views.attention.panel_mosaic import GAP, Mosaic, Place, tiled

BIGGEST = 200
NAMED_FROM = 30
"""Heads as many pixels wide have room for their value beneath."""
BAR = 3
MEANS = 74
"""Pixels right of the heads for the means of layers."""


class Gallery(Mosaic):
    """A mosaic with scores: `values` by place, NaN where a score means nothing, with `full` the value of a full bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: dict[Place, float] = {}
        self.full = 1.0
        self.order: tuple[Place, ...] = ()
        """The places from the largest score down; empty: by layer and head."""
        self._squares: dict[Place, tuple[int, int]] = {}
        self._rects: dict[Place, QRectF] = {}
        self.setAccessibleName("Layers and heads, with scores")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def draw_scores(self, tables: Sequence[np.ndarray], column: int, full: float, *, sort: bool) -> None:
        """Show a score of `tables`, one (heads, scores) for each layer."""
        self.values = {(row, at): float(head[column]) for row, table in enumerate(tables) for at, head in enumerate(table)}
        self.full = full
        ranked = sorted(self.values, key=lambda place: -np.nan_to_num(self.values[place], nan=-np.inf))
        self.order = tuple(ranked) if sort else ()
        self._place_anew()
        self.update()

    def means(self) -> Mapping[int, float]:
        """The mean score of each layer, NaN where it means nothing there."""
        rows: dict[int, list[float]] = {}
        for (row, _), value in self.values.items():
            rows.setdefault(row, []).append(value)
        return {row: float(np.mean(found)) for row, found in rows.items()}

    def retheme(self) -> None:
        """Letters may be larger or smaller now."""
        super().retheme()
        self._place_anew()

    def cell_rect(self, row: int, head: int) -> QRectF:
        """Where a head is drawn."""
        if (row, head) not in self._rects:
            self._rects[row, head] = self._rect(row, head)
        return self._rects[row, head]

    def _place_anew(self) -> None:
        self._squares, self._rects, self._image = self._grid(), {}, None

    def _rect(self, row: int, head: int) -> QRectF:
        down, across = self._squares.get((row, head), (row, head))
        (left, top), cell = self._edges(), self._size()
        return QRectF(left + across * (cell + GAP), top + down * (cell + GAP + self._below(cell)), cell, cell)

    def place_at(self, point: QPointF) -> Place | None:
        """The head under a point."""
        return next((place for place in self._squares if self.cell_rect(*place).adjusted(-2, -2, 2, 12).contains(point)), None)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Sorted heads are walked through in their order."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if not self.order or not step or self._selected not in self.order:
            super().keyPressEvent(event)
            return
        at = self.order.index(self._selected) + step
        if 0 <= at < len(self.order):
            self.moved.emit(*self.order[at])

    # -- inside -------------------------------------------------------------------------------------------------

    def _grid(self) -> dict[Place, tuple[int, int]]:
        """(row, column) of every head in the picture."""
        if not self.order:
            return {(row, head): (row, head) for row, layer in enumerate(self._patterns) for head in range(len(layer))}
        across = self._across(len(self.order))
        return {place: divmod(at, across) for at, place in enumerate(self.order)}

    def _across(self, count: int) -> int:
        """How many sorted heads stand side by side so that they are largest."""
        (left, top) = self._edges()
        wide, high = self.width() - left - GAP, self.height() - top - GAP

        def size(columns: int) -> float:
            rows = -(-count // columns)
            return min(wide / columns, high / rows - self._below(NAMED_FROM))

        return max(range(1, count + 1), key=size)

    def _edges(self) -> tuple[int, int]:
        if self.order:
            return GAP, GAP
        left, top = self._margins()
        return left + GAP, top + GAP

    def _size(self) -> int:
        """Pixels of one head."""
        if not self._squares:
            return 1
        rows, columns = (1 + max(each[axis] for each in self._squares.values()) for axis in (0, 1))
        left, top = self._edges()
        wide = (self.width() - left - GAP - (0 if self.order else MEANS)) // columns - GAP
        high = (self.height() - top) // rows - GAP
        cell = min(wide, high - self._below(NAMED_FROM))
        if cell < NAMED_FROM:
            cell = min(wide, high - self._below(0))
        return max(6, min(cell, BIGGEST))

    def _below(self, cell: int) -> int:
        """Pixels beneath a head for its bar, and for its value where there is room."""
        return BAR + 2 + (int(QFontMetricsF(theme.font(0.85)).height()) if cell >= NAMED_FROM else 0)

    def height_for(self, width: int) -> int:
        """It takes what there is."""
        return self.height()

    def resizeEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Another size holds another number side by side."""
        self._place_anew()

    def _picture(self) -> QImage:
        ratio, cell = self.devicePixelRatioF(), self._size()
        key = f"{cell}×{ratio}"
        image = self._image
        if image is None or image.text("cell") != key:
            pixels = round(cell * ratio)
            made = np.zeros((round(self.height() * ratio), round(self.width() * ratio), 4), np.uint8)
            for row, (layer, hides) in enumerate(zip(self._patterns, self._causal, strict=True)):
                strip = tiled([layer], [hides], pixels, 0, theme.theme())
                for head in range(len(layer)):
                    corner = self.cell_rect(row, head).topLeft() * ratio
                    x, y = round(corner.x()), round(corner.y())
                    target = made[y : y + pixels, x : x + pixels]
                    target[:] = strip[: target.shape[0], head * pixels :][:, : target.shape[1]]
            image = QImage(made.data, made.shape[1], made.shape[0], 4 * made.shape[1], QImage.Format.Format_RGBA8888).copy()
            image.setText("cell", key)
            image.setDevicePixelRatio(ratio)
            self._image = image
        return image

    def _corner(self) -> QPointF:
        return QPointF(0, 0)

    def _paint_numbers(self, painter: QPainter) -> None:
        if not self.order:
            super()._paint_numbers(painter)
            self._paint_means(painter)
        cell = self._size()
        metrics = QFontMetricsF(theme.font(0.85))
        painter.setFont(theme.font(0.85))
        for place, value in self.values.items():
            rect = self.cell_rect(*place)
            foot = QRectF(rect.left(), rect.bottom() + 2, rect.width(), BAR)
            painter.fillRect(foot, theme.colour("raised"))
            if np.isfinite(value):
                filled = min(1.0, max(0.0, value / self.full)) if self.full else 0.0
                painter.fillRect(QRectF(foot.left(), foot.top(), filled * foot.width(), BAR), theme.colour("attention"))
            if cell >= NAMED_FROM:
                said = self._said(place, value)
                said = said if metrics.horizontalAdvance(said) <= cell + GAP else said.rsplit(" ", 1)[-1]
                painter.setPen(theme.colour("text" if place == self._selected else "quiet"))
                painter.drawText(QRectF(rect.left() - GAP, foot.bottom(), cell + 2 * GAP, metrics.height()),
                                 Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, said)  # fmt: skip

    def _said(self, place: Place, value: float) -> str:
        number = f"{value:.2f}" if np.isfinite(value) else "–"
        return f"{self._labels[place[0]]}·{place[1] + 1}  {number}" if self.order else number

    def _paint_means(self, painter: QPainter) -> None:
        """Right of each layer its mean."""
        columns = max(len(layer) for layer in self._patterns)
        painter.setFont(theme.font(0.85))
        for row, mean in self.means().items():
            rect = self.cell_rect(row, columns - 1)
            bar = QRectF(rect.right() + 14, rect.center().y() - 3, 22, 6)
            painter.fillRect(bar, theme.colour("raised"))
            if np.isfinite(mean) and self.full:
                filled = min(1.0, mean / self.full) * bar.width()
                painter.fillRect(QRectF(bar.left(), bar.top(), filled, 6), theme.colour("attention"))
                painter.setPen(theme.colour("quiet"))
                beside = QRectF(bar.right() + 5, rect.center().y() - 10, 40, 20)
                painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter, f"{mean:.2f}")
