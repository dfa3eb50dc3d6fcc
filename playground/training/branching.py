"""Branching: a run that goes on from a recorded step of another, as that one did."""

from __future__ import annotations

import torch

from playground.data.errors import Cancelled
from playground.data.text import Asked, Tick
from playground.training.recording import Snapshot
from playground.training.run import Run
from playground.training.state import bring, state_of, weights_of
from playground.training.trainer import Trainer
from playground.transformer.model import build


class NotRecorded(Exception):
    """No step of the past is there: what, why, what to do."""

    def __init__(self, why: str = "") -> None:
        super().__init__("Nothing of this run has been recorded.")
        self.what, self.why, self.remedy = str(self), why, "Only the present can be seen and trained on."


def branch(run: Run, step: int, progress: Tick, cancelled: Asked) -> tuple[Run, str]:
    """The run as it was at the recorded step nearest to one, with its own future, and in words how it came to be.

    Whole states are recorded more thinly than weights. From the last whole one the steps between are taken again, hot
    changes included, which gives the recorded weights to the bit wherever training can be repeated to the bit, and in any
    case ends with the recorded weights. Raises NotRecorded, Cancelled and OSError; `run` stays as it is.
    """
    target = run.recording.nearest(step)
    if target is None:
        raise NotRecorded
    whole = run.recording.whole_before(target)
    begin = whole or target
    trainer = _trainer_at(run, begin)
    if whole is None:
        trainer.step = target.step
    else:
        _repeat(run, trainer, whole, target, progress, cancelled)
    exact = whole is not None and _same(trainer, target)
    if not exact:
        _fill(trainer, target)
    trainer.history = run.trainer.history.upto(target.step)
    made = Run(target.experiment, target.corpus, trainer, run.name, run.recording.fork(target.step))
    made.recording.mark(target.step, "a branch goes on from here")
    how = (
        "" if exact else " The optimiser starts anew." if whole is None else " To rounding: this device does not repeat itself."
    )
    return made, f"Goes on from step {target.step:,}; undo brings what came after it back.{how}"


@torch.no_grad()
def twin(run: Run) -> Run:
    """The same run once more, with weights and state of its own: both go on alike, to the bit. Nothing of its past is kept."""
    model = build(run.experiment.model, run.experiment.seed)
    trainer = Trainer(run.experiment, model, run.corpus, run.device)
    weights = weights_of(run.trainer.model)
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])
    bring(trainer, state_of(run.trainer))
    trainer.low = run.trainer.low
    trainer.history = run.trainer.history.copy()
    return Run(run.experiment, run.corpus, trainer, run.name)


def _trainer_at(run: Run, snapshot: Snapshot) -> Trainer:
    """A trainer with the weights of a snapshot, and its state where it has one."""
    model = build(snapshot.experiment.model, snapshot.experiment.seed)
    trainer = Trainer(snapshot.experiment, model, snapshot.corpus, run.device)
    _fill(trainer, snapshot)
    if snapshot.state is not None:
        bring(trainer, snapshot.state.tensors())
    if trainer.low is None and snapshot.experiment.training.precision == run.experiment.training.precision:
        trainer.low = run.trainer.low  # measured after that step; measured again it might come out otherwise
    return trainer


def _repeat(run: Run, trainer: Trainer, begin: Snapshot, end: Snapshot, progress: Tick, cancelled: Asked) -> None:
    """Take the steps between two snapshots again, each with the settings that were in force."""
    changes, steps = run.recording.changes[begin.changes : end.changes], trainer.steps()
    while trainer.step < end.step or changes:
        while changes and changes[0][0] <= trainer.step:
            trainer.update(changes.pop(0)[1])
        if trainer.step >= end.step:
            return
        if cancelled():
            raise Cancelled
        next(steps)
        progress(f"Going to step {end.step:,}", (trainer.step - begin.step) / (end.step - begin.step))


def _same(trainer: Trainer, snapshot: Snapshot) -> bool:
    wanted = snapshot.weights.tensors()
    return all(torch.equal(value.cpu(), wanted[name]) for name, value in weights_of(trainer.model).items())


@torch.no_grad()
def _fill(trainer: Trainer, snapshot: Snapshot) -> None:
    weights = snapshot.weights.tensors()
    for name, parameter in trainer.model.named_parameters():
        parameter.copy_(weights[name])
