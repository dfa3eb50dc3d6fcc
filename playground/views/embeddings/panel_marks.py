"""The markers: a colour and a shape for each category, and their pixels, ready to be stamped by the thousand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from playground.style import theme

COLOURS = ("embedding", "attention", "mlp", "unembedding", "cross_attention", "norm", "accent", "warning")
"""The Okabe-Ito hues as the theme tunes them, in the order of KINDS and of MODALITIES."""
SHAPES = ("circle", "square", "triangle", "diamond", "down", "cross", "left", "right")
_CORNERS = {
    "triangle": ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    "down": ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
    "left": ((-1.2, 0), (0.8, 1.1), (0.8, -1.1)),
    "right": ((1.2, 0), (-0.8, 1.1), (-0.8, -1.1)),
    "diamond": ((0, -1.25), (1.1, 0), (0, 1.25), (-1.1, 0)),
}
RIM = 1.6


def outline(shape: str, x: float, y: float, size: float) -> QPainterPath:
    """One marker of the given radius; every category has its own shape, so colour is not alone."""
    path = QPainterPath()
    if shape == "circle":
        path.addEllipse(QPointF(x, y), size, size)
    elif shape == "square":
        path.addRect(QRectF(x - size * 0.88, y - size * 0.88, size * 1.76, size * 1.76))
    elif shape == "cross":
        path.addRect(QRectF(x - size * 1.1, y - size * 0.36, size * 2.2, size * 0.72))
        upright = QPainterPath()
        upright.addRect(QRectF(x - size * 0.36, y - size * 1.1, size * 0.72, size * 2.2))
        path = path.united(upright)
    else:
        path.addPolygon(QPolygonF([QPointF(x + dx * size, y + dy * size) for dx, dy in _CORNERS[shape]]))
        path.closeSubpath()
    return path


@cache
def stamp(shape: int, size: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels of a marker with radius `size` in pixels and a rim around it: how far right and down of its middle each
    lies, intp (pixels,) both, and how much of it the marker covers, float32 (pixels,) 0 to 1."""
    half = int(size * 1.25 + 2)
    side = 2 * half + 1
    path = outline(SHAPES[shape], half + 0.5, half + 0.5, size)
    filled, rim = (
        _coverage(side, lambda painter: painter.fillPath(path, QColor(Qt.GlobalColor.white))),
        _coverage(side, lambda painter: painter.strokePath(path, QPen(QColor(Qt.GlobalColor.white), RIM))),
    )
    down, right = np.nonzero(np.maximum(filled, rim) > 0.35)  # less of a pixel is nothing of it
    return right - half, down - half, filled[down, right]


def _coverage(side: int, draw: Callable[[QPainter], None]) -> np.ndarray:
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw(painter)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(side, image.bytesPerLine())[:, : 4 * side]
    made: np.ndarray = pixels[:, 3::4].astype(np.float32) / 255
    return made


def tone(kind: int, alpha: int = 255) -> QColor:
    """The colour of a category."""
    return theme.colour(COLOURS[kind], alpha)


def parts(colour: QColor) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255."""
    return colour.red(), colour.green(), colour.blue()
