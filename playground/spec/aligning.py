"""Which layer of one model each layer of another comes from, and the fields in which two records differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from playground.spec.folding import STACKS
from playground.spec.model import Layer, ModelSpec
from playground.spec.record import Record

GAP = 15
"""A layer counts as another one, and not as a changed one, when more than twice as many of its fields differ."""
LARGEST = 65536
"""Pairs of layers that are compared at most; deeper stacks than that are compared place by place."""


@dataclass(frozen=True)
class Origin:
    """Where a layer comes from: kept in order, moved as it was, or added, and then the old layer most like it."""

    stack: str
    index: int
    how: Literal["kept", "moved", "added"]


def differing(old: Record, new: Record, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, old value, new value) of every field that differs; a part that only one of them has comes whole."""
    for name in type(old).model_fields:
        one, other = getattr(old, name), getattr(new, name)
        if one == other:
            continue
        here = f"{path}.{name}" if path else name
        if isinstance(one, Record) and isinstance(other, Record):
            yield from differing(one, other, here)
        else:
            yield here, one, other


def root(model: ModelSpec, stack: str) -> str:
    """The stack whose layers a new `stack` is compared with: its own, or the other one where the model lacks it."""
    return stack if stack in model.stacks else next(iter(model.stacks), stack)


def origins(old: ModelSpec, new: ModelSpec) -> dict[str, list[Origin]]:
    """For every stack of `new`, where each of its layers comes from; `old` has a layer at least."""
    numbers: dict[Layer, int] = {}
    known: dict[tuple[int, int], int] = {}
    layers: list[Layer] = []

    def number(layer: Layer) -> int:
        if layer not in numbers:
            numbers[layer] = len(numbers)
            layers.append(layer)
        return numbers[layer]

    def cost(one: int, other: int) -> int:
        """In how many fields two layers differ; equal layers share a number, so few pairs are ever compared."""
        if (one, other) not in known:
            known[one, other] = sum(1 for _ in differing(layers[one], layers[other]))
        return known[one, other]

    was = {stack: [number(layer) for layer in layers_] for stack, layers_ in old.stacks.items()}
    made: dict[str, list[Origin]] = {}
    for stack in STACKS:
        source = root(old, stack)
        now = [number(layer) for layer in getattr(new, stack)]
        made[stack] = _origins(source, was, now, cost)
    return made


def _origins(source: str, was: dict[str, list[int]], now: list[int], cost: Callable[[int, int], int]) -> list[Origin]:
    before = was[source] if now else []
    if before != now and Counter(before) == Counter(now):
        return _moved(source, before, now)
    found: list[Origin] = []
    places = [(stack, index) for stack in (source, *(set(was) - {source})) for index in range(len(was[stack]))]
    for layer, index in zip(now, _aligned(before, now, cost), strict=True):
        if index is not None:
            found.append(Origin(source, index, "kept"))
            continue
        last = (found[-1].stack, found[-1].index) if found else None
        like = min(places, key=lambda place: (cost(was[place[0]][place[1]], layer), place != last))
        found.append(Origin(*like, "added"))
    return found


def _moved(source: str, before: list[int], now: list[int]) -> list[Origin]:
    """The same layers in another order: as many as possible stay, the others have moved."""
    pairs = enumerate(_aligned(before, now, lambda one, other: 0 if one == other else 3 * GAP))
    stay = {place: index for place, index in pairs if index is not None and before[index] == now[place]}
    found = {place: Origin(source, index, "kept") for place, index in stay.items()}
    free = sorted(set(range(len(before))) - set(stay.values()))
    for place in sorted(set(range(len(now))) - set(found)):
        index = next(index for index in free if before[index] == now[place])
        free.remove(index)
        found[place] = Origin(source, index, "moved")
    return [found[place] for place in range(len(now))]


def _aligned(old: Sequence[int], new: Sequence[int], cost: Callable[[int, int], int]) -> list[int | None]:
    """For each new layer the old one it is, in order, so that as few fields as possible differ; None for an added one.

    Of several equally good ways it takes the one in which the last layers were added or removed.
    """
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    middle: list[int | None] = [place if place < len(a) else None for place in range(len(b))]
    if a and b and len(a) * len(b) <= LARGEST:
        middle = _cheapest(a, b, cost)
    head: list[int | None] = list(range(start))
    tail: list[int | None] = list(range(len(old) - end, len(old)))
    return head + [None if place is None else place + start for place in middle] + tail


def _cheapest(old: Sequence[int], new: Sequence[int], cost: Callable[[int, int], int]) -> list[int | None]:
    """The cheapest alignment by dynamic programming (Needleman & Wunsch 1970)."""
    table = [[GAP * (i + j) for j in range(len(new) + 1)] for i in range(len(old) + 1)]
    for i, one in enumerate(old, 1):
        for j, other in enumerate(new, 1):
            table[i][j] = min(
                table[i - 1][j - 1] + cost(one, other), table[i - 1][j] + GAP, table[i][j - 1] + GAP
            )  # fmt: skip
    found: list[int | None] = [None] * len(new)
    i, j = len(old), len(new)
    while i and j:
        if table[i][j] == table[i][j - 1] + GAP:
            j -= 1
        elif table[i][j] == table[i - 1][j] + GAP:
            i -= 1
        else:
            i, j = i - 1, j - 1
            found[j] = i
    return found
