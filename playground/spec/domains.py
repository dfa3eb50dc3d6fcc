"""The mix of domains that a multi-domain model learns from, as data: shares, weights, prompts and what is asked for."""

from __future__ import annotations

from typing import Any, Literal

from playground.spec.modalities import GATO
from playground.spec.record import Record, field

NAMES = {
    "text": "Text", "captions": "Digits to captions", "paint": "Captions to digits", "cartpole": "CartPole",
    "pendulum": "Pendulum", "mountain": "Mountain car", "grid": "Grid", "goals": "Two goals", "taxi": "Taxi",
    "pictures": "Your images", "episodes": "Your episodes",
}  # fmt: skip
"""Every domain with its name for people; `data.worlds` has what each is."""


def _share(name: str, default: float = 0.0) -> Any:
    return field(
        default, NAMES[name], "How many of the sequences of a batch are of this domain, next to the others; 0 leaves it out.",
        change="hot", cite="Reed et al. 2022, §2.3", url=GATO, ge=0.0, le=1000.0, step=1.0,
    )  # fmt: skip


def _weight(name: str) -> Any:
    return field(
        1.0, NAMES[name], "How much the mean loss of this domain counts, next to the others.", change="hot", ge=0.0, le=1000.0,
        step=0.1,
    )  # fmt: skip


class Shares(Record):
    """How much of a batch each domain has."""

    text: float = _share("text")
    captions: float = _share("captions")
    paint: float = _share("paint")
    cartpole: float = _share("cartpole", 1.0)
    pendulum: float = _share("pendulum", 1.0)
    mountain: float = _share("mountain", 1.0)
    grid: float = _share("grid", 1.0)
    goals: float = _share("goals")
    taxi: float = _share("taxi", 1.0)
    pictures: float = _share("pictures")
    episodes: float = _share("episodes")


class Weights(Record):
    """How much the loss of each domain counts."""

    text: float = _weight("text")
    captions: float = _weight("captions")
    paint: float = _weight("paint")
    cartpole: float = _weight("cartpole")
    pendulum: float = _weight("pendulum")
    mountain: float = _weight("mountain")
    grid: float = _weight("grid")
    goals: float = _weight("goals")
    taxi: float = _weight("taxi")
    pictures: float = _weight("pictures")
    episodes: float = _weight("episodes")


class Domains(Record):
    """What a multi-domain model learns from."""

    share: Shares = Shares()
    weight: Weights = Weights()
    pictures: str = field(
        "", "Your images", "A folder of PNG images with a captions.csv: on each line the name of a file, a comma, a caption.",
        change="fresh",
    )  # fmt: skip
    episodes: str = field(
        "", "Your episodes", "An .npz file with the arrays observations (steps, values), actions (steps) and episode (steps).",
        change="fresh",
    )  # fmt: skip
    prompts: float = field(
        0.25, "Prompted", "The share of sequences that begins with a demonstration of the same task.", change="hot", ge=0.0,
        le=1.0, step=0.05, cite="Reed et al. 2022, §2.2", url=GATO,
    )  # fmt: skip
    from_end: float = field(
        0.5, "From the end", "The share of prompts that is the end of an episode, which shows its goal; the rest is from "
        "anywhere in it.", change="hot", ge=0.0, le=1.0, step=0.05, cite="Reed et al. 2022, §2.2", url=GATO,
    )  # fmt: skip
    target: Literal["expert", "logged"] = field(
        "expert", "Asked for", "logged: the action that stands in the demonstration, as in the paper. expert: what the expert "
        "would have done there, where the demonstration has a mistake.", change="fresh",
        cite="Reed et al. 2022, §2.3 (logged); Ross et al. 2011 (expert)", url=GATO,
    )  # fmt: skip
    smoothing: float = field(
        3.0, "Smoothed bins", "Spread, in bins, of a bell around the bin that is asked for, so that near misses cost less; the "
        "loss that is reported is without it. The paper has 0.", change="hot", ge=0.0, le=100.0, step=0.5, unit="bins",
    )  # fmt: skip
    ask_pixels: bool = field(
        True, "Asks for pixels", "Whether the pixels of a painted digit are asked for. The paper never asks for images, so it "
        "cannot paint.", change="fresh", cite="Reed et al. 2022, §2.3", url=GATO,
    )  # fmt: skip
