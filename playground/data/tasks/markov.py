"""A Markov chain: each state is drawn given the one before, so the best possible loss is known exactly."""

from __future__ import annotations

import random
from bisect import bisect
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.data.tasks.task import Stream

Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class MarkovChain(Stream):
    """`length` states out of `states` (at most 26); the transitions follow from `chain` and are peaked.

    A transition's weight is u to the power 1 / `evenness` with u uniform, much like a Dirichlet distribution of that
    concentration: the smaller, the more certain the next state.
    """

    states: int = 12
    length: int = 24
    chain: int = 0
    evenness: float = 0.25

    name = "markov"
    title = "Markov chain"
    help = "Each letter is drawn given the one before it. The loss can fall to the entropy of the chain and not below."
    cite = "Shannon 1948, §7"
    url = "https://doi.org/10.1002/j.1538-7305.1948.tb01338.x"

    @property
    def symbols(self) -> tuple[str, ...]:
        """A letter a state."""
        return tuple("abcdefghijklmnopqrstuvwxyz"[: self.states])

    def __post_init__(self) -> None:
        """Raises ValueError for settings that make no task."""
        if not 2 <= self.states <= 26:
            raise ValueError(f"{self.states} states; there are letters for 2 to 26")

    @cached_property
    def transitions(self) -> Matrix:
        """(state, next state), rows sum to 1. Python's generator, which is the same in all versions, not NumPy's."""
        chance = random.Random(self.chain)
        weights = np.array([chance.random() ** (1 / self.evenness) for _ in range(self.states**2)])
        weights = weights.reshape(self.states, self.states) + 1e-6  # every state can be reached
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    @cached_property
    def stationary(self) -> Matrix:
        """(state,): how often each state comes up, at the first place and at every other."""
        equations = np.vstack((self.transitions.T - np.eye(self.states), np.ones(self.states)))
        solved: Matrix = np.linalg.lstsq(equations, np.append(np.zeros(self.states), 1.0), rcond=None)[0]
        return np.asarray(solved / solved.sum())

    def sequence(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Begins with the stationary distribution."""
        first, rows = self._sums
        found: list[int] = []
        row = first
        for chance in rng.random(self.length).tolist():
            found.append(bisect(row, chance, hi=self.states - 1))
            row = rows[found[-1]]
        return tuple(found)

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return 0, self.length

    def rate(self) -> float:
        """The entropy rate: nats of a state given the one before."""
        return float(self.stationary @ _entropies(self.transitions))

    def entropy(self) -> float | None:
        """The first state, then the rate for each other."""
        return float(_entropies(self.stationary)) + (self.length - 1) * self.rate()

    def masked_floor(self, ratio: float | None = None) -> float | None:
        """Exact: what is known of a hidden state are the nearest states left and right that are not hidden."""
        apart = [self._between(left, right) for left in range(self.length + 1) for right in range(self.length + 1)]
        nats = np.array(apart).reshape(self.length + 1, self.length + 1)  # at distances, 0 where there is none
        places = range(self.length)
        alone = sum(nats[min(place, 1), min(self.length - 1 - place, 1)] for place in places) / self.length
        if ratio is None:
            return float(alone)
        total = sum(
            nats[left if left <= place else 0, right if right < self.length - place else 0]
            * _chance(left, place, ratio) * _chance(right, self.length - 1 - place, ratio) * ratio
            for place in places for left in range(1, place + 2) for right in range(1, self.length - place + 1)
        )  # fmt: skip
        none = (1 - ratio) ** self.length
        return float((total + none * alone) / (self.length * ratio + none))

    @cached_property
    def _sums(self) -> tuple[list[float], list[list[float]]]:
        return list(accumulate(self.stationary.tolist())), [list(accumulate(row)) for row in self.transitions.tolist()]

    def _between(self, left: int, right: int) -> float:
        """Nats of a state given the one `left` places before and the one `right` places after; 0 stands for none."""
        before = self._powers[left] * self.stationary[:, None] if left else self.stationary[None]  # (left state, state)
        after = self._powers[right] if right else np.ones((self.states, 1))  # (state, right state)
        joint = before[:, :, None] * after[None]
        given = joint.sum(axis=1, keepdims=True)
        return float(-(joint * np.log(joint / given)).sum())

    @cached_property
    def _powers(self) -> list[Matrix]:
        return [np.linalg.matrix_power(self.transitions, power) for power in range(self.length + 1)]


def _chance(distance: int, places: int, ratio: float) -> float:
    """That the nearest of `places` that is not hidden lies at a distance; one beyond the last stands for none."""
    hidden = ratio ** (distance - 1)
    return float(hidden if distance > places else hidden * (1 - ratio))


def _entropies(chances: Matrix) -> Matrix:
    return np.asarray(-(chances * np.log(chances)).sum(axis=-1))
