"""What one training step tells the world; plain numbers, so that the window can read them without torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepReport:
    """One optimiser step.

    `loss` is the batch mean in nats per token, `grad_norm` is before clipping, `tokens_per_s` is a running median.
    `validation` is the loss in nats per token where this step was followed by a validation, else None.
    """

    step: int
    loss: float
    lr: float
    grad_norm: float
    tokens_per_s: float
    validation: float | None = None
    score: float | None = None
    """With the validation of a generated task: the share of questions answered without a mistake, 0 to 1."""
