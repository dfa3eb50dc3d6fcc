"""The learning rate as a function of the step."""

from __future__ import annotations

import math

from playground.spec.experiment import TrainingSpec


def learning_rate(training: TrainingSpec, step: int) -> float:
    """The rate of optimiser step `step` (from 0): a linear warm-up, then constant or a half cosine down to lr_min.

    As nanoGPT's `get_lr`. From step `steps` on a cosine stays at lr_min, also where the warm-up was longer than that.
    """
    if step < training.warmup:
        return training.lr * (step + 1) / (training.warmup + 1)
    if training.schedule == "constant":
        return training.lr
    if step >= training.steps:
        return training.lr_min
    done = (step - training.warmup) / (training.steps - training.warmup)
    return training.lr_min + 0.5 * (1.0 + math.cos(math.pi * done)) * (training.lr - training.lr_min)
