"""The letter box between engine and window: newest frames and states, every step report, every fault."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from playground.spec.experiment import Experiment
from playground.training.report import StepReport
from playground.views.frames import Frame
from playground.worker.commands import Command
from playground.worker.telling import GistTold, Told, WaysTold

Mode = Literal["starting", "paused", "running", "busy", "stopped"]


@dataclass(frozen=True)
class Status:
    """What the engine is doing. `watching` is the share of recent time spent on probes and answers, 0 to 1."""

    mode: Mode = "starting"
    step: int = 0
    loss: float | None = None
    validation: float | None = None
    tokens_per_s: float = 0.0
    device: str = ""
    threads: int = 0
    watching: float = 0.0
    parameters: int = 0
    score: float | None = None
    """The share of questions answered without a mistake in the last validation, 0 to 1; None for texts."""
    floor: float | None = None
    """The validation loss that no model can beat, where it is known."""
    looking: int | None = None
    """The recorded step that is looked at; None: the present."""
    beside: Beside | None = None
    """What the model is compared with."""


@dataclass(frozen=True)
class Beside:
    """The run that the model is compared with. `standing`: it is not trained; `same`: it learns from the same batches."""

    experiment: Experiment
    step: int
    loss: float | None
    validation: float | None
    score: float | None
    standing: bool
    same: bool


Change = Literal["hot", "graft", "fresh", "opened", "branch"]
"""How a run came from the one before. A fresh, opened or branched one has a past of its own, told by a `Line`."""


@dataclass(frozen=True)
class Applied:
    """An Apply, OpenModel or Branch has happened. `experiment` is as it runs, `kept` says in words what was carried over."""

    number: int
    experiment: Experiment
    change: Change
    kept: str = ""
    name: str = ""


@dataclass(frozen=True)
class Answer:
    """What the model says to the prompt after `step` steps.

    `pieces` are the display strings of the continuation; `choices` the most probable next tokens with probabilities.
    """

    step: int
    prompt: str
    continuation: str
    choices: tuple[tuple[str, float], ...]
    note: str = ""
    heading: str = "Next token"
    """What the choices are for."""
    suggestion: str = ""
    """A prompt that would mean something, where this one does not."""
    told: Told | None = None
    """What is told of each token, where that was asked for."""


@dataclass(frozen=True)
class Progress:
    """A long job: what, and how far (0 to 1, or None where nobody can tell). `done` ends it."""

    job: str
    share: float | None = None
    done: bool = False


@dataclass(frozen=True)
class Looking:
    """What views and answers are of from now on: a recorded step, perhaps of another architecture, or the present (None).

    `asked` is the step that was asked for, `experiment` the one that was trained then.
    """

    step: int | None
    asked: int | None
    experiment: Experiment


@dataclass(frozen=True)
class Recorded:
    """The steps that can be looked at, ascending, where something was changed by hand (step, words), and what it all takes.

    Bytes in memory and on disk, each with its budget. `off` says that this model is too large to be recorded.
    """

    steps: tuple[int, ...]
    marks: tuple[tuple[int, str], ...] = ()
    memory: int = 0
    disk: int = 0
    memory_budget: int = 0
    disk_budget: int = 0
    off: bool = False


@dataclass(frozen=True)
class Line:
    """The loss of a run so far, for the timeline: float64 arrays (points,), means of even stretches; `first` is where the run
    began."""

    first: int
    steps: np.ndarray
    loss: np.ndarray


@dataclass(frozen=True)
class Saved:
    """A Save has happened."""

    folder: Path
    aside: bool = False


@dataclass(frozen=True)
class LeftOut:
    """Some lines of the person's table could not be used: how many of how many, and why the first of them could not."""

    name: str
    refused: int
    used: int
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Fault:
    """Something went wrong, in words: what, why, what to do. `number` is that of the Apply it answers, if any, and `fix` a
    field with the value that would make it work."""

    what: str
    why: str = ""
    remedy: str = ""
    number: int | None = None
    fix: tuple[str, int] | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.remedy) if part)


Event = Applied | Looking | Saved | LeftOut | Fault


@dataclass
class Letters:
    """What `take` hands over; the taker owns it."""

    frames: dict[str, Frame] = field(default_factory=dict)
    beside: dict[str, Frame] = field(default_factory=dict)
    """Pictures of the run that the model is compared with."""
    reports: list[StepReport] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    status: Status | None = None
    answer: Answer | None = None
    answer_beside: Answer | None = None
    gist: GistTold | None = None
    ways: WaysTold | None = None
    progress: Progress | None = None
    recorded: Recorded | None = None
    line: Line | None = None
    """Where the reports go on from, if another run has begun."""


class Mailbox:
    """Both directions. The window calls `send` and `take`, the engine the rest; every method is safe in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letters = Letters()
        self.inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()

    def send(self, command: Command) -> None:
        """Queue a command; a long job under way looks into the queue itself, for Cancel, Stop and a newer Apply."""
        self.inbox.put(command)

    def take(self) -> Letters:
        """Everything since the last call; cheap when there is nothing."""
        with self._lock:
            letters, self._letters = self._letters, Letters()
        return letters

    def put_frame(self, view: str, frame: Frame) -> None:
        """The newest picture of a view replaces one that was not fetched."""
        with self._lock:
            self._letters.frames[view] = frame

    def put_beside(self, view: str, frame: Frame) -> None:
        """The newest picture of the run that the model is compared with."""
        with self._lock:
            self._letters.beside[view] = frame

    def put_answer_beside(self, answer: Answer) -> None:
        """The newest answer of the run that the model is compared with."""
        with self._lock:
            self._letters.answer_beside = answer

    def put_reports(self, reports: list[StepReport]) -> None:
        """Step reports are never lost."""
        with self._lock:
            self._letters.reports.extend(reports)

    def put_event(self, event: Event) -> None:
        """Events are never lost and stay in order."""
        with self._lock:
            if isinstance(event, Applied) and event.change != "hot":
                # pictures of the model before it would be shown against the new one
                self._letters.frames.clear()
                self._letters.answer = self._letters.gist = self._letters.ways = None
                if event.change != "graft":
                    self._letters.reports.clear()
            self._letters.events.append(event)

    def put_status(self, status: Status) -> None:
        """The newest status."""
        with self._lock:
            self._letters.status = replace(status)

    def put_answer(self, answer: Answer) -> None:
        """The newest answer."""
        with self._lock:
            self._letters.answer = answer

    def put_gist(self, told: GistTold) -> None:
        """The newest word of the gist in use."""
        with self._lock:
            self._letters.gist = told

    def put_ways(self, told: WaysTold) -> None:
        """The newest answers to a question put in several ways."""
        with self._lock:
            self._letters.ways = told

    def put_recorded(self, recorded: Recorded) -> None:
        """The newest list of what can be looked at."""
        with self._lock:
            self._letters.recorded = recorded

    def put_line(self, line: Line) -> None:
        """Another run has begun; reports from now on belong to it."""
        with self._lock:
            self._letters.line = line
            self._letters.reports.clear()

    def put_progress(self, progress: Progress) -> None:
        """The newest progress."""
        with self._lock:
            self._letters.progress = progress
