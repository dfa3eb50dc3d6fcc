"""What the engine tells about training: every step, and a few times a second how it stands."""

from __future__ import annotations

import math
import time

import torch

from playground.data.corpus import Corpus
from playground.training.report import StepReport
from playground.training.run import Run
from playground.worker.mailbox import LeftOut, Mailbox, Mode, Status

PUBLISH_SECONDS = 0.15
"""How often status and step reports go into the mailbox while training."""


class Reporter:
    """Gathers step reports and puts them, with a status, into the mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._reports: list[StepReport] = []
        self._published = 0.0
        self.device = ""
        """The device in words."""

    def step(self, report: StepReport) -> None:
        """A step has been taken."""
        self._reports.append(report)

    def late(self) -> bool:
        """Whether it is time to publish."""
        return time.perf_counter() - self._published > PUBLISH_SECONDS

    def publish(self, mode: Mode, run: Run | None, watching: float) -> None:
        """Put the gathered steps and the status into the mailbox."""
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
            parameters=sum(parameter.numel() for parameter in run.trainer.model.parameters()),
        )
        self._mailbox.put_status(status)


def left_out(corpus: Corpus) -> LeftOut | None:
    """Which lines of the person's table could not be used; None where all could, or there is no table."""
    if not corpus.refused or corpus.examples is None:
        return None
    examples = corpus.examples
    used = len(examples.train.source) + (len(examples.validation.source) if examples.disjoint else 0)
    return LeftOut(corpus.name, corpus.refused, used, tuple((each.line, each.reason) for each in corpus.unusable))
