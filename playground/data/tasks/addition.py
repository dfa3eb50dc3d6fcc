"""Addition of two whole numbers, with the sum written as usual or from its last digit on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from playground.data.tasks.task import Pair, Task

_DIGITS = {str(digit): digit for digit in range(10)}
_PLUS = 10


@dataclass(frozen=True)
class Addition(Task):
    """Two numbers of at most `digits` digits, each drawn evenly from 0 on, written without leading zeros."""

    digits: int = 2

    name = "addition"
    title = "Addition"
    help = "Add two numbers. The first digit of the sum has to foresee every carry, so this is the harder way to write it."
    cite = "Karpathy 2020, minGPT (adder)"
    url = "https://github.com/karpathy/minGPT"
    symbols = tuple("0123456789+")

    def pair(self, rng: np.random.Generator) -> Pair:
        """Both numbers are drawn by themselves."""
        first, second = rng.integers(10**self.digits, size=2).tolist()
        return self._pair(first, second)

    def longest(self) -> tuple[int, int]:
        """The sum has one digit more than the numbers."""
        return 2 * self.digits + 1, self.digits + 1

    def everything(self) -> Iterator[Pair] | None:
        """All pairs of numbers of one or two digits."""
        if self.digits > 2:
            return None
        count = 10**self.digits
        return (self._pair(first, second) for first in range(count) for second in range(count))

    def key(self, pair: Pair) -> tuple[int, ...]:
        """Both orders of two numbers are one question: who has learned 3+4 has seen 4+3."""
        at = pair.source.index(_PLUS)
        first, second = pair.source[:at], pair.source[at + 1 :]
        return (*min(first, second), _PLUS, *max(first, second))

    def _pair(self, first: int, second: int) -> Pair:
        source = (*map(_DIGITS.__getitem__, str(first)), _PLUS, *map(_DIGITS.__getitem__, str(second)))
        return Pair(source, self._written(tuple(map(_DIGITS.__getitem__, str(first + second)))))

    def _written(self, total: tuple[int, ...]) -> tuple[int, ...]:
        return total


@dataclass(frozen=True)
class ReversedAddition(Addition):
    """The same with the sum written from its last digit on: 12+39 is 15."""

    name = "addition-reversed"
    title = "Addition, sum reversed"
    help = "Add two numbers and write the sum from its last digit on: each digit then needs only the carry before it."
    cite = "Lee et al. 2023"
    url = "https://arxiv.org/abs/2307.03381"

    def _written(self, total: tuple[int, ...]) -> tuple[int, ...]:
        return total[::-1]
