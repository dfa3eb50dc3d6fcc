"""What passes between the storyteller and the slow-motion panel: a step as a sequence of scenes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from playground.views.frames import Frame, Look, Table

Phase = Literal["forward", "loss", "backward", "update"]
PHASES: tuple[tuple[Phase, str], ...] = (
    ("forward", "Forward"),
    ("loss", "Loss"),
    ("backward", "Backward"),
    ("update", "Update"),
)


@dataclass(frozen=True)
class MotionLook(Look):
    """There is nothing to choose: a story is told once, when the person asks for a step."""


@dataclass(frozen=True)
class Scene:
    """One part in one phase.

    `path` is the part in the diagram. `values` is float32, (rows, columns) to be drawn as a map or (rows,) as bars;
    `signed` for values around 0, whose scale then reaches from -`span` to `span`, else from 0 to `span`. `rows` names
    what the rows are ("tokens" are those of the frame) and `columns` the columns. `facts` are short (name, value) pairs.
    """

    phase: Phase
    path: str
    title: str
    sentence: str
    values: np.ndarray
    rows: str
    columns: str
    signed: bool
    span: float
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class MotionFrame(Frame):
    """The step that led to `step`, with the first sequence of its batch: `tokens` as the decoder (or the only stack) reads
    them, `context` as an encoder beside it does."""

    scenes: tuple[Scene, ...]
    tokens: tuple[str, ...]
    context: tuple[str, ...] = ()

    def table(self) -> Table:
        """One row for each number of each scene."""

        def rows() -> Iterator[tuple[object, ...]]:
            for number, scene in enumerate(self.scenes, 1):
                for place, value in np.ndenumerate(scene.values):
                    yield number, scene.phase, scene.title, place[0], place[1] if len(place) > 1 else "", float(value)

        return ("scene", "phase", "part", "row", "column", "value"), rows()
