"""From vectors to pictures: principal axes, the axis through two vectors, alignment, nearest neighbours, similarities."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

NEAREST = 24
"""How many neighbours are told."""


def principal(vectors: Tensor, dims: int = 2) -> tuple[np.ndarray, float]:
    """Coordinates float64 (points, dims) of vectors (points, d) on their first principal axes, and the whole variance.

    The covariance is summed in the type of the vectors, its eigenvectors are found in double precision.
    """
    centred = vectors - vectors.mean(dim=0)
    covariance = (centred.T @ centred).double() / max(1, len(vectors))  # (d, d)
    axes = torch.linalg.eigh(covariance).eigenvectors[:, -dims:].flip(1)  # (d, dims), the largest first
    points = (centred @ axes.to(centred.dtype)).double().cpu().numpy()
    if points.shape[1] < dims:  # a model narrower than the picture
        points = np.pad(points, ((0, 0), (0, dims - points.shape[1])))
    return points, float(covariance.trace())


def on_axis(vectors: Tensor, first: int, second: int, dims: int = 2) -> tuple[np.ndarray, float]:
    """Coordinates (points, dims) with the difference of two of the vectors as the first axis, and the whole variance.

    x is the projection on the unit vector from row `first` to row `second`, 0 half-way between them; the other axes are the
    principal ones of what is left. Raises ValueError where the two are equal.
    """
    start, end = vectors[first], vectors[second]
    length = (end - start).norm()
    if not float(length) > 0:
        raise ValueError("the two tokens have the same vector")
    unit = (end - start) / length
    along = (vectors - (start + end) / 2) @ unit  # (points,)
    centred = vectors - vectors.mean(dim=0)
    rest, left = principal(centred - torch.outer(centred @ unit, unit), dims - 1)
    return np.column_stack((along.double().cpu().numpy(), rest)), left + float(along.double().var(unbiased=False))


def aligned(points: np.ndarray, before: np.ndarray) -> np.ndarray:
    """`points` (points, dims) turned or mirrored, never stretched, to lie as near as can be to `before` (points, dims).

    Orthogonal Procrustes (Schönemann 1966) over the rows that `before` knows (those not NaN).
    """
    known = ~np.isnan(before[:, 0])
    if known.sum() < 2:
        return points
    here, there = points[known], before[known]
    left, _, right = np.linalg.svd((here - here.mean(axis=0)).T @ (there - there.mean(axis=0)))
    turned: np.ndarray = points @ (left @ right)
    return turned


def nearest(vectors: Tensor, row: int, count: int = NEAREST) -> tuple[list[tuple[int, float]], list[tuple[int, float]], float]:
    """The rows nearest to one, itself left out: by cosine, the largest first, and by distance, the smallest first, as
    (row, value); and the length of the vector itself. A vector of zeros has the cosine 0 with everything."""
    this = vectors[row]
    lengths = vectors.norm(dim=1)
    cosines = (vectors @ this) / (lengths * lengths[row]).clamp_min(1e-30)
    away = (vectors - this).norm(dim=1)
    cosines[row], away[row] = -torch.inf, torch.inf
    count = min(count, len(vectors) - 1)
    by_cosine, by_distance = cosines.topk(count), away.topk(count, largest=False)
    return (
        list(zip(by_cosine.indices.tolist(), by_cosine.values.tolist(), strict=True)),
        list(zip(by_distance.indices.tolist(), by_distance.values.tolist(), strict=True)),
        float(lengths[row]),
    )


def cosines(vectors: Tensor) -> Tensor:
    """The cosine of each vector (n, d) with each other one (n, n); 0 for vectors of zeros."""
    unit = vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-30)
    made: Tensor = unit @ unit.T
    return made
