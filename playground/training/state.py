"""What training needs to go on from a step, bit for bit: weights, and the state of optimiser, average and random streams."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from playground.training.trainer import Trainer
from playground.transformer.model import Transformer


def weights_of(model: Transformer) -> dict[str, Tensor]:
    """The weights by name, each once: named_parameters leaves out the second name of a tied matrix. Not copied."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def state_of(trainer: Trainer) -> dict[str, Tensor]:
    """All that is no weight and no history, by name. Not copied: it belongs to the trainer and changes with the next step."""
    state = {
        "step": torch.tensor(trainer.step),
        "low": torch.tensor(-1 if trainer.low is None else int(trainer.low)),
        "batches": trainer.batches.generator.get_state(),
        "dropout": trainer.dropout_state,
    }
    if trainer.average is not None:
        state["averaged"] = torch.tensor(trainer.average.steps)
        state |= {f"{name}/average": value for name, value in trainer.average.weights.items()}
    for name, parameter in trainer.model.named_parameters():
        for key, value in trainer.optimiser.state.get(parameter, {}).items():
            state[f"{name}/{key}"] = value.detach()
    return state


def bring(trainer: Trainer, state: Mapping[str, Tensor]) -> None:
    """Bring a trainer to a state; raises KeyError, RuntimeError, ValueError or TypeError for one that is not of its kind."""
    home = trainer.optimiser.state
    memory = {p: _memory(state, name, p, home.keys_of(p)) for name, p in trainer.model.named_parameters()}
    torch.Generator().set_state(state["dropout"])  # refuses what is none
    trainer.batches.generator.set_state(state["batches"])
    trainer.dropout_state = state["dropout"].clone()
    trainer.step = int(state["step"])
    trainer.low = None if int(state["low"]) < 0 else bool(int(state["low"]))
    if trainer.average is not None and "averaged" in state:
        names = trainer.average.weights
        trainer.average.restore({name: state[f"{name}/average"] for name in names}, int(state["averaged"]))
    home.update({parameter: values for parameter, values in memory.items() if values})


def _memory(state: Mapping[str, Tensor], name: str, parameter: Tensor, keys: Collection[str]) -> dict[str, Tensor]:
    """What the optimiser remembers of a weight, empty before its first step. Raises KeyError and ValueError.

    The fused kernels trust these shapes: a wrong one would let them write past the end.
    """
    if not any(f"{name}/{key}" in state for key in keys):
        return {}
    values = {key: state[f"{name}/{key}"] for key in sorted(keys)}
    for key, value in values.items():
        shape = torch.Size() if key == "step" else parameter.shape
        if value.shape != shape or value.dtype != torch.float32:
            raise ValueError(f"{name}/{key} does not fit this model")
    return {key: value.to(parameter.device, copy=True) for key, value in values.items()}
