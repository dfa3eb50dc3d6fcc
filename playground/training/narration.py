"""One training step told in full: what the forward pass held, what each gradient was, and how every weight moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.data.batch import IGNORE
from playground.training.report import StepReport
from playground.training.trainer import Trainer
from playground.transformer.taps import Edit, Taps


@dataclass(frozen=True)
class Told:
    """A step that was taken. `values` and `gradients` are of the first sequence of its batch, float32, by tap point, such as
    (pos, d_model); a gradient is that of the step's loss with respect to the value.

    `tokens` (pos,) and `context` are what that sequence reads. `losses` (pos,) are nats for each of its tokens, NaN where
    none is asked for. `before` and `moved` are every weight and what the step added to it, by name.
    """

    report: StepReport
    tokens: Tensor
    context: Tensor | None
    values: dict[str, Tensor]
    gradients: dict[str, Tensor]
    losses: Tensor
    before: dict[str, Tensor]
    moved: dict[str, Tensor]


def narrate(trainer: Trainer, steps: Iterator[StepReport], wanted: Iterable[str]) -> Told:
    """Take the next of `steps` and keep all of it. It is a step like any other: what is learned is the same.

    Only memory for a second copy of the weights is needed besides. Raises what the step raises; then nothing is told.
    """
    gradients: dict[str, Tensor] = {}
    names = [*wanted, "logits"]
    taps = Taps(names, {name: _listening(name, gradients) for name in names})
    before = {name: parameter.detach().clone() for name, parameter in trainer.model.named_parameters()}
    trainer.taps = taps
    try:
        report = next(steps)
    finally:
        trainer.taps = None
    assert trainer.drawn is not None
    batch = trainer.drawn
    moved = {name: parameter.detach() - before[name] for name, parameter in trainer.model.named_parameters()}
    values = {name: value[0].detach().float() for name, value in taps.values.items()}
    row = -len(taps.values["logits"])  # of an accumulated batch the last part is at hand
    targets, context = batch.targets[row], None if batch.context is None else batch.context[row]
    losses = F.cross_entropy(values["logits"], targets, ignore_index=IGNORE, reduction="none")
    losses = losses.masked_fill(targets == IGNORE, torch.nan)
    heard = {name: each[0].float() for name, each in gradients.items()}
    return Told(report, batch.tokens[row], context, values, heard, losses, before, moved)


def _listening(name: str, heard: dict[str, Tensor]) -> Edit:
    """Changes nothing, but hears the gradient when it comes back."""

    def keep(gradient: Tensor) -> None:
        heard[name] = gradient.detach()

    def edit(value: Tensor) -> Tensor:
        if value.requires_grad:
            value.register_hook(keep)  # type: ignore[no-untyped-call]
        return value

    return edit
