"""Two-sum: find the two numbers of a list that add to the one asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from playground.data.tasks.task import Pair, Task


@dataclass(frozen=True)
class TwoSum(Task):
    """`count` different numbers below `below` in any order, and a sum that exactly two of them have."""

    count: int = 5
    below: int = 20

    name = "two-sum"
    title = "Two-sum"
    help = "Find the two numbers that add to the one after the question mark, and say them in the order of the list."
    cite = "Sanford et al. 2023 (Match2)"
    url = "https://arxiv.org/abs/2306.02896"
    joint = " "

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """All numbers and sums, and the question mark before the sum."""
        return (*map(str, range(2 * self.below - 2)), "?")

    def pair(self, rng: np.random.Generator) -> Pair:
        """Lists are drawn evenly, then one of the sums that only one pair of numbers has; most lists have several."""
        while True:
            numbers = tuple(rng.permutation(self.below)[: self.count].tolist())
            found: dict[int, list[tuple[int, int]]] = {}
            for two in combinations(numbers, 2):
                found.setdefault(sum(two), []).append(two)
            single = [(total, pairs[0]) for total, pairs in found.items() if len(pairs) == 1]
            if single:
                total, two = single[int(rng.integers(len(single)))]
                return Pair((*numbers, len(self.symbols) - 1, total), two)

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return self.count + 2, 2
