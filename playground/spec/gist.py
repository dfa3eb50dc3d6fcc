"""Gist tokens as data: how many stand behind an instruction, and who may still see it."""

from __future__ import annotations

from typing import Literal

from playground.spec.record import Record, field

MU = "https://arxiv.org/abs/2304.08467"
MASKS = ("positive", "gist", "negative")
"""The masks with which there are gist tokens."""


class Gist(Record):
    """Gist tokens between an instruction and the input it speaks of (Mu, Li & Goodman 2023, §3).

    They are copies of one token, the last of the vocabulary; the mask follows from where it stands in a sequence.
    """

    mask: Literal["none", "positive", "gist", "negative"] = field(
        "none",
        "Gist",
        "gist: what comes behind the gist tokens sees them, and no longer the instruction before them, so they have to hold "
        "what it says. positive: it sees both, the best that could be. negative: it sees neither, and can only guess. "
        "none: there are no gist tokens.",
        cite="Mu, Li & Goodman 2023, §3.1",
        url=MU,
    )
    tokens: int = field(
        1,
        "Gist tokens",
        "How many stand behind each instruction; one is nearly always enough.",
        cite="Mu, Li & Goodman 2023, §4",
        url=MU,
        ge=1,
        le=16,
        slider=(1, 8),
        when=("mask", MASKS),
    )
