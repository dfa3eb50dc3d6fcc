"""The learning rate as a function of the step: a warm-up, then a schedule of the table; no torch, for the window draws it."""

from __future__ import annotations

import math
from collections.abc import Callable

from playground.spec.experiment import TrainingSpec


def learning_rate(training: TrainingSpec, step: int) -> float:
    """The rate of optimiser step `step` (from 0): a linear warm-up (as nanoGPT's `get_lr`), then the schedule.

    The first step has lr / (warmup + 1), step `warmup` the first rate of the schedule.
    """
    if step < training.warmup:
        return training.lr * (step + 1) / (training.warmup + 1)
    return SCHEDULES[training.schedule](training, step)


def _constant(training: TrainingSpec, step: int) -> float:
    return training.lr


def _linear(training: TrainingSpec, step: int) -> float:
    """In a line from lr after the warm-up to lr_min at step `steps`, and on from there."""
    return _between(training, _left(step, training.warmup, training.steps))


def _cosine(training: TrainingSpec, step: int) -> float:
    """Half a cosine from lr after the warm-up to lr_min at step `steps` (Loshchilov & Hutter 2016, without restarts)."""
    left = _left(step, training.warmup, training.steps)
    return _between(training, 0.5 * (1.0 - math.cos(math.pi * left)))


def _step(training: TrainingSpec, step: int) -> float:
    """`step_factor` times lower after every `step_every` steps since the warm-up, down to lr_min."""
    return _times(training, float((step - training.warmup) // training.step_every))


def _exponential(training: TrainingSpec, step: int) -> float:
    """The same share lower at every step: the curve through the first steps of the stairs of `step`, down to lr_min."""
    return _times(training, (step - training.warmup) / training.step_every)


def _wsd(training: TrainingSpec, step: int) -> float:
    """Warm-up, stable, decay (Hu et al. 2024): lr until the last `decay_share` of the steps, then in a line to lr_min
    (the shape that Hägele et al. 2024 recommend beside 1 - sqrt)."""
    return _between(training, _left(step, max(training.warmup, _decay_start(training)), training.steps))


SCHEDULES: dict[str, Callable[[TrainingSpec, int], float]] = {
    "constant": _constant,
    "linear": _linear,
    "cosine": _cosine,
    "step": _step,
    "exponential": _exponential,
    "wsd": _wsd,
}


def joints(training: TrainingSpec) -> tuple[int, ...]:
    """The steps up to `steps` where the curve has a corner, its ends included; what a drawing must not cut off."""
    found = {0, training.warmup, training.steps}
    if training.schedule == "wsd":
        found.add(math.ceil(_decay_start(training)))
    return tuple(sorted(step for step in found if step <= training.steps))


def _decay_start(training: TrainingSpec) -> float:
    return training.steps - training.steps * training.decay_share


def _left(step: int, start: float, end: float) -> float:
    """How much of the way from `start` to `end` lies ahead: 1 to 0, and 0 where there is no way."""
    return 0.0 if step >= end else min(1.0, (end - step) / (end - start))


def _between(training: TrainingSpec, left: float) -> float:
    """The rate that has this share of the way from lr to lr_min still ahead; exact at both ends."""
    return left * training.lr + (1.0 - left) * training.lr_min


def _times(training: TrainingSpec, count: float) -> float:
    """lr times the factor to this power, no lower than lr_min."""
    return max(min(training.lr, training.lr_min), training.lr * math.pow(training.step_factor, count))
