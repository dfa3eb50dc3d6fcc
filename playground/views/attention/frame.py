"""What passes between the attention probe and the attention panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.views.frames import Frame, Look, Table


@dataclass(frozen=True)
class AttentionLook(Look):
    """Which text to look at; an empty text means the first words of the validation text."""

    text: str = ""
    max_tokens: int = 64


@dataclass(frozen=True)
class AttentionFrame(Frame):
    """The pattern of every head for one text.

    `tokens` are display strings of what the decoder (or the only stack) reads, `context` of what an encoder beside it
    reads. `patterns` holds one float32 array (heads, query, key) for each attention, `names` its tap prefix ("decoder.0",
    "decoder.0.cross"), `causal` whether its mask hides the future. `shortened` tells how many tokens of the text did not
    fit.
    """

    tokens: tuple[str, ...]
    names: tuple[str, ...]
    patterns: tuple[np.ndarray, ...]
    causal: tuple[bool, ...]
    shortened: int = 0
    context: tuple[str, ...] = ()

    def table(self) -> Table:
        """One row for each query and key of each head that the mask lets meet."""
        rows = (
            (name, head + 1, query, queries[query], key, keys[key], float(weight))
            for name, patterns, causal in zip(self.names, self.patterns, self.causal, strict=True)
            for queries, keys in [self.axes(name)]
            for head, pattern in enumerate(patterns)
            for query, row in enumerate(pattern)
            for key, weight in enumerate(row[: query + 1] if causal else row)
        )
        return ("attention", "head", "query", "query token", "key", "key token", "weight"), rows

    def axes(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Queries and keys of an attention by its tap prefix."""
        if name.endswith(".cross"):
            return self.tokens, self.context
        tokens = self.context if self.context and name.startswith("encoder") else self.tokens
        return tokens, tokens
