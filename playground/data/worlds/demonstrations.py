"""Demonstrations: an expert's episodes with mistakes in them, made from the seed once and kept on the disk."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playground.data.errors import Cancelled
from playground.data.store import atomic
from playground.data.worlds.world import Observed, Place, World
from playground.places import cache

VERSION = "1"
"""Part of every cache key; a change in how demonstrations are made makes it another."""
SLIP, BURST, TREMBLE = 0.15, 5, 0.3
"""The chance that a step opens a burst of mistakes, the longest burst, and the spread of the noise on continuous actions."""
Tick = Callable[[str, float | None], None]
Asked = Callable[[], bool]
_EVERY = 2000
"""Steps between two looks at whether to go on."""


@dataclass(frozen=True, eq=False)
class Episodes:
    """Timesteps of episodes one after the other.

    `observations` (step, values), `actions` (step,) as they were carried out, `advice` (step,) what the expert would have
    done, `episode` (step,) counted from 0, `tasks` (episode,) what was to be done in each, `returns` (episode,).
    """

    observations: Observed
    actions: Observed
    advice: Observed
    episode: NDArray[np.int64]
    tasks: NDArray[np.int64]
    returns: Observed


def demonstrate(
    world: World, seed: int, steps: int, progress: Tick = lambda job, share: None, cancelled: Asked = lambda: False
) -> Episodes:
    """At least `steps` timesteps of an expert's episodes, from the cache where they lie there.

    Most episodes begin in a random state, and mistakes come in bursts, on half of the continuous ones a little noise as
    well: what follows from a mistake is what an imitator has to see (Ross et al. 2011). The same seed gives the same.
    Raises DataError where the world cannot be made, and Cancelled.
    """
    key = hashlib.sha256(f"{VERSION}\0{world.name}\0{seed}\0{steps}".encode()).hexdigest()[:32]
    kept = cache() / "demonstrations" / f"{key}.npz"
    if (found := _read(kept, world)) is not None:
        return found
    made = _made(world, seed, steps, progress, cancelled)
    with suppress(OSError), atomic(kept) as file:  # a full or read-only disk only means that it is made again
        np.savez_compressed(file, **vars(made))
    return made


def _made(world: World, seed: int, steps: int, progress: Tick, cancelled: Asked) -> Episodes:
    place, rng = world.make(), np.random.default_rng(seed)
    columns: list[list[float | int | Observed]] = [[], [], [], []]
    tasks: list[int] = []
    returns: list[float] = []
    while len(columns[1]) < steps:
        task = len(tasks) % len(world.tasks)
        total = _episode(world, place, rng, task, seed + len(tasks), columns, len(tasks))
        tasks.append(task)
        returns.append(total)
        if len(columns[1]) // _EVERY != (len(columns[1]) - 1) // _EVERY or len(tasks) % 50 == 0:
            progress(f"Demonstrating {world.title}", min(1.0, len(columns[1]) / steps))
            if cancelled():
                raise Cancelled
    observations, actions, advice, episode = (np.array(column) for column in columns)
    return Episodes(
        observations.astype(np.float64), actions.astype(np.float64), advice.astype(np.float64), episode.astype(np.int64),
        np.array(tasks, dtype=np.int64), np.array(returns, dtype=np.float64),
    )  # fmt: skip


def _episode(
    world: World, place: Place, rng: np.random.Generator, task: int, seed: int,
    columns: list[list[float | int | Observed]], number: int,
) -> float:  # fmt: skip
    """Play one episode into the columns; its return."""
    seen, _ = place.reset(seed=10_000 + seed)
    observation = world.observe(seen, place)
    if rng.random() < world.wild and (elsewhere := world.scatter(place, rng)) is not None:
        observation = elsewhere
    trembles, burst, total = rng.random() < 0.5, 0, 0.0
    for _ in range(world.longest):
        advice = action = float(world.expert(observation[None], task)[0])
        if burst == 0 and rng.random() < SLIP:
            burst = int(rng.integers(1, BURST + 1))
        if burst:
            action, burst = world.disturbed(advice, rng), burst - 1
        elif trembles:
            action = world.trembling(advice, rng, TREMBLE)
        row: tuple[float | int | Observed, ...] = (observation, action, advice, number)
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        seen, reward, ended, late, info = place.step(world.act(action))
        total += world.reward(task, float(reward), info)
        observation = world.observe(seen, place)
        if ended or late:
            break
    return total


def _read(path: Path, world: World) -> Episodes | None:
    """Episodes of this world from a file, or None where it is missing or broken."""
    try:
        # opened here, because numpy leaves a broken file open
        with path.open("rb") as whole, np.load(whole, allow_pickle=False) as file:
            found = Episodes(**{name: file[name] for name in Episodes.__dataclass_fields__})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    n = len(found.actions)
    fits = found.observations.shape == (n, len(world.observation)) and len(found.advice) == len(found.episode) == n > 0
    return found if fits else None
