"""Modular addition: a + b modulo p, one token a number, where understanding comes long after memorising (grokking)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from playground.data.tasks.task import Pair, Task


@dataclass(frozen=True)
class ModularAddition(Task):
    """All p² sums; three in ten unordered pairs of numbers are kept for validation."""

    p: int = 31

    name = "modular-addition"
    title = "Modular addition"
    help = "Add on a clock of p hours. Learned by heart first, understood much later: validation falls all at once."
    cite = "Power et al. 2022; Nanda et al. 2023"
    url = "https://arxiv.org/abs/2301.05217"
    joint = " "
    held_share = 0.3

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The numbers below p, and plus."""
        return (*map(str, range(self.p)), "+")

    def pair(self, rng: np.random.Generator) -> Pair:
        """Both numbers are drawn by themselves."""
        first, second = rng.integers(self.p, size=2).tolist()
        return self._pair(first, second)

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return 3, 1

    def everything(self) -> Iterator[Pair] | None:
        """All pairs of numbers."""
        return (self._pair(first, second) for first in range(self.p) for second in range(self.p))

    def key(self, pair: Pair) -> tuple[int, ...]:
        """Both orders of two numbers are one question; else half of the validation part would be known."""
        first, _, second = pair.source
        return min(first, second), max(first, second)

    def _pair(self, first: int, second: int) -> Pair:
        return Pair((first, self.p, second), ((first + second) % self.p,))
