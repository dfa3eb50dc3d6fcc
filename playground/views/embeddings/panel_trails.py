"""Trails: where points were in the last pictures, as lines that fade with age."""

from __future__ import annotations

from collections import deque

import numpy as np
from PySide6.QtCore import QLineF
from PySide6.QtGui import QColor, QPainter, QPen

from playground.views.embeddings.frame import EmbeddingFrame

LENGTH = 16
"""Pictures that are remembered."""
MOST = 1500
"""Points that have a trail at once: the most frequent ones, and it is said how many."""
STRONGEST, FAINTEST = 190, 30


class Trails:
    """The last pictures of the same points, laid out by the same thing."""

    def __init__(self) -> None:
        self._past: deque[tuple[int, np.ndarray]] = deque(maxlen=LENGTH)
        self._of: object = None

    def take(self, frame: EmbeddingFrame) -> None:
        """Remember a picture; another cloud begins anew, and so does one that goes back in time from where it goes back to."""
        of = (frame.space, frame.layout, frame.tap, frame.width, frame.ends, frame.points.shape, frame.tokens)
        if of != self._of:
            self._past.clear()
            self._of = of
        while self._past and self._past[-1][0] >= frame.step:
            self._past.pop()
        self._past.append((frame.step, frame.points))

    def pictures(self) -> list[np.ndarray]:
        """The remembered pictures (n, dims), the oldest first, that of now last."""
        return [points for _, points in self._past]

    def steps(self) -> tuple[int, int]:
        """From which step to which they reach."""
        return self._past[0][0], self._past[-1][0]


def paint(painter: QPainter, pictures: list[np.ndarray], colours: np.ndarray) -> None:
    """Lines through the places (chosen, 2) of each picture in pixels, in the colours uint8 (chosen, 3) of the points."""
    packed, which = np.unique(colours, axis=0, return_inverse=True)
    for age, (before, after) in enumerate(zip(pictures[:-1], pictures[1:], strict=True), start=1):
        ends = np.column_stack((before, after))
        moved = np.abs(after - before).max(axis=1) > 0.2  # pixels
        strength = FAINTEST + (STRONGEST - FAINTEST) * age // (len(pictures) - 1)
        for group, (red, green, blue) in enumerate(packed.tolist()):
            lines = [QLineF(*line) for line in ends[moved & (which.ravel() == group)].tolist()]
            if lines:
                painter.setPen(QPen(QColor(red, green, blue, strength), 1.4))
                painter.drawLines(lines)
