"""Checkpoints: a folder with experiment, tokenizer, weights and training state, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import shutil
import struct
import tempfile
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
from playground.training.state import bring, state_of, weights_of
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
        history = History.restored(state["history"].numpy(), state["validations"].numpy())
        bring(trainer, state)
        trainer.history = history
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"The training state in {folder} cannot be used.",
            f"{error}.",
            "Delete state.safetensors to go on with the weights alone.",
        ) from None
    return True


def _weights(model: Transformer) -> dict[str, Tensor]:
    return _copied(weights_of(model))


def _state(trainer: Trainer) -> dict[str, Tensor]:
    rows, validations = trainer.history.arrays()
    return _copied(state_of(trainer)) | {"history": torch.from_numpy(rows), "validations": torch.from_numpy(validations)}


def _copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.to("cpu", copy=True).contiguous() for name, value in tensors.items()}


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
