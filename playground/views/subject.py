"""What every probe looks at, and the two things every look needs: the model at rest, and arrays nobody can change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from playground.data.corpus import Corpus
from playground.training.history import History
from playground.transformer.model import Transformer


@dataclass(frozen=True)
class Subject:
    """The model after `step` optimiser steps, with the text it learns from and the record of the run."""

    model: Transformer
    corpus: Corpus
    history: History
    step: int
    device: torch.device


@contextmanager
def at_rest(model: Transformer) -> Iterator[None]:
    """Without dropout and without gradients inside the block; as it was afterwards."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(training)


def read_only(values: torch.Tensor | np.ndarray, dtype: np.dtype | type | None = None) -> np.ndarray:
    """A copy on the CPU that belongs to the frame alone and cannot be written to."""
    source = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values
    copied = np.array(source, dtype=dtype, order="C", copy=True)
    copied.flags.writeable = False
    return copied
