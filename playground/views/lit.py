"""What is lit across the views: a token that one panel points at, for all of them to show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lit:
    """Places among all tokens that the model reads of the watched text (what an encoder beside a decoder reads comes first),
    and ids in the vocabulary; either may be empty. `locked` stays until released."""

    positions: tuple[int, ...] = ()
    ids: tuple[int, ...] = ()
    locked: bool = False
