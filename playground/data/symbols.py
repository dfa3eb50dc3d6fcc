"""The tokenizer of a generated task: its symbols, one token each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from playground.data.store import Tokens
from playground.data.tasks import Task
from playground.data.tokenizer import Tokenizer


class Symbols(Tokenizer):
    """The symbols of a task, in its order; mask, bos and eos come behind them (`special.Marked`)."""

    kind = "symbols"

    def __init__(self, task: Task) -> None:
        self.task, self.vocab = task, len(task.symbols)
        self._spelling = [symbol.encode() for symbol in task.symbols]
        self._known = {symbol: index for index, symbol in enumerate(task.symbols)}

    def encode(self, text: str) -> Tokens:
        """The ids of the symbols in a text; what is none is left out."""
        return np.array([self._known[piece] for piece in self.task.cut(text) if piece in self._known], dtype=np.int64)

    def unknown(self, text: str) -> str:
        """What is no symbol of the task, each once."""
        return "".join(dict.fromkeys(piece for piece in self.task.cut(text) if piece not in self._known))

    def decode(self, ids: Sequence[int] | Tokens) -> str:
        """Symbols as the task writes them."""
        return self.task.show([int(i) for i in ids])

    @property
    def identity(self) -> str:
        """Follows from the task."""
        return self._identity("\0".join((self.task.name, *self.task.symbols)).encode())

    def save(self, folder: Path) -> None:
        """Write the name of the task."""
        self._write(folder, task=self.task.name)
