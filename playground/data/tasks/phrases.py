"""Sentences of exactly 26 words that ask for an operation on digits: which wordings there are, and which are kept unseen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod

import numpy as np

WORDS = 26
"""Words of every instruction: the mean of the prompts that Mu et al. 2023 compress into one token."""

_OPENING = ("please kindly now", "read take consider", "the", "following next", "short small", "row line")
_CLOSING = ("then and", "write give print", "only", "your the", "final short", "answer result")
_NOUNS = ("digit", "number", "figure", "value")

ORDER_FRAMES = (
    "write the {many} {key} below here", "give all of the {many} {key}", "the {many} here must be {key}",
    "{key} is how the {many} stand", "put these {many} {key} before answering", "I want the {many} as {key}",
)  # fmt: skip
"""How an order is asked for: five words and a key of two."""
VALUE_FRAMES = (
    "make each of the {many} {key}", "every {one} is to be {key}", "{key} is what each {one} becomes",
    "the value of each {one} {key}", "change any of these {many} {key}", "and see each {one} {key} there",
)  # fmt: skip
"""The same for values."""


@dataclass(frozen=True)
class Wordings:
    """The sentences of one part of an instruction as rows of words; `held` ones are kept for the unseen phrasings."""

    told: tuple[tuple[str, ...], ...]
    held: tuple[tuple[str, ...], ...]


@cache
def around(opening: bool) -> Wordings:
    """What stands before or behind the clauses: every choice of a word for each slot; one in six is held."""
    slots = [slot.split() for slot in (_OPENING if opening else _CLOSING)]
    rows = list(product(*slots))
    held = [sum(prod((place + 2, slot.index(word))) for place, (slot, word) in enumerate(zip(slots, row, strict=True))) % 6 == 0
            for row in rows]  # fmt: skip
    return _sides(rows, held)


@cache
def clauses(frames: tuple[str, ...], keys: tuple[str, ...], shift: int) -> Wordings:
    """One operation asked for in every frame, with each of its keys and nouns.

    Each key is never seen in one of the frames, another one for each; so a held clause has known words in a new place.
    """
    rows, held = [], []
    for which, key in enumerate(keys):
        for at, frame in enumerate(frames):
            for noun in _NOUNS:
                rows.append(tuple(frame.format(key=key, many=f"{noun}s", one=noun).split()))
                held.append(at == (shift + 2 * which) % len(frames))
    return _sides(rows, held)


def drawn(parts: tuple[Wordings, ...], unseen: bool, rng: np.random.Generator) -> tuple[str, ...]:
    """An instruction: opening, the two clauses in either order, closing."""
    rows = [part.held if unseen else part.told for part in parts]
    opening, one, other, closing = (row[int(rng.integers(len(row)))] for row in rows)
    return (*opening, *one, *other, *closing) if rng.integers(2) else (*opening, *other, *one, *closing)


def vocabulary(keys: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Every word that an instruction with these keys may have, sorted."""
    words = {word for slot in (*_OPENING, *_CLOSING) for word in slot.split()}
    words |= {form for noun in _NOUNS for form in (noun, f"{noun}s")}
    words |= {word for frame in (*ORDER_FRAMES, *VALUE_FRAMES) for word in frame.split() if "{" not in word}
    return tuple(sorted(words | {word for each in keys for key in each for word in key.split()}))


def _sides(rows: list[tuple[str, ...]], held: list[bool]) -> Wordings:
    told = tuple(row for row, out in zip(rows, held, strict=True) if not out)
    return Wordings(told, tuple(row for row, out in zip(rows, held, strict=True) if out))
