"""What every look and every frame have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Table = tuple[tuple[str, ...], Iterator[tuple[object, ...]]]
"""Names of columns, and rows of as many values."""


@dataclass(frozen=True)
class Look:
    """What a panel wants to see; each view extends it."""


@dataclass(frozen=True)
class Frame:
    """One picture of the model for one view, taken after `step` optimiser steps. Arrays in it are read-only copies."""

    step: int

    def table(self) -> Table:
        """What the picture shows, in numbers, for whoever takes it away."""
        raise NotImplementedError

    def minus(self, other: Frame) -> Frame | None:
        """What this picture shows more than that of another model; None where the two cannot be compared like that."""
        return None
