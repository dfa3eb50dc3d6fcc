"""Images as patches in raster order, and where on the image each of them lies."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from playground.data.errors import DataError

Pixels = NDArray[np.float32]


def patches(images: NDArray[np.floating], side: int) -> Pixels:
    """Images (n, height, width) or (n, height, width, channels) from 0 to 1 as patches (n, patch, channels, side, side).

    Patches go in raster order and do not overlap. Pixels are brought to −1 … 1 and divided by √side, the square root of the
    patch's side, as Gato does (Reed et al. 2022, §2.1). Raises DataError where the sides do not divide, or for values
    outside of 0 … 1.
    """
    found = np.asarray(images, dtype=np.float32)
    found = found[..., None] if found.ndim == 3 else found
    n, height, width, channels = found.shape
    if height % side or width % side:
        raise DataError(
            f"An image of {width} × {height} pixels cannot be cut into patches of {side} × {side}.",
            "Both sides have to be multiples of the patch.",
            f"Use images of {_near(width, side)} × {_near(height, side)}, or another patch.",
        )
    if not np.isfinite(found).all() or found.min(initial=0.0) < 0.0 or found.max(initial=0.0) > 1.0:
        raise DataError("An image has pixels outside of 0 … 1.", "Nothing is brighter than 1.", "Divide them by the brightest.")
    cut = found.reshape(n, height // side, side, width // side, side, channels)
    rows = cut.transpose(0, 1, 3, 5, 2, 4).reshape(n, -1, channels, side, side)
    return (rows * 2.0 - 1.0) / math.sqrt(side)


def covered(height: int, width: int, side: int, intervals: int) -> NDArray[np.int64]:
    """First and last interval of rows and of columns that each patch covers: (patch, 4), raster order.

    Both sides of the image are cut into `intervals` equal steps, whatever its size (Reed et al. 2022, appendix C). A
    patch narrower than a step covers the one in which it begins.
    """
    found = []
    for row in range(height // side):
        for column in range(width // side):
            ends = []
            for at, size in ((row * side, height), (column * side, width)):
                first = at * intervals // size
                last = max(first, -(-(at + side) * intervals // size) - 1)
                ends += [first, last]
            found.append(ends)
    return np.array(found, dtype=np.int64).reshape(-1, 4)


def _near(size: int, side: int) -> int:
    return max(side, round(size / side) * side)
