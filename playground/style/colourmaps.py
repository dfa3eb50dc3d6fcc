"""Colour maps as lookup tables of 256 entries: perceptually uniform for magnitudes, diverging for signed values."""

from __future__ import annotations

from functools import cache

import numpy as np

from playground.style.tokens import Theme

MAGNITUDE = "viridis"
SIGNED = "CET-D1A"


@cache
def lookup(name: str = MAGNITUDE) -> np.ndarray:
    """The 256 colours of a map, uint8 (256, 4), opaque."""
    import pyqtgraph as pg  # half a second that the first paint need not wait for

    made: np.ndarray = pg.colormap.get(name).getLookupTable(0.0, 1.0, 256, alpha=True)
    made.flags.writeable = False
    return made


def rgba(values: np.ndarray, low: float = 0.0, high: float = 1.0, name: str = MAGNITUDE) -> np.ndarray:
    """`values` (…,) as colours, uint8 (…, 4), on the fixed scale low … high; values beyond it are clipped."""
    index = ((np.nan_to_num(values, nan=low) - low) * (255.0 / (high - low))).clip(0, 255).astype(np.uint8)
    coloured: np.ndarray = lookup(name)[index]
    return coloured


def shares(values: np.ndarray) -> np.ndarray:
    """Weights that sum to 1 as places in a map, uint8 (…,): by their square roots, still fixed from 0 to 1.

    A head that looks everywhere alike gives each of 64 tokens 1/64; on a linear scale that is as dark as nothing at all.
    """
    made: np.ndarray = np.sqrt(np.fmin(np.fmax(values, 0.0), 1.0))  # which of a number and NaN take the number
    made *= 255.0
    return made.astype(np.uint8)


def differences(values: np.ndarray) -> np.ndarray:
    """Differences of weights as places in the diverging map, uint8 (…,): by their square roots, fixed from −1 to 1."""
    made: np.ndarray = np.sign(values) * np.sqrt(np.abs(values))
    return (127.5 + 127.5 * made).clip(0, 255).astype(np.uint8)


def weights(values: np.ndarray) -> np.ndarray:
    """Weights that sum to 1 as colours, uint8 (…, 4)."""
    coloured: np.ndarray = lookup().view(np.uint32)[:, 0][shares(values)]  # a pixel is one number
    return coloured.view(np.uint8).reshape(*values.shape, 4)


_GROUNDS = {
    True: ("#1c1f26", "#3a2a49", "#6b2b55", "#97314c", "#b63d2a"),
    False: ("#f7f8fa", "#fdeed2", "#fdd39a", "#f8ac62", "#ea7f43"),
}


@cache
def ground(dark: bool) -> np.ndarray:
    """A map for grounds on which the theme's text stays readable (4.5 to 1), from the window's colour on: uint8 (256, 4)."""
    stops = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] + [255] for stop in _GROUNDS[dark]], dtype=float)
    at = np.linspace(0, len(stops) - 1, 256)
    made = np.stack([np.interp(at, np.arange(len(stops)), stops[:, channel]) for channel in range(4)], axis=1)
    coloured: np.ndarray = np.round(made).astype(np.uint8)
    coloured.flags.writeable = False
    return coloured


def empty(theme: Theme) -> np.ndarray:
    """The colour of a cell that holds nothing (masked, or beyond the text), uint8 (4,)."""
    raised = theme.raised
    return np.array([*(int(raised[i : i + 2], 16) for i in (1, 3, 5)), 255], dtype=np.uint8)
