"""The past: runs that an edit has replaced, kept so that undoing it brings their weights back, to the bit."""

from __future__ import annotations

from playground.spec import cost
from playground.spec.experiment import Experiment
from playground.training.run import Run

BYTES = 400 << 20
"""What all runs of the past may take together; the oldest go first."""
PER_PARAMETER = 16
"""Bytes: a weight, two moments of AdamW, a gradient."""
MOST = 40


class Past:
    """Runs by the experiment that they were of when they were left."""

    def __init__(self) -> None:
        self._runs: list[Run] = []

    def keep(self, run: Run) -> None:
        """Remember a run that is being left."""
        self._runs = [each for each in self._runs if each.experiment != run.experiment and each.trainer is not run.trainer]
        self._runs.append(run)
        while len(self._runs) > MOST or sum(map(_bytes, self._runs)) > BYTES:
            self._runs.pop(0)

    def find(self, experiment: Experiment) -> Run | None:
        """The run of an experiment as it was when it was left, if it is still remembered."""
        return next((run for run in self._runs if run.experiment == experiment), None)

    def forget(self) -> None:
        """Another model was opened: nothing leads back."""
        self._runs.clear()


def _bytes(run: Run) -> int:
    return PER_PARAMETER * cost.parameters(run.experiment.model)
