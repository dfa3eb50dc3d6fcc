"""What passes between the embedding probe and the embedding panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from playground.views.frames import Frame, Look, Table

Space = Literal["tokens", "positions", "context"]
Layout = Literal["pca", "tsne", "axis"]

KINDS = ("letters", "capitals", "digits", "space", "punctuation", "other")
MODALITIES = ("text", "special", "discrete", "continuous", "image", "separator", "padding", "other")
TSNE_POINTS = 5000
"""What t-SNE takes at most: the most frequent tokens."""
MATRIX = 1024
"""Rows at most of a similarity matrix that are all shown; of more, every second (third …) one."""


@dataclass(frozen=True)
class EmbeddingLook(Look):
    """Which vectors, how they are laid out, and what is asked about them.

    `key` and the ends of `axis` name points by their token id, or by their place where there are places; -1 is none.
    """

    space: Space = "tokens"
    layout: Layout = "pca"
    dims: int = 2
    max_points: int = 50_000
    """The most frequent tokens come first."""
    unseen: bool = False
    """Also the tokens that never stand in the text."""
    tap: str = ""
    """A tap point in full, for example "decoder.2.resid_post"; empty or unknown: the last layer's resid_post."""
    head: int = -1
    """Of q, k, v and z: which head; -1 joins all of them into one vector."""
    text: str = ""
    """The watched text; empty: a first paragraph of the validation text."""
    key: int = -1
    """Whose nearest neighbours are wanted."""
    axis: tuple[int, int] = (-1, -1)
    run: int = 0
    """Another number than before asks for t-SNE again, 0 gives it up."""
    matrix: bool = False
    """Whether the similarities of all pairs are wanted."""


@dataclass(frozen=True)
class Neighbours:
    """The points nearest to `key`, the nearest first: by cosine of their angle, and by distance, as (key, value) pairs."""

    key: int
    cosine: tuple[tuple[int, float], ...]
    distance: tuple[tuple[int, float], ...]
    norm: float
    """The length of the vector itself."""


@dataclass(frozen=True)
class Progress:
    """A t-SNE under way: what it does, and how far it is, 0 to 1."""

    doing: str
    share: float


@dataclass(frozen=True)
class EmbeddingFrame(Frame):
    """Vectors as points in the plane or in space, turned to fit the picture before.

    `points` is float32 (shown, dims), `tokens` their display strings, `kinds` and `modalities` uint8 (shown,) indices into
    KINDS and MODALITIES, `counts` int64 (shown,) how often the token stands in the text, `explained` the share of variance
    along each axis drawn (empty for t-SNE), `total` how many vectors there are. `keys` int64 (shown,) name the points,
    `ids` int64 (shown,) are their tokens and `places` int64 (shown,) their places in the text, -1 where there is none.
    """

    points: np.ndarray
    tokens: tuple[str, ...]
    kinds: np.ndarray
    counts: np.ndarray
    explained: tuple[float, ...]
    total: int
    keys: np.ndarray
    ids: np.ndarray
    places: np.ndarray
    modalities: np.ndarray
    space: Space = "tokens"
    layout: Layout = "pca"
    """What the points are really laid out by."""
    width: int = 0
    """Entries of each vector."""
    ends: tuple[int, int] = (-1, -1)
    """The keys of the two ends of the axis."""
    layout_step: int = 0
    """The step whose vectors t-SNE laid out."""
    divergence: float = 0.0
    """The Kullback-Leibler divergence that t-SNE has reached, nats."""
    progress: Progress | None = None
    near: Neighbours | None = None
    similarity: np.ndarray | None = None
    """Cosines float32 (rows, rows) of every `stride`-th vector with every other."""
    stride: int = 1
    taps: tuple[str, ...] = ()
    """The tap points there are, for the choice of one."""
    tap: str = ""
    heads: int = 0
    """Heads of the tap point, 0 where it has none."""
    before: int = 0
    """How many tokens an encoder reads before the first of these."""
    shortened: int = 0
    """Tokens of the text that did not fit."""
    note: str = ""
    """Why there is nothing to see, or what is missing, in words."""

    def table(self) -> Table:
        """One row for each point."""
        shown = zip(self.tokens, self.ids, self.places, self.kinds, self.modalities, self.counts, self.points, strict=True)
        rows = (
            (token, int(id_), int(place) + 1, KINDS[kind], MODALITIES[modality], int(count), *map(float, point))
            for token, id_, place, kind, modality, count, point in shown
        )
        axes = ("x", "y", "z")[: self.points.shape[1]]
        return ("token", "id", "place", "kind", "modality", "count", *axes), rows
