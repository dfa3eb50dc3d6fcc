"""What passes between the predictions probe and the predictions panel: the logit lens by layer and position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from playground.views.frames import Frame, Look, Table


@dataclass(frozen=True)
class PredictionsLook(Look):
    """Which text to look at (an empty one: the first words of the validation text), and how many tokens are named a place."""

    text: str = ""
    max_tokens: int = 64
    top: int = 10


@dataclass(frozen=True)
class PredictionsFrame(Frame):
    """What each layer would answer, were it the last: the residual stream after it, normed and unembedded.

    `tokens` (pos) are what is read, "" where a token is hidden; `answers` the tokens that should be said there, "" where
    none is asked for. `rows` names the places in the model, from the embedding to the output. `ids` int32 and `chances`
    float32 are (rows, pos, top), the likeliest first, `pieces` the tokens of all these ids. `truth` float32 (rows, pos) is
    the probability of the right token, NaN where there is none, `ranks` int32 its place among all, from 1, 0 where there
    is none; `growth` float32 (rows, pos) the probability at each row of what the output then answers.
    """

    tokens: tuple[str, ...]
    answers: tuple[str, ...]
    rows: tuple[str, ...]
    ids: np.ndarray
    chances: np.ndarray
    pieces: Mapping[int, str]
    truth: np.ndarray
    ranks: np.ndarray
    growth: np.ndarray
    vocab: int
    reads: np.ndarray
    """The ids of what is read, int64 (pos,)."""
    before: int = 0
    """How many tokens an encoder reads before these."""
    shortened: int = 0
    difference: np.ndarray | None = None
    """By how much the right token is likelier than in another model, float32 (rows, pos)."""

    def minus(self, other: Frame) -> PredictionsFrame | None:
        """The same with the difference in the probability of the right token to another model."""
        if not isinstance(other, PredictionsFrame) or (self.tokens, self.rows) != (other.tokens, other.rows):
            return None
        return replace(self, difference=self.truth - other.truth)

    def top(self, row: int, position: int) -> list[tuple[str, float]]:
        """The likeliest tokens of a cell with their probabilities."""
        found = zip(self.ids[row, position], self.chances[row, position], strict=True)
        return [(self.pieces[int(id_)], float(chance)) for id_, chance in found]

    def table(self) -> Table:
        """One row for each cell and each of its likeliest tokens."""

        def rows() -> Iterator[tuple[object, ...]]:
            for row, name in enumerate(self.rows):
                for position, token in enumerate(self.tokens):
                    for rank, (piece, chance) in enumerate(self.top(row, position), 1):
                        yield name, position, token, self.answers[position], rank, piece, chance

        return ("layer", "position", "read", "right", "rank", "token", "probability"), rows()
