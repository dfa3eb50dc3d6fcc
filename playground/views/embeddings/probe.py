"""Looks at embeddings: which vectors, where they lie in the picture, each picture turned to fit the one before."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import numpy as np

from playground.views.embeddings.frame import MATRIX, TSNE_POINTS, EmbeddingFrame, EmbeddingLook, Layout, Neighbours
from playground.views.embeddings.projection import aligned, cosines, nearest, on_axis, principal
from playground.views.embeddings.tsne_layouts import TsneLayouts
from playground.views.embeddings.vectors import Labels, Source, Vectors
from playground.views.subject import Subject, read_only

Placed = tuple[np.ndarray, tuple[float, ...], Layout, str]
"""Points, the share of variance along each axis, what they are laid out by, and what is missing, in words."""


class EmbeddingProbe:
    """Remembers the last picture, because principal components may flip or swap from one step to the next.

    A probe belongs to one run: another vocabulary makes it forget, fresh weights need a fresh probe. `call_again` is called,
    in any thread, when a picture would show more than the last one though nothing was trained.
    """

    def __init__(self) -> None:
        self.call_again: Callable[[], None] = lambda: None
        self._source, self._memory, self._tsne = Source(), _Memory(), TsneLayouts()
        weakref.finalize(self, self._tsne.end)

    def observe(self, subject: Subject, look: EmbeddingLook) -> EmbeddingFrame:
        """The vectors as points, with what was asked about them."""
        most = min(look.max_points, TSNE_POINTS) if look.layout == "tsne" else look.max_points
        vectors = self._source.of(subject, look, most)
        labels = vectors.labels
        points, explained, layout, note = self._place(vectors, look, subject.step)
        stride = -(-len(labels.keys) // MATRIX)
        return EmbeddingFrame(
            step=subject.step,
            points=read_only(points, np.float32),
            tokens=labels.tokens,
            kinds=labels.kinds,
            counts=labels.counts,
            explained=explained,
            total=labels.total,
            keys=labels.keys,
            ids=labels.ids,
            places=labels.places,
            modalities=labels.modalities,
            space=look.space,
            layout=layout,
            width=vectors.values.shape[1],
            ends=look.axis,
            layout_step=self._tsne.step,
            divergence=self._tsne.divergence,
            progress=self._tsne.progress() if look.layout == "tsne" else None,
            near=_near(vectors, look.key),
            similarity=read_only(cosines(vectors.values[::stride]), np.float32) if look.matrix and stride else None,
            stride=max(1, stride),
            taps=vectors.taps,
            tap=vectors.tap,
            heads=vectors.heads,
            before=vectors.before,
            shortened=vectors.shortened,
            note=vectors.note or note,
        )

    def _place(self, vectors: Vectors, look: EmbeddingLook, step: int) -> Placed:
        labels, values = vectors.labels, vectors.values
        if not len(values):
            return np.zeros((0, look.dims)), (0.0,) * look.dims, "pca", ""
        note, start, end = "", _row(labels, look.axis[0]), _row(labels, look.axis[1])
        if look.layout == "tsne":
            found, note = self._tsne.points(vectors, look, step, _calling(weakref.ref(self))), self._tsne.note
            if found is not None:
                points = found.astype(np.float64)
                return self._memory.fit(("tsne", look.space), labels, points), (), "tsne", note
        else:
            self._tsne.end()
        if look.layout == "axis" and min(start, end) >= 0:
            try:
                points, total = on_axis(values, start, end, look.dims)
            except ValueError as error:
                note = f"{str(error).capitalize()}; choose another pair."
            else:
                rest = self._memory.fit(("axis", look.space, look.axis), labels, points[:, 1:])
                return *_shared(np.column_stack((points[:, 0], rest)), total), "axis", ""
        points, total = principal(values, look.dims)
        return *_shared(self._memory.fit(("pca", look.space), labels, points), total), "pca", note


class _Memory:
    """The last picture, for the next one to be turned towards."""

    def __init__(self) -> None:
        self._of: object = None
        self._tokens: tuple[str, ...] = ()
        self._points = np.zeros((0, 2))  # (largest key + 1, dims), NaN where a key had no place in the last picture

    def fit(self, of: object, labels: Labels, points: np.ndarray) -> np.ndarray:
        """Points (n, dims) turned to lie as the last ones of the same thing did; where those had fewer dimensions, only the
        first ones are turned."""
        known = of == self._of and (not (labels.places >= 0).any() or labels.tokens == self._tokens)
        size, dims = int(labels.keys.max()) + 1, points.shape[1]
        if known and len(self._points):
            before, same = np.full((size, self._points.shape[1]), np.nan), min(size, len(self._points))
            before[:same] = self._points[:same]
            both = min(dims, before.shape[1])
            points = np.column_stack((aligned(points[:, :both], before[labels.keys, :both]), points[:, both:]))
        self._of, self._tokens = of, labels.tokens
        self._points = np.full((size, dims), np.nan)
        self._points[labels.keys] = points
        return points


def _row(labels: Labels, key: int) -> int:
    """Where a key stands among the points, -1 where it does not."""
    found = np.flatnonzero(labels.keys == key)
    return int(found[0]) if len(found) else -1


def _near(vectors: Vectors, key: int) -> Neighbours | None:
    labels = vectors.labels
    if (row := _row(labels, key)) < 0 or len(labels.keys) < 2:
        return None
    by_cosine, by_distance, norm = nearest(vectors.values, row)
    cosine, distance = (tuple((int(labels.keys[other]), value) for other, value in found) for found in (by_cosine, by_distance))
    return Neighbours(key, cosine, distance, norm)


def _shared(points: np.ndarray, total: float) -> tuple[np.ndarray, tuple[float, ...]]:
    """Points, and the share of the whole variance along each of their axes."""
    return points, tuple(float(share) for share in (points.var(axis=0) / total if total > 0 else np.zeros(points.shape[1])))


def _calling(probe: weakref.ref[EmbeddingProbe]) -> Callable[[], None]:
    """Calls a probe's `call_again` as long as there is the probe: a job under way does not keep it."""

    def call() -> None:
        if (found := probe()) is not None:
            found.call_again()

    return call


PROBE = EmbeddingProbe
