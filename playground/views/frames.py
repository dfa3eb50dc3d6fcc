"""What every look and every frame have in common."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """What a panel wants to see; each view extends it."""


@dataclass(frozen=True)
class Frame:
    """One picture of the model for one view, taken after `step` optimiser steps. Arrays in it are read-only copies."""

    step: int
