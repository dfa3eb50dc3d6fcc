"""A text as tokens, split into training and validation, kept on disk by content so that the second time is instant."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from playground.data.errors import Cancelled, DataError
from playground.data.learn import learn_pieces
from playground.data.text import Asked, Source, Tick, read_source
from playground.data.tokenizer import Bytes, Characters, Pieces, Tokenizer
from playground.places import cache
from playground.spec.experiment import TaskSpec, TokenizerSpec

MAPPED = 64 << 20
"""Token files larger than this many bytes stay on disk and are mapped into memory."""


@dataclass(frozen=True)
class Corpus:
    """Token ids of a text: `train` and `validation` are 1-D tensors; `counts` (vocab,) is how often each token stands in it."""

    name: str
    tokenizer: Tokenizer
    train: Tensor
    validation: Tensor
    bytes_per_token: float
    counts: np.ndarray


def load_corpus(
    task: TaskSpec,
    *,
    tokenizer: Tokenizer | None = None,
    progress: Tick = lambda job, share: None,
    cancelled: Asked = lambda: False,
    n_ctx: int = 1,
) -> Corpus:
    """Read, tokenise and split a text; raises DataError (what, why, what to do) and Cancelled.

    Without a `tokenizer` one is made as the task says. The validation text is the end of the text.
    """
    source = read_source(task.text, progress, cancelled)
    tokenizer = tokenizer or make_tokenizer(task.tokenizer, source, progress, cancelled)
    tokens = _tokens(source, tokenizer, progress, cancelled)
    train_length = int(len(tokens) * (1 - task.validation))
    shortest = min(train_length, len(tokens) - train_length)
    if shortest < n_ctx + 1:
        raise DataError(
            f"{source.name} is too short: it has {len(tokens):,} tokens.",
            f"With a context of {n_ctx} and {task.validation:.0%} kept for validation, each part needs {n_ctx + 1} at least.",
            "Choose a longer text, a smaller context or a finer tokenizer.",
        )
    whole = torch.from_numpy(tokens)
    return Corpus(
        source.name, tokenizer, whole[:train_length], whole[train_length:],
        source.size / len(tokens), _counts(tokens, tokenizer.vocab),
    )  # fmt: skip


def make_tokenizer(spec: TokenizerSpec, source: Source, progress: Tick, cancelled: Asked) -> Tokenizer:
    """The tokenizer a spec asks for, learned from the text where it has to be."""
    if spec.kind == "bytes":
        return Bytes()
    if spec.kind == "characters":
        seen: set[str] = set()
        for piece in source.pieces():
            if cancelled():
                raise Cancelled
            seen.update(piece)
        return Characters("".join(sorted(seen)))
    kept = cache() / "tokenizers" / f"{source.digest[:32]}-{spec.kind}-{spec.vocab}.model"
    try:
        return Pieces(spec.kind, kept.read_bytes())
    except (OSError, RuntimeError):  # not learned yet, or damaged
        pass
    model = learn_pieces(source, spec.kind, spec.vocab, progress, cancelled)
    _keep(kept, lambda path: path.write_bytes(model))
    return Pieces(spec.kind, model)


def _tokens(source: Source, tokenizer: Tokenizer, progress: Tick, cancelled: Asked) -> np.ndarray:
    """All ids of a text in the smallest type that holds them, from the cache where they are there."""
    kept = cache() / "tokens" / f"{source.digest[:32]}-{_identity(tokenizer)}.npy"
    found = _read(kept)
    if found is not None:
        return found
    dtype = np.uint8 if tokenizer.vocab <= 256 else np.int16 if tokenizer.vocab <= 32767 else np.int32
    parts: list[np.ndarray] = []
    done, rest, job = 0, "", f"Cutting {source.name} into tokens"
    for piece in source.pieces():
        if cancelled():
            raise Cancelled
        text = rest + piece
        # cut at a line end, so that no word is torn between two pieces
        end = text.rfind("\n") + 1 or len(text)
        parts.append(tokenizer.encode(text[:end]).astype(dtype))
        rest = text[end:]
        done += len(piece)
        progress(job, min(1.0, done / source.size))
    if rest:
        parts.append(tokenizer.encode(rest).astype(dtype))
    tokens = np.concatenate(parts) if parts else np.zeros(0, dtype)
    _keep(kept, lambda path: _save(path, tokens))
    mapped = _read(kept) if tokens.nbytes > MAPPED else None
    return tokens if mapped is None else mapped


def _identity(tokenizer: Tokenizer) -> str:
    if isinstance(tokenizer, Pieces):
        said = tokenizer.model
    elif isinstance(tokenizer, Characters):
        said = tokenizer.characters.encode("utf-8", "surrogatepass")
    else:
        said = json.dumps([tokenizer.kind, tokenizer.vocab]).encode()
    return f"{tokenizer.kind}-{hashlib.sha256(said).hexdigest()[:16]}"


def _read(path: Path) -> np.ndarray | None:
    try:
        large = path.stat().st_size > MAPPED
        # copy-on-write: torch wants a writable array, the file is never changed
        found: np.ndarray = np.load(path, mmap_mode="c" if large else None, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.ndim == 1 and found.dtype in (np.uint8, np.int16, np.int32) and len(found) else None


def _save(path: Path, tokens: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, tokens, allow_pickle=False)


def _keep(path: Path, write: object) -> None:
    """Write a cache entry atomically; a full or read-only disk only means that the work is done again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        os.close(descriptor)
    except OSError:
        return
    try:
        write(Path(name))  # type: ignore[operator]
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)


def _counts(tokens: np.ndarray, vocab: int) -> np.ndarray:
    counts = np.zeros(vocab, dtype=np.int64)
    for start in range(0, len(tokens), 1 << 22):
        counts += np.bincount(tokens[start : start + (1 << 22)], minlength=vocab)
    counts.flags.writeable = False
    return counts
