"""Which labels of a cloud are shown, and on which side of their points: no two of them overlap."""

from __future__ import annotations

import numpy as np

from playground.views.embeddings.panel_range import within

CELL = 4
"""Pixels a cell of the occupancy grid measures."""
GAP = 6.0
"""Pixels from a point's middle to its label, besides the point's radius."""
AT_MOST = 320
"""Labels looked at in one picture; there is never room for more."""
CROWDED = 1
"""Points a label may cover; in denser places one has to zoom in."""


def place(
    points: np.ndarray,
    radii: np.ndarray,
    widths: np.ndarray,
    height: float,
    order: np.ndarray,
    solid: np.ndarray,
    size: tuple[int, int],
) -> list[tuple[int, float, float]]:
    """Labels as (index, left, top) in pixels, chosen greedily.

    `points` (n, 2), `radii` (n,), `widths` (n,) of the labels in pixels; `order` the indices that want a label, the most
    important first; `solid` (n,) the points that a label should not cover; `size` the width and height of the picture.
    Each label tries the right, the left, above and below, and takes the side where it covers the fewest points.
    """
    inside = within(points, (0, 0), size)
    order = order[inside[order]][:AT_MOST]
    if not len(order):
        return []
    columns, rows = size[0] // CELL + 2, size[1] // CELL + 2
    seen = (points[inside & solid] // CELL).astype(np.intp) + 1
    dots = np.bincount(seen[:, 1] * (columns + 1) + seen[:, 0], minlength=(rows + 1) * (columns + 1))
    dots = dots.reshape(rows + 1, columns + 1)
    dots = dots.cumsum(axis=0, dtype=np.int32).cumsum(
        axis=1, dtype=np.int32
    )  # (rows + 1, columns + 1) points above and left of a corner
    lefts, tops = _sides(points[order], radii[order] + GAP, widths[order], height)
    first_x, first_y = (lefts // CELL).astype(int), (tops // CELL).astype(int)
    last_x, last_y = ((lefts + widths[order, None]) // CELL).astype(int) + 1, ((tops + height) // CELL).astype(int) + 1
    fits = (first_x >= 0) & (first_y >= 0) & (last_x < columns) & (last_y < rows)
    a, b, c, d = (
        edge.clip(0, limit) for edge, limit in ((first_x, columns), (last_x, columns), (first_y, rows), (last_y, rows))
    )
    covered = dots[d, b] - dots[c, b] - dots[d, a] + dots[c, a]
    cost = np.where(fits & (covered <= CROWDED), covered + np.array([0.0, 0.2, 0.4, 0.5]), np.inf)
    sides = cost.argsort(axis=1, kind="stable")
    return _greedy(order, cost, sides, (first_x, last_x, first_y, last_y), lefts, tops, rows)


def _sides(points: np.ndarray, away: np.ndarray, widths: np.ndarray, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Left and top edges (n, 4) of a label right of, left of, above and below its point."""
    x, y = points[:, 0], points[:, 1]
    middle = y - height / 2
    lefts = np.stack([x + away - 2, x - away - widths + 2, x - widths / 2, x - widths / 2], axis=1)
    tops = np.stack([middle, middle, y - away - height + 3, y + away - 3], axis=1)
    return lefts, tops


def _greedy(
    order: np.ndarray,
    cost: np.ndarray,
    sides: np.ndarray,
    edges: tuple[np.ndarray, ...],
    lefts: np.ndarray,
    tops: np.ndarray,
    rows: int,
) -> list[tuple[int, float, float]]:
    taken = [0] * rows  # a row of cells is one integer, a bit a cell: much quicker than small slices of an array
    x0, x1, y0, y1 = (edge.tolist() for edge in edges)
    prices, tried, chosen = cost.tolist(), sides.tolist(), []
    for row, index in enumerate(order.tolist()):
        for side in tried[row]:
            if prices[row][side] == np.inf:
                break
            cells = ((1 << (x1[row][side] - x0[row][side])) - 1) << x0[row][side]
            first, last = y0[row][side], y1[row][side]
            held = 0
            for line in taken[first:last]:
                held |= line
            if not held & cells:
                taken[first:last] = [line | cells for line in taken[first:last]]
                chosen.append((index, float(lefts[row, side]), float(tops[row, side])))
                break
    return chosen
