"""Handwritten digits as tokens: paint the picture of a label, and name the label of a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from playground.data.digits import LEVELS, PIXELS, SIDE, load_digits
from playground.data.tasks.task import Pair, Task

SHADES = "·.,:;~-+=*oxX&#@"
"""How the grey levels are written, from paper to ink."""


@dataclass(frozen=True)
class Classify(Task):
    """A picture of 64 pixels, row by row, and its label. One in five pictures is kept for validation, in both tasks the same.

    Ids 0 to 15 are grey levels, 16 to 25 the labels 0 to 9.
    """

    name = "digits-classify"
    title = "Name a handwritten digit"
    help = "Read the 64 pixels of a real digit, written by a person, and say which it is."
    cite = "Alpaydin & Kaynak 1998; Pedregosa et al. 2011"
    url = "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits"
    held_share = 0.2
    symbols = tuple(SHADES + "0123456789")

    def pair(self, rng: np.random.Generator) -> Pair:
        """Any of the pictures; raises DataError where they are missing."""
        return self._pairs[int(rng.integers(len(self._pairs)))]

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return PIXELS, 1

    def everything(self) -> Iterator[Pair] | None:
        """All pictures; raises DataError where they are missing."""
        return iter(self._pairs)

    def entropy(self) -> float | None:
        """Nobody knows how certain a person's handwriting is."""
        return None

    def key(self, pair: Pair) -> tuple[int, ...]:
        """The picture."""
        return pair.source

    def show(self, ids: Sequence[int]) -> str:
        """Pixels in rows of eight, a label or special token on a line of its own."""
        lines: list[str] = []
        width = SIDE
        for index in ids:
            if index >= LEVELS or width == SIDE:
                lines.append("")
                width = 0
            lines[-1] += self.names[index]
            width = SIDE if index >= LEVELS else width + 1
        return "\n".join(lines)

    @cached_property
    def _pairs(self) -> list[Pair]:
        digits = load_digits()
        return [
            self._pair(tuple(pixels), LEVELS + label)
            for pixels, label in zip(digits.pixels.tolist(), digits.labels.tolist(), strict=True)
        ]

    def _pair(self, pixels: tuple[int, ...], label: int) -> Pair:
        return Pair(pixels, (label,))


@dataclass(frozen=True)
class Paint(Classify):
    """A label and a picture of it."""

    name = "digits-paint"
    title = "Paint a handwritten digit"
    help = "Paint a digit pixel by pixel, from the upper left, as people write it. Every picture comes out different."

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return 1, PIXELS

    def key(self, pair: Pair) -> tuple[int, ...]:
        """The picture."""
        return pair.target

    def _pair(self, pixels: tuple[int, ...], label: int) -> Pair:
        return Pair((label,), pixels)
