"""What the curves panel computes before it draws: smoothing, thinning, ticks and short numbers, in numpy alone."""

from __future__ import annotations

import math

import numpy as np


def short(value: float) -> str:
    """A number as an axis shows it: 30k, 1.5M, 0.25, 6e-4."""
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:g}M"
    if size >= 1e4:
        return f"{value / 1e3:g}k"
    if 0 < size < 1e-3:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{value:,.4g}" if size < 1e3 else f"{value:,.0f}"


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """Exponential mean of the points, each keeping `weight` of what was before; free of the start's bias (Kingma & Ba 2015)."""
    made, mean, seen = np.empty(len(values)), 0.0, 0.0
    for index, value in enumerate(values.tolist()):
        if math.isfinite(value):
            mean, seen = weight * mean + (1 - weight) * value, weight * seen + (1 - weight)
        made[index] = mean / seen if seen else math.nan
    return made


def nearest(steps: np.ndarray, step: float) -> int:
    """The index of the step nearest to one, in ascending steps; 0 where there is only one."""
    right = min(max(int(np.searchsorted(steps, step)), 1), max(len(steps) - 1, 1))
    return right - 1 if right >= len(steps) or step - steps[right - 1] <= steps[right] - step else right


def thinned(x: np.ndarray, values: np.ndarray, most: int) -> np.ndarray:
    """The indices of about `most` points: least and greatest of each stretch of x, and the last: no peak is lost."""
    count = len(values)
    if count <= most or x[-1] <= x[0]:
        return np.arange(count)
    stretch = ((x - x[0]) * (most // 2 / (x[-1] - x[0]))).astype(np.int64)
    order = np.lexsort((values, stretch))
    edges = np.flatnonzero(np.diff(stretch[order])) + 1
    kept = np.zeros(count, dtype=bool)
    kept[order[0]] = kept[order[edges]] = kept[order[edges - 1]] = kept[order[-1]] = kept[-1] = True
    return np.flatnonzero(kept)


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers from low to high: multiples of 1, 2 or 5 times a power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return []
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [float(f"{index * step:.12g}") for index in range(first, last + 1)]
    return []
