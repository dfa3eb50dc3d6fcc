"""The part of the plane that is shown: it follows the cloud seldom and smoothly, or stays where the person put it."""

from __future__ import annotations

import numpy as np

MARGIN = 26.0
"""Pixels between the outermost points and the edge."""
ROOM = 1.12
"""How much larger than the cloud a range is made, so that the cloud may breathe."""
SHRUNK = 1.25
"""A range becomes smaller when the cloud would fit into one smaller by this factor."""
FARTHEST, NEAREST = 0.5, 100.0


class Range:
    """A window on the plane with the same scale along both axes, since distances are what the picture is about."""

    def __init__(self) -> None:
        self.centre, self.half = np.zeros(2), np.ones(2)
        self._from = self._to = (self.centre, self.half)
        self._own: tuple[np.ndarray, float] | None = None
        self._size = np.array([640.0, 400.0])

    def resize(self, width: int, height: int) -> None:
        """The widget has another size."""
        self._size = np.array([max(width, 1), max(height, 1)], dtype=float)

    def follow(self, points: np.ndarray, at_once: bool = False) -> bool:
        """Aim at a new range if the cloud (n, 2) has left the one aimed at, or fills little of it; True if so."""
        if not len(points):
            return False
        low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
        centre, half = (low + high) / 2, np.maximum((high - low) / 2, 1e-6)
        aim_centre, aim_half = self._to
        left = (low < aim_centre - aim_half).any() or (high > aim_centre + aim_half).any()
        needed = float((half / aim_half).max()) * ROOM
        if not (at_once or left or needed < 1 / SHRUNK):
            return False
        self._from, self._to = (self.centre, self.half), (centre, half * ROOM)
        if at_once:
            self.glide(1.0)
        return True

    def glide(self, share: float) -> None:
        """Be `share` (0 to 1) of the way from the old range to the one aimed at."""
        (centre, half), (to_centre, to_half) = self._from, self._to
        self.centre = centre + (to_centre - centre) * share
        self.half = half + (to_half - half) * share

    def free(self) -> bool:
        """True when the person has zoomed or dragged: then nothing else moves the picture."""
        return self._own is not None

    def fit(self) -> None:
        """Follow the cloud again."""
        self._own = None

    def scale(self) -> float:
        """Pixels for one unit of the plane."""
        return self._fitted() if self._own is None else self._own[1]

    def zoom(self, x: float, y: float, factor: float) -> None:
        """Zoom around a pixel."""
        middle, scale = self._view()
        wanted = float(np.clip(scale * factor, self._fitted() * FARTHEST, self._fitted() * NEAREST))
        away = (np.array([x, y]) - self._size / 2) * [1, -1]
        self._own = (middle + away / scale - away / wanted, wanted)

    def drag(self, dx: float, dy: float) -> None:
        """Move the picture by pixels."""
        middle, scale = self._view()
        self._own = (middle - np.array([dx, -dy]) / scale, scale)

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Points of the plane (n, 2) as pixels (n, 2)."""
        middle, scale = self._view()
        placed: np.ndarray = (points - middle) * (np.array([1.0, -1.0]) * scale) + self._size / 2
        return placed

    def _view(self) -> tuple[np.ndarray, float]:
        return (self.centre, self._fitted()) if self._own is None else self._own

    def _fitted(self) -> float:
        return float((np.maximum(self._size / 2 - MARGIN, 10.0) / self.half).min())


def within(points: np.ndarray, low: tuple[float, float], high: tuple[float, float]) -> np.ndarray:
    """Which points (n, 2) lie inside a rectangle, its edge left out, bool (n,)."""
    x, y = points[:, 0], points[:, 1]
    found: np.ndarray = (x > low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1])
    return found
