"""Points by the ten thousand: markers are written into the pixels of a picture by numpy, a group of equal ones at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QImage

from playground.views.embeddings.panel_marks import stamp
from playground.views.embeddings.panel_range import within

BORDER = 24
"""Pixels around a picture on which markers at its edge may lie; they are cut off in the end."""


@dataclass(frozen=True)
class Marks:
    """Markers to draw: their middles in pixels float (n, 2), `shapes` uint8 (n,), radii in pixels float (n,), `colours`
    uint8 (n, 3) and `layers` int (n,): those of a higher layer lie above."""

    places: np.ndarray
    shapes: np.ndarray
    radii: np.ndarray
    colours: np.ndarray
    layers: np.ndarray


def draw(image: QImage, marks: Marks, ground: np.ndarray) -> None:
    """Write markers into an RGB32 picture that has a BORDER on every side; `ground` uint8 (3,) is the colour behind them.

    Edges are mixed with the ground and not with what lies beneath: that makes the rim that parts overlapping markers.
    """
    width, height = image.width() - 2 * BORDER, image.height() - 2 * BORDER
    half = BORDER / 2
    rows = np.flatnonzero(within(marks.places, (-half, -half), (width + half, height + half)))
    if not len(rows):
        return
    line = image.bytesPerLine() // 4
    pixels = np.frombuffer(image.bits(), np.uint32)
    steps = np.round(marks.radii[rows] * 2).astype(np.int64)
    groups = (marks.layers[rows].astype(np.int64) * 64 + steps) * 8 + marks.shapes[rows]
    order = np.argsort(groups, kind="stable")  # the largest lie above the smaller ones of their layer
    rows, groups = rows[order], groups[order]
    middles = np.round(marks.places[rows]).astype(np.int64) + BORDER
    at = middles[:, 1] * line + middles[:, 0]
    colours, which = np.unique(_packed(marks.colours[rows]), return_inverse=True)
    ends = np.flatnonzero(np.diff(groups, append=-1)) + 1
    for start, end in zip(np.concatenate(([0], ends[:-1])).tolist(), ends.tolist(), strict=True):
        code = int(groups[start])
        right, down, cover = stamp(code % 8, (code // 8 % 64) / 2)
        mixed = _mixed(colours, cover, ground)  # (different colours, pixels)
        pixels[at[start:end, None] + (down * line + right)] = mixed[which[start:end]]


def _packed(colours: np.ndarray) -> np.ndarray:
    wide = colours.astype(np.uint32)
    return (wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2]


def _mixed(colours: np.ndarray, cover: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Packed colours (n,) on the ground, covering it by `cover` (pixels,): packed (n, pixels)."""
    parts = np.stack([(colours >> shift) & 255 for shift in (16, 8, 0)], axis=-1).astype(np.float32)  # (n, 3)
    mixed = ground + (parts[:, None] - ground) * cover[:, None]  # (n, pixels, 3)
    whole = np.round(mixed).astype(np.uint32)
    packed: np.ndarray = np.uint32(255 << 24) | (whole[..., 0] << 16) | (whole[..., 1] << 8) | whole[..., 2]
    return packed
