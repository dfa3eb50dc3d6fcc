"""The cards of the diagram and the strips on them: one item for every part of the model."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneHoverEvent, QStyleOptionGraphicsItem, QWidget

from playground.style import theme
from playground.ui.diagram.gauges import ROOM, GaugeItem, in_words
from playground.ui.diagram.layout import Box
from playground.ui.diagram.thumbnails import BETWEEN, CELLS
from playground.views.gauges.frame import Sizes

GLOW = 6
CARDS = ("layer", "embedding", "unembedding")
HEADS = ("attention", "cross_attention")
"""Kinds that show pictures of their heads."""
GAUGED = (*HEADS, "mlp", "embedding", "unembedding")
"""Kinds that show how large they are at work."""


def mixed(over: QColor, under: QColor, share: float) -> QColor:
    """`share` of one colour over another, opaque."""
    pairs = ((over.redF(), under.redF()), (over.greenF(), under.greenF()), (over.blueF(), under.blueF()))
    return QColor.fromRgbF(*(share * a + (1 - share) * b for a, b in pairs))


class PartItem(QGraphicsItem):
    """One part: a card, or a strip on a layer's card. The scene tells it whether it is chosen."""

    def __init__(self, box: Box) -> None:
        super().__init__()
        self.box = box
        self.chosen = self.inside = self.focused = False
        self._hovered = False
        self._image: QImage | None = None
        self.setPos(box.x, box.y)
        self.setZValue(0 if box.kind in CARDS else 1)
        self.lifted = False
        self.meddled: tuple[str, ...] = ()
        """What is intervened with here, in words."""
        self._silent = False
        if box.kind not in HEADS:  # the rest stands still while pictures of heads come and go
            self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setAcceptHoverEvents(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._tip = f"{box.title} · {box.help}" if box.help else box.title
        self.setToolTip(self._tip)
        self.gauge = GaugeItem(self, box.kind, box.w, box.h) if box.kind in GAUGED else None

    def mark(self, chosen: bool, inside: bool, focused: bool) -> None:
        """Chosen itself, or holding the chosen part; `focused` when the keyboard is here."""
        if (chosen, inside, focused) != (self.chosen, self.inside, self.focused):
            self.chosen, self.inside, self.focused = chosen, inside, focused
            self.update()

    def lift(self, on: bool) -> None:
        """Faint while it is carried to another place."""
        if on != self.lifted:
            self.lifted = on
            self.setOpacity(0.45 if on else 1.0)

    def set_image(self, image: QImage | None) -> None:
        """New pictures of the heads, one image for all of them; None for none."""
        self._image = image
        self.update()

    def show_sizes(self, sizes: Sizes | None) -> None:
        """How large the part is at work; None for not known."""
        if self.gauge is not None:
            self.gauge.show_sizes(sizes)
            self.setToolTip(self._tip if sizes is None else f"{self._tip}\n{in_words(sizes)}")

    def meddle(self, sentences: tuple[str, ...], silent: bool) -> None:
        """Say that the part does not compute as it was trained to; `silent` where it adds nothing at all."""
        if (sentences, silent) != (self.meddled, self._silent):
            self.meddled, self._silent = sentences, silent
            self.setToolTip("\n".join((self._tip, *sentences)))
            self.update()

    @property
    def image(self) -> QImage | None:
        """The pictures shown."""
        return self._image

    def boundingRect(self) -> QRectF:  # noqa: N802 (Qt's name)
        """The box and its glow."""
        return QRectF(0, 0, self.box.w, self.box.h).adjusted(-GLOW, -GLOW, GLOW, GLOW)

    def shape(self) -> QPainterPath:
        """Where a click counts: the box without its glow."""
        path = QPainterPath()
        path.addRect(0, 0, self.box.w, self.box.h)
        return path

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:  # noqa: N802 (Qt's name)
        """Light up."""
        self._hovered = True
        self.update()

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:  # noqa: N802 (Qt's name)
        """Calm down."""
        self._hovered = False
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Ground and frame, then what the kind shows."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(0, 0, self.box.w, self.box.h)
        radius = (6.0 if self.box.slim else 9.0) if self.box.kind in CARDS else 4.0 if self.box.slim else 5.0
        if len(self.box.covers) > 1:  # more cards lie beneath
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.setBrush(theme.colour("raised"))
            for below in (5.0, 2.5):
                painter.drawRoundedRect(area.adjusted(below, below, -below, below), radius, radius)
        if (self.chosen or self.inside) and self.box.kind in CARDS:
            _glow(painter, area, radius, strong=self.focused)
        self._ground(painter, area, radius)
        {
            "layer": self._paint_layer,
            **dict.fromkeys(HEADS, self._paint_attention),
            "mlp": self._paint_mlp,
            "norm": self._paint_norm,
        }.get(self.box.kind, self._paint_card)(painter, area)
        if self.meddled:
            self._paint_meddled(painter, area, radius)

    def _ground(self, painter: QPainter, area: QRectF, radius: float) -> None:
        surface, part = theme.colour("surface"), self.box.kind
        if part in (*HEADS, "mlp"):
            fill = mixed(theme.colour(part), surface, 0.22 if self._hovered else 0.12)
        elif part == "norm":
            fill = mixed(theme.colour("accent"), surface, 0.12) if self.chosen else theme.colour("raised")
            if not (self.chosen or self._hovered):
                return
        else:
            fill = theme.colour("raised" if self._hovered and not self.inside else "surface")
        path = QPainterPath()
        path.addRoundedRect(area, radius, radius)
        painter.fillPath(path, fill)
        if part in (*HEADS, "mlp", "embedding", "unembedding"):
            painter.save()
            painter.setClipPath(path)
            painter.fillRect(QRectF(0, 0, 3 if self.box.slim else 4, area.height()), theme.colour(part))
            self._bars(painter, area)
            painter.restore()
        if part in CARDS or self.chosen:
            framed = self.chosen or self.inside
            pen = QPen(theme.colour("accent" if framed else "line"), 2.0 if self.chosen else 1.4 if framed else 1.0)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inset = pen.widthF() / 2
            painter.drawRoundedRect(area.adjusted(inset, inset, -inset, -inset), radius - inset, radius - inset)
        if self.chosen and self.focused:  # the keyboard is here: a second ring, in the colour of the text
            painter.setPen(QPen(theme.colour("text"), 1.2))
            painter.drawRoundedRect(area.adjusted(-1.4, -1.4, 1.4, 1.4), radius + 1.4, radius + 1.4)

    def _paint_meddled(self, painter: QPainter, area: QRectF, radius: float) -> None:
        """A dashed frame; hatched where the part is silent."""
        if self._silent:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(theme.colour("warning", 110), Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(area, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("warning"), 1.6, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(area.adjusted(0.8, 0.8, -0.8, -0.8), radius, radius)

    def _bars(self, painter: QPainter, area: QRectF) -> None:
        """Norms as grey bars at the edges where they stand, and the part's share of all parameters along the foot."""
        thick = 2.0 if self.box.slim else 3.0
        grey = mixed(theme.colour("norm"), theme.colour("surface"), 0.75)
        for edge in self.box.norms:
            painter.fillRect(QRectF(4, 0 if edge == "before" else area.height() - thick, area.width() - 4, thick), grey)
        if not self.box.slim and self.box.share > 0:
            foot = area.height() - 2 - (thick if "after" in self.box.norms else 0)
            colour = theme.colour(self.box.kind, 170)
            painter.fillRect(QRectF(4, foot, max(2.0, self.box.share * (area.width() - 4)), 2), colour)

    def _paint_card(self, painter: QPainter, area: QRectF) -> None:
        inner = area.adjusted(14, 5, -ROOM - 6, -6)
        upper, lower = _halves(inner)
        used = _text(painter, upper, self.box.aside, 0.85, "quiet", right=True)
        room = upper.adjusted(0, 0, -used - 8 if used else 0, 0)
        wide = QFontMetricsF(theme.font(1.05, bold=True)).horizontalAdvance(self.box.title)
        _text(painter, room, self.box.title, 1.05 if wide <= room.width() else 0.92, "text", bold=True)
        _text(painter, lower, self.box.detail, 0.85, "quiet")

    def _paint_layer(self, painter: QPainter, area: QRectF) -> None:
        strong = self.chosen or self.inside
        if self.box.slim:
            _text(
                painter,
                QRectF(8, 0, area.width(), area.height()),
                self.box.title,
                0.85,
                "text" if strong else "quiet",
                bold=strong,
            )
            return
        head = QRectF(12, 4, area.width() - 24, round(22 * _scale()))
        used = _text(painter, head, self.box.title, 0.92, "text", bold=strong)
        _text(painter, head.adjusted(used + 8, 0, 0, 0), self.box.aside, 0.92, "accent", bold=True)

    def _paint_norm(self, painter: QPainter, area: QRectF) -> None:
        _text(painter, area.adjusted(4, 0, -4, 0), self.box.title, 0.85, "text" if self.chosen else "quiet", right=True)

    def _paint_mlp(self, painter: QPainter, area: QRectF) -> None:
        if self.box.slim:
            _text(painter, area.adjusted(8, 0, -ROOM, 0), self.box.detail, 0.85, "text")
            return
        inner = area.adjusted(13, 0, -ROOM - 6, 0)
        used = _text(painter, inner, self.box.aside, 0.85, "quiet", right=True)
        roomy = self.box.w > 165 * _scale()
        said = f"{self.box.title} · {self.box.detail}" if roomy else self.box.detail
        _text(painter, inner.adjusted(0, 0, -used - 8, 0), said, 0.92, "text")

    def _paint_attention(self, painter: QPainter, area: QRectF) -> None:
        if self.box.slim:
            _text(painter, area.adjusted(8, 0, -ROOM, 0), self.box.aside, 0.85, "text")
            return
        inner = area.adjusted(12, 0, -ROOM - 6, 0)
        if self.box.detail:
            upper, lower = _halves(inner.adjusted(0, 4, 0, -4))
            _text(painter, upper, self.box.aside, 0.85, "text", right=True)
            _text(painter, lower, self.box.detail, 0.85, "quiet", right=True)
        else:
            _text(painter, inner, self.box.aside, 0.85, "quiet", right=True)
        unit = max(1, int((area.height() - 8) // CELLS))
        high = unit * CELLS
        left, top = 12.0, round((area.height() - high) / 2)
        if self._image is not None:
            cells = self._image.height()
            each = max(1, high // cells)
            wide = min(self._image.width(), self.box.thumbnails * (cells + BETWEEN) - BETWEEN)  # the heads there is room for
            target = QRectF(left, top + (high - each * cells) // 2, each * wide, each * cells)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(target, self._image, QRectF(0, 0, wide, cells))
            return
        painter.setPen(Qt.PenStyle.NoPen)  # no picture has come yet: the places where they will be
        painter.setBrush(QBrush(mixed(theme.colour(self.box.kind), theme.colour("surface"), 0.24)))
        for index in range(self.box.thumbnails):
            x = left + index * unit * (CELLS + BETWEEN)
            painter.drawPolygon([QPointF(x, top), QPointF(x + high, top + high), QPointF(x, top + high)])


def _scale() -> float:
    return theme.points() / theme.BASE_POINTS


def _halves(area: QRectF) -> tuple[QRectF, QRectF]:
    middle = area.top() + area.height() * 0.54
    return QRectF(area.left(), area.top(), area.width(), middle - area.top()), QRectF(
        area.left(), middle, area.width(), area.bottom() - middle
    )


def _text(
    painter: QPainter, area: QRectF, text: str, size: float, colour: str, *, bold: bool = False, right: bool = False
) -> float:
    """One line of text, shortened where it does not fit; returns how wide it came out."""
    if not text:
        return 0.0
    font = theme.font(size, bold=bold)
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.setFont(font)
    painter.setPen(theme.colour(colour))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter), shown)
    return metrics.horizontalAdvance(shown)


def _glow(painter: QPainter, area: QRectF, radius: float, *, strong: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for step in range(1, GLOW + 1):
        colour = theme.colour("accent", round((46 if strong else 34) * (1 - (step - 1) / GLOW) ** 1.6))
        painter.setPen(QPen(colour, 1.6))
        grown = step - 0.5
        painter.drawRoundedRect(area.adjusted(-grown, -grown, grown, grown), radius + grown, radius + grown)
