"""Questions with answers as a corpus: those of a generated task, or the person's own pairs from a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from playground.data.corpus import Corpus, make_tokenizer
from playground.data.errors import Cancelled, DataError
from playground.data.examples import Examples, Rows, make_examples, own_examples
from playground.data.pairs import LISTED, Unusable, read_pairs
from playground.data.special import Marked
from playground.data.symbols import Symbols
from playground.data.tasks import TASKS, Pair
from playground.data.text import Asked, Tick
from playground.data.tokenizer import Tokenizer
from playground.spec.experiment import Experiment

VALIDATION = 2000
"""Questions kept for validation, where there are so many."""
_EVERY = 1000
"""Pairs between two looks at whether to go on."""


def load_questions(experiment: Experiment) -> Corpus:
    """The questions of a generated task, from the seed; raises DataError where they do not fit the context."""
    task = TASKS[experiment.task.kind]
    tokenizer = Marked(Symbols(task), experiment.gisted)
    examples = make_examples(task, experiment.seed, experiment.task.examples, VALIDATION, _gist(experiment, tokenizer))
    questions_fit(experiment, examples)
    return _corpus(task.title, tokenizer, examples, 1.0)


def load_pairs(
    experiment: Experiment,
    tokenizer: Tokenizer | None = None,
    progress: Tick = lambda job, share: None,
    cancelled: Asked = lambda: False,
) -> Corpus:
    """The pairs or triples of the person's table that fit the context; without a `tokenizer` one is made from the whole file.

    Raises DataError where there is no such table or no pair in it fits, and Cancelled.
    """
    sides = 3 if experiment.task.kind == "triples" else 2
    own = read_pairs(experiment.task.text, sides=sides, progress=progress, cancelled=cancelled)
    inner = tokenizer or make_tokenizer(experiment.task.tokenizer, own.source, progress, cancelled)
    marked = Marked(inner, experiment.gisted)
    gist = _gist(experiment, marked)
    room, n_ctx = _room(experiment), experiment.model.n_ctx
    pairs: list[Pair] = []
    unusable, refused, size, shortest = list(own.unusable), own.refused, 0, 1 << 60
    for index, texts in enumerate(own.pairs):
        if index % _EVERY == 0:
            progress(f"Cutting {own.source.name} into tokens", index / len(own.pairs))
            if cancelled():
                raise Cancelled
        pair = _cut(texts, inner, bool(gist))
        takes = room(len(pair.source) + len(gist), len(pair.target))
        if takes <= n_ctx:
            pairs.append(pair)
            size += sum(len(text.encode()) for text in texts)
            continue
        refused, shortest = refused + 1, min(shortest, takes)
        unusable.append(Unusable(own.lines[index], f"too long: it takes {takes:,} tokens, and the context has {n_ctx:,}"))
    if not pairs:
        raise DataError(
            f"No pair of {own.source.name} fits into a context of {n_ctx:,}.",
            f"The shortest takes {shortest:,} tokens.",
            f"Use a context of {shortest:,} or more.",
            ("model.n_ctx", shortest),
        )
    unusable = sorted(unusable, key=lambda each: each.line)[:LISTED]
    examples = own_examples(pairs, marked.eos, experiment.seed, experiment.task.validation, gist)
    per_token = size / sum(len(pair.source) + len(pair.target) for pair in pairs)
    made = _corpus(own.source.name, marked, examples, per_token, tuple(unusable), refused)
    return replace(made, digest=own.source.digest)


def _gist(experiment: Experiment, tokenizer: Marked) -> tuple[int, ...]:
    """The gist tokens that stand behind every instruction."""
    return () if tokenizer.gist is None else (tokenizer.gist,) * experiment.model.gist.tokens


def _cut(texts: Sequence[str], tokenizer: Tokenizer, gist: bool) -> Pair:
    """A line of a table as ids; where no gist token parts instruction and input, a line end does."""
    *asked, said = texts
    if gist:
        parts = [tuple(tokenizer.encode(text).tolist()) for text in asked]
        return Pair(sum(parts, ()), tuple(tokenizer.encode(said).tolist()), prompt=len(parts[0]))
    whole = "\n".join(text for text in asked if text)
    return Pair(tuple(tokenizer.encode(whole).tolist()), tuple(tokenizer.encode(said).tolist()))


def _corpus(
    name: str, tokenizer: Marked, examples: Examples, bytes_per_token: float, unusable: tuple[Unusable, ...] = (),
    refused: int = 0,
) -> Corpus:  # fmt: skip
    train, validation = (as_text(part, tokenizer) for part in (examples.train, examples.validation))
    counts = np.bincount(train.numpy(), minlength=tokenizer.vocab)
    counts[-len(tokenizer.names) :] = 0  # special tokens are no part of the text
    return Corpus(name, tokenizer, train, validation, bytes_per_token, counts, examples, unusable, refused)


def as_text(part: Rows, tokenizer: Marked) -> Tensor:
    """Every question, bos, its answer and eos, one after the other, int64 (tokens,)."""
    column = torch.ones(len(part.source), 1, dtype=torch.int64)
    rows = torch.cat((part.source, column * tokenizer.bos, part.target, column * tokenizer.eos), dim=1)
    asked = torch.arange(part.source.shape[1]) < part.source_lengths[:, None]
    said = torch.arange(part.target.shape[1]) < part.target_lengths[:, None]
    return rows[torch.cat((asked, column > 0, said, column > 0), dim=1)]


def questions_fit(experiment: Experiment, examples: Examples) -> None:
    """Raises DataError where the longest question with its answer is longer than the context."""
    source, target = examples.train.source.shape[1], examples.train.target.shape[1]
    needed, n_ctx = _room(experiment)(source, target), experiment.model.n_ctx
    if needed > n_ctx:
        parts = f"a question of {source} symbols" if source else "sequences"
        raise DataError(
            f"“{TASKS[experiment.task.kind].title}” does not fit into a context of {n_ctx}.",
            f"It has {parts} and answers of {target}, which take {needed} tokens.",
            f"Use a context of {needed} or more.",
            ("model.n_ctx", needed),
        )


def floor(experiment: Experiment) -> float | None:
    """The validation loss in nats per token that no model can beat, or None where nobody knows: texts, pairs, pictures."""
    task = experiment.task
    if not task.generated or experiment.model.gist.mask == "negative":
        return None
    return _floor(task.kind, experiment.objective, task.mask_ratio, task.mask_rule)


@lru_cache(maxsize=64)
def _floor(kind: str, objective: str, ratio: float, rule: str) -> float | None:
    task = TASKS[kind]
    if objective != "masked":
        return task.floor()
    if task.longest()[0]:
        return task.masked_floor()
    return task.masked_floor(ratio) if rule == "always" else None


def _room(experiment: Experiment) -> Callable[[int, int], int]:
    """The tokens of context that a question and an answer of some lengths take: one text, or two in two stacks."""
    if experiment.model.architecture == "encoder-decoder":
        return lambda source, target: max(source, target + 1)
    return lambda source, target: source + 1 + target
