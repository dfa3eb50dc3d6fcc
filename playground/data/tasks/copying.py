"""Copy: say the same digits again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.data.tasks.task import Pair, Task


@dataclass(frozen=True)
class Copy(Task):
    """Digits, as many as drawn evenly from `shortest` to `longest_source`, and the same again."""

    shortest: int = 5
    longest_source: int = 10

    name = "copy"
    title = "Copy"
    help = "Say the same digits again. The simplest use of attention: look at the place that is to be said next."
    cite = "Graves et al. 2014, §4.1"
    url = "https://arxiv.org/abs/1410.5401"
    symbols = tuple("0123456789")

    def pair(self, rng: np.random.Generator) -> Pair:
        """Every digit is drawn by itself."""
        length = int(rng.integers(self.shortest, self.longest_source + 1))
        source = tuple(rng.integers(10, size=length).tolist())
        return Pair(source, self.answer(source))

    def answer(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """The same."""
        return source

    def longest(self) -> tuple[int, int]:
        """Both are of the same length."""
        return self.longest_source, self.longest_source
