"""The worlds as pictures: one function for each, from what is seen there to paint on a canvas."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from playground.style import theme

Painted = Callable[[QPainter, QRectF, np.ndarray, float | None], None]
"""(painter, room, what is seen, the action taken there or None)"""
TAXI_WALLS = (((0, 1), 2), ((1, 1), 2), ((3, 0), 1), ((3, 2), 3), ((4, 0), 1), ((4, 2), 3))
"""Walls of the town: (row, column) with a wall at the left edge of column `n` between them."""
STANDS = ((0, 0), (0, 4), (4, 0), (4, 3))
STAND_COLOURS = ("bad", "good", "attention", "accent")


def cartpole(painter: QPainter, room: QRectF, seen: np.ndarray, action: float | None) -> None:
    """A rail, a cart and its pole; the push as an arrow."""
    ground = room.bottom() - 0.22 * room.height()
    scale = room.width() / 5.6
    _line(painter, QPointF(room.left(), ground), QPointF(room.right(), ground), "line", 2)
    for end in (-2.4, 2.4):
        x = room.center().x() + end * scale
        _line(painter, QPointF(x, ground - 10), QPointF(x, ground + 10), "bad", 2)
    x = room.center().x() + float(seen[0]) * scale
    high = min(0.14 * room.height(), 0.5 * scale)
    cart = QRectF(x - 0.45 * scale, ground - high, 0.9 * scale, high)
    if action is not None:
        _arrow(painter, QPointF(x, ground + 24), 0.5 * scale * (1 if action > 0.5 else -1), "attention")
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("embedding"))
    painter.drawRoundedRect(cart, 5, 5)
    long = min(1.7 * scale, ground - high - room.top() - 10)
    foot = QPointF(x, cart.top() + 4)
    tip = foot + QPointF(math.sin(float(seen[2])), -math.cos(float(seen[2]))) * long
    _line(painter, foot, tip, "attention", max(6.0, 0.1 * scale), round_=True)
    _dot(painter, foot, max(4.0, 0.05 * scale), "text")


def pendulum(painter: QPainter, room: QRectF, seen: np.ndarray, action: float | None) -> None:
    """A rod around its bearing; the torque as an arc."""
    centre, radius = room.center(), 0.42 * min(room.width(), room.height())
    angle = math.atan2(float(seen[1]), float(seen[0]))  # 0 is upright
    painter.setPen(QPen(theme.colour("line"), 1.5, Qt.PenStyle.DashLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(centre, radius, radius)
    if action is not None:
        around = QRectF(centre.x() - 0.45 * radius, centre.y() - 0.45 * radius, 0.9 * radius, 0.9 * radius)
        painter.setPen(QPen(theme.colour("mlp"), 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawArc(around, 90 * 16, round(float(action) * 80 * 16))
    tip = centre + QPointF(-math.sin(angle), -math.cos(angle)) * radius
    _line(painter, centre, tip, "attention", max(8.0, 0.09 * radius), round_=True)
    _dot(painter, centre, max(5.0, 0.05 * radius), "text")


def mountain(painter: QPainter, room: QRectF, seen: np.ndarray, action: float | None) -> None:
    """A valley, a car in it, and the flag on the hill."""

    def place(position: float) -> QPointF:
        x = room.left() + (position + 1.2) / 1.8 * room.width()
        high = 0.5 + 0.45 * math.sin(3 * position)
        return QPointF(x, room.bottom() - 14 - high * (room.height() - 60))

    painter.setPen(QPen(theme.colour("quiet"), 2.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([place(-1.2 + 1.8 * at / 120) for at in range(121)]))
    flag = place(0.45)
    _line(painter, flag, flag - QPointF(0, 34), "text", 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("good"))
    top = flag - QPointF(0, 34)
    painter.drawPolygon(QPolygonF([top, top + QPointF(20, 7), top + QPointF(0, 14)]))
    at = place(float(seen[0]))
    slope = math.atan(1.35 * math.cos(3 * float(seen[0])) * (room.height() - 60) / room.width() * 1.8)
    painter.save()
    painter.translate(at)
    painter.rotate(-math.degrees(slope))
    if action is not None:
        _arrow(painter, QPointF(0, -34), 34 * float(action), "mlp")
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("attention"))
    painter.drawRoundedRect(QRectF(-19, -22, 38, 14), 4, 4)
    painter.setBrush(theme.colour("text"))
    for wheel in (-11, 11):
        painter.drawEllipse(QPointF(wheel, -6), 6, 6)
    painter.restore()


def grid(painter: QPainter, room: QRectF, seen: np.ndarray, action: float | None) -> None:
    """Five by five fields, the walker, and one goal or two."""
    cell, corner = _fields(painter, room)
    for goal, name in zip(range(2, len(seen), 2), ("good", "unembedding"), strict=False):
        middle = _middle(corner, cell, float(seen[goal]), float(seen[goal + 1]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(name))
        painter.drawRoundedRect(QRectF(middle.x() - 0.3 * cell, middle.y() - 0.3 * cell, 0.6 * cell, 0.6 * cell), 6, 6)
        if len(seen) > 4:
            painter.setPen(theme.colour("window"))
            painter.setFont(theme.font(1.1, bold=True))
            painter.drawText(QRectF(middle.x() - 20, middle.y() - 12, 40, 24), Qt.AlignmentFlag.AlignCenter, f"{goal // 2}")
    walker = _middle(corner, cell, float(seen[0]), float(seen[1]))
    if action is not None:
        dx, dy = ((0, -1), (0, 1), (-1, 0), (1, 0))[int(action)]
        _line(painter, walker, walker + QPointF(dx, dy) * 0.62 * cell, "attention", 4, round_=True)
    _dot(painter, walker, 0.27 * cell, "attention")


def taxi(painter: QPainter, room: QRectF, seen: np.ndarray, action: float | None) -> None:
    """A town of five by five with walls, four stands, the passenger and the taxi."""
    cell, corner = _fields(painter, room)
    row, column, passenger, target = (int(value) for value in seen)
    for number, ((y, x), name) in enumerate(zip(STANDS, STAND_COLOURS, strict=True)):
        middle = _middle(corner, cell, x, y)
        area = QRectF(middle.x() - 0.42 * cell, middle.y() - 0.42 * cell, 0.84 * cell, 0.84 * cell)
        painter.setPen(QPen(theme.colour(name), 4) if number == target else Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(name, 90))
        painter.drawRoundedRect(area, 6, 6)
    for (y, _), x in TAXI_WALLS:
        top = corner + QPointF(x * cell, y * cell)
        _line(painter, top, top + QPointF(0, cell), "text", 4)
    middle = _middle(corner, cell, column, row)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("attention" if passenger < 4 else "mlp"))
    painter.drawRoundedRect(QRectF(middle.x() - 0.3 * cell, middle.y() - 0.2 * cell, 0.6 * cell, 0.4 * cell), 6, 6)
    if passenger < 4:
        y, x = STANDS[passenger]
        _dot(painter, _middle(corner, cell, x, y) - QPointF(0, 0.12 * cell), 0.13 * cell, "text")
    else:
        _dot(painter, middle, 0.11 * cell, "text")
    if action is not None and int(action) < 4:
        dx, dy = ((0, 1), (0, -1), (1, 0), (-1, 0))[int(action)]
        _line(painter, middle, middle + QPointF(dx, dy) * 0.6 * cell, "attention", 4, round_=True)


SCENES: dict[str, Painted] = {
    "cartpole": cartpole, "pendulum": pendulum, "mountain": mountain, "grid": grid, "goals": grid, "taxi": taxi,
}  # fmt: skip
HANDS: dict[str, dict[int, float]] = {
    "cartpole": {Qt.Key.Key_Left: 0.0, Qt.Key.Key_Right: 1.0},
    "pendulum": {Qt.Key.Key_Left: 2.0, Qt.Key.Key_Right: -2.0},
    "mountain": {Qt.Key.Key_Left: -1.0, Qt.Key.Key_Right: 1.0},
    "grid": {Qt.Key.Key_Up: 0.0, Qt.Key.Key_Down: 1.0, Qt.Key.Key_Left: 2.0, Qt.Key.Key_Right: 3.0},
    "goals": {Qt.Key.Key_Up: 0.0, Qt.Key.Key_Down: 1.0, Qt.Key.Key_Left: 2.0, Qt.Key.Key_Right: 3.0},
    "taxi": {Qt.Key.Key_Down: 0.0, Qt.Key.Key_Up: 1.0, Qt.Key.Key_Right: 2.0, Qt.Key.Key_Left: 3.0, Qt.Key.Key_P: 4.0,
             Qt.Key.Key_D: 5.0},
}  # fmt: skip
"""What a key does in each world."""
RESTING = {"pendulum": 0.0, "mountain": 0.0}
"""Worlds that go on while no key is pressed, and the action that means nothing."""


def _fields(painter: QPainter, room: QRectF) -> tuple[float, QPointF]:
    """Five by five fields as large as fit; the side of one, and the corner of all."""
    cell = min(room.width(), room.height()) / 5
    corner = QPointF(room.center().x() - 2.5 * cell, room.center().y() - 2.5 * cell)
    painter.setPen(QPen(theme.colour("line"), 1))
    painter.setBrush(theme.colour("surface"))
    for at in range(25):
        painter.drawRect(QRectF(corner.x() + at % 5 * cell, corner.y() + at // 5 * cell, cell, cell))
    return cell, corner


def _middle(corner: QPointF, cell: float, x: float, y: float) -> QPointF:
    return corner + QPointF((x + 0.5) * cell, (y + 0.5) * cell)


def _line(painter: QPainter, start: QPointF, end: QPointF, name: str, width: float, *, round_: bool = False) -> None:
    cap = Qt.PenCapStyle.RoundCap if round_ else Qt.PenCapStyle.FlatCap
    painter.setPen(QPen(theme.colour(name), width, Qt.PenStyle.SolidLine, cap))
    painter.drawLine(start, end)


def _dot(painter: QPainter, at: QPointF, radius: float, name: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(name))
    painter.drawEllipse(at, radius, radius)


def _arrow(painter: QPainter, at: QPointF, length: float, name: str) -> None:
    if abs(length) < 2:
        return
    end, head = at + QPointF(length, 0), math.copysign(8, length)
    _line(painter, at, end, name, 4, round_=True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(name))
    painter.drawPolygon(QPolygonF([end + QPointF(head, 0), end + QPointF(0, -7), end + QPointF(0, 7)]))
