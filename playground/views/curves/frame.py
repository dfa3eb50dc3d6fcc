"""What passes between the curves probe and the curves panel."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from playground.views.frames import Frame, Look, Table


@dataclass(frozen=True)
class CurvesLook(Look):
    """How many points of each line can be told apart."""

    max_points: int = 1000


@dataclass(frozen=True)
class CurvesFrame(Frame):
    """The run so far, thinned to at most `max_points` a line (minimum and maximum of each stretch are kept).

    float64 arrays (points,): `steps, loss` and `lr_steps, lr, tokens_per_s, grad_norm`; `validation_steps, validation`
    are whole, and so are `scores`, the shares of questions answered without a mistake (NaN for a text). Losses in nats per
    token; `bytes_per_token` turns them into bits per byte. No model gets below `floor`, where that is known.
    """

    steps: np.ndarray
    loss: np.ndarray
    lr_steps: np.ndarray
    lr: np.ndarray
    tokens_per_s: np.ndarray
    grad_norm: np.ndarray
    validation_steps: np.ndarray
    validation: np.ndarray
    bytes_per_token: float
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))
    floor: float | None = None

    def table(self) -> Table:
        """One row for each point of each curve."""
        curves = {
            "loss": (self.steps, self.loss), "validation": (self.validation_steps, self.validation),
            "score": (self.validation_steps, self.scores), "learning rate": (self.lr_steps, self.lr),
            "gradient norm": (self.lr_steps, self.grad_norm), "tokens per second": (self.lr_steps, self.tokens_per_s),
        }  # fmt: skip
        rows = (
            (name, int(step), float(value))
            for name, (steps, values) in curves.items()
            for step, value in zip(steps, values, strict=False)
            if not np.isnan(value)
        )
        return ("curve", "step", "value"), rows
