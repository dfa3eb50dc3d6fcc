"""What passes between the probe of effects and the strip of interventions."""

from __future__ import annotations

from dataclasses import dataclass

from playground.spec.intervention import Intervention
from playground.views.frames import Frame, Look


@dataclass(frozen=True)
class EffectLook(Look):
    """The interventions in force, and over how many validation sequences their effect is measured."""

    interventions: tuple[Intervention, ...] = ()
    sequences: int = 16


@dataclass(frozen=True)
class Effect:
    """`loss` in nats more than without it, and the share of `predictions`, 0 to 1, whose likeliest token is another one."""

    loss: float
    predictions: float


@dataclass(frozen=True)
class EffectFrame(Frame):
    """The loss without any intervention, the effect of all together, and of each: what taking it alone back would undo."""

    loss: float
    together: Effect
    each: tuple[tuple[Intervention, Effect], ...]
