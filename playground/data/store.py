"""Files that are there whole or not at all: how tokenizers and tokenised texts are written and read back."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from playground.data.errors import Cancelled

MAPPED = 64 << 20
"""Token files larger than this many bytes stay on disk and are mapped into memory."""
BLOCK = 1 << 22
"""Tokens counted at a time."""

Tokens = np.ndarray[Any, Any]
Asked = Callable[[], bool]


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under `path` only once it is complete and on the disk; nothing is left behind otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:64]}.{uuid.uuid4().hex[:12]}")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def smallest_type(vocab: int) -> np.dtype[Any]:
    """The smallest type for ids below `vocab`. Signed beyond a byte, because MPS has no uint16."""
    return np.dtype(np.uint8 if vocab <= 1 << 8 else np.int16 if vocab <= 1 << 15 else np.int32)


def write_tokens(path: Path, blocks: Iterable[Tokens], dtype: np.dtype[Any]) -> None:
    """Write blocks of ids as one .npy array (tokens,) without ever holding all of them; raises OSError."""
    with atomic(path) as file:
        length = 0
        _write_header(file, dtype, length)
        for block in blocks:
            file.write(block.astype(dtype, copy=False).tobytes())
            length += len(block)
        # numpy leaves room for a longer shape in the header, so that its length does not change here
        file.seek(0)
        _write_header(file, dtype, length)


def read_tokens(path: Path, vocab: int, cancelled: Asked = lambda: False) -> tuple[Tokens, Tokens] | None:
    """Ids (tokens,) and how often each occurs (vocab,), or None where the file is missing, broken or of another vocabulary.

    A large file is mapped copy-on-write: torch wants arrays that may be written to, the file itself never changes.
    Raises Cancelled.
    """
    try:
        large = path.stat().st_size > MAPPED
        found: Tokens = np.load(path, mmap_mode="c" if large else None, allow_pickle=False)
        if found.ndim != 1 or found.dtype != smallest_type(vocab) or not len(found):
            return None
        return found, count(found, vocab, cancelled)
    except (OSError, ValueError, EOFError):
        return None


def count(tokens: Tokens, vocab: int, cancelled: Asked = lambda: False) -> Tokens:
    """How often each id occurs, int64 (vocab,); raises ValueError for an id outside the vocabulary, and Cancelled."""
    counts = np.zeros(vocab, dtype=np.int64)
    for start in range(0, len(tokens), BLOCK):
        if cancelled():
            raise Cancelled
        block = np.bincount(tokens[start : start + BLOCK], minlength=vocab)
        if len(block) > vocab:
            raise ValueError(f"id {len(block) - 1} is outside a vocabulary of {vocab}")
        counts += block
    counts.flags.writeable = False
    return counts


def _write_header(file: BinaryIO, dtype: np.dtype[Any], length: int) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (length,)}
    np.lib.format.write_array_header_1_0(file, header)
