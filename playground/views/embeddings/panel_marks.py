"""The markers of the kinds of token: a colour and a shape each, drawn once per size and stamped from then on."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from playground.style import theme

COLOURS = ("embedding", "attention", "mlp", "unembedding", "cross_attention", "norm")
"""The Okabe-Ito hues as the theme tunes them, in the order of KINDS."""
SHAPES = ("circle", "square", "triangle", "diamond", "down", "cross")
_CORNERS = {
    "triangle": ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    "down": ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
    "diamond": ((0, -1.25), (1.1, 0), (0, 1.25), (-1.1, 0)),
}


def outline(shape: str, x: float, y: float, size: float) -> QPainterPath:
    """One marker of the given radius; every kind has its own shape, so colour is not alone."""
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


class Stamps:
    """Markers as small pictures, made when first asked for; call `forget` when the theme changes."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, float, bool, float], tuple[QPixmap, int]] = {}

    def forget(self) -> None:
        """The colours have changed."""
        self._made.clear()

    def get(self, kind: int, size: float, faint: bool, ratio: float) -> tuple[QPixmap, int]:
        """The marker of a kind with radius `size` and a rim in the colour of the ground; and half its side."""
        key = (kind, size, faint, ratio)
        if key not in self._made:
            side = 2 * round(size * 1.25 + 2) + 1
            made = QPixmap(round(side * ratio), round(side * ratio))
            made.setDevicePixelRatio(ratio)
            made.fill(Qt.GlobalColor.transparent)
            painter = QPainter(made)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            shape = outline(SHAPES[kind], side / 2, side / 2, size)
            if not faint:
                painter.strokePath(shape, QPen(theme.colour("window", 190), 1.6))
            painter.fillPath(shape, tone(kind, 56 if faint else 235))
            painter.end()
            self._made[key] = made, side // 2
        return self._made[key]


def tone(kind: int, alpha: int = 255) -> QColor:
    """The colour of a kind."""
    return theme.colour(COLOURS[kind], alpha)
