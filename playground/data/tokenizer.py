"""Tokenizers: characters and bytes as they are, pieces learned with SentencePiece, and how each is kept in a folder."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from playground.data.errors import DataError

SETTINGS, MODEL = "tokenizer.json", "tokenizer.model"


class Tokenizer(ABC):
    """Text into token ids and back. `kind` is its name in the spec, `vocab` the number of its tokens."""

    kind: str
    vocab: int

    @abstractmethod
    def encode(self, text: str) -> np.ndarray:
        """The ids of a text, int64 (tokens,). Never fails: unknown characters take the nearest thing there is."""

    @abstractmethod
    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """The text of some ids."""

    @abstractmethod
    def unknown(self, text: str) -> str:
        """The characters of a text that the tokenizer cannot express, each once."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what `load_tokenizer` needs into a folder."""

    def pieces(self, ids: Sequence[int] | np.ndarray) -> list[str]:
        """The text of each id by itself; � where it is only a part of a character."""
        return [self.decode([int(i)]) for i in ids]

    def _write(self, folder: Path, **settings: Any) -> None:
        text = json.dumps({"kind": self.kind, "vocab": self.vocab, **settings}, ensure_ascii=False)
        (folder / SETTINGS).write_text(text, encoding="utf-8")


class Characters(Tokenizer):
    """Every character of the text is a token; one it has never seen is read as a space (or its most common neighbour)."""

    kind = "characters"

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self.vocab = len(characters)
        self._ids = {character: index for index, character in enumerate(characters)}
        self._other = self._ids.get(" ", 0)
        codes = np.array([ord(c) for c in characters], dtype=np.int64)
        self._table = np.full(int(codes.max()) + 1, self._other, dtype=np.int64)
        self._table[codes] = np.arange(self.vocab)

    def encode(self, text: str) -> np.ndarray:
        """One id a character."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
        known = codes < len(self._table)
        return np.where(known, self._table[np.where(known, codes, 0)], self._other)

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """One character an id."""
        return "".join(self.characters[int(i)] for i in ids)

    def unknown(self, text: str) -> str:
        """Characters that did not stand in the text it was made from."""
        return "".join(dict.fromkeys(c for c in text if c not in self._ids))

    def save(self, folder: Path) -> None:
        """Write the characters."""
        self._write(folder, characters=self.characters)


class Bytes(Tokenizer):
    """The 256 bytes of UTF-8; nothing to learn, nothing unknown."""

    kind = "bytes"
    vocab = 256

    def encode(self, text: str) -> np.ndarray:
        """One id a byte."""
        return np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8).astype(np.int64)

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """Bytes as text, � where they are not."""
        return bytes(int(i) for i in ids).decode("utf-8", "replace")

    def unknown(self, text: str) -> str:
        """Nothing."""
        return ""

    def save(self, folder: Path) -> None:
        """Write its name."""
        self._write(folder)


class Pieces(Tokenizer):
    """SentencePiece BPE or unigram (Kudo & Richardson 2018), with bytes for what no piece covers."""

    def __init__(self, kind: str, model: bytes) -> None:
        from sentencepiece import SentencePieceProcessor

        self.kind, self.model = kind, model
        self._processor = SentencePieceProcessor(model_proto=model)
        self.vocab = int(self._processor.get_piece_size())

    def encode(self, text: str) -> np.ndarray:
        """Ids of the pieces."""
        return np.asarray(self._processor.encode(text), dtype=np.int64)

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """The text, with bytes joined into characters."""
        out, pending = [], bytearray()
        for i in map(int, ids):
            if self._processor.is_byte(i):
                pending.append(int(self._processor.id_to_piece(i)[3:5], 16))
                continue
            if pending:
                out.append(pending.decode("utf-8", "replace"))
                pending.clear()
            if not self._processor.is_control(i):
                out.append("�" if self._processor.is_unknown(i) else self._processor.id_to_piece(i).replace("▁", " "))
        out.append(pending.decode("utf-8", "replace"))
        return "".join(out)

    def unknown(self, text: str) -> str:
        """Nothing: there is a byte for everything."""
        return ""

    def save(self, folder: Path) -> None:
        """Write SentencePiece's model beside its name."""
        (folder / MODEL).write_bytes(self.model)
        self._write(folder)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer kept in a folder; raises DataError when it is missing or broken."""
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        kind = settings["kind"]
        if kind == "characters":
            made: Tokenizer = Characters(settings["characters"])
        elif kind == "bytes":
            made = Bytes()
        elif kind in ("bpe", "unigram"):
            made = Pieces(kind, (folder / MODEL).read_bytes())
        else:
            raise ValueError(f"the kind {kind!r} is not known")
        if made.vocab != settings["vocab"]:
            raise ValueError(f"it has {made.vocab} tokens and should have {settings['vocab']}")
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise DataError(
            f"The tokenizer in {folder} cannot be read.", f"{error}.", "Open another copy of the model, or train it again."
        ) from None
    return made
