"""One plot of the curves panel: pyqtgraph with the theme's pens and type, labels at the line ends, and a cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPen
from PySide6.QtWidgets import QGraphicsTextItem, QWidget

from playground.style import theme
from playground.views.curves.points import short, ticks


class NumberAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis with short numbers: on a logarithmic one only powers of ten, and none below 0, where no curve can be."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float | None, list[float]]]:  # noqa: N802, N803
        """Round numbers, no more than there is room for; one level of lines is calmer than three, and cheaper to draw."""
        if self.logMode:
            return list(super().tickValues(minVal, maxVal, size))
        steps = self.orientation == "bottom"
        made = ticks(minVal, maxVal, max(2, int(size / (60 if steps else 32))))
        return [(None, [value for value in made if not steps or value.is_integer()])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: N802 (pyqtgraph's name)
        """The text of each tick."""
        if self.logMode:
            return self.logTickStrings(values, scale, spacing)
        return [short(float(f"{value * scale:.6g}")) if value >= 0 else "" for value in values]

    def logTickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: N802 (pyqtgraph's name)
        """The text of each tick, from its logarithm: of steps whole powers only."""
        if self.orientation == "left":
            return [f"{10.0**value:.3g}" for value in values]
        return [short(10.0 ** round(value)) if value >= 0 and abs(value - round(value)) < 1e-6 else "" for value in values]


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """A plot without menus; `pointed` tells the x under the pointer (NaN when it leaves)."""

    pointed = Signal(float)
    fit_wanted = Signal()

    def __init__(self, name: str, *, widest: str = "", parent: QWidget | None = None) -> None:
        """`widest` is the longest name of a line, if room right of the plot shall hold names and values at the line ends."""
        self._bottom, self._left = NumberAxis("bottom"), NumberAxis("left")
        super().__init__(parent, axisItems={"bottom": self._bottom, "left": self._left})
        self.setAccessibleName(name)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setFrameShape(self.Shape.NoFrame)
        self.getViewBox().setDefaultPadding(0.03)
        self._widest, self._names = widest, True
        if widest:
            self.showAxis("right")
            self.getAxis("right").setTicks([])
        self._ends: list[tuple[QGraphicsTextItem, float, float]] = []
        self.cursor = pg.InfiniteLine(angle=90, movable=False)
        self.cursor.hide()
        self.addItem(self.cursor, ignoreBounds=True)
        self.getViewBox().sigRangeChanged.connect(self._place_ends)
        self.getViewBox().sigResized.connect(self._place_ends)
        self._left.enableAutoSIPrefix(False)
        self._bottom.enableAutoSIPrefix(False)

    def curve(self) -> pg.PlotDataItem:
        """A new line, as yet without colour or data."""
        made = pg.PlotDataItem(antialias=True, connect="finite", symbolSize=8)
        self.addItem(made)
        return made

    def retheme(self) -> None:
        """Take the colours and the type in force; pyqtgraph gives tick labels no font unless told."""
        self.setBackground(theme.colour("window"))
        small = theme.font(0.85)
        for axis in (self._left, self._bottom):
            axis.setStyle(tickFont=small, tickLength=-3, tickTextOffset=6, maxTickLevel=1)
            axis.setPen(pg.mkPen(theme.colour("line")))
            axis.setTextPen(pg.mkPen(theme.colour("quiet")))
        self._left.setWidth(round(theme.points(4.6)))
        self._bottom.setHeight(round(theme.points(2.2)))
        self._left.setPen(pg.mkPen(None))
        self._left.setTickPen(pg.mkPen(theme.colour("line")))
        if self._widest:
            self.set_names(self._names)
            self.getAxis("right").setPen(pg.mkPen(None))
        self._left.setGrid(110)
        self.cursor.setPen(pg.mkPen(theme.colour("quiet", 160), width=1))

    def ends(self, labels: Sequence[tuple[str, str, float, float]]) -> None:
        """Label the line ends with value and name: (name, colour, x, value); x as the axis has it. They never overlap."""
        while len(self._ends) < len(labels):
            item = QGraphicsTextItem(self.getPlotItem())
            item.document().setDocumentMargin(0)
            self._ends.append((item, 0.0, 0.0))
        fresh = []
        for index, (item, _, _) in enumerate(self._ends):
            if index >= len(labels):
                item.setPlainText("")
                continue
            name, colour, x, y = labels[index]
            at = math.log10(max(y, 1e-9)) if self._left.logMode else y
            item.setFont(theme.font(0.85))
            item.setDefaultTextColor(QColor(colour))
            item.setHtml(f"<b>{y:.3f}</b> {name}" if self._names else f"<b>{y:.3f}</b>")
            fresh.append((item, x, at))
        self._ends = fresh + [(item, 0.0, 0.0) for item, _, _ in self._ends[len(labels) :]]
        self._place_ends()

    def set_names(self, names: bool) -> bool:
        """Whether there is room for names beside the values at the line ends; True when that is news."""
        changed, self._names = names != self._names, names
        widest = f"00.000 {self._widest}" if names else "0.000"
        self.getAxis("right").setWidth(round(QFontMetricsF(theme.font(0.85, bold=True)).horizontalAdvance(widest)) + 10)
        return changed

    def end_labels(self) -> list[str]:
        """The texts at the line ends."""
        return [item.toPlainText() for item, _, _ in self._ends if item.toPlainText()]

    def point_at(self, x: float | None) -> None:
        """Draw the cursor at an x, or hide it."""
        self.cursor.setVisible(x is not None)
        if x is not None:
            self.cursor.setValue(x)

    def _place_ends(self) -> None:
        shown = [entry for entry in self._ends if entry[0].toPlainText()]
        if not shown:
            return
        box = self.getViewBox()
        area = box.mapRectToItem(self.getPlotItem(), box.rect())
        at = []
        for item, x, y in shown:
            point = self.getPlotItem().mapFromItem(box, box.mapFromView(QPointF(x, y)))
            at.append((point.y(), item))
        at.sort(key=lambda entry: entry[0])
        height = shown[0][0].boundingRect().height() + 1
        tops = [min(max(y - height / 2, area.top()), area.bottom() - height) for y, _ in at]
        for index in range(1, len(tops)):
            tops[index] = max(tops[index], tops[index - 1] + height)
        below = max(0.0, tops[-1] + height - area.bottom())
        for (_, item), top in zip(at, tops, strict=True):
            item.setPos(area.right() + 8, top - below)

    # -- what the person does -----------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Tell where the pointer is."""
        super().mouseMoveEvent(event)
        box, scene = self.getViewBox(), self.mapToScene(event.position().toPoint())
        inside = box.sceneBoundingRect().contains(scene)
        self.pointed.emit(box.mapSceneToView(scene).x() if inside else math.nan)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """The pointer is gone."""
        super().leaveEvent(event)
        self.pointed.emit(math.nan)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Show everything again."""
        super().mouseDoubleClickEvent(event)
        self.fit_wanted.emit()


def pen(name: str, width: float, alpha: int = 255, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen of the theme in force, in pixels."""
    made = QPen(theme.colour(name, alpha), width, style)
    made.setCosmetic(True)
    return made
