"""Examples: questions with their answers as tensors, split into training and validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.data.errors import DataError
from playground.data.tasks.task import Pair, Task, share_of


class Rows(NamedTuple):
    """Pairs as int64 tensors, one a row.

    `source` (n, s) and `target` (n, t) are padded at the end with eos and hold no other special token; the lengths (n,) say
    how many tokens of each are real.
    """

    source: Tensor
    source_lengths: Tensor
    target: Tensor
    target_lengths: Tensor


@dataclass(frozen=True)
class Examples:
    """What to learn from and what to be tested on, of the same widths s and t.

    Where a task has `splits`, row i of the validation part is of split i modulo their number. `disjoint` says that no
    question of the validation part is in the training part (see `Task.key`). It is false where there are too few different
    ones, and where what is to be learned is how they are distributed (`Task.held_share`).
    """

    train: Rows
    validation: Rows
    disjoint: bool
    splits: tuple[str, ...] = ()


def make_examples(task: Task, seed: int, count: int, validation: int, gist: tuple[int, ...] = ()) -> Examples:
    """Random examples of a task: at most `count` to learn from and at most `validation` to be tested on.

    Where all pairs are known and their part holds no more than asked for, it has each of them once, in random order. The
    same seed gives the same examples; which questions are kept for validation does not depend on it. The tokens `gist` are
    put behind every instruction. Raises ValueError for a count below 1, and DataError where the task's data is missing.
    """
    if count < 1 or validation < 1:
        raise ValueError(f"both parts need examples; {count} and {validation} were asked for")
    rng = np.random.default_rng(seed)
    everything = task.everything()
    if task.splits:
        return _in_splits(task, rng, count, validation, gist)
    if everything is not None:
        pairs = list(everything)
        train, held, disjoint = _sides(pairs, [task.held_out(pair) for pair in pairs])
        train, held = _some(train, count, rng), _some(held, validation, rng)
    else:
        train, held, disjoint = _drawn(task, rng, count, validation)
    widths = task.longest()
    return Examples(_part(train, widths, task.eos), _part(held, widths, task.eos), disjoint)


def gisted(pair: Pair, gist: tuple[int, ...]) -> Pair:
    """The same with gist tokens behind its instruction, where it has one."""
    if not gist or not pair.prompt:
        return pair
    return Pair((*pair.source[: pair.prompt], *gist, *pair.source[pair.prompt :]), pair.target, pair.prompt)


def own_examples(pairs: Sequence[Pair], eos: int, seed: int, validation: float = 0.1, gist: tuple[int, ...] = ()) -> Examples:
    """The person's own pairs, all of them, in random order, with gist tokens behind instructions; a share is for validation.

    Pairs with the same source stay on one side; where that leaves a side empty, both have all. Raises DataError where
    there is no pair, and ValueError for a share that is not between 0 and 1.
    """
    if not 0 < validation < 1:
        raise ValueError(f"the share for validation is {validation} and should be between 0 and 1")
    if not pairs:
        raise DataError("There are no pairs.", "Nothing can be learned from none.", "Choose another file.")
    train, held, disjoint = _sides(pairs, [share_of(pair.source) < validation for pair in pairs])
    rng = np.random.default_rng(seed)
    widths = max(len(pair.source) for pair in pairs) + len(gist), max(len(pair.target) for pair in pairs)
    mixed = [[gisted(pair, gist) for pair in _some(part, len(part), rng)] for part in (train, held)]
    return Examples(_part(mixed[0], widths, eos), _part(mixed[1], widths, eos), disjoint)


def _sides(pairs: Sequence[Pair], kept: list[bool]) -> tuple[list[Pair], list[Pair], bool]:
    """Training, validation, and whether they differ: where one would be empty, both are all."""
    train = [pair for pair, out in zip(pairs, kept, strict=True) if not out]
    held = [pair for pair, out in zip(pairs, kept, strict=True) if out]
    return (train, held, True) if train and held else (list(pairs), list(pairs), False)


def _drawn(task: Task, rng: np.random.Generator, count: int, validation: int) -> tuple[list[Pair], list[Pair], bool]:
    """Pairs drawn until both parts are full; from all alike where the task keeps none or has none to keep."""
    share = task.held_share
    train: list[Pair] = []
    held: list[Pair] = []
    tries = int(4 * (count / (1 - share) + validation / share)) + 1000 if share else 0
    while tries and (len(train) < count or len(held) < validation):
        pair = task.pair(rng)
        if task.held_out(pair):
            held.append(pair)
        else:
            train.append(pair)
        tries -= 1
    if len(train) >= count and len(held) >= validation:
        return train[:count], held[:validation], True
    return [task.pair(rng) for _ in range(count)], [task.pair(rng) for _ in range(validation)], False


def _in_splits(task: Task, rng: np.random.Generator, count: int, validation: int, gist: tuple[int, ...]) -> Examples:
    """Training and validation drawn as the task says; in validation its splits take turns."""
    train = [gisted(task.pair(rng), gist) for _ in range(count)]
    names = [task.splits[index % len(task.splits)] for index in range(validation)]
    held = [gisted(task.of_split(name, rng), gist) for name in names]
    widths = task.longest()[0] + len(gist), task.longest()[1]
    return Examples(_part(train, widths, task.eos), _part(held, widths, task.eos), False, task.splits)


def _some(pairs: list[Pair], count: int, rng: np.random.Generator) -> list[Pair]:
    """At most `count` of them, each once, in random order."""
    return [pairs[index] for index in rng.permutation(len(pairs))[:count].tolist()]


def _part(pairs: list[Pair], widths: tuple[int, int], eos: int) -> Rows:
    source, source_lengths = _padded([pair.source for pair in pairs], widths[0], eos)
    target, target_lengths = _padded([pair.target for pair in pairs], widths[1], eos)
    return Rows(source, source_lengths, target, target_lengths)


def _padded(rows: list[tuple[int, ...]], width: int, eos: int) -> tuple[Tensor, Tensor]:
    """Rows of ids as one tensor (n, width), and their lengths (n,)."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    whole = np.full((len(rows), width), eos, np.int64)
    whole[np.arange(width) < lengths[:, None]] = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
    return torch.from_numpy(whole), torch.from_numpy(lengths)
