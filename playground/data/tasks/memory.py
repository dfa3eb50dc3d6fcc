"""Copy memory: symbols, a long blank, and the symbols again."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from playground.data.tasks.task import Pair, Stream

_KINDS = 8


@dataclass(frozen=True)
class CopyMemory(Stream):
    """`count` symbols of 8 kinds, `blank` blanks, a sign to begin, and the symbols again."""

    count: int = 8
    blank: int = 30

    name = "copy-memory"
    title = "Copy memory"
    help = "Keep some letters in mind over a long blank, then say them. Recurrent networks forget; attention looks back."
    cite = "Hochreiter & Schmidhuber 1997; Arjovsky et al. 2015, §4.1"
    url = "https://arxiv.org/abs/1511.06464"
    symbols = tuple("abcdefgh_!")

    def sequence(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Every letter is drawn by itself."""
        kept = tuple(rng.integers(_KINDS, size=self.count).tolist())
        return (*kept, *(_KINDS,) * self.blank, _KINDS + 1, *kept)

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return 0, 2 * self.count + self.blank + 1

    def entropy(self) -> float | None:
        """That of the letters the first time."""
        return self.count * log(_KINDS)

    def parts(self, pair: Pair) -> dict[str, slice]:
        """The letters, which nothing foretells; the blank and its sign; and the letters again, which are certain."""
        recall = self.count + self.blank + 1
        return {
            "symbols": slice(0, self.count),
            "blank": slice(self.count, recall),
            "recall": slice(recall, recall + self.count),
        }
