"""Sort: say the digits from the smallest to the largest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from playground.data.tasks.task import Pair, Task


@dataclass(frozen=True)
class Sort(Task):
    """`digits` digits, each one of the first `kinds` (at most 10)."""

    digits: int = 6
    kinds: int = 3

    name = "sort"
    title = "Sort"
    help = "Say the digits from the smallest to the largest. All 729 inputs can be tried."
    cite = "Karpathy 2020, minGPT"
    url = "https://github.com/karpathy/minGPT"

    @property
    def symbols(self) -> tuple[str, ...]:
        """The digits."""
        return tuple("0123456789"[: self.kinds])

    def __post_init__(self) -> None:
        """Raises ValueError for settings that make no task."""
        if not 1 <= self.kinds <= 10:
            raise ValueError(f"{self.kinds} kinds of digits; there are 1 to 10")

    def pair(self, rng: np.random.Generator) -> Pair:
        """Every digit is drawn by itself."""
        source = tuple(rng.integers(self.kinds, size=self.digits).tolist())
        return Pair(source, tuple(sorted(source)))

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return self.digits, self.digits

    def everything(self) -> Iterator[Pair] | None:
        """All inputs in order, where they are no more than 100,000."""
        if self.kinds**self.digits > 100_000:
            return None
        return (Pair(source, tuple(sorted(source))) for source in product(range(self.kinds), repeat=self.digits))
