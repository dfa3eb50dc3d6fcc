"""The table of views: a new view is a folder (frame, probe, panel) and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class View:
    """One live view; `interval` is the shortest time in seconds between two of its pictures."""

    name: str
    title: str
    help: str
    interval: float
    tab: bool = True
    """Whether it has a panel of its own on the stage."""
    live: bool = True
    """Whether its probe looks at the model by itself, and not only when it is asked to."""
    beside: bool = True
    """Whether two models are compared in two panels of it; otherwise one panel shows both, or only the first."""

    def probe(self) -> Any:
        """The class that looks at the model (torch; the worker's side)."""
        return import_module(f"playground.views.{self.name}.probe").PROBE

    def panel(self) -> Any:
        """The class that draws (Qt; the window's side)."""
        return import_module(f"playground.views.{self.name}.panel").PANEL


VIEWS: tuple[View, ...] = (
    View("attention", "Attention", "Who looks at whom, in every layer and head", 0.25),
    View("embeddings", "Embeddings", "Vectors of tokens and positions, in the plane or in space", 0.4),
    View("predictions", "Predictions", "What the model would answer after each of its layers", 0.6),
    View("curves", "Curves", "Loss, validation, learning rate and speed", 0.5, beside=False),
    View("flow", "Flow", "What goes through the model, forwards and backwards, and early warnings", 0.6),
    View("world", "World", "The network plays, reads and paints while it learns", 0.6, beside=False),
    View("tokens", "Tokens", "The text as the model sees it", 1.0),
    View("motion", "Slow motion", "One training step, told part by part with its real tensors", 1.0, live=False),
    View("gauges", "Gauges", "How large every part works and learns, in the diagram", 0.6, tab=False),
    View("effect", "Effect", "What interventions change, in the strip that lists them", 0.8, tab=False),
)
TABS = tuple(view for view in VIEWS if view.tab)
"""Those that the stage shows."""
