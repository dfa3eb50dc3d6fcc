"""The past: runs that an edit has replaced, kept so that undoing it brings their weights back, to the bit."""

from __future__ import annotations

from playground.spec import cost
from playground.training.run import Run

BYTES = 400 << 20
"""What all runs of the past may take together; the oldest go first."""
PER_PARAMETER = 16
"""Bytes: a weight, two moments of AdamW, a gradient."""
MOST = 40


class Past:
    """Runs by the number of the edit that had led to them, as they were when they were left."""

    def __init__(self) -> None:
        self._runs: dict[int, Run] = {}

    def keep(self, number: int, run: Run) -> None:
        """Remember a run that is being left."""
        self._runs = {at: each for at, each in self._runs.items() if at != number and each.trainer is not run.trainer}
        self._runs[number] = run
        while len(self._runs) > MOST or sum(map(_bytes, self._runs.values())) > BYTES:
            del self._runs[next(iter(self._runs))]

    def take(self, number: int | None) -> Run | None:
        """The run that an edit had led to, if it is still remembered; it belongs to the present again."""
        return None if number is None else self._runs.pop(number, None)

    def forget(self) -> None:
        """Another model was opened: nothing leads back."""
        self._runs.clear()


def _bytes(run: Run) -> int:
    return PER_PARAMETER * cost.parameters(run.experiment.model)
