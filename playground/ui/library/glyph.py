"""A model drawn in the size of a stamp, from its spec alone: every layer as strips in the colours of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPen, QPolygonF

from playground.spec.model import Attention, AttentionHeads, Layer, Mlp, ModelSpec, branches
from playground.style import theme

END, TALLEST, BETWEEN = 7.0, 7.0, 4.0
"""Height of the two ends, of a strip at most, and between layers at most."""
SPINE, GUTTER = 9.0, 20.0
"""Room for the residual stream left of the strips, and for the arrows between two stacks."""
HEADS = 8
"""More heads than these are not told apart."""
COPIES = 4
"""As many layers are drawn at most where a row stands for more of them."""
FAINT = 70
"""How strong what a causal head may not see is drawn, of 255."""
_KINDS = {"attention": "attention", "cross": "cross_attention", "mlp": "mlp"}


@dataclass(frozen=True)
class Strip:
    """One part of a layer: the name of its colour, how wide it is beside the widest of its kind, and the part itself."""

    kind: str
    share: float
    part: AttentionHeads | Mlp


@dataclass(frozen=True)
class Row:
    """A layer, or several equal ones in a row where there is not room for each."""

    strips: tuple[Strip, ...]
    times: int = 1

    @property
    def drawn(self) -> int:
        """How many layers are drawn for it."""
        return min(self.times, COPIES)


def rows(model: ModelSpec, layers: Sequence[Layer], most: int) -> list[Row]:
    """The layers from the first to the last; equal neighbours become one row where there are more than `most`."""
    found = [Row(_strips(model, layer)) for layer in layers]
    if len(found) <= most:
        return found
    folded: list[Row] = []
    for row in found:
        if folded and folded[-1].strips == row.strips:
            folded[-1] = Row(row.strips, folded[-1].times + 1)
        else:
            folded.append(row)
    return folded


def paint(painter: QPainter, area: QRectF, model: ModelSpec) -> None:
    """Draw a model into `area`, from its tokens at the top to its logits at the bottom, like the diagram."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    stacks = model.stacks
    wide = min(86.0, (area.width() - GUTTER * (len(stacks) - 1)) / max(1, len(stacks)))
    whole = wide * len(stacks) + GUTTER * (len(stacks) - 1)
    left = area.left() + (area.width() - whole) / 2
    shown = {name: rows(model, layers, most=int((area.height() - 2 * END) / 5)) for name, layers in stacks.items()}
    unit = _unit(area.height(), shown)
    columns = [
        _Column(left + index * (wide + GUTTER), wide, made, unit, last=index == len(stacks) - 1)
        for index, made in enumerate(shown.values())
    ]
    top = area.top() + (area.height() - max(column.bottom for column in columns)) / 2
    painter.translate(0, round(top))
    for column in columns:
        column.paint(painter)
    if len(columns) == 2:
        _arrows(painter, columns[0], columns[1])
    painter.restore()


def _strips(model: ModelSpec, layer: Layer) -> tuple[Strip, ...]:
    """The parts of a layer; their widths compare with the widest of their kind in the whole model."""
    everyone = [part for layers in model.stacks.values() for each in layers for _, part in branches(each)]
    heads = max((part.heads for part in everyone if not isinstance(part, Mlp)), default=1)
    hidden = max((part.d_mlp * part.experts for part in everyone if isinstance(part, Mlp)), default=1)
    return tuple(
        Strip(
            _KINDS[name],
            max(0.2, part.d_mlp * part.experts / hidden if isinstance(part, Mlp) else part.heads / heads),
            part,
        )
        for name, part in branches(layer)
    )


def _unit(height: float, shown: dict[str, list[Row]]) -> float:
    """How tall one strip is, so that the deepest stack just fits."""
    deepest = max((sum(row.drawn * (len(row.strips) + 0.5) for row in made) for made in shown.values()), default=1)
    return min(TALLEST + 1, (height - 2 * (END + 3)) / max(1.0, deepest))


class _Column:
    """One stack, laid out from y = 0 on: where its strips lie, and how they are drawn."""

    def __init__(self, left: float, wide: float, made: list[Row], unit: float, *, last: bool) -> None:
        self._last = last
        self.left, self.right = left + SPINE, left + wide
        self.placed: list[tuple[Strip, QRectF]] = []
        self._counts: list[tuple[int, float, float]] = []
        between, gap = min(BETWEEN, unit * 0.5), 1.0 if unit >= 3 else 0.4 if unit >= 2 else 0.0
        y = END + 3.0
        for row in made:
            start = y
            for _ in range(row.drawn):
                for strip in row.strips:
                    self.placed.append((strip, QRectF(self.left, y, (self.right - self.left) * strip.share, unit - gap)))
                    y += unit
                y += between
            if row.times > 1:
                self._counts.append((row.times, start, y - between))
        self.end = y
        self.bottom = y + (END if last else 0)

    def paint(self, painter: QPainter) -> None:
        """The residual stream, the two ends and every strip."""
        self._spine(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        wide = self.right - self.left
        _bar(painter, QRectF(self.left - SPINE, 0, wide + SPINE, END), "embedding")
        if self._last:
            _bar(painter, QRectF(self.left - SPINE, self.end, wide + SPINE, END), "unembedding")
        for strip, place in self.placed:
            _strip(painter, strip, place)
        for times, start, end in self._counts:
            self._count(painter, times, start, end)

    def _spine(self, painter: QPainter) -> None:
        x = self.left - SPINE / 2 - 1
        stream = QLinearGradient(QPointF(x, 0), QPointF(x, self.bottom))
        stream.setColorAt(0, theme.colour("embedding"))
        stream.setColorAt(1, theme.colour("unembedding" if self._last else "embedding"))
        painter.fillRect(QRectF(x - 1, END, 2, self.end - END), stream)

    def _count(self, painter: QPainter, times: int, start: float, end: float) -> None:
        """How many layers a row stands for, on a ground of its own so that it can be read over the strips."""
        painter.setFont(theme.font(0.85, bold=True))
        text = f"× {times}"
        box = QRectF(0, 0, painter.fontMetrics().horizontalAdvance(text) + 8, painter.fontMetrics().height())
        box.moveCenter(QPointF((self.left + self.right) / 2, (start + end) / 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("surface"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(theme.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _bar(painter: QPainter, place: QRectF, colour: str) -> None:
    painter.setBrush(theme.colour(colour))
    painter.drawRoundedRect(place, 2, 2)


def _strip(painter: QPainter, strip: Strip, place: QRectF) -> None:
    """Heads, experts and the two halves of a gated MLP as cells; what a head may see as the shape inside its cell."""
    part, tall = strip.part, place.height() >= 4
    if isinstance(part, Mlp):
        cells = min(HEADS, part.experts) if part.experts > 1 else 2 if part.gated else 1
    else:
        cells = part.heads if part.heads <= HEADS else 1
    gap = 1.0 if tall else 0.0
    wide = (place.width() + gap) / cells
    causal = isinstance(part, Attention) and part.mask == "causal"
    for index in range(cells):
        cell = QRectF(place.left() + index * wide, place.top(), wide - gap, place.height())
        if causal and tall:  # the triangle of what a token may see, as in the pictures of its heads
            painter.setBrush(theme.colour(strip.kind, FAINT))
            painter.drawRoundedRect(cell, 1, 1)
            painter.setBrush(theme.colour(strip.kind))
            painter.drawPolygon(QPolygonF([cell.topLeft(), cell.bottomRight(), cell.bottomLeft()]))
            continue
        fading = QLinearGradient(cell.topLeft(), cell.topRight())  # too thin for a triangle
        fading.setColorAt(0, theme.colour(strip.kind))
        fading.setColorAt(1, theme.colour(strip.kind, FAINT))
        painter.setBrush(fading if causal else theme.colour(strip.kind))
        painter.drawRoundedRect(cell, 1, 1)


def _arrows(painter: QPainter, encoder: _Column, decoder: _Column) -> None:
    """From the end of the encoder to every layer of the decoder that looks at it."""
    targets = [place for strip, place in decoder.placed if strip.kind == "cross_attention"]
    if not targets:
        return
    colour = theme.colour("cross_attention")
    x, tip = decoder.left - SPINE - GUTTER / 2, decoder.left - SPINE
    from_x, from_y = encoder.left - SPINE / 2 - 1, encoder.end + 3
    heights = [place.center().y() for place in targets]
    painter.setPen(QPen(colour, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([QPointF(from_x, encoder.end - 1), QPointF(from_x, from_y), QPointF(x, from_y)]))
    painter.drawLine(QPointF(x, min(from_y, *heights)), QPointF(x, max(from_y, *heights)))
    for y in heights:
        painter.setPen(QPen(colour, 1.4))
        painter.drawLine(QPointF(x, y), QPointF(tip - 3, y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(tip + 1, y), QPointF(tip - 4, y - 3), QPointF(tip - 4, y + 3)]))
