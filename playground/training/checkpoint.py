"""Checkpoints: a folder with experiment, tokenizer, weights and training state, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import shutil
import struct
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from playground.data.tokenizer import MODEL, SETTINGS
from playground.spec import toml
from playground.training.folder import Stranded, rebuilt
from playground.training.history import History
from playground.training.trainer import Trainer
from playground.transformer.model import Transformer

if TYPE_CHECKING:
    from playground.training.run import Run

STEPS = "steps"
"""The name under which a file of weights says how many optimiser steps made them."""
WEIGHTS, STATE, EXPERIMENT = "model.safetensors", "state.safetensors", "experiment.toml"
_OURS = (WEIGHTS, STATE, EXPERIMENT, SETTINGS, MODEL)
"""What a checkpoint consists of; other files in the folder, such as a card, are left alone."""


class CheckpointError(Exception):
    """A checkpoint that cannot be written or read: what, why, and what to do."""

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(" ".join(part for part in (what, why, remedy) if part))
        self.what, self.why, self.remedy = what, why, remedy


def save(folder: Path, run: Run) -> None:
    """Write everything that training needs to go on from here, bit for bit on a CPU. Raises CheckpointError."""
    _write(folder, run, _weights(run.trainer.model), _state(run.trainer))


def make_sure(folder: Path) -> None:
    """Raises CheckpointError where a folder could not be written, before there is anything to lose."""
    try:
        if folder.exists() and not folder.is_dir():
            raise FileExistsError(17, "there is a file of that name")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder.parent):
            pass
    except OSError as error:
        why = error.strerror or str(error)
        raise CheckpointError(f"The model could not be saved to {folder}.", f"{why}.", "Choose another place.") from error


def save_weights(folder: Path, run: Run) -> None:
    """Write experiment, tokenizer and weights in half precision, without training state. Raises CheckpointError.

    Where an average of the weights is kept, it is what is written.
    """
    average = run.trainer.average
    with average.in_place() if average is not None else contextlib.nullcontext():
        whole = _weights(run.trainer.model)
    weights = {name: value.half() if value.is_floating_point() else value for name, value in whole.items()}
    _write(folder, run, weights, None)


def load_weights(folder: Path) -> dict[str, Tensor] | None:
    """Weights by name in float32, or None where the folder has none. Raises CheckpointError for a broken file."""
    found = _load(folder / WEIGHTS)
    return None if found is None else {name: value.float() for name, value in found.items()}


def steps_taken(folder: Path) -> int:
    """How many optimiser steps made the weights in a folder; 0 where the file does not say."""
    try:
        with safe_open(folder / WEIGHTS, "pt") as file:
            return max(0, int((file.metadata() or {}).get(STEPS, "0")))
    except (OSError, SafetensorError, ValueError):
        return 0


def fill(model: Transformer, weights: dict[str, Tensor], folder: Path) -> None:
    """Put weights into a model. Raises CheckpointError where they are not this model's."""
    wanted = dict(model.named_parameters())
    wrong = sorted(name for name in wanted.keys() | weights.keys()
                   if name not in wanted or name not in weights or wanted[name].shape != weights[name].shape)  # fmt: skip
    if wrong:
        raise CheckpointError(
            f"The weights in {folder} are not those of its experiment.",
            f"{wrong[0]} does not fit" + (f", and {len(wrong) - 1} more." if len(wrong) > 1 else "."),
            "Open another copy of the model.",
        )
    with torch.no_grad():
        for name, parameter in wanted.items():
            parameter.copy_(weights[name])


def restore(trainer: Trainer, folder: Path) -> bool:
    """Bring a trainer to the saved state; False where the folder has none. Raises CheckpointError for a broken one."""
    state = _load(folder / STATE)
    if state is None:
        return False
    try:
        home = trainer.optimiser.state
        memory = {p: _memory(state, name, p, home.keys_of(p)) for name, p in trainer.model.named_parameters()}
        torch.Generator().set_state(state["dropout"])  # refuses what is none
        trainer.batches.generator.set_state(state["batches"])
        trainer.dropout_state = state["dropout"].clone()
        trainer.step = int(state["step"])
        trainer.low = None if int(state["low"]) < 0 else bool(int(state["low"]))
        trainer.history = History.restored(state["history"].numpy(), state["validations"].numpy())
        if trainer.average is not None and "averaged" in state:
            names = trainer.average.weights
            trainer.average.restore({name: state[f"{name}/average"] for name in names}, int(state["averaged"]))
        home.update({parameter: values for parameter, values in memory.items() if values})
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"The training state in {folder} cannot be used.",
            f"{error}.",
            "Delete state.safetensors to go on with the weights alone.",
        ) from None
    return True


def _memory(state: dict[str, Tensor], name: str, parameter: Tensor, keys: Collection[str]) -> dict[str, Tensor]:
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


def _weights(model: Transformer) -> dict[str, Tensor]:
    """Each weight once: named_parameters leaves out the second name of a tied matrix."""
    return {name: parameter.detach().to("cpu", copy=True).contiguous() for name, parameter in model.named_parameters()}


def _state(trainer: Trainer) -> dict[str, Tensor]:
    rows, validations = trainer.history.arrays()
    state = {
        "step": torch.tensor(trainer.step),
        "low": torch.tensor(-1 if trainer.low is None else int(trainer.low)),
        "batches": trainer.batches.generator.get_state(),
        "dropout": trainer.dropout_state.clone(),
        "history": torch.from_numpy(rows),
        "validations": torch.from_numpy(validations),
    }
    if trainer.average is not None:
        state["averaged"] = torch.tensor(trainer.average.steps)
        state |= {f"{name}/average": value.to("cpu", copy=True) for name, value in trainer.average.weights.items()}
    for name, parameter in trainer.model.named_parameters():
        for key, value in trainer.optimiser.state.get(parameter, {}).items():
            state[f"{name}/{key}"] = value.detach().to("cpu", copy=True).contiguous()
    return state


def _write(folder: Path, run: Run, weights: dict[str, Tensor], state: dict[str, Tensor] | None) -> None:
    """Write into a fresh folder that is put in place of the target when it is whole."""
    try:
        with rebuilt(folder, _OURS, EXPERIMENT) as fresh:
            if (folder / EXPERIMENT).is_file():
                shutil.copyfile(folder / EXPERIMENT, fresh / EXPERIMENT)  # for the comments of a hand-edited one
            toml.save(fresh / EXPERIMENT, run.experiment)
            run.corpus.tokenizer.save(fresh)
            save_file(weights, fresh / WEIGHTS, {STEPS: str(run.trainer.step)})
            if state is not None:
                save_file(state, fresh / STATE)
            for path in fresh.iterdir():
                path.chmod(0o644)
    except (OSError, SafetensorError) as error:
        why = getattr(error, "strerror", None) or str(error)
        kept = f"now lies in {error.aside}" if isinstance(error, Stranded) else "is untouched"
        raise CheckpointError(
            f"The model could not be saved to {folder}.", f"{why}; what was there before {kept}.", "Choose another place."
        ) from error


def _load(path: Path) -> dict[str, Tensor] | None:
    if not path.is_file():
        return None
    try:
        return load_file(path)
    except (OSError, SafetensorError, ValueError, json.JSONDecodeError, struct.error) as error:
        raise CheckpointError(
            f"{path} cannot be read.", f"It is damaged or cut short ({error}).", "Open another copy of the model."
        ) from None
