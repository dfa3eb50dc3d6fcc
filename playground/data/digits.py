"""The 1,797 handwritten digits that come with scikit-learn: 8 x 8 pixels in 16 grey levels."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.data.errors import DataError

SIDE = 8
PIXELS = SIDE * SIDE
LEVELS = 16


@dataclass(frozen=True, eq=False)
class Digits:
    """All pictures in the order of the file.

    `pixels` uint8 (picture, 64), row by row, 0 (paper) to 15 (ink); `labels` uint8 (picture,), 0 to 9.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]


@lru_cache(maxsize=1)
def load_digits() -> Digits:
    """The pictures, read-only; raises DataError where scikit-learn is missing or broken.

    A pixel of the file counts which of 4 x 4 finer pixels are ink, so it has 17 values; the two darkest, 15 and 16, are
    one level here, and all others are as they are (Alpaydin & Kaynak 1998).
    """
    try:
        datasets: Any = importlib.import_module("sklearn.datasets")
    except ImportError as error:
        raise DataError(
            "The handwritten digits are missing.",
            f"They come with scikit-learn, which cannot be loaded here ({error}).",
            'Install it with: python -m pip install "scikit-learn>=1.5,<2"',
        ) from None
    try:
        found = datasets.load_digits()
    except OSError as error:
        raise DataError(
            "The handwritten digits cannot be read.",
            f"scikit-learn is there, but not its file of them ({error.strerror or error}).",
            'Install it again with: python -m pip install --force-reinstall "scikit-learn>=1.5,<2"',
        ) from None
    pixels = np.minimum(found.data, LEVELS - 1).astype(np.uint8)
    labels = found.target.astype(np.uint8)
    pixels.flags.writeable = labels.flags.writeable = False
    return Digits(pixels, labels)
