"""Looks at the token embeddings on their first two principal components, each picture turned to fit the one before."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import torch

from playground.data.corpus import Corpus
from playground.views.embeddings.frame import KINDS, EmbeddingFrame, EmbeddingLook
from playground.views.subject import Subject, read_only


@dataclass(frozen=True)
class _Shown:
    """What a corpus and a look decide once: which tokens, and what is written beside them."""

    corpus: Corpus
    max_points: int
    ids: np.ndarray
    tokens: tuple[str, ...]
    kinds: np.ndarray
    counts: np.ndarray


class EmbeddingProbe:
    """Remembers the last picture, because principal components may flip or swap from one step to the next.

    A probe belongs to one run: another vocabulary makes it forget, fresh weights need a fresh probe.
    """

    def __init__(self) -> None:
        self._shown: _Shown | None = None
        self._last: np.ndarray | None = None  # (vocab, 2), NaN where a token had no place in the last picture

    def observe(self, subject: Subject, look: EmbeddingLook) -> EmbeddingFrame:
        """The most frequent tokens in the plane."""
        shown = self._choose(subject.corpus, look.max_points)
        weights = subject.model.embed.weight.detach()
        ids = torch.from_numpy(shown.ids.copy()).to(weights.device)
        vectors = weights[ids].cpu().double()  # (shown, d_model)
        points, total = principal(vectors)
        vocab = weights.shape[0]
        if self._last is None or len(self._last) != vocab:
            self._last = np.full((vocab, 2), np.nan)
        points = aligned(points, self._last[shown.ids])
        self._last = np.full((vocab, 2), np.nan)
        self._last[shown.ids] = points
        shares = points.var(axis=0) / total if total > 0 else np.zeros(2)
        return EmbeddingFrame(
            step=subject.step,
            points=read_only(points, np.float32),
            tokens=shown.tokens,
            kinds=shown.kinds,
            counts=shown.counts,
            explained=(float(shares[0]), float(shares[1])),
            total=vocab,
        )

    def _choose(self, corpus: Corpus, max_points: int) -> _Shown:
        if self._shown is None or self._shown.corpus is not corpus or self._shown.max_points != max_points:
            if self._shown is not None and self._shown.corpus.tokenizer is not corpus.tokenizer:
                self._last = None
            # tokens that never stand in the text are never learned; decay piles them up far away from all others
            seen = max(2, int((corpus.counts > 0).sum()))
            ids = np.argsort(-corpus.counts, kind="stable")[: max(1, min(max_points, seen))]
            tokens = tuple(corpus.tokenizer.pieces(ids))
            kinds = read_only(np.array([kind(token) for token in tokens]), np.uint8)
            self._shown = _Shown(corpus, max_points, ids, tokens, kinds, read_only(corpus.counts[ids], np.int64))
        return self._shown


def principal(vectors: torch.Tensor) -> tuple[np.ndarray, float]:
    """Coordinates (points, 2) of float64 vectors (points, d) on their first two principal axes, and the whole variance."""
    centred = vectors - vectors.mean(dim=0)
    covariance = centred.T @ centred / len(vectors)  # (d, d)
    axes = torch.linalg.eigh(covariance).eigenvectors[:, -2:].flip(1)  # (d, 2), the largest first
    points = (centred @ axes).numpy()
    if points.shape[1] < 2:  # a model one wide
        points = np.pad(points, ((0, 0), (0, 1)))
    return points, float(covariance.trace())


def aligned(points: np.ndarray, before: np.ndarray) -> np.ndarray:
    """`points` (points, 2) turned or mirrored, never stretched, to lie as near as can be to `before`.

    Orthogonal Procrustes (Schönemann 1966) over the rows that `before` knows (those not NaN).
    """
    known = ~np.isnan(before[:, 0])
    if known.sum() < 2:
        return points
    here, there = points[known], before[known]
    left, _, right = np.linalg.svd((here - here.mean(axis=0)).T @ (there - there.mean(axis=0)))
    turned: np.ndarray = points @ (left @ right)
    return turned


def kind(token: str) -> int:
    """Which of KINDS a token is: by its first letter, else its digits, else its marks."""
    body = token.strip()
    if not body:
        name = "space" if token else "other"
    elif (letter := next((c for c in body if c.isalpha()), None)) is not None:
        name = "capitals" if letter.isupper() else "letters"
    elif any(c.isdigit() for c in body):
        name = "digits"
    elif body != "�" and all(unicodedata.category(c)[0] in "PS" for c in body):
        name = "punctuation"
    else:
        name = "other"
    return KINDS.index(name)


PROBE = EmbeddingProbe
