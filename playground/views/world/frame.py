"""What passes between the world's probe and its panel: some steps of an episode at a time, as fast as they are watched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.views.frames import Frame, Look, Table

Kind = str
"""Modality of a token: "text", "discrete", "continuous", "image", "separator" or "padding"."""


@dataclass(frozen=True)
class WorldLook(Look):
    """Which world, and how it goes on. Another `ticket` asks for the steps that come next.

    `seed` begins the first episode, the next ones have the seeds behind it; another `round` begins anew. `prompt` is the task
    whose demonstration is shown beforehand, -1 for none. With a `hand` one step is taken with that action, and the network
    only says what it would have done.
    """

    domain: str = ""
    seed: int = 0
    round: int = 0
    prompt: int = -1
    ticket: int = 0
    hand: float | None = None


@dataclass(frozen=True)
class Scene:
    """One moment: what is seen there, float64 (values,), and of the step that led on from it the action as a plain number,
    how likely the network found each action, float32 (actions,), and the reward. The last moment of an episode has none."""

    seen: np.ndarray
    action: float | None = None
    chances: np.ndarray | None = None
    reward: float = 0.0
    by_hand: bool = False


@dataclass(frozen=True)
class Named:
    """A token of the strip: what it says, its modality, and whether there is a loss on it in training."""

    text: str
    kind: Kind
    learned: bool


@dataclass(frozen=True)
class WorldFrame(Frame):
    """Some moments of an episode in order; `ended` says that the last of them is its end.

    `domains` are (name, title, help) of what can be watched, `values` the names of what is seen, `actions` the names of the
    discrete actions or none, `low` and `high` the ends of a continuous one. `strip` is the sequence in which the network chose
    its last action. `returns` (episodes, 2) are (training step, return) of what has been played, `expert` and `chance` the
    mean returns of somebody who can, and of somebody who cannot. `tasks` can be asked for by a demonstration. Pictures are
    float32 (n, 8, 8) of shares of white, with `labels` for what they should be and `said` for what the network, or an
    independent reader of its paintings, takes them for. `note` says why there is nothing.
    """

    domain: str
    domains: tuple[tuple[str, str, str], ...]
    scenes: tuple[Scene, ...] = ()
    ended: bool = False
    episode: int = 0
    total: float = 0.0
    """The return so far, after these scenes."""
    values: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    strip: tuple[Named, ...] = ()
    returns: np.ndarray | None = None
    expert: float = 0.0
    chance: float = 0.0
    tasks: tuple[str, ...] = ()
    pictures: np.ndarray | None = None
    labels: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    note: str = ""

    def table(self) -> Table:
        """One row for each moment, or for each picture."""
        if self.pictures is not None:
            pairs = zip(self.labels, self.said, strict=True)
            return ("picture", "asked", "read"), ((at, *pair) for at, pair in enumerate(pairs))
        rows = ((at, *scene.seen.tolist(), scene.action, scene.reward) for at, scene in enumerate(self.scenes))
        return ("moment", *self.values, "action", "reward"), rows
