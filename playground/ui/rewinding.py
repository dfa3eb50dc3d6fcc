"""Rewinding: the window's hand on the past of a run: seek, film, go on from a step, and back to the present."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from playground.spec import edit
from playground.spec.experiment import Experiment
from playground.views.frames import Frame
from playground.views.table import TABS
from playground.worker.commands import Seek
from playground.worker.mailbox import Looking

if TYPE_CHECKING:
    from playground.ui.window import MainWindow

PICTURES_PER_SECOND = 8.0
"""Of the film at its usual pace."""
FILM_LENGTH = 100
"""Pictures of a film, about: steps that lie closer together than this share of the run are passed over, but for the first."""
PATIENCE = 1.0
"""Seconds that the film, and the hurry, wait for a picture."""


class Rewinding(QObject):
    """Sends the seeks, and knows what is looked at; the engine does the rest."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.step: int | None = None
        """The recorded step that is looked at; None: the present."""
        self.foreign = False
        """Whether that step has another architecture than the document."""
        self._experiment: Experiment | None = None
        self._asked = 0.0
        """When a step was asked for whose pictures are not all there yet; 0: none is."""
        self._missing: set[str] = set()
        """The views that have not drawn it."""
        self._seen = False
        """Whether one of those on the stage has."""
        self._film: list[int] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next)
        timeline = window.timeline
        timeline.sought.connect(self.seek)
        timeline.live_wanted.connect(self.live)
        timeline.branch_wanted.connect(self.branch)
        timeline.film_wanted.connect(self.toggle_film)

    @property
    def waiting(self) -> bool:
        """Whether pictures of a step that was asked for are on their way."""
        return self._asked > 0 and time.monotonic() - self._asked < PATIENCE

    def seek(self, step: int) -> None:
        """Look at the recorded step nearest to one."""
        self._stop_film()
        self._send(step)

    def live(self) -> None:
        """Look at the present again."""
        self._stop_film()
        if self.step is not None or self.waiting:
            self._send(None)

    def branch(self) -> None:
        """Train on from the step that is looked at."""
        self._stop_film()
        if self.step is not None and self._experiment is not None:
            self._window.filing.plays_at = self._window.document.branch(self.step, self._experiment)

    def toggle_film(self) -> None:
        """Play the recorded steps from the first, or from the one that is looked at, to the present; or stop there."""
        if self._film:
            self._stop_film()
            return
        timeline = self._window.timeline
        steps = film_steps(timeline.track.steps(), timeline.track.span()[1])
        after = [step for step in steps if self.step is not None and step > self.step]
        self._film = after or steps
        if self._film:
            timeline.set_filming(True)
            self._timer.start(0)

    # -- what comes back ----------------------------------------------------------------------------------------

    def arrived(self, looking: Looking) -> None:
        """The engine looks at another step from now on."""
        window, back = self._window, looking.step is not None
        self.step, self._experiment = looking.step, looking.experiment
        self.foreign = back and edit.change(looking.experiment, window.document.running) not in ("same", "hot")
        window.timeline.set_looking(looking.step, looking.asked, foreign=self.foreign)
        window.prompt.set_past(back)
        window.hurry()

    def fitting(self, frames: dict[str, Frame]) -> dict[str, Frame]:
        """The frames that are of the step that is looked at; those of another have been overtaken."""
        return {name: frame for name, frame in frames.items() if self.step is None or frame.step == self.step}

    def drawn(self, name: str, frame: Frame) -> None:
        """A view has drawn a picture."""
        if self.step is None or frame.step == self.step:
            self._seen = self._seen or any(view.name == name for view in TABS)
            self._missing.discard(name)
            if not self._missing:
                self._asked = 0.0

    # -- inside -------------------------------------------------------------------------------------------------

    def _send(self, step: int | None) -> None:
        self._asked, self._missing = time.monotonic(), set(self._window.stage.live_views())
        self._seen = False
        self._window.mailbox.send(Seek(step))
        self._window.hurry()

    def _next(self) -> None:
        """The next picture of the film, once the last one has been seen."""
        self._timer.setInterval(round(1000 / PICTURES_PER_SECOND / self._window.timeline.pace))
        if self.waiting and not self._seen:
            return
        if self._film:
            self._send(self._film.pop(0))
        else:
            self.live()

    def _stop_film(self) -> None:
        self._film = []
        self._timer.stop()
        self._window.timeline.set_filming(False)


def film_steps(steps: tuple[int, ...], last: int) -> list[int]:
    """Of the recorded steps those that a film shows: evenly apart, and all the early ones, where most is learnt."""
    gap = max(1, (last - steps[0]) // FILM_LENGTH) if steps else 1
    shown: list[int] = []
    for step in steps:
        if not shown or step - steps[0] <= gap or step - shown[-1] >= gap:
            shown.append(step)
    return shown
