"""Where every part of a model stands in the diagram: a pure function from the spec to rectangles, in logical pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

from playground.spec import cost
from playground.spec.model import AttentionHeads, Layer, Mlp, ModelSpec
from playground.ui.diagram import words

GAP = 8.0
MARGIN = 6.0
"""Room around the cards for the glow of the chosen one."""
GUTTER = 24.0
"""Room beside a column of cards for its residual stream."""
BETWEEN = 20.0
"""Room between encoder and decoder for the lines of cross-attention."""
NARROW, TIGHT = 190.0, 126.0
"""Cards less wide than this say less, and those say hardly anything."""
FOLDS_FROM, SHORTEST_RUN = 7, 3
"""Stacks of so many layers fold runs of so many equal neighbours into one card."""
HEAD_PIXELS, LETTER = 26.0, 5.7
"""Room that a picture of a head takes, and about the width of a letter at type scale 1."""


@dataclass(frozen=True)
class Box:
    """One part: `path` is its place in the spec, `kind` its colour, `aside` stands at the right, `thumbnails` counts heads.

    `share` is its part of all parameters, 0 to 1. `norms` says at which edges a norm stands: "before", "after", both. A card
    of folded layers `covers` several; any other only itself.
    """

    path: str
    kind: str
    x: float
    y: float
    w: float
    h: float
    title: str
    detail: str = ""
    aside: str = ""
    help: str = ""
    parent: str = ""
    thumbnails: int = 0
    share: float = 0.0
    norms: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    slim: bool = False
    """One line high, as in the view of the whole."""

    @property
    def middle(self) -> float:
        """Half its height down."""
        return self.y + self.h / 2


@dataclass(frozen=True)
class Spine:
    """A residual stream: a line at `x` from `top` to `bottom`; `knots` are (y, kind, edge) of the parts that read it and add
    to it, `norms` the places where the stream itself is normed (after the sum)."""

    stack: str
    x: float
    top: float
    bottom: float
    knots: tuple[tuple[float, str, float], ...]
    norms: tuple[float, ...] = ()


@dataclass(frozen=True)
class Slot:
    """A place where a layer can land: before layer `index` of `stack`, drawn as a line."""

    stack: str
    index: int
    x: float
    y: float
    w: float


@dataclass(frozen=True)
class Layout:
    """All boxes from the tokens down to the logits (a card before the parts on it), what joins them, and their size."""

    boxes: tuple[Box, ...]
    width: float
    height: float
    spines: tuple[Spine, ...]
    slots: tuple[Slot, ...]
    crossings: tuple[tuple[tuple[float, float], ...], ...] = ()
    """Lines from the encoder's output to each cross-attention, as corners (x, y)."""
    captions: tuple[tuple[str, float, float], ...] = ()
    """Names of the stacks where there are two: (text, x, y)."""

    def box(self, path: str) -> Box | None:
        """The box of a part, or None."""
        return next((box for box in self.boxes if box.path == path), None)


@dataclass
class _Column:
    """A stack under construction: its cards stand at `x`, `w` wide, its stream at `spine`, and `y` is where it has come to."""

    stack: str
    x: float
    w: float
    spine: float
    y: float
    boxes: list[Box] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class _Sizes:
    """What all columns share."""

    model: ModelSpec
    scale: float
    slim: bool
    parameters: dict[str, int]
    whole: int

    def high(self, size: float) -> float:
        return float(round(size * self.scale))

    def share(self, path: str) -> float:
        return cost.under(self.parameters, path) / self.whole


def layout(
    model: ModelSpec, width: float = 264.0, scale: float = 1.0, unfolded: frozenset[str] = frozenset(), slim: bool = False
) -> Layout:
    """Lay the model out `width` wide, encoder and decoder side by side; `scale` is the type scale.

    Runs of equal layers fold into one card unless the path of one of them is in `unfolded`. `slim` gives each layer
    one line, so that many are seen at once.
    """
    sizes = _Sizes(model, scale, slim, cost.part_parameters(model), max(1, cost.parameters(model)))
    both = len(model.stacks) == 2
    high = sizes.high(48)
    top = MARGIN + high + GAP
    left = GUTTER + MARGIN
    if both:
        w = float(int((width - 2 * left - BETWEEN) / 2))
        caption = sizes.high(22)
        columns = [
            _Column("encoder", left, w, GUTTER / 2, top + caption),
            _Column("decoder", left + w + BETWEEN, w, width - GUTTER / 2, top + caption),
        ]
    else:
        caption, w = 0.0, width - left - MARGIN
        columns = [_Column(stack, left, w, GUTTER / 2, top) for stack in model.stacks]
    detail, position = words.embedding_words(model)
    inside = columns[-1].x + columns[-1].w - left
    name = "Embedding" if position else "Token embedding"
    boxes = [Box("model.embedding", "embedding", left, MARGIN, inside, high, name, detail, position,
                 "Tokens become vectors of the residual stream", share=sizes.share("model.embedding"))]  # fmt: skip
    for column in columns:
        _fill(column, sizes, unfolded)
        boxes += column.boxes
    last = columns[-1]
    bottom = max(column.y for column in columns)
    boxes.append(Box("model.unembedding", "unembedding", last.x, last.y, last.w, high, "Unembedding",
                     words.unembedding_words(model), "", "Vectors of the residual stream become one logit for every token",
                     share=sizes.share("model.unembedding")))  # fmt: skip
    memory = columns[0].y + high / 2
    spines = [_spine(column, MARGIN + high / 2, memory if both and column is columns[0] else last.y + high / 2, boxes)
              for column in columns]  # fmt: skip
    crossings = _crossings(columns, boxes, memory) if both else ()
    captions = tuple((column.stack.capitalize(), column.x, top) for column in columns) if both else ()
    slots = tuple(slot for column in columns for slot in column.slots)
    whole = max(bottom, last.y) + high + MARGIN
    return Layout(tuple(boxes), width, whole, tuple(spines), slots, crossings, captions)


def runs(layers: tuple[Layer, ...], stack: str, unfolded: frozenset[str] = frozenset()) -> list[range]:
    """The layers of a stack in groups: those that one card stands for, and single ones."""
    made: list[range] = []
    start = 0
    for _, group in groupby(layers):
        length = len(list(group))
        run = range(start, start + length)
        folds = len(layers) >= FOLDS_FROM and length >= SHORTEST_RUN
        folds = folds and not any(f"model.{stack}[{at}]" in unfolded for at in run)
        made += [run] if folds else [range(at, at + 1) for at in run]
        start += length
    return made


def _fill(column: _Column, sizes: _Sizes, unfolded: frozenset[str]) -> None:
    """Put the cards of a stack's layers into its column, and the places between them."""
    layers = sizes.model.stacks[column.stack]
    for run in runs(layers, column.stack, unfolded):
        column.slots.append(Slot(column.stack, run.start, column.x, column.y - GAP / 2, column.w))
        _card(column, sizes, layers[run.start], run)
    column.slots.append(Slot(column.stack, len(layers), column.x, column.y - GAP / 2, column.w))


def _card(column: _Column, sizes: _Sizes, layer: Layer, run: range) -> None:
    """A layer's card with its parts, in the order in which they compute."""
    path = f"model.{column.stack}[{run.start}]"
    covers = tuple(f"model.{column.stack}[{index}]" for index in run)
    many = len(run) > 1
    title = f"Layers {run.start + 1}–{run.stop}" if many else f"Layer {run.start + 1}"
    help_ = (
        f"{len(run)} equal layers; double click or space unfolds them" if many else "Reads the residual stream and adds to it"
    )
    y, share = column.y, sum(sizes.share(each) for each in covers)
    if sizes.slim:
        h = sizes.high(26)
        title = f"{run.start + 1}–{run.stop}" if many else f"{run.start + 1}"
        column.boxes.append(
            Box(path, "layer", column.x, y, column.w, h, title, help=help_, share=share, covers=covers, slim=True)
        )
        left = sizes.high(48)
        _row(column, sizes, layer, path, column.x + left, y + 3, column.w - left - 4, h - 6)
        column.y = y + h + 3
        return
    pad, head = 8.0, sizes.high(28)
    narrow = column.w < NARROW * sizes.scale
    at = y + head
    parts = _parallel(column, sizes, layer, path, at) if layer.order != "serial" else _serial(column, sizes, layer, path, at)
    at = max((part.y + part.h for part in parts), default=at) + 8
    aside = f"× {len(run)}" if many else ""
    tight = column.w < TIGHT * sizes.scale
    said = words.norm_words(layer.norm, narrow)
    said = said.split(" · ")[0] if tight or many else said  # a folded card's title is longer
    norm_w = min(column.w * 0.62, sizes.high(36 if tight else 84 if narrow else 118))
    norm = Box(f"{path}.norm", "norm", column.x + column.w - pad - norm_w, y + 4, norm_w, head - 6,
               said, help="Normalises what the branches read (before) or what comes after them",
               parent=path)  # fmt: skip
    column.boxes.append(Box(path, "layer", column.x, y, column.w, at - y, title, aside=aside, help=help_, share=share,
                            covers=covers))  # fmt: skip
    column.boxes += [norm, *parts]
    if layer.norm.kind != "none" and layer.norm.place == "post":
        column.norms += [part.y + part.h + 2 for part in parts]
    column.y = at + GAP


def _branches(layer: Layer) -> list[tuple[str, str, AttentionHeads | Mlp]]:
    """(name, kind, record) of the branches that are there."""
    made: list[tuple[str, str, AttentionHeads | Mlp]] = []
    for name, kind, part in (("attention", "attention", layer.attention), ("cross", "cross_attention", layer.cross),
                             ("mlp", "mlp", layer.mlp)):  # fmt: skip
        if part is not None:
            made.append((name, kind, part))
    return made


def _serial(column: _Column, sizes: _Sizes, layer: Layer, path: str, at: float) -> list[Box]:
    made = []
    for name, kind, part in _branches(layer):
        high = sizes.high(26 if name == "mlp" else 36)
        made.append(_part(sizes, layer, path, name, kind, part, column.x + 8, at, column.w - 16, high))
        at += high + 4
    return made


def _parallel(column: _Column, sizes: _Sizes, layer: Layer, path: str, at: float) -> list[Box]:
    """Branches that read the stream at the same place stand side by side."""
    found = _branches(layer)
    each = (column.w - 16 - 4 * (len(found) - 1)) / max(1, len(found))
    return [_part(sizes, layer, path, name, kind, part, column.x + 8 + index * (each + 4), at, each, sizes.high(36))
            for index, (name, kind, part) in enumerate(found)]  # fmt: skip


def _row(column: _Column, sizes: _Sizes, layer: Layer, path: str, x: float, y: float, w: float, h: float) -> None:
    """The parts of a slim card, in one line."""
    found = _branches(layer)
    each = (w - 3 * (len(found) - 1)) / max(1, len(found))
    for index, (name, kind, part) in enumerate(found):
        made = _part(sizes, layer, path, name, kind, part, x + index * (each + 3), y, each, h)
        column.boxes.append(made)


def _part(
    sizes: _Sizes, layer: Layer, path: str, name: str, kind: str, part: AttentionHeads | Mlp, x: float, y: float, w: float,
    h: float,
) -> Box:  # fmt: skip
    norms = {"pre": ("before",), "sandwich": ("before", "after"), "output": ("after",)}.get(layer.norm.place, ())
    norms = () if layer.norm.kind == "none" else norms
    share, place = sizes.share(f"{path}.{name}"), f"{path}.{name}"
    if isinstance(part, Mlp):
        detail = words.mlp_words(part, short=w < 130 * sizes.scale)
        room = (112 if part.experts == 1 else 126) * sizes.scale
        aside = words.share(round(share * sizes.whole), sizes.whole) if w >= room else ""
        return Box(place, kind, x, y, w, h, "MLP", detail, aside, "Right: share of all parameters", path, share=share,
                   norms=norms, slim=sizes.slim)  # fmt: skip
    title = "Cross-attention" if kind == "cross_attention" else "Attention"
    if sizes.slim:
        return Box(place, kind, x, y, w, h, title, aside=words.attention_words(part), help=words.attention_help(part),
                   parent=path, share=share, norms=norms, slim=True)  # fmt: skip
    heads, sight, pictures = _heads_that_fit(part, w - 38, sizes.scale)
    return Box(place, kind, x, y, w, h, title, sight, heads, words.attention_help(part), path, pictures, share, norms)


def _heads_that_fit(part: AttentionHeads, room: float, scale: float) -> tuple[str, str, int]:
    """The two lines of words beside the pictures of heads, and how many pictures: as many as there is room for, four at most.

    The words come before the third picture, and a picture before the words in full.
    """
    most = min(4, part.heads)
    letter = LETTER * scale
    spelt = words.heads_words(part).replace(" h", " head" if part.heads == 1 else " heads")
    sight = words.sight_words(part)
    for heads, seen, least in ((spelt, sight, min(2, most)), (words.heads_words(part), sight, 1), (spelt, "", 1)):
        fit = int((room - max(len(heads), len(seen)) * letter) / HEAD_PIXELS)
        if fit >= least:
            return heads, seen, min(fit, most)
    heads = words.heads_words(part)
    return heads, "", min(most, max(1, int((room - len(heads) * letter) / HEAD_PIXELS)))


def _spine(column: _Column, top: float, bottom: float, boxes: list[Box]) -> Spine:
    left = column.spine < column.x
    knots = []
    seen: set[tuple[str, float]] = set()
    for box in boxes:
        own = box.path in ("model.embedding", "model.unembedding") or box.path.startswith(f"model.{column.stack}[")
        if not own or box.kind in ("layer", "norm") or not top <= box.middle <= bottom or (box.parent, box.middle) in seen:
            continue
        seen.add((box.parent, box.middle))
        inset = 8.0 if box.parent else 0.0
        knots.append((box.middle, box.kind, box.x - inset if left else box.x + box.w + inset))
    return Spine(column.stack, column.spine, top, bottom, tuple(knots), tuple(column.norms))


def _crossings(columns: list[_Column], boxes: list[Box], memory: float) -> tuple[tuple[tuple[float, float], ...], ...]:
    """From the end of the encoder's stream through the space between the columns into every cross-attention."""
    encoder, decoder = columns
    between = encoder.x + encoder.w + BETWEEN / 2
    return tuple(
        ((encoder.spine, memory), (between, memory), (between, box.middle), (decoder.x + 8, box.middle))
        for box in boxes
        if box.kind == "cross_attention"
    )
