"""Repeated random sequences, on which induction heads grow: what came before comes again after a period."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from playground.data.tasks.task import Pair, Stream


@dataclass(frozen=True)
class Repeats(Stream):
    """A random sequence of a length (the period) drawn evenly from `shortest` to `longest_period`, over and over.

    All are cut at twice the longest period. Who wants to know the loss on the second half alone takes both the same: with
    periods that differ, the place where the repeat begins can only be guessed.
    """

    shortest: int = 5
    longest_period: int = 12

    name = "induction"
    title = "Repeated sequences"
    help = "Random letters that come again. Two layers learn to look up what followed last time (induction); one cannot."
    cite = "Elhage et al. 2021; Olsson et al. 2022"
    url = "https://arxiv.org/abs/2209.11895"
    symbols = tuple("abcdefghijklmnopqrstuvwx")

    def __post_init__(self) -> None:
        """Raises ValueError for settings that make no task."""
        if not 1 <= self.shortest <= self.longest_period:
            raise ValueError(f"periods from {self.shortest} to {self.longest_period}")

    def sequence(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Every letter of the first period is drawn by itself."""
        period = int(rng.integers(self.shortest, self.longest_period + 1))
        first = rng.integers(len(self.symbols), size=period).tolist()
        length = 2 * self.longest_period
        return tuple((first * (length // period + 1))[:length])

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return 0, 2 * self.longest_period

    def parts(self, pair: Pair) -> dict[str, slice]:
        """The first period, which nothing foretells, and all that repeats it."""
        period = self.period(pair.target)
        return {"first": slice(0, period), "second": slice(period, len(pair.target))}

    def period(self, sequence: tuple[int, ...]) -> int:
        """The shortest allowed period of a sequence; raises ValueError where it has none."""
        for period in range(self.shortest, self.longest_period + 1):
            if sequence[period:] == sequence[:-period]:
                return period
        raise ValueError("the sequence does not repeat")

    def entropy(self) -> float | None:
        """Exact: sequences are grouped by their smallest period, which decides how likely each is.

        All periods of a sequence of twice the longest are multiples of its smallest (Fine & Wilf 1965).
        """
        periods = range(self.shortest, self.longest_period + 1)
        total, primitive = 0.0, dict[int, int]()
        for smallest in range(1, self.longest_period + 1):
            inner = sum(primitive[divisor] for divisor in primitive if smallest % divisor == 0)
            primitive[smallest] = len(self.symbols) ** smallest - inner
            chances = [len(self.symbols) ** -period for period in periods if period % smallest == 0]
            if chances:
                chance = sum(chances) / len(periods)  # of each sequence whose smallest period this is
                total -= primitive[smallest] * chance * log(chance)
        return total
