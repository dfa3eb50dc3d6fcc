"""The turn of a cloud in space: what is dragged turns with the pointer, and how deep each point lies."""

from __future__ import annotations

import numpy as np

RADIANS = 0.008
"""For each pixel that is dragged."""


class Turn:
    """An orthogonal matrix (3, 3) from the cloud's axes to right, up and towards the person."""

    def __init__(self) -> None:
        self.matrix = np.eye(3)
        self.home()

    def home(self) -> None:
        """Seen a little from above and from the side, so that all three axes are seen."""
        self.matrix = np.eye(3)
        self.drag(-70.0, 45.0)

    def drag(self, dx: float, dy: float) -> None:
        """Turn with the pointer: to the right around the upright axis of the screen, downwards around the level one."""
        a, b = dx * RADIANS, dy * RADIANS
        around = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        over = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
        turned, _ = np.linalg.qr((over @ around @ self.matrix).T)  # many small turns shall not stretch it
        self.matrix = (turned * np.sign((turned * (over @ around @ self.matrix).T).sum(axis=0))).T

    def seen(self, points: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, 3) as they are seen: in the plane (n, 2), and towards the person (n,)."""
        turned = (points - middle) @ self.matrix.T
        return turned[:, :2], turned[:, 2]


def sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    """The middle (3,) and radius of the ball that holds points (n, 3) however they are turned."""
    if not len(points):
        return np.zeros(3), 1.0
    middle = (points.min(axis=0) + points.max(axis=0)).astype(float) / 2
    return middle, float(np.linalg.norm(points - middle, axis=1).max()) or 1.0
