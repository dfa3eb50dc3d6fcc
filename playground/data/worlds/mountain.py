"""Mountain car: an engine too weak for the hill has to swing the car up."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.data.modalities.continuous import Continuous
from playground.data.worlds.world import Observed, Place, World, gymnasium_place


class MountainCar(World):
    """MountainCarContinuous-v0 of gymnasium: 100 for the goal, less for the force that it took."""

    name = "mountain"
    title = "Mountain car"
    help = "Rock a weak car in a valley until it reaches the top. Two observations, one force; 90 counts as solved."
    cite = "Moore 1990; Towers et al. 2024"
    url = "https://gymnasium.farama.org/environments/classic_control/mountain_car_continuous/"
    observation = (Continuous("position", bent=True), Continuous("speed", 10.0, bent=True))
    action = Continuous("force")

    def make(self) -> Place:
        """MountainCarContinuous-v0."""
        return gymnasium_place("MountainCarContinuous-v0")

    def expert(self, observations: Observed, task: int = 0) -> Observed:
        """Full force the way it rolls."""
        return np.where(observations[:, 1] >= 0, 1.0, -1.0)

    def scatter(self, place: Any, rng: np.random.Generator) -> Observed:
        """Anywhere in the valley, at any speed that it could have there."""
        state = np.array([rng.uniform(-1.2, 0.4), rng.uniform(-0.06, 0.06)])
        place.unwrapped.state = state
        return state
