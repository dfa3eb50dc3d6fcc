"""Delivery: takes the engine's letters out of the mailbox and hands them out, pictures one at a time at a budgeted pace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from playground.spec import edit
from playground.ui import files
from playground.ui.stage import BESIDE
from playground.views.attention.frame import AttentionFrame
from playground.views.effect.frame import EffectFrame
from playground.views.frames import Frame
from playground.views.gauges.frame import GaugesFrame
from playground.worker.commands import Play
from playground.worker.mailbox import Applied, Event, Fault, LeftOut, Looking, Saved

if TYPE_CHECKING:
    from playground.ui.window import MainWindow

RUSH_MS, BUSY_MS, IDLE_MS = 8, 40, 120
"""How often the mailbox is looked into while a recorded step is on its way, while something moves, and while nothing does."""
LONGEST_WAIT = 0.4
"""Seconds between two pictures at most."""
DRAWING_SHARE = 0.03
"""The share of the time that painting pictures may take while the model trains: painting holds the interpreter's lock."""


class Delivery:
    """Owns the one GUI timer; it is `poll` that the timer calls."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._pending: dict[str, Frame] = {}
        self._drawn, self._used = 0.0, 0.0
        self.timer = QTimer(window)
        self.timer.setInterval(BUSY_MS)
        self.timer.timeout.connect(window.poll)

    def hurry(self) -> None:
        """Something is about to come; look often."""
        self.timer.setInterval(BUSY_MS)

    def rush(self) -> None:
        """Somebody waits for a recorded step: look as often as can be, and let nothing older be drawn before it."""
        self._drawn = 0.0
        self._pending.clear()
        self.timer.setInterval(RUSH_MS)

    def draw_at_once(self) -> None:
        """What has just come into sight does not wait."""
        self._drawn = 0.0
        self.hurry()

    def poll(self) -> None:
        """Take the letters and hand them out."""
        window, letters = self._window, self._window.mailbox.take()
        for event in letters.events:
            self._on_event(event)
        if letters.status is not None:
            window.status = letters.status
            window.transport.show_status(letters.status)
            window.comparing.show(letters.status)
            window.timeline.set_live(letters.status.mode == "running", letters.status.step)
        if letters.line is not None:
            window.timeline.begin(letters.line)
        if letters.recorded is not None:
            window.timeline.set_recorded(letters.recorded)
        if letters.reports:
            window.timeline.add(letters.reports)
        if letters.progress is not None:
            window.notice.progress(letters.progress)
        frames = window.rewinding.fitting(letters.frames)
        self._pending.update(frames)
        self._pending.update({name + BESIDE: frame for name, frame in letters.beside.items()})
        if isinstance(seen := frames.get("attention"), AttentionFrame) and not window.rewinding.foreign:
            self._pending["diagram"] = seen  # its thumbnails, drawn at another tick: no frame shall take long
        self._draw_one()
        if letters.answer is not None:
            window.prompt.draw(letters.answer)
        if letters.gist is not None:
            window.prompt.panel.gist.draw(letters.gist)
        if letters.ways is not None:
            window.prompt.panel.ways.draw(letters.ways)
        if letters.answer_beside is not None:
            window.comparing.answer(letters.answer_beside)
        moving = window.status.mode in ("running", "busy", "starting") or letters.progress is not None or bool(self._pending)
        interval = RUSH_MS if window.rewinding.waiting else BUSY_MS if moving else IDLE_MS
        if interval != self.timer.interval():
            self.timer.setInterval(interval)

    def _draw_one(self) -> None:
        """Draw the picture that has waited longest: one a tick, and while training no more than its share of the time."""
        now, used = time.perf_counter(), time.thread_time()
        # this thread's own time since the last picture: all painting counts, waiting for the interpreter does not
        wait = min(LONGEST_WAIT, (used - self._used) / DRAWING_SHARE)
        hold = self._window.status.mode == "running" and not self._window.rewinding.waiting
        if not self._pending or (hold and now - self._drawn < wait):
            return
        self._drawn, self._used = now, used
        name = next(iter(self._pending))
        frame = self._pending.pop(name)
        if name.endswith(BESIDE):
            self._window.comparing.draw(name.removesuffix(BESIDE), frame)
            return
        self._window.rewinding.drawn(name, frame)
        if isinstance(frame, AttentionFrame) and name == "diagram":
            self._window.diagram.draw_attention(frame)
        elif isinstance(frame, EffectFrame):
            self._window.interventions.draw(frame)
        elif isinstance(frame, GaugesFrame):
            self._window.diagram.draw_gauges(frame)
        else:
            self._window.stage.draw({name: frame})

    def _on_event(self, event: Event) -> None:
        window = self._window
        if isinstance(event, Fault):
            self._on_fault(event)
            window.keeper.failed()
            if event.number is not None:
                window.document.rejected(event.number)
        elif isinstance(event, Saved) and event.aside:
            window.keeper.set_aside()
        elif isinstance(event, Saved):
            window.notice.news(f"Saved to {event.folder}.")
            window.keeper.saved(event.folder)
        elif isinstance(event, LeftOut):
            window.notice.left_out(event)
        elif isinstance(event, Looking):
            window.rewinding.arrived(event)
        else:
            self._on_applied(event)

    def _on_fault(self, event: Fault) -> None:
        """Say it; where one field stands in the way, offer to change that as well and try again."""
        window, wished = self._window, self._window.document.experiment
        if event.fix is None or event.number != window.document.state:
            window.notice.fault(event)
            return
        path, value = event.fix
        repaired = edit.replaced(wished, path, value)
        name = files.describe("", wished)[2]
        window.notice.fault(event, f"Use {value:,}", lambda: window.filing.learn(repaired, f"Learn from {name}"))

    def _on_applied(self, event: Applied) -> None:
        window = self._window
        if event.change != "hot":
            self._pending.clear()  # pictures of the model before
            window.notice.settle()
        if event.number == window.filing.plays_at:
            window.mailbox.send(Play())
        if event.change == "opened":
            window.diagram.canvas.fold(window.diagram.canvas.unfolded, True)
            window.document.opened(event)
            window.filing.opened()
            window.prompt.panel.library.set_folder(window.filing.prompts())
            window.select(edit.first_attention(event.experiment.model))
        else:
            window.document.settled(event)
        window.inspector.show_message(event.kept)
