"""The picture of a scene: a tensor as a map with its scale, or one bar for each token."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.style import colourmaps, theme
from playground.style.tokentext import label
from playground.views.motion.frame import Scene

LABELS = 92.0
"""Room for the names of rows, at type scale 1."""
SCALE = 16.0
"""Width of the scale of colours."""


class ScenePicture(QWidget):
    """Draws one scene; the values under the mouse are said in a tool tip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName("Tensor of the scene")
        self._scene: Scene | None = None
        self._names: tuple[str, ...] = ()
        self._image: QImage | None = None

    def show_scene(self, scene: Scene, names: tuple[str, ...]) -> None:
        """Show a scene; `names` are the tokens of its rows, where its rows are tokens."""
        self._scene, self._names = scene, names
        self._image = _image(scene) if scene.values.ndim == 2 else None
        self.setAccessibleDescription(f"{scene.title}: {scene.rows} by {scene.columns}")
        self.update()

    def area(self) -> QRectF:
        """Where the cells or bars are, in pixels."""
        scale = theme.points() / theme.BASE_POINTS
        left = LABELS * scale if self._names else 26.0 * scale
        right = (SCALE + 64) * scale if self._image is not None else 60.0 * scale
        return QRectF(left, 24 * scale, max(10.0, self.width() - left - right), max(10.0, self.height() - 36 * scale))

    def value_at(self, point: QPointF) -> tuple[int, int, float] | None:
        """Row, column and value under a point; None beside the cells."""
        if self._scene is None or not self.area().contains(point):
            return None
        area, values = self.area(), self._scene.values
        row = min(len(values) - 1, int((point.y() - area.top()) / area.height() * len(values)))
        if values.ndim == 1:
            return row, 0, float(values[row])
        column = min(values.shape[1] - 1, int((point.x() - area.left()) / area.width() * values.shape[1]))
        return row, column, float(values[row, column])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Say the value under the mouse."""
        found = self.value_at(event.position())
        if found is None or self._scene is None:
            QToolTip.hideText()
            return
        row, column, value = found
        name = f"“{label(self._names[row], 24)}”" if row < len(self._names) else f"{self._scene.rows} {row + 1}"
        where = name if self._scene.values.ndim == 1 else f"{name} · {self._scene.columns} {column + 1}"
        said = "not asked for" if np.isnan(value) else f"{value:.4g}"
        QToolTip.showText(event.globalPosition().toPoint(), f"{where}: {said}", self)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Axes, cells or bars, and the scale."""
        scene = self._scene
        if scene is None:
            return
        painter = QPainter(self)
        area = self.area()
        painter.setFont(theme.font(0.85))
        painter.setPen(theme.colour("quiet"))
        above = QRectF(area.left(), 0, area.width(), area.top() - 4)
        painter.drawText(above, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, f"{scene.columns} →")
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, f"{scene.rows} ↓")
        self._name_rows(painter, area, len(scene.values))
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(area, self._image)
            self._paint_scale(painter, area, scene)
        else:
            self._paint_bars(painter, area, scene)

    def _name_rows(self, painter: QPainter, area: QRectF, count: int) -> None:
        """As many names as there is room for, evenly."""
        if not self._names:
            return
        font = theme.font(0.85, mono=True)
        metrics = QFontMetricsF(font)
        each = area.height() / count
        stride = max(1, int(np.ceil(metrics.height() / each)))
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        for row in range(0, count, stride):
            text = metrics.elidedText(label(self._names[row], 12), Qt.TextElideMode.ElideRight, area.left() - 10)
            place = QRectF(0, area.top() + row * each, area.left() - 6, max(each, metrics.height()))
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, text)

    def _paint_scale(self, painter: QPainter, area: QRectF, scene: Scene) -> None:
        """The colours from the top of the scale down, with what they stand for."""
        scale = theme.points() / theme.BASE_POINTS
        table = np.ascontiguousarray(colourmaps.lookup(colourmaps.SIGNED if scene.signed else colourmaps.MAGNITUDE)[::-1, None])
        bar = QRectF(area.right() + 12 * scale, area.top(), SCALE * scale, min(area.height(), 180 * scale))
        painter.drawImage(bar, QImage(table.data, 1, 256, 4, QImage.Format.Format_RGBA8888).copy())
        painter.setFont(theme.font(0.85))
        painter.setPen(theme.colour("quiet"))
        marks = ((1.0, scene.span), (0.5, 0.0), (0.0, -scene.span)) if scene.signed else ((1.0, scene.span), (0.0, 0.0))
        for share, value in marks:
            y = bar.bottom() - share * bar.height()
            place = QRectF(bar.right() + 4, min(max(y - 9, bar.top() - 4), bar.bottom() - 14), 60 * scale, 18)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{value:.2g}")

    def _paint_bars(self, painter: QPainter, area: QRectF, scene: Scene) -> None:
        each = area.height() / len(scene.values)
        metrics = QFontMetricsF(theme.font(0.85))
        painter.setFont(theme.font(0.85))
        for row, value in enumerate(scene.values):
            if np.isnan(value):
                continue
            wide = area.width() * min(1.0, float(value) / scene.span)
            bar = QRectF(area.left(), area.top() + row * each, max(1.0, wide), max(1.0, each - (1 if each > 3 else 0)))
            painter.fillRect(bar, theme.colour("unembedding"))
            if each >= metrics.height():
                painter.setPen(theme.colour("quiet"))
                place = QRectF(bar.right() + 4, bar.top(), 60, each)
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, f"{value:.2f}")


def _image(scene: Scene) -> QImage:
    """The cells as an image that owns its pixels."""
    low = -scene.span if scene.signed else 0.0
    name = colourmaps.SIGNED if scene.signed else colourmaps.MAGNITUDE
    pixels = np.ascontiguousarray(colourmaps.rgba(scene.values, low, scene.span, name))
    high, wide = pixels.shape[:2]
    return QImage(pixels.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888).copy()
