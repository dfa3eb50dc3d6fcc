"""What every probe looks at, and what every look needs: a text as the model reads it, a model at rest, frozen arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
import torch

from playground.data.batch import Batch
from playground.data.corpus import Corpus
from playground.data.special import Marked
from playground.training.history import History
from playground.transformer.model import Transformer
from playground.transformer.taps import Enough, Taps

PARTED = 64
"""Tokens of the validation text that an encoder and a decoder share where nothing else is typed."""


@dataclass(frozen=True)
class Subject:
    """The model after `step` optimiser steps, with the text it learns from and the record of the run."""

    model: Transformer
    corpus: Corpus
    history: History
    step: int
    device: torch.device
    floor: float | None = None
    """The validation loss that no model can beat, where it is known."""
    fixed: Callable[[int], Iterator[Batch]] | None = None
    """So many sequences of the validation part, always the same."""
    gradients: Mapping[str, float] | None = None
    """Norms of the last step's gradient by parameter, before clipping; None before the first step."""


@dataclass(frozen=True)
class Reading:
    """One text as the model reads it, token ids (pos,): `context` for an encoder beside a decoder, else None.

    `shortened` tells how many tokens of the text did not fit.
    """

    ids: np.ndarray
    context: np.ndarray | None
    shortened: int

    @property
    def before(self) -> int:
        """How many tokens an encoder reads before those of the decoder."""
        return 0 if self.context is None else len(self.context)

    def logits(self, subject: Subject, taps: Taps | None = None) -> torch.Tensor:
        """The model's answer to it, (1, pos, vocab)."""
        tokens, context = (
            None if ids is None else torch.as_tensor(ids, device=subject.device)[None] for ids in (self.ids, self.context)
        )
        made: torch.Tensor = subject.model(tokens, context=context, taps=taps)
        return made

    def watch(self, subject: Subject, names: Iterable[str]) -> Mapping[str, torch.Tensor]:
        """What these tap points hold while the model reads it; nothing is computed behind the last of them."""
        taps = Taps(names, ends=True)
        with suppress(Enough):
            self.logits(subject, taps)
        return taps.values


def reading(subject: Subject, text: str, most: int) -> Reading:
    """A text, or where it is empty a first paragraph of the validation text, in at most `most` tokens that fit.

    An encoder-decoder reads the first half and goes on with the second, as in training; of a text that the person has
    typed the encoder reads all, and the decoder only that it begins.
    """
    model, corpus = subject.model.spec, subject.corpus
    room = max(1, min(model.n_ctx, most))
    typed = corpus.tokenizer.encode(text)
    if corpus.examples is not None:
        return _question(subject, typed)
    parted = model.architecture == "encoder-decoder"  # in all views at the same place
    ids = typed if len(typed) else _opening(corpus, min(room, PARTED) if parted else room)
    left = max(0, len(ids) - room)
    ids = ids[:room]
    if not parted:
        return Reading(ids, None, left)
    assert isinstance(corpus.tokenizer, Marked)
    first = len(ids) if len(typed) else max(1, len(ids) // 2)
    return Reading(np.concatenate(([corpus.tokenizer.bos], ids[first:])), ids[:first], left)


def _opening(corpus: Corpus, room: int) -> np.ndarray:
    start = max(0, min(corpus.opening, len(corpus.validation) - room))
    return np.asarray(corpus.validation[start : start + room], dtype=np.int64)


def _question(subject: Subject, typed: np.ndarray) -> Reading:
    """The first question of the validation part with its answer, or what the person asks, as the model reads it."""
    model, tokenizer, examples = subject.model.spec, subject.corpus.tokenizer, subject.corpus.examples
    assert isinstance(tokenizer, Marked)
    assert examples is not None
    source, s, target, t = (column[0].numpy() for column in examples.validation)
    asked, said = (typed, target[:0]) if len(typed) else (source[:s], target[:t])
    if model.architecture == "encoder-decoder":
        context = asked if len(asked) else np.array([tokenizer.bos])
        return Reading(np.concatenate(([tokenizer.bos], said)), context[: model.n_ctx], max(0, len(asked) - model.n_ctx))
    hidden = np.full(len(target) if len(typed) else len(said), tokenizer.mask)
    last = said if model.decoder or not len(asked) else hidden
    ids = np.concatenate((asked, [tokenizer.bos], last)) if len(asked) or model.decoder else last
    return Reading(ids[: model.n_ctx], None, max(0, len(ids) - model.n_ctx))


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
