"""Parity: is the number of ones odd? Hard for attention, which averages, as soon as there are many bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from playground.data.tasks.task import Pair, Task


@dataclass(frozen=True)
class Parity(Task):
    """`bits` bits, and 1 where an odd number of them is 1."""

    bits: int = 10

    name = "parity"
    title = "Parity"
    help = "Is the number of ones odd? Every bit changes the answer, which attention finds hard: try fewer bits, or more."
    cite = "Hahn 2020"
    url = "https://arxiv.org/abs/1906.06755"
    symbols = ("0", "1")

    def pair(self, rng: np.random.Generator) -> Pair:
        """Every bit is drawn by itself."""
        return self._pair(tuple(rng.integers(2, size=self.bits).tolist()))

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return self.bits, 1

    def everything(self) -> Iterator[Pair] | None:
        """All inputs of up to 16 bits."""
        return map(self._pair, product((0, 1), repeat=self.bits)) if self.bits <= 16 else None

    def _pair(self, source: tuple[int, ...]) -> Pair:
        return Pair(source, (sum(source) % 2,))
