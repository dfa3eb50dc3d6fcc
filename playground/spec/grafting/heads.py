"""Which rows and columns of an attention's weights go where when its heads, their size or their grouping change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from playground.spec.grafting.carry import Axis, Entry, Fill, along, overlap
from playground.spec.model import Attention, AttentionHeads, ModelSpec, RelativePosition, d_head, kv_heads, rotated


@dataclass(frozen=True)
class Shape:
    """Heads as the weights have them: `heads` of queries, `groups` of keys and values, `size` features in each."""

    heads: int
    groups: int
    size: int
    position: RelativePosition

    @classmethod
    def of(cls, model: ModelSpec, attention: AttentionHeads) -> Shape:
        """That of a record."""
        position = attention.position if isinstance(attention, Attention) else RelativePosition()
        return cls(attention.heads, kv_heads(attention), d_head(model, attention), position)

    @property
    def turned(self) -> int:
        """How many features of a head are rotated."""
        return rotated(self.size, self.position) if self.position.kind == "rotary" else 0

    def pairs(self) -> list[tuple[int, int]]:
        """The features that rotary positions turn together, fastest first."""
        half = self.turned // 2
        if self.position.pairing == "neighbours":
            return [(2 * pair, 2 * pair + 1) for pair in range(half)]
        return [(pair, pair + half) for pair in range(half)]


@dataclass(frozen=True)
class HeadAxes:
    """Axes of an attention's weights: rows of q, k and v; `z`, what the heads hand over; one entry a head; gains a head."""

    q: Axis
    k: Axis
    v: Axis
    z: Axis
    heads: Axis
    gain: Axis


def head_axes(old: Shape, new: Shape) -> HeadAxes:
    """How heads become others.

    Where only the cut changes (4 heads of 32 become 8 of 16) every row is kept and read anew, rotated pairs by their
    speed; this changes what is computed. Otherwise head by head: more heads change nothing, because what a new one hands
    over is not read at first; heads that share keys and values take their mean (Ainslie et al. 2023), and heads that no
    longer share them take a copy each, which changes nothing. Larger heads change nothing where their features were
    not rotated, or grow by a whole factor.
    """
    same_rows = old.heads * old.size == new.heads * new.size and old.groups * old.size == new.groups * new.size
    if same_rows and old.heads != new.heads:
        return _recut(old, new)
    heads = _heads(old, new)
    shared, ratio = old.heads // old.groups, new.heads // new.groups
    groups: list[Entry] = []
    for first in range(0, new.heads, ratio):
        found = sorted({head // shared for head in heads[first : first + ratio] if head is not None})
        groups.append(tuple(found) or Fill.FRESH)
    singles: list[Entry] = [Fill.FRESH if head is None else (head,) for head in heads]
    turned = _features(old, new)
    plain = [feature if feature < old.size else None for feature in range(new.size)]
    return HeadAxes(
        q=_rows(old.heads, old.size, singles, turned, Fill.FRESH),
        # a new feature of keys is zero, so that scores stay as they are, and that of queries is not, so that it can learn
        k=_rows(old.groups, old.size, groups, turned, Fill.ZERO),
        v=_rows(old.groups, old.size, groups, plain, Fill.FRESH),
        z=_rows(old.heads, old.size, [Fill.ZERO if head is None else (head,) for head in heads], plain, Fill.ZERO),
        heads=along(old.heads, singles),
        gain=along(old.size, [Fill.FRESH if feature is None else (feature,) for feature in turned]),
    )


def _heads(old: Shape, new: Shape) -> list[int | None]:
    """For each new head the old one that it was."""
    if old.groups == new.groups:  # the keys stay, so each keeps its own heads
        shared, ratio = old.heads // old.groups, new.heads // new.groups
        return [
            head // ratio * shared + head % ratio if head % ratio < shared else None for head in range(new.heads)
        ]  # fmt: skip
    alibi = old.position.kind == new.position.kind == "alibi"
    whole = new.heads % old.heads == 0 or old.heads % new.heads == 0
    if alibi and whole and old.heads == old.groups and new.heads == new.groups:  # a head keeps its slope, 2^(-8 i / heads)
        return [
            (head + 1) * old.heads // new.heads - 1 if (head + 1) * old.heads % new.heads == 0 else None
            for head in range(new.heads)
        ]
    return [head if head < old.heads else None for head in range(new.heads)]


def _features(old: Shape, new: Shape) -> list[int | None]:
    """For each feature of a new head's queries and keys the old one; rotated pairs go to the pair nearest in speed."""
    found: list[int | None] = [feature if feature < old.size else None for feature in range(new.size)]
    before, after = old.pairs(), new.pairs()
    if not before or not after:
        return found
    found = [None] * new.size
    for at in range(min(len(before), len(after))):
        grows = len(after) >= len(before)
        source = before[at if grows else at * len(before) // len(after)]
        place = after[at * len(after) // len(before) if grows else at]
        for one, other in zip(source, place, strict=True):
            found[other] = one
    for still in range(min(old.size - old.turned, new.size - new.turned)):
        found[new.turned + still] = old.turned + still
    return found


def _rows(count: int, size: int, heads: Sequence[Entry], features: Sequence[int | None], fill: Fill) -> Axis:
    """The axis (heads * features) of `count` old heads of `size`; `fill` is a new feature of a head that was there."""
    entries: list[Entry] = []
    for head in heads:
        for feature in features:
            if isinstance(head, Fill):
                entries.append(head)
            else:
                entries.append(fill if feature is None else tuple(one * size + feature for one in head))
    return along(count * size, entries)


def _recut(old: Shape, new: Shape) -> HeadAxes:
    """The same rows as other heads; a head's own numbers are the mean over the heads that it takes rows from."""
    heads: list[Entry] = [
        tuple(range(head * old.heads // new.heads, math.ceil((head + 1) * old.heads / new.heads))) for head in range(new.heads)
    ]
    wide, narrow = new.heads * new.size, new.groups * new.size
    gain = along(old.size, [Fill.FRESH if feature is None else (feature,) for feature in _features(old, new)])
    return HeadAxes(
        q=_respun(old, new, old.heads, new.heads), k=_respun(old, new, old.groups, new.groups), v=Axis(narrow), z=Axis(wide),
        heads=along(old.heads, heads), gain=gain,
    )  # fmt: skip


def _respun(old: Shape, new: Shape, before: int, after: int) -> Axis:
    """Rows of queries or keys cut into other heads, so that pairs go on turning nearly as fast as they did."""
    coarse = min(before, after)
    whole = old.turned == old.size and new.turned == new.size
    if not whole or before % coarse or after % coarse:
        return overlap(before * old.size, after * new.size, Fill.FRESH)
    entries: list[Entry] = [()] * (after * new.size)
    for place, source in zip(_by_speed(new, after, coarse), _by_speed(old, before, coarse), strict=True):
        entries[place] = (source,)
    return along(before * old.size, entries)


def _by_speed(shape: Shape, heads: int, coarse: int) -> list[int]:
    """The rows of each of `coarse` groups of heads in the order in which their pairs turn."""
    within = heads // coarse
    return [
        (group * within + head) * shape.size + feature
        for group in range(coarse)
        for pair in shape.pairs()
        for head in range(within)
        for feature in pair
    ]
