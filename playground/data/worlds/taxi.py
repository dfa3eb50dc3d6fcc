"""Taxi: fetch a passenger from one of four places in a small town with walls, and take them to another."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from playground.data.modalities.continuous import Discrete
from playground.data.worlds.world import Observed, Place, World, gymnasium_place

STATES, ACTIONS = 500, 6
DISCOUNT = 0.99


class Taxi(World):
    """Taxi-v4 of gymnasium: −1 a step, −10 for a wrong pick-up or drop-off, 20 for the right one; cut off after 200."""

    name = "taxi"
    title = "Taxi"
    help = "Fetch a passenger and bring them to their hotel. Four observations, six actions; about 8 is the best."
    cite = "Dietterich 2000; Towers et al. 2024"
    url = "https://gymnasium.farama.org/environments/toy_text/taxi/"
    observation = (
        Discrete("row", 5), Discrete("column", 5), Discrete("passenger", 5, ("red", "green", "yellow", "blue", "in the taxi")),
        Discrete("destination", 4, ("red", "green", "yellow", "blue")),
    )  # fmt: skip
    action = Discrete("action", ACTIONS, ("south", "north", "east", "west", "pick up", "drop off"))

    def make(self) -> Place:
        """Taxi-v4."""
        return gymnasium_place("Taxi-v4")

    def observe(self, seen: Any, place: Any) -> Observed:
        """The state's number taken apart."""
        return np.array(list(place.unwrapped.decode(int(seen))), dtype=np.float64)

    def expert(self, observations: Observed, task: int = 0) -> Observed:
        """The best action by value iteration over gymnasium's own table of what follows what."""
        row, column, passenger, destination = observations.astype(np.int64).T
        best: Observed = self._policy[((row * 5 + column) * 5 + passenger) * 4 + destination]
        return best

    def scatter(self, place: Any, rng: np.random.Generator) -> Observed:
        """Any state, also with the passenger already in the taxi."""
        while True:
            state = int(rng.integers(STATES))
            row, column, passenger, destination = place.unwrapped.decode(state)
            if passenger != destination:
                break
        place.unwrapped.s = state
        return self.observe(state, place)

    @cached_property
    def _policy(self) -> Observed:
        """The best action of each state (500,); of several the first."""
        place: Any = self.make()
        table = place.unwrapped.P
        after, reward, ends = np.zeros((STATES, ACTIONS), int), np.zeros((STATES, ACTIONS)), np.zeros((STATES, ACTIONS))
        for state in range(STATES):
            for action in range(ACTIONS):
                _, after[state, action], reward[state, action], ends[state, action] = table[state][action][0]
        value = np.zeros(STATES)
        for _ in range(200):  # no way through the town is longer
            worth = reward + DISCOUNT * (1 - ends) * value[after]
            value = worth.max(axis=1)
        best: Observed = np.round(worth, 9).argmax(axis=1).astype(np.float64)
        return best
