"""Earlier runs on the plot of the loss: quiet lines with names, kept when a run gives way to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from playground.style import theme
from playground.style.tokens import CATEGORIES
from playground.views.curves.frame import CurvesFrame
from playground.views.curves.panel_plot import Plot
from playground.views.curves.points import smoothed, thinned

MOST, SHORTEST, POINTS, LETTERS = 4, 10, 250, 17
"""Runs kept at most, the fewest steps of one that is worth a line, its points, and letters of its name at the end."""
COLOURS = (CATEGORIES[1], CATEGORIES[2], CATEGORIES[4], CATEGORIES[5])


@dataclass(frozen=True)
class Kept:
    """A run that was: its name and its smoothed loss in nats per token."""

    name: str
    steps: np.ndarray
    loss: np.ndarray


class EarlierRuns:
    """Knows when another run has begun: when the record starts elsewhere, or has become shorter."""

    def __init__(self, plot: Plot, smoothing: float) -> None:
        self._plot, self._smoothing = plot, smoothing
        self.kept: list[Kept] = []
        self.beside: Kept | None = None
        """The run that this one is compared with."""
        self._second = plot.curve()
        self._curves: list[pg.PlotDataItem] = []

    def follow(self, before: CurvesFrame | None, now: CurvesFrame, name: str) -> None:
        """Keep the run that `before` was a picture of, if `now` is of another; `name` says what it was."""
        if before is None or len(before.steps) < SHORTEST:
            return
        same = len(now.steps) and now.steps[0] == before.steps[0] and now.steps[-1] >= before.steps[-1]
        if not same:
            kept = Kept(name, before.steps, smoothed(before.loss, self._smoothing))
            self.kept = [*(each for each in self.kept if each.name != name), kept][-MOST:]

    def compare(self, frame: CurvesFrame | None) -> None:
        """Draw the run that this one is compared with, or none."""
        self.beside = None if frame is None else Kept("B", frame.steps, smoothed(frame.loss, self._smoothing))

    def forget(self) -> None:
        """Keep none any more."""
        self.kept = []

    def draw(self, factor: float, x: Callable[[float], float], first: float) -> list[tuple[str, str, float, float]]:
        """Draw the lines, from step `first` on; their ends as (name, colour, x, value)."""
        while len(self._curves) < len(self.kept):
            self._curves.append(self._plot.curve())
        ends = self._draw_second(factor, x, first)
        for index, curve in enumerate(self._curves):
            if index >= len(self.kept):
                curve.setData([], [])
                continue
            run, colour = self.kept[index], COLOURS[index]
            seen = run.steps >= first
            steps, values = run.steps[seen], run.loss[seen] * factor
            chosen = thinned(steps, values, POINTS)
            pen = pg.mkPen(QColor(colour), width=1.5, style=Qt.PenStyle.DashLine)
            curve.setData(steps[chosen], values[chosen], pen=pen, symbol=None)
            if len(values):
                name = run.name if len(run.name) <= LETTERS else run.name[: LETTERS - 1] + "…"
                ends.append((name, colour, x(float(steps[-1])), float(values[-1])))
        return ends

    def _draw_second(self, factor: float, x: Callable[[float], float], first: float) -> list[tuple[str, str, float, float]]:
        run = self.beside
        if run is None or not (run.steps >= first).any():
            self._second.setData([], [])
            return []
        seen = run.steps >= first
        steps, values = run.steps[seen], run.loss[seen] * factor
        chosen, colour = thinned(steps, values, POINTS), theme.theme().part("unembedding")
        self._second.setData(steps[chosen], values[chosen], pen=pg.mkPen(QColor(colour), width=2), symbol=None)
        return [(run.name, colour, x(float(steps[-1])), float(values[-1]))]
