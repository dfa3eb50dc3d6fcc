"""Exceptions into words: what went wrong, why, and what to do."""

from __future__ import annotations

import logging

import torch

from playground.spec.check import SpecError
from playground.training.trainer import Diverged
from playground.worker.mailbox import Fault

log = logging.getLogger(__name__)


def fault(error: BaseException, doing: str, number: int | None = None) -> Fault:
    """A Fault for the person; `doing` is what was tried ("Saving"), used where the error has no words of its own."""
    if hasattr(error, "what"):
        return Fault(str(error.what), str(getattr(error, "why", "")), str(getattr(error, "remedy", "")), number,
                     getattr(error, "fix", None))  # fmt: skip
    if isinstance(error, SpecError):
        return Fault(f"{doing} failed.", f"{error}.", "Change that, and try again.", number)
    if isinstance(error, Diverged):
        return Fault("Training has stopped.", str(error), number=number)
    if out_of_memory(error):
        return Fault(
            f"{doing} needs more memory than there is.",
            "Weights, gradients and activations have to fit at the same time.",
            "Make the batch, the context or the model smaller.",
            number,
        )
    log.error("%s failed", doing, exc_info=error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return Fault(
            f"{doing} failed.", f"{place}{error.strerror or error}.", "Choose another place, or make room there.", number
        )
    why = f"{type(error).__name__}: {error}."
    return Fault(f"{doing} failed.", why, "Nothing was lost; undo the last change, or open the model again.", number)


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; on a CPU torch says so only in the text of a RuntimeError."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in said or "not enough memory" in said or "can't allocate" in said
    )
