"""The three special tokens of Phuong & Hutter 2022, behind the vocabulary of any tokenizer that is asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playground.data.store import Tokens
from playground.data.tokenizer import Tokenizer

NAMES = ("[mask]", "[bos]", "[eos]")
"""In the order of their ids: N_V - 2, N_V - 1 and N_V, counted from 1."""


class Marked(Tokenizer):
    """Another tokenizer with mask, bos and eos behind its own tokens. No text ever encodes to one of them."""

    def __init__(self, inner: Tokenizer) -> None:
        self.inner, self.kind = inner, inner.kind
        self.vocab = inner.vocab + len(NAMES)
        self.mask, self.bos, self.eos = range(inner.vocab, self.vocab)

    def encode(self, text: str) -> Tokens:
        """The ids of the text alone."""
        return self.inner.encode(text)

    def unknown(self, text: str) -> str:
        """What the tokenizer within cannot express."""
        return self.inner.unknown(text)

    @property
    def identity(self) -> str:
        """That of the tokenizer within: both cut every text alike."""
        return self.inner.identity

    def decode(self, ids: Sequence[int] | Tokens) -> str:
        """The text of some ids without the special ones."""
        return self.inner.decode([int(i) for i in ids if i < self.inner.vocab])  # nothing is said by a special token

    def pieces(self, ids: Sequence[int] | Tokens) -> list[str]:
        """The text of each id by itself, and the special ones by name."""
        first = self.inner.vocab
        return [NAMES[int(i) - first] if i >= first else self.inner.pieces([int(i)])[0] for i in ids]

    def save(self, folder: Path) -> None:
        """Write the tokenizer within; whether it is marked follows from the experiment."""
        self.inner.save(folder)


def plain(tokenizer: Tokenizer) -> Tokenizer:
    """A tokenizer without its special tokens, or without what several domains have behind it."""
    from playground.data.modalities.tokens import Domained  # here, because that one stands on tokenizers as this does

    return tokenizer.inner if isinstance(tokenizer, Marked | Domained) else tokenizer
