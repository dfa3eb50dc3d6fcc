"""The nearest zoom: how one weight comes about, number by number, in the symbols of Algorithm 4."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import colourmaps, theme, tokentext
from playground.views.attention.frame import AttentionFrame, Cell

NAMES = {"alibi": "ALiBi", "t5": "T5 distance"}
LEFT = 168


class CellPage(QWidget):
    """Draws the `cell` of an AttentionFrame; the arrow keys ask for a neighbour."""

    moved = Signal(int, int)
    """The cell so many queries down and keys to the right is wanted."""
    left = Signal()
    """Esc: back to the head."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cell: Cell | None = None
        self._query = self._key = ""
        self._keys: tuple[str, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("One weight of attention, worked out")

    def draw(self, frame: AttentionFrame) -> None:
        """Show the frame's cell."""
        self.cell = frame.cell
        if (cell := frame.cell) is not None:
            queries, self._keys = frame.axes(cell.place[0])
            self._query, self._key = queries[cell.place[2]], self._keys[cell.place[3]]
            self.setAccessibleDescription(". ".join(self.lines()))
        self.update()

    def lines(self) -> list[str]:
        """The calculation in words and numbers, a line for each step."""
        cell = self.cell
        if cell is None:
            return []
        made = [f"qᵀk = {cell.dot:.3f}"]
        if not math.isnan(cell.turned):
            made[0] += f", of which the rotation by place brings {cell.turned:+.3f}"
        made.append(f"qᵀk × {cell.scale:.3f} = {cell.dot * cell.scale:.3f}")
        if cell.cap:
            made.append(f"capped at ±{cell.cap:g}: {cell.scaled:.3f}")
        if cell.position in NAMES and not cell.masked:
            made.append(f"{NAMES[cell.position]} {cell.bias:+.3f}")
        if cell.masked:
            made.append("the mask hides this key: s = −∞")
        else:
            made.append(f"s = {cell.score:.3f}")
        made.append(f"a = eˢ / Σ eˢ = {cell.weight:.3f}")
        if (taken := 1.0 - float(cell.row.sum())) > 5e-4:
            made.append(f"a sink takes {taken:.3f} of the query's attention")
        made.append(f"a · v brings {100 * cell.brought:.0f} % of what the head gives this query")
        return made

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrows walk to a neighbour, Esc leads back."""
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        if event.key() in steps:
            self.moved.emit(*steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Query, key and their products; the score, step by step; the softmax; the value that is mixed in."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell = self.cell
        if cell is None:
            painter.setPen(theme.colour("quiet"))
            painter.setFont(theme.font(1.0))
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, "Waiting for the numbers of this cell")
            return
        high = min(52.0, (self.height() - 8 * 4) / 8.5)
        largest = max(float(np.abs(each).max()) for each in (cell.q, cell.k)) or 1.0
        products = cell.q * cell.k
        rows = (
            (f"q  {tokentext.quoted(self._query)}", f"place {cell.place[2] + 1}", cell.q, largest),
            (f"k  {tokentext.quoted(self._key)}", f"place {cell.place[3] + 1}", cell.k, largest),
            ("q ⊙ k", f"sum {_number(cell.dot)}", products, float(np.abs(products).max()) or 1.0),
        )
        y = 2.0
        for name, more, values, scale in rows:
            self._strip(painter, y, high, name, more, values, scale)
            y += high + 4
        y = self._chain(painter, y + 2, high)
        y = self._softmax(painter, y, high * 1.5)
        scale = max(float(np.abs(cell.v).max()), float(np.abs(cell.z).max())) or 1.0
        mixed = cell.weight * cell.v
        self._strip(painter, y, high, f"v  {tokentext.quoted(self._key)}", "the value", cell.v, scale)
        self._strip(painter, y + high + 4, high, "a · v", f"{100 * cell.brought:.0f} % of the whole", mixed, scale)
        self._strip(painter, y + 2 * (high + 4), high, "Σ a · v", "from all keys", cell.z, scale)

    # -- inside -------------------------------------------------------------------------------------------------

    def _strip(self, painter: QPainter, y: float, high: float, name: str, more: str, values: np.ndarray, scale: float) -> None:
        """A vector as cells: blue below zero, red above, its largest value in full colour."""
        self._label(painter, y, high, name, more)
        area = QRectF(LEFT, y + 3, self.width() - LEFT - 4, high - 6)
        colours = np.ascontiguousarray(colourmaps.rgba(values[None], -scale, scale, colourmaps.SIGNED))
        image = QImage(colours.data, len(values), 1, 4 * len(values), QImage.Format.Format_RGBA8888).copy()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(area, image)
        wide = area.width() / len(values)
        metrics = QFontMetricsF(theme.font(0.85))
        if wide >= metrics.horizontalAdvance("−0.00") + 4:
            painter.setFont(theme.font(0.85))
            for at, value in enumerate(values.tolist()):
                red, green, blue = (int(part) for part in colours[0, at, :3])
                painter.setPen(QColor("black" if red * 0.3 + green * 0.59 + blue * 0.11 > 140 else "white"))
                cell = QRectF(area.left() + at * wide, area.top(), wide, area.height())
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{value:.2f}")

    def _label(self, painter: QPainter, y: float, high: float, name: str, more: str) -> None:
        metrics = QFontMetricsF(theme.font(1.0, bold=True, mono=True))
        both = high >= 2.1 * metrics.height()
        upper = QRectF(0, y, LEFT - 12, high / 2 if both else high)
        painter.setFont(theme.font(1.0, bold=True, mono=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(upper, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                         metrics.elidedText(name, Qt.TextElideMode.ElideRight, LEFT - 12))  # fmt: skip
        if both:
            painter.setFont(theme.font(0.88))
            painter.setPen(theme.colour("quiet"))
            painter.drawText(QRectF(0, y + high / 2, LEFT - 12, high / 2), Qt.AlignmentFlag.AlignTop, more)

    def _chain(self, painter: QPainter, y: float, high: float) -> float:
        """The score from left to right: product, scale, cap, position, mask, softmax."""
        assert self.cell is not None
        cell = self.cell
        steps = [("qᵀk", _number(cell.dot))]
        if not math.isnan(cell.turned):
            steps.append(("by rotation", _number(cell.turned, "+.2f")))
        if cell.scale != 1.0:
            steps.append(("/ √d" if math.isclose(cell.scale, len(cell.q) ** -0.5, rel_tol=1e-6) else "scaled",
                          _number(cell.dot * cell.scale)))  # fmt: skip
        steps += [("cap", _number(cell.scaled))] if cell.cap else []
        steps += [(NAMES[cell.position], _number(cell.bias, "+.2f"))] if cell.position in NAMES and not cell.masked else []
        steps.append(("mask", "hidden" if cell.masked else "sees it"))
        steps.append(("s", "−∞" if cell.masked else _number(cell.score)))
        steps.append(("a", f"{cell.weight:.3f}"))
        self._label(painter, y, high, "score", "Algorithm 4, lines 4 to 6")
        wide = (self.width() - LEFT - 4) / len(steps)
        for at, (name, value) in enumerate(steps):
            box = QRectF(LEFT + at * wide, y + 2, wide - 14, high - 4)
            last = at >= len(steps) - 2
            painter.setPen(QPen(theme.colour("accent" if last else "line"), 1.2))
            painter.setBrush(theme.colour("surface"))
            painter.drawRoundedRect(box, 6, 6)
            metrics = QFontMetricsF(theme.font(0.85))
            two = box.height() >= 2 * metrics.height()
            painter.setFont(theme.font(0.85))
            painter.setPen(theme.colour("quiet"))
            upper = QRectF(box.left(), box.top() + 1, box.width(), box.height() / 2) if two else QRectF()
            if two:
                painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, name)
            painter.setFont(theme.font(0.95, bold=True))
            painter.setPen(theme.colour("text"))
            lower = QRectF(box.left(), box.center().y() - 1, box.width(), box.height() / 2) if two else box
            painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, value)
            if at + 1 < len(steps):
                painter.setPen(QPen(theme.colour("quiet"), 1.4))
                painter.drawLine(QPointF(box.right() + 3, box.center().y()), QPointF(box.right() + 11, box.center().y()))
        return y + high + 4

    def _softmax(self, painter: QPainter, y: float, high: float) -> float:
        """The weights of all keys of this query, with this one marked."""
        assert self.cell is not None
        row, key = self.cell.row, self.cell.place[3]
        best = int(row.argmax())
        most = "this key most of all" if best == key else f"most {tokentext.quoted(self._keys[best])} {row[best]:.2f}"
        self._label(painter, y, high, "softmax", most)
        area = QRectF(LEFT, y + 4, self.width() - LEFT - 4, high - 8)
        painter.fillRect(area, theme.colour("raised"))
        wide, top = area.width() / len(row), max(float(row.max()), 1e-9)
        for at, weight in enumerate(row.tolist()):
            tall = area.height() * weight / top
            bar = QRectF(area.left() + at * wide, area.bottom() - tall, max(1.0, wide - (1 if wide > 4 else 0)), tall)
            painter.fillRect(bar, theme.colour("accent" if at == key else "attention", 255 if at == key else 150))
        marker = QRectF(area.left() + key * wide, area.top(), max(2.0, wide), area.height())
        painter.setPen(QPen(theme.colour("accent"), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(marker)
        return y + high + 4


def _number(value: float, form: str = ".2f") -> str:
    """A number with a minus as wide as a plus."""
    return format(value, form).replace("-", "−")
