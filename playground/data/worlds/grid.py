"""A grid of five by five places to walk over, without gymnasium: to a goal, or, told by a demonstration only, to one of two."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from playground.data.modalities.continuous import Discrete
from playground.data.worlds.world import Observed, Place, World

SIDE = 5
MOVES = ((0, -1), (0, 1), (-1, 0), (1, 0))
NAMES = ("up", "down", "left", "right")
PATIENCE = 20
"""Steps after which an episode is over."""


class GridPlace:
    """A walker and some goals, all at different places: (x, y, goal x, goal y, …). Reaching one of them ends the episode."""

    def __init__(self, goals: int = 1) -> None:
        self.goals = goals
        self.state = np.zeros(2 + 2 * goals, dtype=np.int64)
        self._rng = np.random.default_rng()
        self._steps = 0

    def reset(self, *, seed: int | None = None) -> tuple[Any, dict[str, Any]]:
        """Everything at a random place."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        cells = self._rng.permutation(SIDE * SIDE)[: 1 + self.goals]
        return self.put(np.stack((cells % SIDE, cells // SIDE), axis=1).ravel()), {}

    def put(self, state: Any) -> Any:
        """Begin an episode in this state."""
        self.state, self._steps = np.array(state, dtype=np.int64), 0
        return self.state.copy()

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Walk one place; a wall holds. The reward is 1 at a goal, and `info` says which one it was."""
        self._steps += 1
        self.state[:2] = np.clip(self.state[:2] + MOVES[int(action)], 0, SIDE - 1)
        reached = [at for at in range(self.goals) if (self.state[:2] == self.state[2 + 2 * at : 4 + 2 * at]).all()]
        info = {"goal": reached[0] if reached else None}
        return self.state.copy(), float(bool(reached)), bool(reached), self._steps >= PATIENCE, info


class Grid(World):
    """One goal, shown in the observation."""

    name = "grid"
    title = "Grid"
    help = "Walk to the goal on a 5 × 5 grid. Four observations, four actions; the shortest way is the best."
    observation = tuple(Discrete(each, SIDE) for each in ("x", "y", "goal x", "goal y"))
    action = Discrete("move", 4, NAMES)
    demonstrated = 20_000

    def make(self) -> Place:
        """An empty grid with a walker and a goal."""
        return GridPlace()

    def expert(self, observations: Observed, task: int = 0) -> Observed:
        """The shortest way: first sideways, then up or down."""
        x, y = observations[:, 0], observations[:, 1]
        goal_x, goal_y = observations[:, 2 + 2 * task], observations[:, 3 + 2 * task]
        vertical = np.where(goal_y < y, 0, 1)
        return np.where(goal_x < x, 2, np.where(goal_x > x, 3, vertical)).astype(np.float64)


class TwoGoals(Grid):
    """Two goals in one observation; which of them is meant, only a demonstration says."""

    name = "goals"
    title = "Two goals"
    help = "Walk to the first or the second of two goals. Nothing but a demonstration before it says which one is meant."
    cite = "Reed et al. 2022, §2.2 (prompts)"
    url = "https://arxiv.org/abs/2205.06175"
    observation = tuple(Discrete(each, SIDE) for each in ("x", "y", "first x", "first y", "second x", "second y"))
    demonstrated = 40_000

    def make(self) -> Place:
        """An empty grid with a walker and two goals."""
        return GridPlace(2)

    def expert(self, observations: Observed, task: int = 0) -> Observed:
        """A shortest way to the goal that is meant, around the other one."""
        cells = observations[:, 0::2].astype(np.int64) + SIDE * observations[:, 1::2].astype(np.int64)
        found: Observed = self._moves[cells[:, 0], cells[:, 1 + task], cells[:, 2 - task]]
        return found

    @cached_property
    def _moves(self) -> Observed:
        """The first best move at each place, for each goal and each other goal to keep away from: (25, 25, 25)."""
        cells = np.arange(SIDE * SIDE)
        x, y = cells % SIDE, cells // SIDE
        after = np.stack([np.clip(x + dx, 0, SIDE - 1) + SIDE * np.clip(y + dy, 0, SIDE - 1) for dx, dy in MOVES], axis=1)
        far = np.full((SIDE * SIDE,) * 3, 99)  # steps still to go: place, goal, other goal
        for _ in range(SIDE * SIDE):
            far = np.minimum(far, 1 + far[after].min(axis=1))
            far[:, cells, cells] = far[cells, :, cells] = 99
            far[cells, cells, :] = 0
        best: Observed = far[after].argmin(axis=1).astype(np.float64)
        return best

    @property
    def tasks(self) -> tuple[str, ...]:
        """First goal, second goal."""
        return "to the first goal", "to the second goal"

    def reward(self, task: int, given: float, info: dict[str, Any]) -> float:
        """1 for the goal that was meant."""
        return float(info.get("goal") == task)
