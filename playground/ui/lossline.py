"""The loss of a whole run in a bounded number of points, however long the run is."""

from __future__ import annotations

import numpy as np

from playground.training.report import StepReport
from playground.worker.mailbox import Line

CAPACITY = 1024


class LossLine:
    """Means of even stretches of steps; when it is full, neighbours are averaged and the stretch doubles."""

    def __init__(self) -> None:
        self._steps, self._loss = np.zeros(CAPACITY), np.zeros(CAPACITY)
        self.clear()

    def clear(self) -> None:
        """Forget the run."""
        self.first = self.last = 0
        """The steps from which and to which it goes."""
        self._count, self._stride = 0, 1
        self._waiting: list[tuple[float, float]] = []

    def begin(self, line: Line) -> None:
        """Go on from what a run has behind it (at most CAPACITY / 2 points)."""
        self.clear()
        self._count = len(line.steps)
        self._steps[: self._count], self._loss[: self._count] = line.steps, line.loss
        self.first, self.last = line.first, line.first
        if self._count:
            self.last = max(self.last, round(float(line.steps[-1])))
        if self._count > 1:
            self._stride = max(1, round(float(line.steps[1] - line.steps[0])))

    def add(self, reports: list[StepReport]) -> None:
        """Append steps."""
        for report in reports:
            self._waiting.append((report.step, report.loss))
            if len(self._waiting) >= self._stride:
                self._steps[self._count], self._loss[self._count] = np.mean(self._waiting, axis=0)
                self._count, self._waiting = self._count + 1, []
                if self._count == CAPACITY:
                    self._halve()
        if reports:
            self.last = max(self.last, reports[-1].step)

    def points(self, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps and losses, at most `most` of them."""
        steps, loss = self._steps[: self._count], self._loss[: self._count]
        if self._count > most:
            kept = np.linspace(0, self._count - 1, most).astype(int)
            steps, loss = steps[kept], loss[kept]
        return steps, loss

    def loss_at(self, step: float) -> float | None:
        """The loss there, the mean of its stretch; None where the run has none."""
        if not self._count or step < self._steps[0] - self._stride:
            return None
        return float(self._loss[int(np.abs(self._steps[: self._count] - step).argmin())])

    def _halve(self) -> None:
        half = CAPACITY // 2
        for values in (self._steps, self._loss):
            values[:half] = values.reshape(-1, 2).mean(1)
        self._count, self._stride = half, self._stride * 2
