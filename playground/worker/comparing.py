"""Comparing: a second run beside the first, trained in turns with it on the same batches, and watched like it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from playground.training.report import StepReport
from playground.training.run import Run
from playground.training.trainer import Trainer
from playground.views.frames import Frame
from playground.views.subject import Subject
from playground.worker.commands import Ask, Watch
from playground.worker.faults import fault
from playground.worker.looking import present
from playground.worker.mailbox import Answer, Beside, Event, Mailbox
from playground.worker.watching import Job, Watching


class _Aside(Mailbox):
    """The mailbox as the second run's pictures see it: they lie beside those of the first."""

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__()
        self._whole, self.inbox = mailbox, mailbox.inbox

    def put_event(self, event: Event) -> None:
        """Faults are said where all are said."""
        self._whole.put_event(event)

    def put_frame(self, view: str, frame: Frame) -> None:
        """A picture of the second run."""
        self._whole.put_beside(view, frame)

    def put_answer(self, answer: Answer) -> None:
        """An answer of the second run."""
        self._whole.put_answer_beside(answer)


class Comparing:
    """The run that the first is compared with, if there is one. It is trained after each step of the first, or stands still."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self.watching = Watching(_Aside(mailbox))
        self.run: Run | None = None
        self.standing = False
        self._steps: Iterator[StepReport] | None = None

    def begin(self, run: Run, first: Run, standing: bool) -> None:
        """Compare with this run from now on; one that does not stand still draws the batches that `first` draws."""
        self.run, self.standing, self._steps = run, standing, None
        if not standing:
            align(run.trainer, first.trainer)
        self.watching.model_changed(forget=True)

    def end(self) -> None:
        """Compare no more."""
        self.run = self._steps = None
        self.standing = False

    def follow(self, first: Run, change: str) -> None:
        """The first run has become another: one that starts afresh draws the batches that come next here."""
        if self.run is not None and not self.standing and change in ("fresh", "branch", "opened"):
            align(first.trainer, self.run.trainer)

    def restart(self, first: Run) -> None:
        """Start again from fresh weights, as the first run does."""
        if self.run is not None and not self.standing:
            self.begin(self.run.restart(), first, standing=False)

    def step(self) -> None:
        """One optimiser step, after one of the first run. Where it fails, this run stands still from then on."""
        if self.run is None or self.standing:
            return
        if self._steps is None:
            self._steps = self.run.trainer.steps()
        try:
            next(self._steps)
        except Exception as error:
            self.standing, self._steps = True, None
            self._mailbox.put_event(fault(error, "Training the model that is compared with"))

    def watch(self, command: Watch) -> None:
        """A view wants to see this run, or no more."""
        self.watching.watch(command.view, command.look)

    def ask(self, ask: Ask) -> None:
        """The prompt is answered by both."""
        self.watching.ask(ask)

    def urgent(self, *, training: bool) -> Job | None:
        """A picture of this run that must not wait."""
        if self.run is None:
            return None
        return self.watching.urgent(self.run.trainer.step, training=training and not self.standing, within=math.inf)

    def due(self) -> Job | None:
        """A picture of this run whose time has come."""
        return None if self.run is None else self.watching.due(self.run.trainer.step)

    def paint(self, job: Job) -> None:
        """Make one picture."""
        self.watching.run(job, self.subject())

    def subject(self) -> Subject:
        """What probes look at."""
        assert self.run is not None
        return present(self.run)

    def told(self, first: Run | None) -> Beside | None:
        """How it stands."""
        if self.run is None or first is None:
            return None
        trainer, history = self.run.trainer, self.run.trainer.history
        scores = history.scores
        return Beside(
            experiment=self.run.experiment,
            step=trainer.step,
            loss=float(history.loss[-1]) if len(history) else None,
            validation=float(history.validation[-1]) if len(history.validation) else None,
            score=float(scores[-1]) if len(scores) and math.isfinite(scores[-1]) else None,
            standing=self.standing,
            same=not self.standing and same_batches(first.trainer, trainer),
        )


def align(trainer: Trainer, other: Trainer) -> None:
    """Let a trainer draw the batches that another one draws next, as far as both cut them alike."""
    trainer.batches.generator.set_state(other.batches.generator.get_state())


def same_batches(one: Trainer, other: Trainer) -> bool:
    """Whether both draw the same sequences: from the same text, as many and as long ones, from the same point of the stream."""
    mine, theirs = one.experiment, other.experiment
    return (
        mine.task == theirs.task
        and mine.model.n_ctx == theirs.model.n_ctx
        and mine.model.architecture == theirs.model.architecture
        and (mine.training.batch, mine.training.accumulate) == (theirs.training.batch, theirs.training.accumulate)
        and torch.equal(one.batches.generator.get_state(), other.batches.generator.get_state())
    )
