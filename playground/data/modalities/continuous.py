"""Continuous values as tokens: the μ-law of Gato for observations, and uniform bins for everything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from playground.data.errors import DataError

Values = NDArray[np.float64]
Ids = NDArray[np.int64]


def mu_law(values: ArrayLike, mu: float = 100.0, largest: float = 256.0) -> Values:
    """`sgn(x) log(|x| μ + 1) / log(M μ + 1)`, cut off at −1 and 1 (Reed et al. 2022, appendix B); same shape.

    Raises DataError for what is not finite.
    """
    x = finite(values)
    bent: Values = np.clip(np.sign(x) * np.log1p(np.abs(x) * mu) / np.log1p(largest * mu), -1.0, 1.0)
    return bent


def mu_law_inverse(values: ArrayLike, mu: float = 100.0, largest: float = 256.0) -> Values:
    """The value that `mu_law` bends to this one, for −1 to 1; same shape."""
    y = finite(values)
    straight: Values = np.sign(y) * np.expm1(np.abs(y) * np.log1p(largest * mu)) / mu
    return straight


def quantised(values: ArrayLike, bins: int) -> Ids:
    """The bin (0 … bins − 1) of values cut off at −1 and 1; 1 itself lies in the last one. Raises DataError."""
    x = np.clip(finite(values), -1.0, 1.0)
    return np.clip(np.floor((x + 1.0) / 2.0 * bins), 0, bins - 1).astype(np.int64)


def centre(ids: ArrayLike, bins: int) -> Values:
    """The middle of each bin, at most 1 / bins away from everything in it. Raises DataError for what is no bin."""
    found = np.asarray(ids)
    if found.size and (found.min() < 0 or found.max() >= bins):
        raise DataError(
            f"There is no bin {int(found.max() if found.max() >= bins else found.min())}.",
            f"They are counted from 0 to {bins - 1}.",
            "Decode only ids of continuous values.",
        )
    return (found + 0.5) / bins * 2.0 - 1.0


def finite(values: ArrayLike) -> Values:
    """Values as float64; raises DataError where one is NaN or infinite, because no bin could hold it."""
    x = np.asarray(values, dtype=np.float64)
    if not np.isfinite(x).all():
        which = "NaN" if np.isnan(x).any() else "infinite"
        raise DataError(
            f"A value is {which}.", "Only finite numbers can become tokens.", "Look for it where the numbers come from."
        )
    return x


@dataclass(frozen=True)
class Continuous:
    """One continuous value of a timestep: what it is called, and how it is brought between −1 and 1.

    It is multiplied by `factor`; where `bent`, the μ-law follows (observations that may be large). Actions and what lies
    between −1 and 1 already are not bent (Reed et al. 2022, §2.1).
    """

    name: str
    factor: float = 1.0
    bent: bool = False
    unit: str = ""

    def encode(self, values: ArrayLike, bins: int, mu: float = 100.0, largest: float = 256.0) -> Ids:
        """The bin of each value; raises DataError for what is not finite."""
        x = finite(values) * self.factor
        return quantised(mu_law(x, mu, largest) if self.bent else x, bins)

    def decode(self, ids: ArrayLike, bins: int, mu: float = 100.0, largest: float = 256.0) -> Values:
        """The value in the middle of each bin; raises DataError for what is no bin."""
        y = centre(ids, bins)
        return (mu_law_inverse(y, mu, largest) if self.bent else y) / self.factor


@dataclass(frozen=True)
class Discrete:
    """One whole number of a timestep, 0 … count − 1: a place, a button, a grey level. `names` say what they mean."""

    name: str
    count: int
    names: tuple[str, ...] = ()

    def encode(self, values: ArrayLike) -> Ids:
        """The same as int64; raises DataError for what is not in the range or no whole number."""
        x = finite(values)
        ids = x.astype(np.int64)
        if x.size and ((ids != x).any() or ids.min() < 0 or ids.max() >= self.count):
            raise DataError(
                f"“{self.name}” is out of its range.",
                f"It is a whole number from 0 to {self.count - 1}; there is one of {_worst(x, self.count):g}.",
                "Correct it where the numbers come from.",
            )
        return ids


def _worst(x: Values, count: int) -> float:
    """A value that is out of range, for a sentence about it."""
    wrong = (x < 0) | (x >= count) | (x != np.floor(x))
    return float(x[wrong].flat[0])
