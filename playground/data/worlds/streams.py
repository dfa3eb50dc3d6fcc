"""Each domain of an experiment as two streams of tokens: what is learned from, and what is held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from playground.data.modalities.ranges import Ranges
from playground.data.modalities.stream import Part, Stream, timesteps
from playground.data.tokenizer import Tokenizer
from playground.data.worlds import WORLDS, World
from playground.data.worlds.demonstrations import Asked, Episodes, Tick, demonstrate
from playground.data.worlds.pictures import caption_streams, paint_streams

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
    progress: Tick = lambda job, share: None
    cancelled: Asked = lambda: False


def streams(name: str, making: Making) -> tuple[Stream, Stream]:
    """The streams of a domain other than text, by its name; raises DataError, Cancelled, KeyError for one that is none."""
    if name in PICTURES:
        return PICTURES[name](making)
    world = WORLDS[name]
    made = [
        demonstrate(world, making.seed + seed, steps, making.progress, making.cancelled)
        for seed, steps in ((0, world.demonstrated), (HELD_SEED, HELD_STEPS))
    ]
    return control_stream(world, made[0], making), control_stream(world, made[1], making)


PICTURES: dict[str, Callable[[Making], tuple[Stream, Stream]]] = {
    "captions": lambda made: caption_streams(made.ranges, made.tokenizer, made.seed),
    "paint": lambda made: paint_streams(made.ranges, made.tokenizer, made.seed, made.ask_pixels),
}
"""Domains of pictures and words."""


def control_stream(world: World, episodes: Episodes, making: Making) -> Stream:
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
