"""Pendulum: swing a rod up with a motor too weak to lift it, and hold it there."""

from __future__ import annotations

import numpy as np

from playground.data.modalities.continuous import Continuous
from playground.data.worlds.world import Observed, Place, World, gymnasium_place

STRONGEST = 2.0


class Pendulum(World):
    """Pendulum-v1 of gymnasium: 200 steps, each costs the squared angle and a little for speed and torque."""

    name = "pendulum"
    title = "Pendulum"
    help = "Swing a rod up with a weak motor and hold it. Three observations, one torque; −150 is about the best."
    cite = "Towers et al. 2024"
    url = "https://gymnasium.farama.org/environments/classic_control/pendulum/"
    observation = (Continuous("cos angle"), Continuous("sin angle"), Continuous("speed", bent=True))
    action = Continuous("torque", 1 / STRONGEST)

    def make(self) -> Place:
        """Pendulum-v1."""
        return gymnasium_place("Pendulum-v1")

    def expert(self, observations: Observed, task: int = 0) -> Observed:
        """Near the top a linear rule holds it; elsewhere torque along the speed brings the energy to that of the top."""
        cosine, sine, speed = observations.T
        hold = -(9.0 * np.arctan2(sine, cosine) + 2.5 * speed)
        energy = 0.5 * speed**2 + 15.0 * cosine
        along = np.where(speed >= 0, 1.0, -1.0)  # one that hangs still has to begin somewhere
        swing = STRONGEST * np.clip(0.25 * (15.5 - energy), -1, 1) * along
        torque: Observed = np.clip(np.where(cosine > 0.7, hold, swing), -STRONGEST, STRONGEST)
        return torque
