"""The vectors a look is about, with what is known of each: tokens, positions, or the watched text at a tap point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.data.corpus import Corpus
from playground.spec.model import ModelSpec
from playground.transformer.taps import Taps
from playground.views.embeddings.frame import EmbeddingLook
from playground.views.embeddings.kinds import kind, modalities
from playground.views.subject import Reading, Subject, at_rest, read_only, reading

MOST_TOKENS = 512
"""Of the watched text."""
MULTIHEAD = 4
"""The dimensions of q, k, v and z: (batch, heads, pos, d_head)."""


@dataclass(frozen=True)
class Labels:
    """What is known of points (n,) besides their vectors; the arrays are those of the frame."""

    keys: np.ndarray
    ids: np.ndarray
    places: np.ndarray
    tokens: tuple[str, ...]
    kinds: np.ndarray
    counts: np.ndarray
    modalities: np.ndarray
    total: int


@dataclass(frozen=True)
class Vectors:
    """Vectors float32 (n, d) on the CPU, and what the frame says about where they come from."""

    values: Tensor
    labels: Labels
    taps: tuple[str, ...] = ()
    tap: str = ""
    heads: int = 0
    shortened: int = 0
    note: str = ""
    before: int = 0


class Names(Taps):
    """Writes down which tap points a forward pass has for each place of its text, with their dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, tuple[int, ...]] = {}

    def __call__(self, name: str, value: Tensor) -> Tensor:
        """Pass a value by."""
        self.found[name] = tuple(value.shape)
        return value


class Source:
    """Finds vectors, and remembers labels and tap points as long as corpus, text and model are the same."""

    def __init__(self) -> None:
        self._corpus: Corpus | None = None
        self._labels: dict[object, Labels] = {}
        self._spec: ModelSpec | None = None
        self._taps: dict[str, int] = {}

    def of(self, subject: Subject, look: EmbeddingLook, most: int) -> Vectors:
        """The vectors of a look, `most` of them at most."""
        if self._corpus is not subject.corpus:
            self._corpus, self._labels = subject.corpus, {}
        if look.space == "tokens":
            return self._tokens(subject, look, most)
        if look.space == "positions":
            return self._positions(subject, most)
        return self._context(subject, look)

    def _tokens(self, subject: Subject, look: EmbeddingLook, most: int) -> Vectors:
        weights, counts = subject.model.embed.weight.detach(), subject.corpus.counts
        # tokens that never stand in the text are never learned; decay piles them up far away from all others
        seen = len(counts) if look.unseen else max(2, int((counts > 0).sum()))
        most = max(1, min(most, seen))
        labels = self._labels.get(("tokens", most))
        if labels is None:
            ids = np.argsort(-counts, kind="stable")[:most]
            labels = self._labels["tokens", most] = _labels(subject.corpus, ids, ids, None, weights.shape[0])
        rows = weights[torch.from_numpy(labels.ids.copy()).to(weights.device)]
        return Vectors(rows.float().cpu(), labels)

    def _positions(self, subject: Subject, most: int) -> Vectors:
        position, spec = subject.model.position, subject.model.spec
        labels = self._labels.get(("positions", spec.n_ctx, position is None))
        if labels is None:
            places = np.arange(0 if position is None else spec.n_ctx)
            labels = self._labels["positions", spec.n_ctx, position is None] = _places(places)
        if position is None:
            return Vectors(torch.zeros(0, spec.d_model), labels, note=_without_positions(spec))
        with torch.inference_mode():
            values = position(0, spec.n_ctx).float().cpu().clone()
        return Vectors(values, labels)

    def _context(self, subject: Subject, look: EmbeddingLook) -> Vectors:
        text = reading(subject, look.text, MOST_TOKENS)
        with at_rest(subject.model):
            if self._spec != subject.model.spec or not self._taps:
                names = Names()
                text.logits(subject, names)
                self._spec, self._taps = subject.model.spec, dict(_whole(names.found.items(), text))
            tap = look.tap if look.tap in self._taps else _last(self._taps)
            taps = Taps([tap])
            text.logits(subject, taps)
            value = taps.values[tap][0].float().cpu().clone()
        heads = len(value) if self._taps[tap] == MULTIHEAD else 0
        if heads:  # (heads, pos, d_head)
            value = value[look.head] if 0 <= look.head < heads else value.transpose(0, 1).flatten(1)
        ids = _read(tap, text)
        key = ("context", ids.tobytes())
        if key not in self._labels:
            self._labels = {known: labels for known, labels in self._labels.items() if known[0] != "context"}  # type: ignore[index]
            self._labels[key] = _labels(subject.corpus, np.arange(len(ids)), ids, np.arange(len(ids)), len(ids))
        return Vectors(value, self._labels[key], tuple(self._taps), tap, heads, text.shortened,
                       before=0 if ids is text.context else text.before)  # fmt: skip


def _labels(corpus: Corpus, keys: np.ndarray, ids: np.ndarray, places: np.ndarray | None, total: int) -> Labels:
    tokens = tuple(corpus.tokenizer.pieces(ids))
    return Labels(
        keys=read_only(keys, np.int64),
        ids=read_only(ids, np.int64),
        places=read_only(np.full(len(ids), -1) if places is None else places, np.int64),
        tokens=tokens,
        kinds=read_only(np.array([kind(token) for token in tokens]), np.uint8),
        counts=read_only(corpus.counts[ids], np.int64),
        modalities=read_only(modalities(corpus.tokenizer, ids)),
        total=total,
    )


def _places(places: np.ndarray) -> Labels:
    """Places have no tokens; they are counted from 1 on screen."""
    nothing = read_only(np.zeros(len(places)), np.uint8)
    return Labels(
        keys=read_only(places, np.int64),
        ids=read_only(np.full(len(places), -1), np.int64),
        places=read_only(places, np.int64),
        tokens=tuple(str(place + 1) for place in places),
        kinds=nothing,
        counts=read_only(np.ones(len(places)), np.int64),
        modalities=nothing,
        total=len(places),
    )


def _whole(found: Iterable[tuple[str, tuple[int, ...]]], text: Reading) -> Iterable[tuple[str, int]]:
    """The tap points that have one vector, or one in each head, for each place of the text, with their dimensions."""
    for name, shape in found:
        if name != "logits" and len(shape) in (3, MULTIHEAD) and shape[-2] == len(_read(name, text)):
            yield name, len(shape)


def _read(tap: str, text: Reading) -> np.ndarray:
    """The ids (pos,) that a tap point has vectors of: the encoder's, beside a decoder, are those of the context."""
    of_context = tap.startswith("encoder.") or tap in ("context_embed", "memory") or tap.endswith((".cross.k", ".cross.v"))
    return text.context if of_context and text.context is not None else text.ids


def _last(taps: dict[str, int]) -> str:
    """The residual stream behind the last layer, or what there is."""
    ends = [name for name in taps if name.endswith(".resid_post")]
    return ends[-1] if ends else next(iter(taps))


def _without_positions(spec: ModelSpec) -> str:
    kinds = {layer.attention.position.kind for layers in spec.stacks.values() for layer in layers if layer.attention}
    ways = {"rotary": "turns queries and keys by their position (rotary)", "alibi": "takes a share of the distance off each "
            "score (ALiBi)", "t5": "adds a learned number for each distance to the scores (T5)"}  # fmt: skip
    told = [ways[kind] for kind in ("rotary", "alibi", "t5") if kind in kinds]
    return f"Its attention {' and '.join(told)} instead." if told else "Its layers cannot tell one place from another."
