"""Carries: how the entries of a new weight are taken from an old one, axis by axis, and what stands where none is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Fill(Enum):
    """What an entry starts as that no old one gives: as drawn from the seed, 0, 1, or the mean of those that are kept."""

    FRESH = "fresh"
    ZERO = "zero"
    ONE = "one"
    MEAN = "mean"


Entry = tuple[int, ...] | Fill
"""The old indices whose mean a new index takes, nearly always one; or what it starts as."""


@dataclass(frozen=True)
class Axis:
    """One axis of a new weight, `size` long. Without `entries` it is the old one as it was, index by index.

    `factors` multiply what is kept, one for each new index.
    """

    size: int
    entries: tuple[Entry, ...] | None = None
    factors: tuple[float, ...] | None = None

    @property
    def known(self) -> list[int]:
        """The new indices that come from old ones."""
        if self.entries is None:
            return list(range(self.size))
        return [index for index, entry in enumerate(self.entries) if not isinstance(entry, Fill)]

    @property
    def used(self) -> int:
        """How many old indices live on."""
        if self.entries is None:
            return self.size
        return len({old for entry in self.entries if not isinstance(entry, Fill) for old in entry})

    def filled(self, fill: Fill) -> list[int]:
        """The new indices that start as `fill`."""
        return [index for index, entry in enumerate(self.entries or ()) if entry is fill]

    def scaled(self, factor: float) -> Axis:
        """The same, with what is kept multiplied by a factor."""
        if factor == 1.0:
            return self
        return Axis(self.size, self.entries, tuple(factor * one for one in self.factors or (1.0,) * self.size))


def along(old: int, entries: Sequence[Entry], factors: Sequence[float] | None = None) -> Axis:
    """An axis from its entries; `old` is how long it was."""
    same = len(entries) == old and all(entry == (index,) for index, entry in enumerate(entries))
    plain = factors is None or all(factor == 1.0 for factor in factors)
    return Axis(len(entries), None if same else tuple(entries), None if plain or factors is None else tuple(factors))


def overlap(old: int, new: int, fill: Fill) -> Axis:
    """Index by index as far as both reach."""
    return Axis(new) if old == new else along(old, [(index,) if index < old else fill for index in range(new)])


def joined(*parts: tuple[int, Axis]) -> Axis:
    """Axes one behind another, as the rows of queries, keys and values are; each with its old length."""
    entries: list[Entry] = []
    factors: list[float] = []
    start = 0
    for old, axis in parts:
        own = axis.entries if axis.entries is not None else tuple((index,) for index in range(axis.size))
        entries += [entry if isinstance(entry, Fill) else tuple(start + index for index in entry) for entry in own]
        factors += axis.factors or (1.0,) * axis.size
        start += old
    return along(start, entries, factors)


@dataclass(frozen=True)
class Carry:
    """A new weight: the old one named `source`, taken along `axes`; or, without a source, one that begins as `start`."""

    axes: tuple[Axis, ...]
    source: str = ""
    start: Fill = Fill.FRESH

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the new weight."""
        return tuple(axis.size for axis in self.axes)

    @property
    def known(self) -> int:
        """How many of its numbers come from old ones."""
        return math.prod(len(axis.known) for axis in self.axes) if self.source else 0

    @property
    def used(self) -> int:
        """How many numbers of its source live on in it."""
        return math.prod(axis.used for axis in self.axes) if self.source else 0

    @property
    def numel(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)
