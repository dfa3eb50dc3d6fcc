"""A text as tokens, split into training and validation, kept on disk by content so that the second time is instant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.data import store
from playground.data.errors import Cancelled, DataError
from playground.data.examples import Examples
from playground.data.learn import learn_pieces
from playground.data.pairs import Unusable
from playground.data.special import Marked, plain
from playground.data.store import Tokens
from playground.data.text import Asked, Source, Tick, read_source
from playground.data.tokenizer import Bytes, Characters, Pieces, Tokenizer, load_tokenizer
from playground.places import cache
from playground.spec.experiment import TaskSpec, TokenizerSpec

NEAR = 1000
"""Tokens in which a paragraph is looked for."""
VERSION = "1"
"""Part of every cache key; a change in how texts are cut makes it another."""

__all__ = ["Cancelled", "Corpus", "DataError", "load_corpus", "make_tokenizer"]


@dataclass(frozen=True)
class Corpus:
    """Token ids of a text.

    `train` and `validation` (tokens,) are integer tensors of the smallest type that fits, views of one array that stays on
    disk when it is large. `bytes_per_token` are UTF-8 bytes over tokens of the whole text; `counts` int64 (vocab,) says
    how often each token stands in it.
    """

    name: str
    tokenizer: Tokenizer
    train: Tensor
    validation: Tensor
    bytes_per_token: float
    counts: Tokens
    examples: Examples | None = None
    """Questions and answers, where there are such; `train` and `validation` are then what a decoder reads of them."""
    unusable: tuple[Unusable, ...] = ()
    """The first lines of the person's table that could not be used, and why; `refused` counts all of them."""
    refused: int = 0
    library: Any = None
    """The other domains (`data.worlds.library.Library`), where there are several; `train` and `validation` are the text."""
    digest: str = ""
    """The SHA-256 of the text or table; none for what is generated."""

    @cached_property
    def opening(self) -> int:
        """Where a first paragraph begins in the validation text, else a first line; 0 where neither is near."""
        found, tail = 0, ""
        for index, piece in enumerate(self.tokenizer.pieces(self.validation[:NEAR].tolist())):
            if tail.endswith("\n") and not piece.startswith("\n"):
                if tail.endswith("\n\n"):
                    return index
                found = found or index
            tail = (tail + piece)[-2:]
        return found


def load_corpus(
    task: TaskSpec,
    *,
    tokenizer: Tokenizer | None = None,
    progress: Tick = lambda job, share: None,
    cancelled: Asked = lambda: False,
    n_ctx: int = 1,
    marked: bool = False,
) -> Corpus:
    """Read, tokenise and split a text; raises DataError (what, why, what to do) and Cancelled.

    Without a `tokenizer` one is made as the task says; `marked` gives it the special tokens.
    The last `task.validation` of the tokens are for validation.
    """
    source = read_source(task.text, progress, cancelled)
    _split(source, source.size, task.validation, n_ctx, "at most ")  # no token is less than a byte: refuse before the long work
    tokenizer = tokenizer or make_tokenizer(task.tokenizer, source, progress, cancelled)
    tokens, counts = _tokens(source, tokenizer, progress, cancelled)
    split = _split(source, len(tokens), task.validation, n_ctx)
    whole = torch.from_numpy(tokens)
    made = Corpus(source.name, tokenizer, whole[:split], whole[split:], source.size / len(tokens), counts, digest=source.digest)
    return with_marks(made) if marked else made


def with_marks(corpus: Corpus, marked: bool = True, gist: bool = False) -> Corpus:
    """The same text with the special tokens behind its vocabulary, gist among them or not, or without them."""
    inner = plain(corpus.tokenizer)
    made: Tokenizer = Marked(inner, gist) if marked else inner
    if made.vocab == corpus.tokenizer.vocab:
        return corpus
    own = corpus.counts[: inner.vocab]
    return replace(corpus, tokenizer=made, counts=np.concatenate((own, np.zeros(made.vocab - inner.vocab, own.dtype))))


def make_tokenizer(spec: TokenizerSpec, source: Source, progress: Tick, cancelled: Asked) -> Tokenizer:
    """The tokenizer a spec asks for, made from the whole text where it has to be; raises DataError and Cancelled."""
    if spec.kind == "bytes":
        return Bytes()
    pieces = f"-{spec.vocab}" if spec.kind != "characters" else ""
    kept = cache() / "tokenizers" / _key(source.digest, spec.kind + pieces)
    with suppress(DataError):  # not made yet, or damaged
        found = load_tokenizer(kept)
        if found.kind == spec.kind:
            return found
    made: Tokenizer
    if spec.kind == "characters":
        made = Characters(_characters(source, progress, cancelled))
    else:
        made = Pieces(spec.kind, learn_pieces(source, spec.kind, spec.vocab, progress, cancelled))
    with suppress(OSError):  # a full or read-only disk only means that the work is done again next time
        made.save(kept)
    return made


def _characters(source: Source, progress: Tick, cancelled: Asked) -> str:
    """Every character of a text, sorted."""
    seen = np.zeros(0x110000, dtype=np.bool_)
    for piece in source.pieces(f"Collecting the characters of {source.name}", progress, cancelled):
        seen[np.frombuffer(piece.encode("utf-32-le"), dtype="<u4")] = True
    return "".join(map(chr, np.flatnonzero(seen).tolist()))


def _tokens(source: Source, tokenizer: Tokenizer, progress: Tick, cancelled: Asked) -> tuple[Tokens, Tokens]:
    """All ids of a text and how often each occurs: from the cache, else written to it, else held in memory."""
    kept = cache() / "tokens" / f"{_key(source.digest, tokenizer.identity)}.npy"
    dtype = store.smallest_type(tokenizer.vocab)

    def blocks() -> Iterator[Tokens]:
        for piece in source.pieces(f"Cutting {source.name} into tokens", progress, cancelled):
            yield tokenizer.encode(piece).astype(dtype)

    found = store.read_tokens(kept, tokenizer.vocab, cancelled)
    if found is None:
        try:
            store.write_tokens(kept, blocks(), dtype)
            found = store.read_tokens(kept, tokenizer.vocab, cancelled)
        except OSError:  # a full or read-only disk; a text that cannot be read is a DataError instead
            pass
    if found is None:
        tokens = np.concatenate(list(blocks()))
        found = tokens, store.count(tokens, tokenizer.vocab, cancelled)
    return found


def _split(source: Source, length: int, validation: float, n_ctx: int, about: str = "") -> int:
    """Where the validation tokens begin; raises DataError when a part holds no window and the token after it."""
    split = int(length * (1 - validation))
    shortest = min(split, length - split)
    if shortest <= n_ctx:
        works = f", or a context of {shortest - 1:,} at most" if shortest > 1 else ""
        raise DataError(
            f"{source.name} is too short.",
            f"It has {about}{length:,} tokens, and with {validation:.0%} kept for validation the smaller has {shortest:,}; "
            f"a context of {n_ctx:,} needs {n_ctx + 1:,}.",
            f"Choose a longer text{works}.",
        )
    return split


def _key(digest: str, of: str) -> str:
    return hashlib.sha256("\0".join((VERSION, digest, of)).encode()).hexdigest()[:40]
