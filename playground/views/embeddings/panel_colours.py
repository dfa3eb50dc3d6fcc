"""Colour by kind, modality, position or frequency: which marker every point gets, and what a legend must say of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.style import colourmaps, theme
from playground.views.embeddings.frame import KINDS, MODALITIES, EmbeddingFrame
from playground.views.embeddings.panel_marks import COLOURS, parts, tone

LEVELS = 32
"""Different colours of a scale; the eye tells fewer apart."""
CUT = 40
"""Entries of the map that are too near to the ground to be seen on it."""
WAYS = {"kind": "Kind", "frequency": "Frequency", "position": "Position", "modality": "Modality"}


@dataclass(frozen=True)
class Colouring:
    """`groups` uint8 (n,) of each point; a group is a category with a shape of its own, or a level of a scale."""

    way: str
    groups: np.ndarray
    names: tuple[str, ...]
    """Of the categories; none where it is a scale."""
    ends: tuple[str, str] = ("", "")
    """What the two ends of a scale mean."""

    def palette(self) -> np.ndarray:
        """The colours of the groups in the theme in force, uint8 (groups, 3)."""
        return scale() if not self.names else categories()

    def shapes(self) -> np.ndarray:
        """The shapes of the points, uint8 (n,): circles where it is a scale."""
        return self.groups if self.names else np.zeros(len(self.groups), np.uint8)


def ways(frame: EmbeddingFrame) -> tuple[str, ...]:
    """By what these points can be told apart."""
    if frame.space == "positions":
        return ("position",)
    return ("kind", "position", "frequency", "modality") if frame.space == "context" else ("kind", "frequency", "modality")


def colouring(frame: EmbeddingFrame, way: str) -> Colouring:
    """The groups of the points of a frame."""
    if way == "kind":
        return Colouring(way, frame.kinds, KINDS)
    if way == "modality":
        return Colouring(way, frame.modalities, MODALITIES)
    if way == "frequency":
        most = max(1, int(frame.counts.max(initial=1)))
        share = np.log1p(frame.counts) / np.log1p(most)
        return Colouring(way, _levels(share), (), ("never in the text", f"{most:,} times"))
    last = max(1, int(frame.places.max(initial=1)))
    return Colouring(way, _levels(frame.places / last), (), ("place 1", f"place {last + 1:,}"))


def categories() -> np.ndarray:
    """Okabe-Ito as the theme tunes it, uint8 (8, 3)."""
    return np.array([parts(tone(kind)) for kind in range(len(COLOURS))], dtype=np.uint8)


def scale() -> np.ndarray:
    """The perceptually uniform map without the end that is lost on the ground, uint8 (LEVELS, 3)."""
    first, last = (CUT, 255) if theme.theme().dark else (0, 255 - CUT)
    made: np.ndarray = colourmaps.lookup()[np.linspace(first, last, LEVELS).astype(int), :3]
    return made


def _levels(share: np.ndarray) -> np.ndarray:
    made: np.ndarray = np.round(share.clip(0, 1) * (LEVELS - 1)).astype(np.uint8)
    return made
