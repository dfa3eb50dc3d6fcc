"""What passes between the embedding probe and the embedding panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.views.frames import Frame, Look, Table


@dataclass(frozen=True)
class EmbeddingLook(Look):
    """How many tokens at most are worth a place in the picture (the most frequent ones come first)."""

    max_points: int = 2000


@dataclass(frozen=True)
class EmbeddingFrame(Frame):
    """Token embeddings on their first two principal components, aligned with the picture before.

    `points` is float32 (shown, 2), `tokens` their display strings, `kinds` uint8 (shown,) an index into KINDS,
    `counts` int64 (shown,) how often the token stands in the text, `explained` the share of variance of each axis,
    `total` the size of the vocabulary.
    """

    points: np.ndarray
    tokens: tuple[str, ...]
    kinds: np.ndarray
    counts: np.ndarray
    explained: tuple[float, float]
    total: int

    def table(self) -> Table:
        """One row for each point."""
        shown = zip(self.tokens, self.kinds, self.counts, self.points, strict=True)
        rows = ((token, KINDS[kind], int(count), *map(float, point)) for token, kind, count, point in shown)
        return ("token", "kind", "count", "x", "y"), rows


KINDS = ("letters", "capitals", "digits", "space", "punctuation", "other")
