"""Temporal order: which of two signs came first, however far apart they stand among others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.data.tasks.task import Pair, Task

_OTHERS, _FIRST, _CLASS = 4, 4, 6


@dataclass(frozen=True)
class TemporalOrder(Task):
    """`shortest` to `longest_source` letters a to d, and among them X or Y at two places.

    The answer is Q for X then X, R for X then Y, S for Y then X and U for Y then Y, as in the paper.
    """

    shortest: int = 20
    longest_source: int = 30

    name = "temporal-order"
    title = "Temporal order"
    help = "X and Y hide among other letters: Q is X then X, R is X then Y, S is Y then X, U is Y then Y."
    cite = "Hochreiter & Schmidhuber 1997, §5.6"
    url = "https://doi.org/10.1162/neco.1997.9.8.1735"
    symbols = tuple("abcdXYQRSU")

    def pair(self, rng: np.random.Generator) -> Pair:
        """Letters, places and signs are all drawn evenly."""
        length = int(rng.integers(self.shortest, self.longest_source + 1))
        source = rng.integers(_OTHERS, size=length).tolist()
        one, other, kinds = (int(rng.integers(bound)) for bound in (length, length - 1, 4))
        first, second = sorted((one, other + (other >= one)))
        source[first], source[second] = _FIRST + kinds // 2, _FIRST + kinds % 2
        return Pair(tuple(source), (_CLASS + kinds,))

    def longest(self) -> tuple[int, int]:
        """The answer is one letter."""
        return self.longest_source, 1
