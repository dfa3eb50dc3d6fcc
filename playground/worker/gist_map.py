"""A map of gists: the keys and values that many instructions are compressed to, projected to the plane."""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch
from torch import Tensor

from playground.data.special import GIST, Marked
from playground.data.tasks.instructions import ORDERS
from playground.transformer.cache import KVCache
from playground.views.embeddings.projection import principal
from playground.views.subject import Subject, read_only
from playground.worker.telling import GistMap

MOST = 192
"""Instructions that are drawn at most."""
KINDS = 8
"""Names in the legend at most; what is rarer is “others”."""


def gist_map(subject: Subject) -> GistMap | None:
    """The gists of the validation part's instructions, each marked by what it asks for; None without instructions.

    Call it with the model at rest.
    """
    tokenizer, examples = subject.corpus.tokenizer, subject.corpus.examples
    if examples is None or not isinstance(tokenizer, Marked) or tokenizer.gist is None:
        return None
    rows = examples.validation.source
    rows = rows[torch.linspace(0, len(rows) - 1, min(MOST, len(rows))).long()]
    ends = [int((row == tokenizer.gist).nonzero().max()) + 1 if (row == tokenizer.gist).any() else 0 for row in rows]
    asked = [row[:end] for row, end in zip(rows, ends, strict=True) if end]
    if len(asked) < 3:
        return None
    vectors = _compressed(subject, asked)
    points, variance = principal(vectors)
    points *= np.where(points[np.abs(points).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)  # or axes flip from picture to picture
    said = [tokenizer.decode(row.tolist()).partition(GIST)[0].strip() for row in asked]
    names, kinds = _named(said)
    away = torch.cdist(vectors, vectors).fill_diagonal_(torch.inf)
    found = np.array(kinds)
    share = float((found[away.argmin(dim=1).cpu().numpy()] == found).mean())
    kept = float(points.var(axis=0).sum() / variance) if variance else 0.0
    return GistMap(read_only(points, np.float32), read_only(found, np.int64), names, tuple(said), share, min(1.0, kept))


def _compressed(subject: Subject, asked: list[Tensor]) -> Tensor:
    """Keys and values of the gists (instructions, numbers), equally long instructions at once."""
    model, k = subject.model, subject.model.spec.gist.tokens
    made: dict[int, Tensor] = {}
    for length in sorted({len(row) for row in asked}):
        places = [at for at, row in enumerate(asked) if len(row) == length]
        batch, cache = torch.stack([asked[at] for at in places]).to(subject.device), KVCache()
        if model.spec.architecture == "encoder-decoder":
            model.encode(batch, cache=cache)
        else:
            model(batch, cache=cache)
        for at, vector in zip(places, cache.cut(length - k, length).vectors(), strict=True):
            made[at] = vector.float()
    return torch.stack([made[at] for at in range(len(asked))])


def _named(said: list[str]) -> tuple[tuple[str, ...], list[int]]:
    """What the instructions ask for, and of each which of these: the order of the digits, or else the whole sentence."""
    found = [next((name for name, (_, keys) in ORDERS.items() if any(key in text for key in keys)), text) for text in said]
    common = [name for name, _ in Counter(found).most_common(KINDS)]
    if len(set(found)) > KINDS:
        common = [*common[: KINDS - 1], "others"]
    return tuple(common), [common.index(name) if name in common else KINDS - 1 for name in found]
