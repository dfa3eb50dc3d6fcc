"""The tokenizer of a multi-domain model: text as another tokenizer cuts it, and names for the ids behind it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from playground.data.modalities.continuous import centre
from playground.data.modalities.ranges import Ranges
from playground.data.store import Tokens
from playground.data.tokenizer import Tokenizer
from playground.spec.modalities import Modalities

SEPARATOR, PADDING = "[sep]", "[pad]"


class Domained(Tokenizer):
    """Another tokenizer with discrete values, bins, separator and padding behind its tokens. Text never encodes to those."""

    def __init__(self, inner: Tokenizer, modalities: Modalities) -> None:
        self.inner, self.kind = inner, inner.kind
        self.ranges = Ranges(inner.vocab, modalities)
        self.vocab = self.ranges.vocab

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
        """The text of some ids; what is no text by name."""
        found = []
        for is_text, group in groupby([int(i) for i in ids], lambda i: i < self.ranges.text):
            part = list(group)
            found.append(self.inner.decode(part) if is_text else " ".join(map(self._name, part)))
        return "".join(found)

    def pieces(self, ids: Sequence[int] | Tokens) -> list[str]:
        """The text of each id by itself, values by their number."""
        return [self.inner.pieces([int(i)])[0] if i < self.ranges.text else self._name(int(i)) for i in ids]

    def save(self, folder: Path) -> None:
        """Write the tokenizer within; that there is more follows from the experiment."""
        self.inner.save(folder)

    def _name(self, token: int) -> str:
        modality, ranges = self.ranges.modality(token), self.ranges
        if modality == "discrete":
            return f"#{token - ranges.discrete}"
        if modality == "continuous":
            return f"{float(centre(token - ranges.bins, ranges.modalities.bins)):+.2f}"
        return SEPARATOR if modality == "separator" else PADDING
