"""What belongs to the pointer, above the picture of a cloud: rings, lines to neighbours, the card, the lasso."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPen, QPolygonF

from playground.style import card, theme
from playground.style.card import Words
from playground.views.embeddings.panel_range import within

if TYPE_CHECKING:
    from playground.views.embeddings.panel_cloud import Cloud


def paint(painter: QPainter, cloud: Cloud) -> None:
    """Rings around what is lit elsewhere, around what is held, and around what is hovered, with its card."""
    shown, places = cloud.shown(), cloud.places
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if len(cloud.lit) == len(places):
        painter.setPen(QPen(theme.colour("warning"), 2.4))
        for x, y in places[cloud.lit & shown].tolist():
            painter.drawEllipse(QPointF(x, y), 9.5, 9.5)
    if 0 <= cloud.held < len(places) and shown[cloud.held]:
        at = QPointF(*places[cloud.held].tolist())
        painter.setPen(QPen(theme.colour("text"), 2.4))
        painter.drawEllipse(at, 9.5, 9.5)
        painter.setPen(QPen(theme.colour("accent"), 2.4))
        painter.drawEllipse(at, 12, 12)
    if 0 <= cloud.hover < len(places) and shown[cloud.hover] and cloud.hover != cloud.held:
        _paint_hover(painter, cloud)


def paint_loop(painter: QPainter, loop: list[QPointF]) -> None:
    """The lasso while it is drawn."""
    painter.setPen(QPen(theme.colour("accent"), 1.6, Qt.PenStyle.DashLine))
    painter.setBrush(theme.colour("accent", 36))
    painter.drawPolygon(QPolygonF(loop))


def inside(loop: list[QPointF], places: np.ndarray, size: QSize) -> np.ndarray:
    """Which places (n, 2) on a picture of that size lie inside a loop, which closes itself, bool (n,).

    The loop is filled on a picture of its own, so that it takes as long for fifty thousand places as for fifty.
    """
    mask = QImage(size, QImage.Format.Format_Grayscale8)
    mask.fill(0)
    painter = QPainter(mask)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.white)
    painter.drawPolygon(QPolygonF(loop))
    painter.end()
    pixels = np.frombuffer(mask.constBits(), np.uint8).reshape(mask.height(), mask.bytesPerLine())
    found = within(places, (0, 0), (size.width(), size.height()))
    columns, rows = places[found].astype(np.intp).T
    found[found] = pixels[rows, columns] > 0
    return found


def paint_focus(painter: QPainter, cloud: Cloud) -> None:
    """The frame of what the keys are for."""
    painter.setPen(QPen(theme.colour("accent"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(cloud.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


def _paint_hover(painter: QPainter, cloud: Cloud) -> None:
    """A ring, lines to the nearest points, and the card."""
    places: np.ndarray = cloud.places
    x, y = places[cloud.hover].tolist()
    near = cloud.neighbours(cloud.hover)
    painter.setPen(QPen(theme.colour("accent", 170), 1.4))
    for other in near:
        painter.drawLine(QPointF(x, y), QPointF(*places[other].tolist()))
    painter.setPen(QPen(theme.colour("text"), 1.4))
    for other in near:
        painter.drawEllipse(QPointF(*places[other].tolist()), 6, 6)
    painter.setPen(QPen(theme.colour("accent"), 2.4))
    painter.drawEllipse(QPointF(x, y), 8.5, 8.5)
    name, *rest = cloud.said(cloud.hover)
    lines = [
        [Words(name, theme.font(1.1, bold=True, mono=True))],
        *([Words(line, theme.font(0.92), "quiet")] for line in rest),
    ]
    beside = QRectF(x - 8, y - 8, 16, 16)
    for other in near:  # those close by stay in sight too
        left, top = (places[other] - 6).tolist()
        there = QRectF(left, top, 12, 12)
        beside = both if (both := beside.united(there)).width() < 130 and both.height() < 90 else beside
    card.paint(painter, QRectF(cloud.rect()), beside, lines)
