"""What passes between the gauges' probe and the diagram: two sizes for every part."""

from __future__ import annotations

import math
from dataclasses import dataclass

from playground.views.frames import Frame, Look

ACTIVATIONS = 1e-3, 1e2
"""The span of the gauge of activations, logarithmic and the same for every model."""
GRADIENTS = 1e-7, 1e0
"""The span of the gauge of gradients."""


@dataclass(frozen=True)
class GaugesLook(Look):
    """How much of the validation text the activations are taken over."""

    max_tokens: int = 64


@dataclass(frozen=True)
class Sizes:
    """One part: the root mean square of what it hands on, and of the last step's gradient of a weight in it.

    The gradient is that before clipping; None before the first step, and where a part has no weights of its own.
    """

    activation: float
    gradient: float | None = None


@dataclass(frozen=True)
class GaugesFrame(Frame):
    """The sizes of each part by its path, such as "model.decoder[0].attention"."""

    sizes: dict[str, Sizes]


def filled(value: float | None, span: tuple[float, float]) -> float:
    """How far a gauge is filled, 0 to 1: where `value` lies in `span` on a logarithmic scale; what is no number fills it."""
    if value is None or value <= 0:
        return 0.0
    if not math.isfinite(value):
        return 1.0
    low, high = span
    return min(1.0, max(0.0, math.log(value / low) / math.log(high / low)))
