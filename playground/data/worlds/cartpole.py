"""CartPole: keep a pole upright by pushing the cart that it stands on to the left or the right."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.data.modalities.continuous import Continuous, Discrete
from playground.data.worlds.world import Observed, Place, World, gymnasium_place


class CartPole(World):
    """CartPole-v1 of gymnasium: 500 steps upright are a return of 500."""

    name = "cartpole"
    title = "CartPole"
    help = "Push a cart so that the pole on it stays upright. Four observations, two actions; 500 is the best."
    cite = "Barto, Sutton & Anderson 1983; Towers et al. 2024"
    url = "https://gymnasium.farama.org/environments/classic_control/cart_pole/"
    observation = (
        Continuous("cart position", bent=True), Continuous("cart speed", bent=True),
        Continuous("pole angle", bent=True, unit="rad"), Continuous("pole speed", bent=True),
    )  # fmt: skip
    action = Discrete("push", 2, ("left", "right"))

    def make(self) -> Place:
        """CartPole-v1."""
        return gymnasium_place("CartPole-v1")

    def expert(self, observations: Observed, task: int = 0) -> Observed:
        """A linear rule that reaches 500 from every start."""
        pull = observations @ np.array([0.1, 0.4, 3.0, 0.8])
        push: Observed = (pull > 0).astype(np.float64)
        return push

    def scatter(self, place: Any, rng: np.random.Generator) -> Observed:
        """Anywhere from which the pole might still be saved."""
        state: Observed = rng.uniform(-1, 1, 4) * np.array([1.8, 1.2, 0.15, 1.2])
        place.unwrapped.state = state
        return state
