"""The worlds of a multi-domain model: one file and one row each."""

from __future__ import annotations

from playground.data.worlds.cartpole import CartPole
from playground.data.worlds.grid import Grid, TwoGoals
from playground.data.worlds.mountain import MountainCar
from playground.data.worlds.pendulum import Pendulum
from playground.data.worlds.taxi import Taxi
from playground.data.worlds.world import World

__all__ = ["WORLDS", "World"]

WORLDS: dict[str, World] = {world.name: world for world in (CartPole(), Pendulum(), MountainCar(), Grid(), TwoGoals(), Taxi())}
"""Every world to act in, by its name."""
