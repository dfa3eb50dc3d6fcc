"""What the engine tells about training: every step, and a few times a second how it stands."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import torch

from playground.data.corpus import Corpus
from playground.training.recording import Recording
from playground.training.report import StepReport
from playground.training.run import Run
from playground.views.subject import read_only
from playground.worker.faults import fault
from playground.worker.mailbox import Beside, LeftOut, Line, Mailbox, Mode, Recorded, Status

POINTS = 512
"""Of the line that the timeline of a run begins with."""
PUBLISH_SECONDS = 0.15
"""How often status and step reports go into the mailbox while training."""


class Reporter:
    """Gathers step reports and puts them, with a status, into the mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._reports: list[StepReport] = []
        self._published = 0.0
        self._recorded: tuple[Recording, int] | None = None
        """Which recording was told last, and which version of it."""
        self._disk_said = False
        self.device = ""
        """The device in words."""

    def step(self, report: StepReport) -> None:
        """A step has been taken."""
        self._reports.append(report)

    def late(self) -> bool:
        """Whether it is time to publish."""
        return time.perf_counter() - self._published > PUBLISH_SECONDS

    def publish(
        self, mode: Mode, run: Run | None, watching: float, looking: int | None = None, beside: Beside | None = None
    ) -> None:
        """Put the gathered steps, the status and what is recorded into the mailbox."""
        self._published = time.perf_counter()
        if self._reports:
            self._mailbox.put_reports(self._reports)
            self._reports = []
        threads = torch.get_num_threads()
        if run is None:
            self._mailbox.put_status(Status(mode=mode, device=self.device, threads=threads))
            return
        history, running = run.trainer.history, mode == "running"
        validations, scores = history.validation, history.scores
        status = Status(
            mode=mode,
            step=run.trainer.step,
            loss=float(history.loss[-1]) if len(history) else None,
            validation=float(validations[-1]) if len(validations) else None,
            tokens_per_s=float(history.tokens_per_s[-1]) if running and len(history) else 0.0,
            device=self.device,
            threads=threads,
            watching=watching if running else 0.0,
            score=float(scores[-1]) if len(scores) and math.isfinite(scores[-1]) else None,
            floor=run.trainer.floor,
            looking=looking,
            beside=beside,
            parameters=sum(parameter.numel() for parameter in run.trainer.model.parameters()),
        )
        self._mailbox.put_status(status)
        self._tell_recorded(run.recording)

    def _tell_recorded(self, recording: Recording) -> None:
        if self._recorded is not None and self._recorded[0] is recording and self._recorded[1] == recording.version:
            return
        self._recorded = recording, recording.version
        shelf, (memory, disk) = recording.shelf, recording.shelf.taken()
        told = Recorded(recording.steps(), recording.marks(), memory, disk, shelf.memory, shelf.disk, recording.off)
        self._mailbox.put_recorded(told)
        if shelf.fault is not None and not self._disk_said:
            self._disk_said = True
            said = fault(shelf.fault, "Keeping recorded steps on disk")
            self._mailbox.put_event(replace(said, remedy="Training goes on; fewer steps of its past are kept."))


def line_of(run: Run) -> Line:
    """The loss of a run so far in at most POINTS points."""
    history, first = run.trainer.history, next(iter(run.recording.steps()), run.trainer.step)
    stride = max(1, -(-len(history) // POINTS))
    whole = len(history) // stride * stride
    steps, loss = (values[:whole].reshape(-1, stride).mean(axis=1) for values in (history.steps, history.loss))
    return Line(first, read_only(steps), read_only(loss))


def left_out(corpus: Corpus) -> LeftOut | None:
    """Which lines of the person's table could not be used; None where all could, or there is no table."""
    if not corpus.refused or corpus.examples is None:
        return None
    examples = corpus.examples
    used = len(examples.train.source) + (len(examples.validation.source) if examples.disjoint else 0)
    return LeftOut(corpus.name, corpus.refused, used, tuple((each.line, each.reason) for each in corpus.unusable))
