"""The special tokens behind the vocabulary of any tokenizer that is asked for them: three of Phuong & Hutter 2022, and gist."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from playground.data.store import Tokens
from playground.data.tokenizer import Tokenizer

NAMES = ("[mask]", "[bos]", "[eos]")
"""In the order of their ids: N_V - 2, N_V - 1 and N_V, counted from 1."""
GIST = "[gist]"
"""The token behind those where instructions are compressed (Mu, Li & Goodman 2023)."""


class Marked(Tokenizer):
    """Another tokenizer with mask, bos and eos behind its own tokens, and gist where it is asked for.

    No text ever encodes to one of them but gist, whose place a person has to say: it is written as its name.
    """

    def __init__(self, inner: Tokenizer, gist: bool = False) -> None:
        self.inner, self.kind = inner, inner.kind
        self.mask, self.bos, self.eos = range(inner.vocab, inner.vocab + len(NAMES))
        self.names = (*NAMES, GIST) if gist else NAMES
        self.gist = inner.vocab + len(NAMES) if gist else None
        self.vocab = inner.vocab + len(self.names)

    def encode(self, text: str) -> Tokens:
        """The ids of the text, and gist tokens where their name stands in it, without the spaces around it."""
        if self.gist is None or GIST not in text:
            return self.inner.encode(text)
        first, *others = (self.inner.encode(part) for part in re.split(rf"\s*{re.escape(GIST)}\s*", text))
        return np.concatenate((first, *(np.concatenate(([self.gist], each)) for each in others))).astype(np.int64)

    def unknown(self, text: str) -> str:
        """What the tokenizer within cannot express."""
        return self.inner.unknown(text if self.gist is None else text.replace(GIST, " "))

    @property
    def identity(self) -> str:
        """That of the tokenizer within: both cut every text alike."""
        return self.inner.identity

    def decode(self, ids: Sequence[int] | Tokens) -> str:
        """The text of some ids without the special ones; gist tokens are said by their name."""
        if self.gist is not None and (places := [at for at, i in enumerate(ids) if int(i) == self.gist]):
            ends = zip((-1, *places), (*places, len(ids)), strict=True)
            return f" {GIST} ".join(self.decode(ids[start + 1 : stop]) for start, stop in ends).strip()
        return self.inner.decode([int(i) for i in ids if i < self.inner.vocab])  # nothing is said by a special token

    def pieces(self, ids: Sequence[int] | Tokens) -> list[str]:
        """The text of each id by itself, and the special ones by name."""
        first = self.inner.vocab
        return [self.names[int(i) - first] if i >= first else self.inner.pieces([int(i)])[0] for i in ids]

    def save(self, folder: Path) -> None:
        """Write the tokenizer within; whether it is marked follows from the experiment."""
        self.inner.save(folder)


def plain(tokenizer: Tokenizer) -> Tokenizer:
    """A tokenizer without its special tokens, or without what several domains have behind it."""
    from playground.data.modalities.tokens import Domained  # here, because that one stands on tokenizers as this does

    return tokenizer.inner if isinstance(tokenizer, Marked | Domained) else tokenizer
