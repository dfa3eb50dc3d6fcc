"""The live pictures of attention heads inside the diagram: patterns made small, one image for each layer."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from playground.style import colourmaps, theme

CELLS, BETWEEN, MOST = 14, 2, 4
"""A head is at most CELLS × CELLS cells, BETWEEN clear cells apart, and at most MOST heads are shown."""


def pooled(pattern: np.ndarray, cells: int = CELLS) -> np.ndarray:
    """A (query, key) pattern with at most `cells` a side; each cell is the largest weight it covers, so lines stay whole."""
    for axis in (0, 1):
        length = pattern.shape[axis]
        if length > cells:
            starts = np.arange(cells) * length // cells
            pattern = np.maximum.reduceat(pattern, starts, axis=axis)
    return pattern


def strip(patterns: np.ndarray, causal: bool) -> np.ndarray:
    """The first heads of (heads, query, key) weights side by side: uint8 (cells, width, 4), clear between the heads."""
    heads = [pooled(pattern) for pattern in patterns[:MOST]]
    rows, columns = heads[0].shape
    made = np.zeros((rows, len(heads) * (columns + BETWEEN) - BETWEEN, 4), dtype=np.uint8)
    future = np.triu(np.ones((rows, columns), dtype=bool), 1) if causal else np.zeros((rows, columns), dtype=bool)
    for index, head in enumerate(heads):
        colours = colourmaps.rgba(head)
        colours[future] = colourmaps.empty(theme.theme())
        at = index * (columns + BETWEEN)
        made[:, at : at + columns] = colours
    return made


def image(patterns: np.ndarray, causal: bool) -> QImage:
    """`strip` as an image that owns its pixels."""
    pixels = np.ascontiguousarray(strip(patterns, causal))
    high, wide = pixels.shape[:2]
    return QImage(pixels.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888).copy()
