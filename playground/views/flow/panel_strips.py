"""One quantity of every part over the training steps: a strip for each part, time to the right, the newest value beside it."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.style import colourmaps, theme
from playground.style.numbers import percent
from playground.views.flow.frame import BINS, FlowFrame, Measure, Row

COLUMNS = 240
"""Columns of the picture of a strip; the steps are spread evenly over them."""
LINE = 9.0
"""The least height of a strip, at type scale 1, in which a line can be read."""
LEFT, RIGHT, HEAD, FOOT = 98.0, 54.0, 22.0, 17.0
"""Room for names, values, title and steps, at type scale 1."""


class Strips(QWidget):
    """Draws one measure of a FlowFrame. A click, or Enter, asks for it to be shown large."""

    clicked = Signal()

    def __init__(self, measure: Measure, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.measure = measure
        self._rows: tuple[Row, ...] = ()
        self._steps = np.zeros(0, np.int64)
        self._values = np.zeros((0, 0), np.float32)
        self._step = 0
        self._images: list[QImage] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumSize(150, 70)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(measure.title)

    def draw(self, frame: FlowFrame) -> None:
        """Show the pictures so far."""
        self._rows, self._values = frame.rows[self.measure.name], frame.values[self.measure.name]
        self._steps, self._step = frame.steps, frame.step
        self.retheme()

    def retheme(self) -> None:
        """Colours anew: cells without a value have the theme's."""
        self._images = [self._image(row) for row in range(len(self._rows))]
        told = ", ".join(f"{row.name} {self.said(at)}" for at, row in enumerate(self._rows))
        self.setAccessibleDescription(f"Step {self._step:,}: {told}" if told else "")
        self.update()

    # -- where and what -----------------------------------------------------------------------------------------

    def area(self) -> QRectF:
        """Where the strips are, in pixels."""
        scale = theme.points() / theme.BASE_POINTS
        return QRectF(LEFT * scale, HEAD * scale, max(8.0, self.width() - (LEFT + RIGHT) * scale),
                      max(8.0, self.height() - (HEAD + FOOT) * scale))  # fmt: skip

    def strip(self, row: int) -> QRectF:
        """Where one strip is."""
        area, count = self.area(), max(1, len(self._rows))
        each = min(area.height() / count, 44.0 * theme.points() / theme.BASE_POINTS)
        return QRectF(area.left(), area.top() + row * each, area.width(), each - (1.5 if each > 6 else 0))

    def said(self, row: int, at: int | None = None) -> str:
        """The value of a row in a picture, or in that of the step that is shown; of a histogram the median size."""
        if at is None:
            at = int(np.searchsorted(self._steps, self._step))
        value = self._values[at, row]
        if self.measure.histogram:
            total = np.cumsum(value)
            if not math.isfinite(float(total[-1])):
                return "–"
            low, high = (math.log10(end) for end in self.measure.span)
            middle = int(np.searchsorted(total, 0.5 * total[-1]))
            within = (0.5 * total[-1] - (total[middle] - value[middle])) / max(float(value[middle]), 1e-12)
            return _short(float(f"{10 ** (low + (middle + within) * (high - low) / BINS):.2g}"))
        if not math.isfinite(float(value)):
            return "–"
        return percent(float(value)) if self.measure.share else _short(float(value))

    def found(self, point: QPointF) -> tuple[int, int] | None:
        """Row and picture under a point; None beside the strips."""
        for row in range(len(self._rows)):
            place = self.strip(row)
            if place.contains(point) and len(self._steps):
                across = (point.x() - place.left()) / place.width()
                return row, int(_pictures(self._steps)[min(COLUMNS - 1, int(across * COLUMNS))])
        return None

    def as_lines(self) -> bool:
        """Whether the values are drawn as heights, which needs room, and not as colours."""
        return not self.measure.histogram and self.strip(0).height() >= LINE * theme.points() / theme.BASE_POINTS

    def height_of(self, values: np.ndarray) -> np.ndarray:
        """Where values lie on the scale of the measure, 0 to 1, NaN where there is none."""
        low, high = self.measure.span if self.measure.linear else (math.log10(end) for end in self.measure.span)
        scaled = values if self.measure.linear else np.log10(np.maximum(values, 1e-30))
        shares: np.ndarray = ((scaled - low) / (high - low)).clip(0.0, 1.0)
        return shares

    # -- what the person does -----------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Say the value under the mouse."""
        QToolTip.showText(event.globalPosition().toPoint(), self.tip(event.position()), self)

    def tip(self, point: QPointF) -> str:
        """What the mouse is told at a point."""
        if (found := self.found(point)) is None:
            return self.measure.help
        row, at = found
        name = "median size " if self.measure.histogram else ""
        return f"{self._rows[row].name}, step {self._steps[at]:,}: {name}{self.said(row, at)}"

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show it large, or small again."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """The same by keyboard."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    # -- painting -----------------------------------------------------------------------------------------------

    def _image(self, row: int) -> QImage:
        """A strip with a column for each stretch of steps; a histogram has large values at the top."""
        measure, values = self.measure, self._values[_pictures(self._steps), row]  # (COLUMNS,) or (COLUMNS, BINS)
        if measure.histogram:
            # by the square root of the share, three times as bright as a share of all: no class holds everything
            pixels = colourmaps.lookup()[colourmaps.shares(3.0 * values)][:, ::-1].swapaxes(0, 1)
            missing = np.isnan(values)[:, ::-1].T
        else:
            pixels, missing = colourmaps.rgba(self.height_of(values))[None], np.isnan(values)[None]
        pixels = np.where(missing[..., None], colourmaps.empty(theme.theme()), pixels)
        pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
        return QImage(pixels.data, COLUMNS, len(pixels), 4 * COLUMNS, QImage.Format.Format_RGBA8888).copy()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Title and scale, names, strips, values and steps."""
        painter, area = QPainter(self), self.area()
        head = QRectF(0, 0, self.width(), area.top())
        painter.setFont(theme.font(0.95, bold=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.measure.title)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        if not self._rows:
            painter.setFont(theme.font(0.9))
            painter.setPen(theme.colour("quiet"))
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, "This model has none.")
            return
        self._paint_scale(painter, head)
        for row, image in enumerate(self._images):
            if self.as_lines():
                self._paint_line(painter, row)
            else:
                painter.drawImage(self.strip(row), image)
        self._paint_rows(painter)
        self._paint_steps(painter, area)

    def _paint_line(self, painter: QPainter, row: int) -> None:
        """A strip as a line over a filled ground in the colour of its part, on the fixed scale."""
        place, kind = self.strip(row), self._rows[row].kind
        painter.fillRect(place, theme.colour("raised", 150))
        shares, at = self.height_of(self._values[:, row]), self._steps.astype(float)
        known = np.isfinite(shares)
        if not known.any():
            return
        shares, at = shares[known], at[known]
        first, last = float(self._steps[0]), float(self._steps[-1])
        x = place.left() + (at - first) * (place.width() / max(last - first, 1.0))
        if len(x) == 1 or last == first:  # a line of one point would be invisible
            x, shares = np.array([x[0] if last > first else place.left(), place.right()]), shares[[-1, -1]]
        y = place.bottom() - 1 - shares * (place.height() - 2)
        line = [QPointF(*each) for each in np.stack([x, y], 1).tolist()]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(kind, 70))
        painter.drawPolygon(QPolygonF([QPointF(float(x[0]), place.bottom()), *line, QPointF(float(x[-1]), place.bottom())]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour(kind), 1.5))
        painter.drawPolyline(QPolygonF(line))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_rows(self, painter: QPainter) -> None:
        """Names in the colours of the parts, and values; as many as there is room for, evenly."""
        font, bold = theme.font(0.85), theme.font(0.85, bold=True)
        metrics = QFontMetricsF(font)
        stride = max(1, math.ceil((metrics.height() - 3) / max(1.0, self.strip(0).height() + 1.5)))
        for at in range(0, len(self._rows), stride):
            row, place = self._rows[at], self.strip(at)
            middle = place.center().y()
            mark = min(8.0, place.height())
            painter.fillRect(QRectF(2, middle - mark / 2, 3, mark), theme.colour(row.kind))
            painter.setFont(font)
            painter.setPen(theme.colour("quiet"))
            name = metrics.elidedText(short(row.name), Qt.TextElideMode.ElideRight, place.left() - 18)
            high = metrics.height()
            painter.drawText(QRectF(10, middle - high / 2, place.left() - 16, high), Qt.AlignmentFlag.AlignVCenter, name)
            painter.setFont(bold)
            painter.setPen(theme.colour("text"))
            beside = QRectF(place.right() + 6, middle - high / 2, self.width() - place.right() - 6, high)
            painter.drawText(beside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.said(at))

    def _paint_scale(self, painter: QPainter, head: QRectF) -> None:
        """What the colours stand for, or what lies at the foot and at the top of each strip."""
        low, high = (f"{100 * e:g} %" if self.measure.share else _short(e) for e in self.measure.span)
        painter.setFont(theme.font(0.85))
        painter.setPen(theme.colour("quiet"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if self.measure.histogram or self.as_lines():
            painter.drawText(head, right, f"↑ {low} to {high}")
            return
        metrics = QFontMetricsF(painter.font())
        painter.drawText(head, right, high)
        wide = 40.0 * theme.points() / theme.BASE_POINTS
        bar = QRectF(head.right() - metrics.horizontalAdvance(high) - 6 - wide, head.center().y() - 4, wide, 8)
        table = colourmaps.lookup()
        painter.drawImage(bar, QImage(table.data, 256, 1, 1024, QImage.Format.Format_RGBA8888).copy())
        painter.drawText(QRectF(0, 0, bar.left() - 6, head.height()), right, low)

    def _paint_steps(self, painter: QPainter, area: QRectF) -> None:
        """First and last step, and a line at the one that is shown where that is an earlier one."""
        first, last = int(self._steps[0]), int(self._steps[-1])
        bottom = self.strip(len(self._rows) - 1).bottom()
        foot = QRectF(area.left(), bottom + 2, area.width(), QFontMetricsF(theme.font(0.85)).height())
        painter.setFont(theme.font(0.85))
        painter.setPen(theme.colour("quiet"))
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, f"{first:,}" if last > first else "")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, f"step {last:,}")
        if first < last and self._step < last:
            x = area.left() + (self._step - first) / (last - first) * area.width()
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, bottom))


def short(name: str) -> str:
    """A part where there is little room: "2 · MLP", "Enc 2 · MLP"."""
    part = name.replace("Encoder layer", "Enc").replace("Encoder", "Enc").replace("attention", "attn")
    return part.replace("Layer ", "") if " · " in part else part


def _pictures(steps: np.ndarray) -> np.ndarray:
    """For each of COLUMNS even stretches of steps the picture nearest to its middle, (COLUMNS,)."""
    middles = steps[0] + (np.arange(COLUMNS) + 0.5) * ((steps[-1] - steps[0]) / COLUMNS)
    found: np.ndarray = np.searchsorted((steps[1:] + steps[:-1]) / 2, middles)
    return found


def _short(value: float) -> str:
    """A size in at most three figures: 12.3, 0.031, 2e-5."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if 1e-2 <= abs(value) < 1e4:
        return f"{float(f'{value:.3g}'):g}" if abs(value) < 1000 else f"{value:,.0f}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"
