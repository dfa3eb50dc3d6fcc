"""A generated task as a corpus: its questions and answers, and what a decoder reads of them as one long text."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from playground.data.corpus import Corpus
from playground.data.errors import DataError
from playground.data.examples import Examples, make_examples
from playground.data.special import NAMES, Marked
from playground.data.symbols import Symbols
from playground.data.tasks import TASKS
from playground.spec.experiment import Experiment

VALIDATION = 2000
"""Questions kept for validation, where there are so many."""


def load_questions(experiment: Experiment) -> Corpus:
    """The questions of an experiment's task, from its seed; raises DataError where they do not fit the context."""
    task = TASKS[experiment.task.kind]
    examples = make_examples(task, experiment.seed, experiment.task.examples, VALIDATION)
    questions_fit(experiment, examples)
    tokenizer = Marked(Symbols(task))
    train, validation = (as_text(part, tokenizer) for part in (examples.train, examples.validation))
    counts = np.bincount(train.numpy(), minlength=tokenizer.vocab)
    counts[-len(NAMES) :] = 0  # special tokens are no part of the text
    return Corpus(task.title, tokenizer, train, validation, 1.0, counts, examples)


def as_text(part: tuple[Tensor, Tensor, Tensor, Tensor], tokenizer: Marked) -> Tensor:
    """Every question, bos, its answer and eos, one after the other, int64 (tokens,)."""
    sources, source_lengths, targets, target_lengths = part
    rows = zip(sources, source_lengths.tolist(), targets, target_lengths.tolist(), strict=True)
    bos, eos = torch.tensor([tokenizer.bos]), torch.tensor([tokenizer.eos])
    return torch.cat([piece for source, s, target, t in rows for piece in (source[:s], bos, target[:t], eos)])


def questions_fit(experiment: Experiment, examples: Examples) -> None:
    """Raises DataError where the longest question with its answer is longer than the context."""
    source, target = examples.train.source.shape[1], examples.train.target.shape[1]
    both = experiment.model.architecture != "encoder-decoder"
    needed = source + 1 + target if both else max(source, target + 1)
    n_ctx = experiment.model.n_ctx
    if needed > n_ctx:
        parts = f"a question of {source} symbols" if source else "sequences"
        raise DataError(
            f"“{TASKS[experiment.task.kind].title}” does not fit into a context of {n_ctx}.",
            f"It has {parts} and answers of {target}, which take {needed} tokens.",
            f"Use a context of {needed} or more.",
        )
