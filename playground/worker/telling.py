"""What an answer tells of itself, token by token: probabilities, ranks, alternatives, alignment, speed and memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Said:
    """A token that was read or said, with what the model expected in its place.

    `chance` is the probability that it had, before any setting of the sampling (NaN where nothing was expected there), and
    `rank` its place among all tokens, 1 the most probable (0: unknown). `others` are the most probable ones, as
    (id, display string, probability), the best first. `blank` is one that the person has left open, and the model filled.
    """

    id: int
    piece: str
    chance: float = math.nan
    rank: int = 0
    others: tuple[tuple[int, str, float], ...] = ()
    blank: bool = False

    @property
    def surprise(self) -> float:
        """−ln of its probability, in nats; NaN where there is none, and 60 at most."""
        return self.chance if math.isnan(self.chance) else -math.log(max(self.chance, 1e-26))


@dataclass(frozen=True)
class Told:
    """All that is told of one answer.

    `read` is the prompt, `said` the answer behind it; an encoder's blanks stand in `read`. `forced` are the tokens that the
    person had chosen. `alignment` float32 (said, read) is how much of its cross-attention each token gave to each token of
    the source, the mean of all heads. `searched` are the answers a beam search found, as (text, log-probability in nats).
    """

    forced: tuple[int, ...]
    read: tuple[Said, ...]
    said: tuple[Said, ...] = ()
    tokens_per_s: float = 0.0
    cache_bytes: int = 0
    alignment: np.ndarray | None = None
    searched: tuple[tuple[str, float], ...] = ()

    @property
    def loss(self) -> float:
        """The mean surprise of the prompt's tokens, in nats; NaN where there is none."""
        known = [each.surprise for each in self.read if not each.blank and not math.isnan(each.chance)]
        return sum(known) / len(known) if known else math.nan


@dataclass(frozen=True)
class WayTold:
    """What an answer costs in one of three ways, once what is cached has been computed: tokens that pass through the model,
    tokens whose keys and values are kept, their bytes, FLOPs by count, and measured seconds."""

    way: str
    read: int
    kept: int
    cache_bytes: int
    flops: int
    seconds: float


@dataclass(frozen=True)
class GistMap:
    """Gists in the plane: float32 (n, 2), what each asks for as a number (n,) of `names`, and the instructions themselves.

    `alike` is the share of gists whose nearest neighbour, by all keys and values, asks for the same; `kept` the share of the
    variance that the plane shows.
    """

    points: np.ndarray
    kinds: np.ndarray
    names: tuple[str, ...]
    said: tuple[str, ...]
    alike: float
    kept: float


@dataclass(frozen=True)
class GistTold:
    """An instruction compressed once, and what was answered from it; `note` says why there is nothing else."""

    step: int
    note: str = ""
    ways: tuple[WayTold, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    """Inputs, and what was said to each from the gist's keys and values alone."""
    same: bool = True
    """Whether the whole instruction, cached, says the same to all of them, as it must."""
    map: GistMap | None = None
    """Where that was asked for."""


@dataclass(frozen=True)
class WayAnswer:
    """One way to put a question: the prompt, the answer, and a loss in nats per token (NaN where there is none)."""

    prompt: str
    answer: str
    loss: float
    note: str = ""


@dataclass(frozen=True)
class WaysTold:
    """All ways after `step` steps; the losses are those of the wanted answer (`of_answer`), or of the prompts themselves."""

    step: int
    of_answer: bool
    ways: tuple[WayAnswer, ...]
