"""Episodes of any domain as one long row of tokens, each with its local position, its target and its episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from playground.data.batch import IGNORE
from playground.data.modalities.continuous import Ids

NOWHERE, NO_EPISODE, NO_PATCH = 0, -1, -1
"""The local position of what has none, the episode of padding, and the patch of what is none."""


@dataclass(frozen=True)
class Part:
    """Neighbouring tokens in every one of n timesteps.

    `ids` (n, k) stand in the sequence, `targets` (n, k) are what should be said there: None for what is only read. `local`
    says how a token knows its place in the timestep: by its index, as an action, or not at all. `patches` (n, k) are
    indices into a table of patches, which then stand in place of the ids.
    """

    ids: Ids
    targets: Ids | None = None
    local: Literal["index", "action", "none"] = "index"
    patches: Ids | None = None


@dataclass(frozen=True, eq=False)
class Stream:
    """Tokens of episodes one after the other, all (tokens,), with padding at the end as long as a window.

    `targets` is IGNORE where nothing is asked, so it is the loss mask as well: text and actions, nothing else (Reed et al.
    2022, §2.3). `local` is 0 for none, the index in the timestep from 1, or one more than the last index for an action.
    `starts` are the places where a window may begin, `episodes` (episode, 2) the first token of each and the one after its
    last, `tasks` (episode,) what was to be done in it. `pixels` (patch, channels, side, side) and `covered` (patch, 4) are
    the patches that `patches` (tokens,) names.
    """

    ids: Ids
    targets: Ids
    local: Ids
    episode: Ids
    starts: Ids
    episodes: Ids
    tasks: Ids
    step: int = 0
    """Tokens of a timestep where all have the same number; else 0."""
    patches: Ids | None = None
    pixels: NDArray[np.float32] | None = None
    covered: Ids | None = None


def timesteps(parts: Sequence[Part], episode: Ids, places: int, *, tasks: Ids | None = None) -> Stream:
    """A stream of n timesteps that are all built alike; `episode` (n,) counts up from 0 and says to which each belongs.

    Positions restart in every timestep (Reed et al. 2022, §2.2). Raises ValueError where a timestep has more tokens with a
    position than there are `places`.
    """
    n, width = len(episode), sum(part.ids.shape[1] for part in parts)
    ids, targets = np.zeros((n, width), np.int64), np.full((n, width), IGNORE, np.int64)
    local, patches = np.full(width, NOWHERE, np.int64), np.full((n, width), NO_PATCH, np.int64)
    at = counted = 0
    for part in parts:
        here = slice(at, at + part.ids.shape[1])
        ids[:, here] = part.ids
        if part.targets is not None:
            targets[:, here] = part.targets
        if part.patches is not None:
            patches[:, here] = part.patches  # a patch knows its row and column instead
        elif part.local == "index":
            local[here] = np.arange(counted, counted + part.ids.shape[1]) + 1
            counted += part.ids.shape[1]
        elif part.local == "action":
            local[here] = places + 1
        at = here.stop
    if counted > places:
        raise ValueError(f"a timestep of {counted} tokens has more than the {places} local positions there are")
    firsts = np.flatnonzero(np.diff(episode, prepend=-1))
    bounds = np.stack((firsts, np.append(firsts[1:], n)), axis=1) * width
    return Stream(
        ids.ravel(), targets.ravel(), np.tile(local, n), np.repeat(episode, width), np.arange(n) * width, bounds,
        np.zeros(len(firsts), np.int64) if tasks is None else tasks, width,
        patches.ravel() if (patches != NO_PATCH).any() else None,
    )  # fmt: skip


def joined(streams: Sequence[Stream]) -> Stream:
    """Several streams as one, with their episodes counted on; they share one table of patches."""
    shift = np.cumsum([0, *(len(stream.ids) for stream in streams)])
    count = np.cumsum([0, *(len(stream.episodes) for stream in streams)])
    pictures = any(stream.patches is not None for stream in streams)
    steps = {stream.step for stream in streams}
    return Stream(
        np.concatenate([stream.ids for stream in streams]),
        np.concatenate([stream.targets for stream in streams]),
        np.concatenate([stream.local for stream in streams]),
        np.concatenate([stream.episode + more for stream, more in zip(streams, count, strict=False)]),
        np.concatenate([stream.starts + more for stream, more in zip(streams, shift, strict=False)]),
        np.concatenate([stream.episodes + more for stream, more in zip(streams, shift, strict=False)]),
        np.concatenate([stream.tasks for stream in streams]),
        steps.pop() if len(steps) == 1 else 0,
        np.concatenate([stream.patches if stream.patches is not None else np.full(len(stream.ids), NO_PATCH)
                        for stream in streams]) if pictures else None,
    )  # fmt: skip


def shuffled(stream: Stream, rng: np.random.Generator) -> Stream:
    """The same episodes in random order; windows begin at episodes only."""
    order = rng.permutation(len(stream.episodes))
    lengths = (stream.episodes[:, 1] - stream.episodes[:, 0])[order]
    index = np.concatenate([np.arange(first, end) for first, end in stream.episodes[order].tolist()])
    ends = np.cumsum(lengths)
    return replace(
        stream, ids=stream.ids[index], targets=stream.targets[index], local=stream.local[index],
        episode=np.repeat(np.arange(len(order)), lengths), starts=ends - lengths,
        episodes=np.stack((ends - lengths, ends), axis=1), tasks=stream.tasks[order],
        patches=None if stream.patches is None else stream.patches[index],
    )  # fmt: skip


def text_stream(ids: Ids, window: int) -> Stream:
    """A text: every token is a target, none has a local position, and a window may begin anywhere. Raises ValueError."""
    if len(ids) < window:
        raise ValueError(f"{len(ids)} tokens hold no window of {window}")
    zero = np.zeros(len(ids), np.int64)
    starts = np.arange(len(ids) - window + 1)
    return Stream(ids, ids, zero, zero, starts, np.array([[0, len(ids)]]), np.zeros(1, np.int64))
