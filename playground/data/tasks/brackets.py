"""Balanced brackets of several kinds (Dyck words): what closes must be what was opened last."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np

from playground.data.tasks.task import Stream


@dataclass(frozen=True)
class Brackets(Stream):
    """`count` pairs of brackets of `kinds` kinds (at most 4); every balanced sequence comes up with the same chance."""

    count: int = 12
    kinds: int = 3

    name = "brackets"
    title = "Balanced brackets"
    help = "Brackets that open and close in order. Which kind closes next follows from the place where it was opened."
    cite = "Hewitt et al. 2020; Yao et al. 2021"
    url = "https://arxiv.org/abs/2105.11115"

    @property
    def symbols(self) -> tuple[str, ...]:
        """Each kind open, then closed; ids differ in their last bit."""
        return tuple("()[]{}<>"[: 2 * self.kinds])

    def __post_init__(self) -> None:
        """Raises ValueError for settings that make no task."""
        if not 1 <= self.kinds <= 4:
            raise ValueError(f"{self.kinds} kinds of brackets; there are 1 to 4")

    def sequence(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Opens with the chance that so many of the sequences which can still follow do."""
        length = 2 * self.count
        chances, kinds = rng.random(length).tolist(), rng.integers(self.kinds, size=length).tolist()
        found: list[int] = []
        opened: list[int] = []
        for place in range(length):
            if chances[place] < _opens(length - place, len(opened)):
                opened.append(kinds[place])
                found.append(2 * kinds[place])
            else:
                found.append(2 * opened.pop() + 1)
        return tuple(found)

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return 0, 2 * self.count

    def entropy(self) -> float | None:
        """All are equally likely, and there are Catalan's number of them for each choice of kinds."""
        return log(_ways(2 * self.count, 0)) + self.count * log(self.kinds)


@lru_cache(maxsize=4096)
def _ways(left: int, depth: int) -> int:
    """In how many ways `left` brackets of one kind close what is open `depth` deep."""
    if depth > left or depth < 0:
        return 0
    return 1 if not left else _ways(left - 1, depth + 1) + _ways(left - 1, depth - 1)


@lru_cache(maxsize=4096)
def _opens(left: int, depth: int) -> float:
    """The share of these that begin by opening."""
    return _ways(left - 1, depth + 1) / _ways(left, depth)
