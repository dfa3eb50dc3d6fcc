"""The live pictures of attention heads inside the diagram: patterns made small, one image for each layer."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from playground.style import colourmaps, theme

CELLS, BETWEEN, MOST = 12, 2, 4
"""A head is at most CELLS × CELLS cells, BETWEEN clear cells apart, and at most MOST heads are shown."""


def pooled(patterns: np.ndarray, cells: int = CELLS) -> np.ndarray:
    """(…, query, key) patterns with at most `cells` a side; each cell is the largest weight it covers, so lines stay whole."""
    for axis in (-2, -1):
        length = patterns.shape[axis]
        if length > cells:
            patterns = np.maximum.reduceat(patterns, np.arange(cells) * length // cells, axis=axis)
    return patterns


def strip(patterns: np.ndarray, causal: bool) -> np.ndarray:
    """The first heads of (heads, query, key) weights side by side: uint8 (cells, width, 4), clear between the heads."""
    heads = pooled(patterns[:MOST])
    count, rows, columns = heads.shape
    made = np.zeros((rows, count, columns + BETWEEN, 4), dtype=np.uint8)
    made[:, :, :columns] = colourmaps.weights(heads).swapaxes(0, 1)
    if causal:
        future = ~np.tri(rows, columns, dtype=bool)
        made[:, :, :columns].swapaxes(0, 1)[:, future] = colourmaps.empty(theme.theme())
    return made.reshape(rows, -1, 4)[:, :-BETWEEN]


def image(patterns: np.ndarray, causal: bool) -> QImage:
    """`strip` as an image that owns its pixels."""
    pixels = np.ascontiguousarray(strip(patterns, causal))
    high, wide = pixels.shape[:2]
    return QImage(pixels.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888).copy()
