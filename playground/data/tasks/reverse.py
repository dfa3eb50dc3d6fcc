"""Reverse: say the digits from the last to the first."""

from __future__ import annotations

from dataclasses import dataclass

from playground.data.tasks.copying import Copy


@dataclass(frozen=True)
class Reverse(Copy):
    """Digits drawn as in `Copy`, and the same from behind."""

    name = "reverse"
    title = "Reverse"
    help = "Say the digits from the last to the first. Cross-attention learns the other diagonal."
    cite = "Sutskever et al. 2014, §3.3 (the order of the source)"
    url = "https://arxiv.org/abs/1409.3215"

    def answer(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """From behind."""
        return source[::-1]
