"""What joins the cards: residual streams, the lines of cross-attention, names of stacks, and the place where a layer lands."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QLinearGradient, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneHoverEvent, QStyleOptionGraphicsItem, QWidget

from playground.style import theme
from playground.ui.diagram.layout import Layout, Slot, Spine

ENDS = ("embedding", "unembedding")


class SpineItem(QGraphicsItem):
    """A residual stream, from the embedding's colour to what it ends in, with a knot where a part reads it and adds to it.

    A bar across it is a norm of the stream itself, as there is one after each sum in the original transformer.
    """

    def __init__(self, spine: Spine) -> None:
        super().__init__()
        self._spine = spine
        self.setZValue(-1)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def boundingRect(self) -> QRectF:  # noqa: N802 (Qt's name)
        """The line, and the ticks into the cards."""
        edges = [self._spine.x, *(edge for _, _, edge in self._spine.knots)]
        top, bottom = self._spine.top - 8, self._spine.bottom + 8
        return QRectF(min(edges) - 9, top, max(edges) - min(edges) + 18, bottom - top)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Ticks, line, norms, knots."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        spine = self._spine
        end = "unembedding" if any(kind == "unembedding" for _, kind, _ in spine.knots) else "cross_attention"
        gradient = QLinearGradient(0, spine.top, 0, spine.bottom)
        gradient.setColorAt(0, theme.colour("embedding"))
        gradient.setColorAt(1, theme.colour(end))
        painter.setPen(QPen(theme.colour("line"), 1.2))
        for y, _, edge in spine.knots:
            painter.drawLine(QPointF(spine.x, y), QPointF(edge, y))
        painter.setPen(QPen(QBrush(gradient), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(spine.x, spine.top), QPointF(spine.x, spine.bottom))
        painter.setPen(QPen(theme.colour("norm"), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        for y in spine.norms:
            painter.drawLine(QPointF(spine.x - 7, y), QPointF(spine.x + 7, y))
        for y, kind, _ in spine.knots:
            radius = 4.5 if kind in ENDS else 3.2
            painter.setPen(QPen(theme.colour("window"), 1.6))
            painter.setBrush(theme.colour(kind))
            painter.drawEllipse(QPointF(spine.x, y), radius, radius)


class CrossingItem(QGraphicsItem):
    """Where the encoder's output goes: from the end of its stream into every cross-attention, and the names of both stacks."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout
        self.setZValue(-2)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def boundingRect(self) -> QRectF:  # noqa: N802 (Qt's name)
        """All of the diagram."""
        return QRectF(0, 0, self._layout.width, self._layout.height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Lines with round corners, an arrow at each end, and captions."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = theme.colour("cross_attention")
        painter.setPen(QPen(colour, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        for corners in self._layout.crossings:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(rounded([QPointF(*corner) for corner in corners], 7.0))
            tip = QPointF(*corners[-1])
            arrow = QPainterPath(tip)
            arrow.lineTo(tip + QPointF(-6, -4))
            arrow.lineTo(tip + QPointF(-6, 4))
            arrow.closeSubpath()
            painter.fillPath(arrow, colour)
        painter.setFont(theme.font(0.85, bold=True))
        painter.setPen(theme.colour("quiet"))
        for text, x, y in self._layout.captions:
            painter.drawText(QRectF(x, y, 200, theme.points(2.0)), Qt.AlignmentFlag.AlignVCenter, text)


class LandingItem(QGraphicsItem):
    """The line at which a carried layer would land."""

    def __init__(self) -> None:
        super().__init__()
        self.slot: Slot | None = None
        self.setZValue(5)
        self.hide()

    def show_at(self, slot: Slot | None) -> None:
        """Stand at a place between two layers, or nowhere."""
        if slot == self.slot:
            return
        self.prepareGeometryChange()
        self.slot = slot
        self.setVisible(slot is not None)
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802 (Qt's name)
        """The line and its knob."""
        slot = self.slot
        return QRectF() if slot is None else QRectF(slot.x - 8, slot.y - 6, slot.w + 16, 12)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A strong line with a knob at its beginning."""
        if (slot := self.slot) is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("accent"), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(slot.x, slot.y), QPointF(slot.x + slot.w, slot.y))
        painter.setBrush(theme.colour("accent"))
        painter.drawEllipse(QPointF(slot.x, slot.y), 3.5, 3.5)


class PlusItem(QGraphicsItem):
    """A plus on the stream between two layers: a click puts a new layer there. Bright while the mouse is on it."""

    RADIUS = 6.5

    def __init__(self, slot: Slot, x: float) -> None:
        super().__init__()
        self.slot = slot
        self.setPos(x, slot.y)
        self.setZValue(4)
        self.setAcceptHoverEvents(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._hovered = False

    def boundingRect(self) -> QRectF:  # noqa: N802 (Qt's name)
        """The disc, a little larger than it looks: it is small for a finger."""
        reach = self.RADIUS + 3
        return QRectF(-reach, -reach, 2 * reach, 2 * reach)

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:  # noqa: N802 (Qt's name)
        """Light up."""
        self._hovered = True
        self.update()

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:  # noqa: N802 (Qt's name)
        """Calm down."""
        self._hovered = False
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A disc with a cross."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bright = self._hovered
        radius = self.RADIUS + 1.5 if bright else self.RADIUS
        painter.setPen(QPen(theme.colour("accent" if bright else "line"), 1.2))
        painter.setBrush(theme.colour("accent" if bright else "surface"))
        painter.drawEllipse(QPointF(0, 0), radius, radius)
        painter.setPen(QPen(theme.colour("window" if bright else "quiet"), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(-3, 0), QPointF(3, 0))
        painter.drawLine(QPointF(0, -3), QPointF(0, 3))


def rounded(corners: list[QPointF], radius: float) -> QPainterPath:
    """A path through corners, each of them rounded as far as its sides allow."""
    path = QPainterPath(corners[0])
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        into, out = before - corner, after - corner
        a, b = (side.manhattanLength() for side in (into, out))
        cut = min(radius, a / 2, b / 2)
        if cut <= 0:
            path.lineTo(corner)
            continue
        path.lineTo(corner + into * (cut / a))
        path.quadTo(corner, corner + out * (cut / b))
    path.lineTo(corners[-1])
    return path
