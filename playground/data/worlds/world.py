"""What a world to act in is: its observation and action, how a new episode begins, and an expert that knows what to do."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from playground.data.errors import DataError
from playground.data.modalities.continuous import Continuous, Discrete

Observed = NDArray[np.float64]
"""Observations (n, values) or actions (n,) as plain numbers."""


class Place(Protocol):
    """The part of `gymnasium.Env` that is used here, so that a world of our own needs nothing else."""

    def reset(self, *, seed: int | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; the same seed begins the same."""
        ...

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Observation, reward, whether the world has ended, whether time is up, and what else there is to say."""
        ...


class World(ABC):
    """A domain in which the model acts: a gymnasium environment, or one of our own with the same interface.

    `observation` says what each value of an observation is, in its order, `action` what the one action is. `title`, `help`,
    `cite` and `url` are for people.
    """

    name: str
    title: str
    help: str
    cite: str = ""
    url: str = ""
    observation: tuple[Continuous | Discrete, ...]
    action: Continuous | Discrete
    demonstrated: int = 60_000
    """Timesteps of demonstrations."""
    wild: float = 2 / 3
    """The share of demonstrations that begin in a random state, where the world can be put into one."""
    longest: int = 200
    """After how many steps a demonstration is cut off."""

    @abstractmethod
    def make(self) -> Place:
        """A new environment; raises DataError where what it needs is missing."""

    @abstractmethod
    def expert(self, observations: Observed, task: int = 0) -> Observed:
        """What the expert does in each of these (n, values): the actions (n,) as the environment takes them."""

    def observe(self, seen: Any, place: Place) -> Observed:
        """An observation of the environment as plain numbers (values,)."""
        return np.asarray(seen, dtype=np.float64).ravel()

    def act(self, action: float) -> Any:
        """A plain number as the environment takes it."""
        return int(action) if isinstance(self.action, Discrete) else np.array([action], dtype=np.float32)

    def scatter(self, place: Place, rng: np.random.Generator) -> Observed | None:
        """Put the environment, just reset, into a random state and say what is seen there; None where that cannot be done."""
        return None

    def disturbed(self, action: float, rng: np.random.Generator) -> float:
        """An action that somebody might have taken by mistake instead."""
        if isinstance(self.action, Discrete):
            return float(rng.integers(self.action.count))
        low, high = -1 / self.action.factor, 1 / self.action.factor
        return float(rng.uniform(low, high))

    def trembling(self, action: float, rng: np.random.Generator, spread: float) -> float:
        """A continuous action with some noise on it; any other as it is."""
        if isinstance(self.action, Discrete):
            return action
        most = 1 / self.action.factor
        return float(np.clip(action + rng.normal(0.0, spread) * most, -most, most))

    def random(self, rng: np.random.Generator) -> float:
        """An action of somebody who knows nothing."""
        return self.disturbed(0.0, rng)

    @property
    def tasks(self) -> tuple[str, ...]:
        """What can be asked for in this world; more than one share its observations, and only a prompt tells which is meant."""
        return (self.title,)

    def reward(self, task: int, given: float, info: dict[str, Any]) -> float:
        """What a step is worth to a task."""
        return given


def gymnasium_place(name: str, **settings: Any) -> Place:
    """An environment of gymnasium without its checks for developers; raises DataError where gymnasium is missing."""
    try:
        gymnasium: Any = importlib.import_module("gymnasium")
    except ImportError as error:
        raise DataError(
            "The worlds to act in are missing.",
            f"They come with gymnasium, which cannot be loaded here ({error}).",
            'Install it with: python -m pip install "gymnasium>=1.4,<2"',
        ) from None
    try:
        made: Place = gymnasium.make(name, disable_env_checker=True, **settings)
    except Exception as error:  # gymnasium has a dozen of its own
        raise DataError(
            f"The world {name} cannot be made.",
            f"gymnasium says: {str(error).rstrip('.')}.",
            'Install a version that has it: python -m pip install "gymnasium>=1.4,<2"',
        ) from None
    return made
