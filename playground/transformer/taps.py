"""Tap points: every intermediate of the model by name, to be looked at or edited while a forward pass runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from torch import Tensor

Edit = Callable[[Tensor], Tensor]

ATTENTION = ("q", "k", "v", "scores", "pattern", "z", "attn_out")
CROSS = ("cross.q", "cross.k", "cross.v", "cross.scores", "cross.pattern", "cross.z", "cross_out")
LAYER = (*ATTENTION, "mlp_pre", "mlp_post", "mlp_out", "resid_pre", "resid_mid", "resid_post")
"""The tap points of a layer in TransformerLens' words; "decoder.0.pattern" is one of them in full. CROSS are those of its
cross-attention; a mixture of experts has "router", and the two of each expert as "decoder.0.expert1.mlp_pre"."""
MODEL = ("embed", "final", "logits")
"""Of the whole model; with an encoder beside the decoder also "context_embed" and "memory", what the encoder hands over."""


class Enough(Exception):
    """Everything that was wanted of a forward pass has been seen; the rest of it need not be computed."""


class Taps:
    """Collects the wanted intermediates of one forward pass in `values` and applies edits on the way.

    q, k, v, z are (batch, heads, pos, d_head); scores and pattern (batch, heads, query, key); the residual stream and
    the outputs of branches (batch, pos, d_model); mlp_pre and mlp_post (batch, pos, d_mlp).
    """

    def __init__(self, wanted: Iterable[str] = (), edits: Mapping[str, Edit] | None = None, *, ends: bool = False) -> None:
        """With `ends` the forward pass is broken off by `Enough` when the last of the wanted has passed by."""
        self.ends = ends
        self.wanted = frozenset(wanted)
        self.edits = dict(edits or {})
        self.standing: Mapping[str, Edit] = {}
        """Edits that are in force on the model itself; they come before those of whoever looks."""
        self.values: dict[str, Tensor] = {}

    def __call__(self, name: str, value: Tensor) -> Tensor:
        """Pass a value by: edit it where asked, keep it where wanted."""
        if name in self.standing:
            value = self.standing[name](value)
        if name in self.edits:
            value = self.edits[name](value)
        if name in self.wanted:
            self.values[name] = value
            if self.ends and len(self.values) == len(self.wanted):
                raise Enough
        return value

    def explicit(self, prefix: str) -> bool:
        """Whether a layer's attention has to be written out, because its scores or pattern are wanted or edited."""
        names = (f"{prefix}.scores", f"{prefix}.pattern")
        return any(name in self.wanted or name in self.edits or name in self.standing for name in names)
