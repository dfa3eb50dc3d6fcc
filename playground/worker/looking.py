"""Looking back: a second model that holds the weights of a recorded step, for views and answers to look at."""

from __future__ import annotations

import copy

import torch

from playground.spec.model import ModelSpec
from playground.training.recording import Snapshot
from playground.training.run import Run
from playground.transformer.model import Transformer, build
from playground.views.subject import Subject


class LookingBack:
    """What is looked at: the model that trains, or one of a recorded step, which training never touches."""

    def __init__(self) -> None:
        self._model: Transformer | None = None
        self._spec: ModelSpec | None = None
        self._at: Snapshot | None = None

    @property
    def step(self) -> int | None:
        """The recorded step that is looked at; None: the present."""
        return None if self._at is None else self._at.step

    def spec(self, run: Run) -> ModelSpec:
        """The architecture that is looked at."""
        return run.experiment.model if self._at is None else self._at.experiment.model

    @torch.no_grad()
    def look(self, at: Snapshot | None, run: Run) -> None:
        """Look at a recorded step from now on, or (None) at the present. Raises OSError where its file cannot be read."""
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
        trainer = run.trainer
        if self._at is None or self._model is None:
            return Subject(trainer.model, run.corpus, trainer.history, trainer.step, trainer.device, trainer.floor)
        return Subject(self._model, self._at.corpus, trainer.history, self._at.step, trainer.device, trainer.floor)
