"""Each domain of an experiment as two streams of tokens: what is learned from, and what is held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from playground.data.images import grey, scaled
from playground.data.modalities.continuous import Continuous, Discrete
from playground.data.modalities.images import covered, patches
from playground.data.modalities.ranges import Ranges
from playground.data.modalities.stream import Part, Stream, joined, shuffled, timesteps
from playground.data.tokenizer import Tokenizer
from playground.data.worlds import WORLDS
from playground.data.worlds.demonstrations import Asked, Episodes, Tick, demonstrate
from playground.data.worlds.own import read_captioned, read_episodes
from playground.data.worlds.pictures import caption_streams, paint_streams, with_patches

PATCHES_A_SIDE, HELD_ONE_IN = 4, 10
"""How many patches a side the person's images are made small to, and which share of their own things is held out."""
HELD_STEPS, HELD_SEED = 2000, 5_000_000
"""Timesteps of demonstrations that are held out, and what is added to the seed for them."""


@dataclass(frozen=True)
class Making:
    """What every domain needs to make its streams.

    `target` says whether the action that was carried out is asked for, as Gato has it, or what the expert would have done;
    in the sequence stands what was carried out. `ask_pixels` is whether painting is asked for at all.
    """

    ranges: Ranges
    tokenizer: Tokenizer
    seed: int
    target: Literal["expert", "logged"] = "expert"
    ask_pixels: bool = True
    pictures: str = ""
    episodes: str = ""
    progress: Tick = lambda job, share: None
    cancelled: Asked = lambda: False


def streams(name: str, making: Making) -> tuple[Stream, Stream]:
    """The streams of a domain other than text, by its name; raises DataError, Cancelled, KeyError for one that is none."""
    if name in MADE:
        return MADE[name](making)
    world = WORLDS[name]
    made = [
        demonstrate(world, making.seed + seed, steps, making.progress, making.cancelled)
        for seed, steps in ((0, world.demonstrated), (HELD_SEED, HELD_STEPS))
    ]
    return control_stream(world, made[0], making), control_stream(world, made[1], making)


def own_pictures(making: Making) -> tuple[Stream, Stream]:
    """The person's images, small enough for a window, and what is said about each; one in ten is held out."""
    found = read_captioned(Path(making.pictures).expanduser())
    ranges, about = making.ranges, making.ranges.modalities
    side = PATCHES_A_SIDE * about.patch
    shown = [scaled(image if about.colours >= 3 else grey(image)[..., None], side, side) for image in found.images]
    images = np.stack([image[..., : about.colours] for image in shown])
    cut, per = patches(images, about.patch), PATCHES_A_SIDE**2
    places = np.tile(covered(side, side, about.patch, about.intervals), (len(images), 1))
    streams = []
    for at, caption in enumerate(found.captions):
        letters = making.tokenizer.encode(caption + "\n")[None]
        seen = Part(np.full((1, per), ranges.padding), patches=np.arange(at * per, (at + 1) * per)[None])
        streams.append(timesteps([seen, Part(letters, letters, "none")], np.zeros(1, np.int64), about.places))
    split = max(1, len(streams) - max(1, len(streams) // HELD_ONE_IN)) if len(streams) > 1 else 1
    train, held = joined(streams[:split]), joined(streams[split:] or streams)
    rng, table = np.random.default_rng(making.seed), cut.reshape(-1, *cut.shape[2:])
    return tuple(with_patches(shuffled(part, rng), table, places) for part in (train, held))  # type: ignore[return-value]


def own_episodes(making: Making) -> tuple[Stream, Stream]:
    """The person's recorded episodes; the last in ten are held out. What was done is what is asked for."""
    found = read_episodes(Path(making.episodes).expanduser(), making.ranges.modalities.discrete)
    whole = found.episodes
    count = int(whole.episode[-1]) + 1
    split = max(1, count - max(1, count // HELD_ONE_IN)) if count > 1 else 1
    parts = (whole.episode < split, whole.episode >= split if count > 1 else whole.episode >= 0)
    return tuple(control_stream(found, _some(whole, rows), making) for rows in parts)  # type: ignore[return-value]


def _some(whole: Episodes, rows: NDArray[np.bool_]) -> Episodes:
    """Some of the steps, their episodes counted from 0."""
    episode = whole.episode[rows] - whole.episode[rows][0]
    count = int(episode[-1]) + 1
    none = np.zeros(count, np.int64)
    return Episodes(whole.observations[rows], whole.actions[rows], whole.advice[rows], episode, none, none.astype(float))


MADE: dict[str, Callable[[Making], tuple[Stream, Stream]]] = {
    "captions": lambda made: caption_streams(made.ranges, made.tokenizer, made.seed),
    "paint": lambda made: paint_streams(made.ranges, made.tokenizer, made.seed, made.ask_pixels),
    "pictures": own_pictures,
    "episodes": own_episodes,
}
"""Domains that are no worlds to act in."""


class Acted(Protocol):
    """What has an observation and an action: a world, or recorded episodes."""

    @property
    def observation(self) -> tuple[Continuous | Discrete, ...]:
        """What each value of an observation is."""
        ...

    @property
    def action(self) -> Continuous | Discrete:
        """What the action is."""
        ...


def control_stream(world: Acted, episodes: Episodes, making: Making) -> Stream:
    """Timesteps of a world: its observation, the separator, the action (Reed et al. 2022, §2.2)."""
    ranges = making.ranges
    columns = [ranges.encode(kind, episodes.observations[:, at]) for at, kind in enumerate(world.observation)]
    done = ranges.encode(world.action, episodes.actions)[:, None]
    asked = done if making.target == "logged" else ranges.encode(world.action, episodes.advice)[:, None]
    parts = [
        Part(np.stack(columns, axis=1)),
        Part(np.full((len(done), 1), ranges.separator)),
        Part(done, asked, "action"),
    ]
    return timesteps(parts, episodes.episode, ranges.modalities.places, tasks=episodes.tasks)
