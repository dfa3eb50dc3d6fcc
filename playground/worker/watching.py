"""Watching the model: who wants a picture, when the next one is due, and what all of it may cost."""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.views.frames import Look
from playground.views.subject import Subject
from playground.views.table import VIEWS
from playground.worker.answer import answer
from playground.worker.commands import Again, Ask, AskWays, Compress
from playground.worker.faults import fault
from playground.worker.gist_use import used
from playground.worker.mailbox import Fault, Mailbox
from playground.worker.ways import asked

SHARE = 0.025
"""What pictures and answers together may take of the time while the model trains; drawing them costs about as much."""
ANSWER_INTERVAL, GIST_INTERVAL = 0.33, 2.0
UNSURE_SECONDS = 1.0
"""The longest wait after the very first picture, whose cost (caches, lazy imports) says little."""
LONGEST_BACK_OFF = 60.0
MEMORY = 5.0
"""Seconds over which the reported share is taken."""


Wish = Look | Ask | Compress | AskWays


@dataclass
class Job:
    """One view, or the prompt: something wanted, and how to make it."""

    name: str
    interval: float
    wish: Wish
    make: Callable[[Subject], None]
    costs: deque[float] = field(default_factory=lambda: deque(maxlen=5))
    shown: tuple[int, int, Wish] | None = None
    """Version of the model, step and wish of the last picture."""
    due: float = 0.0
    failures: int = 0
    said: bool = False

    @property
    def cost(self) -> float:
        """Seconds one picture usually takes."""
        return statistics.median(self.costs) if self.costs else 0.0


class Watching:
    """Makes pictures at once where something visible changed by hand, and within the budget while the model learns."""

    def __init__(self, mailbox: Mailbox, clock: Callable[[], float] = time.perf_counter) -> None:
        self._mailbox, self._clock = mailbox, clock
        self._jobs: dict[str, Job] = {}
        self._probes: dict[str, Any] = {}
        self._version = 0
        self._spent: deque[tuple[float, float]] = deque()
        self._since = 0.0

    def watch(self, view: str, look: Look | None) -> None:
        """Show a view with this look from now on, or no more. A view that does not exist is a fault, said each time."""
        row = next((row for row in VIEWS if row.name == view), None)
        if row is None:
            self._mailbox.put_event(Fault(f"There is no view “{view}”.", "", f"Known are {', '.join(r.name for r in VIEWS)}."))
            return

        def make(subject: Subject) -> None:
            if view not in self._probes:
                self._probes[view] = probe = row.probe()()
                if hasattr(probe, "call_again"):
                    probe.call_again = lambda: self._mailbox.send(Again(view))
            self._mailbox.put_frame(view, self._probes[view].observe(subject, look))

        self._want(view, row.interval, look, make)

    def again(self, view: str) -> None:
        """Another picture of a view, if it is still wanted."""
        if (job := self._jobs.get(view)) is not None:
            job.shown = None

    def ask(self, ask: Ask) -> None:
        """Answer this prompt from now on; an empty one ends it."""
        wish = ask if ask.prompt else None
        self._want("prompt", ANSWER_INTERVAL, wish, lambda subject: self._mailbox.put_answer(answer(subject, ask)))

    def compress(self, command: Compress) -> None:
        """Use a gist from now on; without a prompt no more."""
        wish = command if command.prompt else None
        self._want("gist", GIST_INTERVAL, wish, lambda subject: self._mailbox.put_gist(used(subject, command)))

    def ask_ways(self, command: AskWays) -> None:
        """Answer a question put in several ways from now on; without any no more."""
        wish = command if command.prompts else None
        self._want("ways", GIST_INTERVAL, wish, lambda subject: self._mailbox.put_ways(asked(subject, command)))

    def model_changed(self, *, forget: bool) -> None:
        """Every picture is out of date; with `forget` the weights have nothing to do with those before."""
        self._version += 1
        if forget:
            self._probes.clear()
        for job in self._jobs.values():
            job.said = False

    def urgent(self, step: int, *, training: bool, within: float = math.inf) -> Job | None:
        """A job whose picture must not wait: the model or the wish is another one or, at rest, the step is. Of several the
        quickest, so that something is seen soon; and then none that usually takes longer than `within` seconds."""
        found = []
        for job in self._jobs.values():
            shown = job.shown
            if shown is None or shown[0] != self._version or shown[2] != job.wish or (not training and shown[1] != step):
                found.append(job)
        quickest = min(found, key=lambda job: job.cost, default=None)
        if quickest is not None and quickest.cost > within and len(found) < len(self._jobs):
            return None
        return quickest

    def due(self, step: int) -> Job | None:
        """The job that has waited longest beyond its time; None while the budget allows nothing."""
        now = self._clock()
        late = [job for job in self._jobs.values() if job.due <= now and (job.shown is None or job.shown[1] != step)]
        return min(late, key=lambda job: job.due) if late else None

    def run(self, job: Job, subject: Subject) -> None:
        """Make one picture. A failure is said once, until the wish or the model changes, and retried ever more rarely."""
        start = self._clock()
        job.shown = (self._version, subject.step, job.wish)
        try:
            job.make(subject)
            job.failures = 0
        except Exception as error:
            job.failures += 1
            if not job.said:
                doing = "Answering the prompt" if isinstance(job.wish, Ask | Compress | AskWays) else f"Drawing “{job.name}”"
                self._mailbox.put_event(fault(error, doing))
            job.said = True
        took = self._clock() - start
        job.costs.append(took)
        self._spent.append((start, took))
        job.due = start + self._pause(job, took)

    def charge(self, took: float) -> None:
        """Seconds that went into recording, which is watching too."""
        if took:
            self._spent.append((self._clock() - took, took))

    def started(self) -> None:
        """Training goes on: the share is counted from here."""
        self._since = self._clock()
        self._spent.clear()

    def share(self) -> float:
        """The part of the recent time, 0 to 1, that went into pictures, answers and recorded steps."""
        now = self._clock()
        start = max(self._since, now - MEMORY)
        while self._spent and self._spent[0][0] < start:
            self._spent.popleft()
        return min(1.0, sum(took for _, took in self._spent) / max(now - start, 0.5))

    def _want(self, name: str, interval: float, wish: Wish | None, make: Callable[[Subject], None]) -> None:
        if wish is None:
            self._jobs.pop(name, None)
        elif (job := self._jobs.get(name)) is None:
            self._jobs[name] = Job(name, interval, wish, make)
        elif job.wish != wish:
            job.wish, job.make, job.said = wish, make, False

    def _pause(self, job: Job, took: float) -> float:
        """Seconds from the start of this picture to the start of the next."""
        if job.failures:
            return max(job.interval, min(2.0**job.failures, LONGEST_BACK_OFF))
        jobs = list(self._jobs.values())
        share = shares([(each.cost, each.interval) for each in jobs], SHARE)[jobs.index(job)] if job in jobs else SHARE
        charged = min(took, 3 * job.cost)  # a hiccup of the machine is not held against the view
        pause = max(job.interval, charged / share)
        return min(pause, max(job.interval, UNSURE_SECONDS)) if len(job.costs) == 1 else pause


def shares(jobs: Sequence[tuple[float, float]], total: float) -> list[float]:
    """Part of the time that each of `jobs` (cost, shortest interval) may take.

    Parts grow with the square root of the cost, which keeps the sum of all waiting times smallest. A job whose interval
    holds it back leaves the rest of its part to the others; what is really spent never adds up to more than `total`.
    """
    needs = [cost / interval for cost, interval in jobs]
    weights = [math.sqrt(cost) + 1e-6 for cost, _ in jobs]
    given, left = [0.0] * len(jobs), total
    waiting = sorted(range(len(jobs)), key=lambda index: needs[index] / weights[index])
    for place, index in enumerate(waiting):
        given[index] = left * weights[index] / sum(weights[other] for other in waiting[place:])
        left -= min(needs[index], given[index])
    return given
