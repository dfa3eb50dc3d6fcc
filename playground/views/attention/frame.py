"""What passes between the attention probe and the attention panel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from playground.views.frames import Frame, Look, Table


@dataclass(frozen=True)
class AttentionLook(Look):
    """Which text to look at; an empty text means the first words of the validation text.

    `only` asks for one attention by its tap prefix instead of all, `cell` for one weight in full: (tap prefix, head, query,
    key).
    """

    text: str = ""
    max_tokens: int = 64
    only: str = ""
    cell: tuple[str, int, int, int] | None = None


@dataclass(frozen=True)
class Cell:
    """How one weight comes about (Algorithm 4): query and key, their score, the softmax, and the value that is mixed in.

    `q, k, v` are float32 (d_head,), as the head uses them. `dot` is their product, of which `turned` is what the rotation of
    both by their places has added (NaN without one). `scaled` is it times `scale`, capped where there is a cap; `bias` is
    what a distance adds. `masked` says that the query must not see the key. `row` float32 (keys,) holds the weights of the
    whole query; they sum to 1, or to less by what a sink takes. `z` float32 (d_head,) is what the query gets from all keys,
    and `brought` the part of its length, along its direction, that comes from this one.
    """

    place: tuple[str, int, int, int]
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    dot: float
    turned: float
    scale: float
    cap: float
    scaled: float
    bias: float
    masked: bool
    score: float
    weight: float
    row: np.ndarray
    z: np.ndarray
    brought: float
    position: str = "none"


@dataclass(frozen=True)
class AttentionFrame(Frame):
    """The pattern of every head for one text.

    `tokens` are display strings of what the decoder (or the only stack) reads, `context` of what an encoder beside it
    reads. `patterns` holds one float32 array (heads, query, key) for each attention, `names` its tap prefix ("decoder.0",
    "decoder.0.cross"), `causal` whether its mask hides the future. `shortened` tells how many tokens of the text did not
    fit, `room` how many would. `ids` and `context_ids` are int64, the numbers of the tokens.
    """

    tokens: tuple[str, ...]
    names: tuple[str, ...]
    patterns: tuple[np.ndarray, ...]
    causal: tuple[bool, ...]
    shortened: int = 0
    context: tuple[str, ...] = ()
    ids: np.ndarray | None = None
    context_ids: np.ndarray | None = None
    room: int = 64
    cell: Cell | None = None
    signed: bool = False
    """Whether the patterns are the differences of two models, and not weights."""

    def minus(self, other: Frame) -> AttentionFrame | None:
        """How much more each query looks at each key than in another model, in the attentions that both have alike."""
        if not isinstance(other, AttentionFrame) or (self.tokens, self.context) != (other.tokens, other.context):
            return None
        theirs = dict(zip(other.names, other.patterns, strict=True))
        both = [
            (name, mine - theirs[name], causal)
            for name, mine, causal in zip(self.names, self.patterns, self.causal, strict=True)
            if name in theirs and theirs[name].shape == mine.shape
        ]
        if not both:
            return None
        names, patterns, causal = zip(*both, strict=True)
        return replace(self, names=names, patterns=patterns, causal=causal, cell=None, signed=True)

    def table(self) -> Table:
        """One row for each query and key of each head that the mask lets meet."""
        rows = (
            (name, head + 1, query, queries[query], key, keys[key], float(weight))
            for name, patterns, causal in zip(self.names, self.patterns, self.causal, strict=True)
            for queries, keys in [self.axes(name)]
            for head, pattern in enumerate(patterns)
            for query, row in enumerate(pattern)
            for key, weight in enumerate(row[: query + 1] if causal else row)
        )
        return ("attention", "head", "query", "query token", "key", "key token", "weight"), rows

    def axes(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Queries and keys of an attention by its tap prefix."""
        if name.endswith(".cross"):
            return self.tokens, self.context
        tokens = self.context if self.context and name.startswith("encoder") else self.tokens
        return tokens, tokens
