"""What passes between the tokens probe and the tokens panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.views.frames import Frame, Look, Table


@dataclass(frozen=True)
class TokensLook(Look):
    """Which text to cut; an empty text means the validation text, from token `start` or, with
    None, from where the other views begin to read."""

    text: str = ""
    start: int | None = None
    max_tokens: int = 400


@dataclass(frozen=True)
class TokensFrame(Frame):
    """A stretch of text as tokens.

    `tokens` display strings (newline as ⏎ followed by a real newline is the panel's affair: here they are raw text),
    `ids` int64 (tokens,), `losses` float32 (tokens,) nats the model paid for each token, NaN where it saw nothing
    before it. `vocab` and `bytes_per_token` describe the tokenizer; `train_tokens, validation_tokens` the corpus.
    `start` is the place of the first of them in the validation text, `reads` int64 (tokens,) that among the tokens which the
    other views read, -1 where they do not read it.
    """

    tokens: tuple[str, ...]
    ids: np.ndarray
    losses: np.ndarray
    tokenizer: str
    vocab: int
    bytes_per_token: float
    train_tokens: int
    validation_tokens: int
    start: int
    reads: np.ndarray

    def table(self) -> Table:
        """One row for each token; no loss where it was not asked for."""
        rows = (
            (at, token, int(id_), "" if np.isnan(loss) else float(loss))
            for at, (token, id_, loss) in enumerate(zip(self.tokens, self.ids, self.losses, strict=True))
        )
        return ("position", "token", "id", "loss"), rows
