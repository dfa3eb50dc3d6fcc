"""Tokenizers: characters and bytes as they are, pieces learned with SentencePiece, and how each is kept in a folder."""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from playground.data.errors import DataError
from playground.data.store import Tokens, atomic

SETTINGS, MODEL = "tokenizer.json", "tokenizer.model"
UNKNOWN = "�"
_SPACE = "▁"
"""What SentencePiece writes for a space (U+2581); a real one in a text has to be spelled in bytes."""


class Tokenizer(ABC):
    """Text into token ids and back. `kind` is its name in the spec, `vocab` the number of its tokens."""

    kind: str
    vocab: int
    _spelling: list[bytes]
    """The UTF-8 bytes of each token."""

    @abstractmethod
    def encode(self, text: str) -> Tokens:
        """The ids of a text, int64 (tokens,). Never fails: what is not known takes the nearest thing there is."""

    @abstractmethod
    def unknown(self, text: str) -> str:
        """The characters of a text that the tokenizer cannot express, each once."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Two tokenizers with the same identity cut every text alike."""

    def decode(self, ids: Sequence[int] | Tokens) -> str:
        """The text of some ids, with � for bytes that are no whole character. Raises IndexError for an id that is none."""
        return b"".join(self._spelling[int(i)] for i in ids).decode("utf-8", "replace")

    def pieces(self, ids: Sequence[int] | Tokens) -> list[str]:
        """The text of each id by itself; � where it is only a part of a character."""
        return [self._spelling[int(i)].decode("utf-8", "replace") for i in ids]

    def save(self, folder: Path) -> None:
        """Write what `load_tokenizer` needs into a folder; raises OSError, and then leaves no half-written file."""
        self._write(folder)

    def _write(self, folder: Path, **settings: Any) -> None:
        text = json.dumps({"kind": self.kind, "vocab": self.vocab, **settings}, ensure_ascii=False)
        with atomic(folder / SETTINGS) as file:
            file.write(text.encode())

    def _identity(self, content: bytes) -> str:
        return f"{self.kind}-{self.vocab}-{hashlib.sha256(content).hexdigest()[:32]}"


class Characters(Tokenizer):
    """Every character of the text is a token.

    An unknown character takes the id of "�" if the text had one, else that of the space, else the first: the vocabulary
    is exactly the text's, so that figures compare with those published for it.
    """

    kind = "characters"

    def __init__(self, characters: str) -> None:
        """`characters` in the order of their ids; raises ValueError when there are none or one comes twice."""
        if not isinstance(characters, str) or not characters or len(set(characters)) != len(characters):
            raise ValueError("its characters are missing or not all different")
        self.characters, self.vocab = characters, len(characters)
        self._spelling = [character.encode() for character in characters]
        codes = np.array([ord(character) for character in characters])
        other = next((characters.index(c) for c in (UNKNOWN, " ") if c in characters), 0)
        self._table = np.full(codes.max() + 2, other, dtype=np.int64)  # the last place is for all codes beyond
        self._table[codes] = np.arange(self.vocab)

    def encode(self, text: str) -> Tokens:
        """One id a character."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        ids: Tokens = self._table[np.minimum(codes, len(self._table) - 1)]
        return ids

    def unknown(self, text: str) -> str:
        """Characters that did not stand in the text it was made from."""
        known = set(self.characters)
        return "".join(dict.fromkeys(character for character in text if character not in known))

    @property
    def identity(self) -> str:
        """Follows from the characters."""
        return self._identity(self.characters.encode())

    def save(self, folder: Path) -> None:
        """Write the characters."""
        self._write(folder, characters=self.characters)


class Bytes(Tokenizer):
    """The 256 bytes of UTF-8; nothing to learn, nothing unknown."""

    kind = "bytes"
    vocab = 256
    _spelling = [bytes([value]) for value in range(256)]

    def encode(self, text: str) -> Tokens:
        """One id a byte."""
        return np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8).astype(np.int64)

    def unknown(self, text: str) -> str:
        """Nothing."""
        return ""

    @property
    def identity(self) -> str:
        """Always the same."""
        return self._identity(b"")


class Pieces(Tokenizer):
    """SentencePiece BPE or unigram (Kudo & Richardson 2018), with bytes for what no piece covers."""

    def __init__(self, kind: str, model: bytes) -> None:
        """`model` is SentencePiece's own file; raises RuntimeError or ValueError when it is none."""
        from sentencepiece import SentencePieceProcessor

        if not model:
            raise ValueError("its model is empty")
        self.kind, self.model = kind, model
        self._processor = SentencePieceProcessor(model_proto=model)
        self.vocab = int(self._processor.get_piece_size())
        self._spelling = [self._spell(i) for i in range(self.vocab)]
        ids = {spelled: i for i, spelled in enumerate(self._spelling) if self._processor.is_byte(i)}
        self._space = np.array([ids.get(bytes([value]), 0) for value in _SPACE.encode()], dtype=np.int64)

    def encode(self, text: str) -> Tokens:
        """Ids of the pieces; line by line, which is faster and the same, as no piece reaches across a line end."""
        text = text.encode("utf-8", "replace").decode()  # SentencePiece refuses lone surrogates
        if _SPACE not in text:
            return self._encode_lines(text)
        parts = (part for part in re.split(f"({_SPACE})", text) if part)
        return np.concatenate([self._space if part == _SPACE else self._encode_lines(part) for part in parts])

    def unknown(self, text: str) -> str:
        """Nothing: there is a byte for everything."""
        return ""

    @property
    def identity(self) -> str:
        """Follows from the model."""
        return self._identity(self.model)

    def save(self, folder: Path) -> None:
        """Write SentencePiece's model, and beside it its name and hash."""
        with atomic(folder / MODEL) as file:
            file.write(self.model)
        self._write(folder, sha256=hashlib.sha256(self.model).hexdigest())

    def _encode_lines(self, text: str) -> Tokens:
        lines = re.findall(r"[^\n]*\n|[^\n]+", text)
        return np.fromiter(chain.from_iterable(self._processor.encode(lines)), dtype=np.int64)

    def _spell(self, index: int) -> bytes:
        piece: str = self._processor.id_to_piece(index)
        if self._processor.is_byte(index):
            return bytes([int(piece[3:5], 16)])  # <0x41>
        if self._processor.is_control(index):
            return b""
        return UNKNOWN.encode() if self._processor.is_unknown(index) else piece.replace(_SPACE, " ").encode()


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer kept in a folder; raises DataError when it is missing or broken."""
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        made = _from_settings(folder, settings)
        if made.vocab != settings["vocab"]:
            raise ValueError(f"it has {made.vocab} tokens and should have {settings['vocab']}")
    except FileNotFoundError as error:
        why = f"There is no {Path(error.filename).name} in it."
    except OSError as error:
        why = f"{error.strerror or error}."
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        why = f"Its description is damaged: {error}."
    else:
        return made
    raise DataError(f"The tokenizer in {folder} cannot be read.", why, "Open another copy of the model, or train it again.")


def _from_settings(folder: Path, settings: dict[str, Any]) -> Tokenizer:
    kind = settings["kind"]
    if kind == "characters":
        return Characters(settings["characters"])
    if kind == "bytes":
        return Bytes()
    if kind == "symbols":
        from playground.data.symbols import Symbols
        from playground.data.tasks import TASKS

        return Symbols(TASKS[settings["task"]])
    if kind not in ("bpe", "unigram"):
        raise ValueError(f"the kind {kind!r} is not known")
    model = (folder / MODEL).read_bytes()
    hashed = hashlib.sha256(model).hexdigest()
    if settings.get("sha256", hashed) != hashed:  # one put there by hand need not have it
        raise ValueError(f"{MODEL} is not the file that was saved with it")
    return Pieces(kind, model)
