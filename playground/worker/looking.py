"""Looking back: a second model that holds the weights of a recorded step, for views and answers to look at."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import replace

import torch

from playground.spec.model import ModelSpec
from playground.training.branching import NotRecorded
from playground.training.recording import Snapshot
from playground.training.run import Run
from playground.transformer.model import Transformer, build
from playground.views.subject import Subject
from playground.worker.mailbox import Looking

LOOKED_AT = 4096
"""Validation tokens in one pass, for whoever looks at them."""
PASSING_SECONDS = 0.3
"""While training goes on, what takes long is only made of steps that are looked at for so long."""


class LookingBack:
    """What is looked at: the model that trains, or one of a recorded step, which training never touches."""

    def __init__(self) -> None:
        self._model: Transformer | None = None
        self._spec: ModelSpec | None = None
        self._at: Snapshot | None = None
        self._since = -math.inf

    @property
    def step(self) -> int | None:
        """The recorded step that is looked at; None: the present."""
        return None if self._at is None else self._at.step

    def spec(self, run: Run) -> ModelSpec:
        """The architecture that is looked at."""
        return run.experiment.model if self._at is None else self._at.experiment.model

    def passing(self) -> bool:
        """Whether another step was looked at just now, as in a film or a drag."""
        return time.perf_counter() - self._since < PASSING_SECONDS

    def seek(self, step: int | None, run: Run) -> Looking:
        """Look at the recorded step nearest to one, or at the present (None), where later steps lead to as well.

        Raises NotRecorded, and OSError where a snapshot's file cannot be read; then everything stays as it is.
        """
        found = None
        if step is not None and step < run.trainer.step:
            found = run.recording.nearest(step)
            if found is None:
                raise NotRecorded("This model is too large for that." if run.recording.off else "")
        self._look(found, run)
        self._since = time.perf_counter()
        return Looking(self.step, step, run.experiment if found is None else found.experiment)

    @torch.no_grad()
    def _look(self, at: Snapshot | None, run: Run) -> None:
        if at is None:
            self._at = None
            return
        weights, spec = at.weights.tensors(), at.experiment.model
        if self._model is None or self._spec != spec:
            # copying is quicker than drawing fresh weights, which are not wanted
            same = spec == run.experiment.model
            self._model = copy.deepcopy(run.trainer.model) if same else build(spec, at.experiment.seed).to(run.device)
            self._model.eval()
            self._spec = spec
        for name, parameter in self._model.named_parameters():
            parameter.copy_(weights[name])
        self._at = at

    def forget(self) -> None:
        """Another run: the present, and no second model."""
        self._model = self._spec = self._at = None

    def subject(self, run: Run) -> Subject:
        """What probes and answers look at. The record of the run is always the whole one."""
        now = present(run)
        if self._at is None or self._model is None:
            return now
        return replace(now, model=self._model, corpus=self._at.corpus, step=self._at.step, gradients=None)


def present(run: Run) -> Subject:
    """The model that trains, as it is."""
    trainer = run.trainer
    return Subject(
        trainer.model, run.corpus, trainer.history, trainer.step, trainer.device, trainer.floor,
        lambda count: trainer.batches.fixed(count, LOOKED_AT), trainer.gradients(),
    )  # fmt: skip
