"""A layer on the residual stream, and a stack of them; neither knows whether it stands in an encoder or a decoder."""

from __future__ import annotations

from torch import Tensor, nn

from playground.spec.model import Layer as LayerSpec
from playground.spec.model import ModelSpec
from playground.transformer.attention import Attention, CrossAttention
from playground.transformer.cache import KVCache
from playground.transformer.gisting import GistMask
from playground.transformer.mlp import make_mlp
from playground.transformer.norm import make_norm
from playground.transformer.sight import Sight
from playground.transformer.taps import Taps


class Memory:
    """What an encoder hands to a decoder: its output (batch, context, d_model), what of it is real, and its gist tokens."""

    def __init__(self, values: Tensor | None, lengths: Tensor | None = None, gist: GistMask | None = None) -> None:
        self.values, self.lengths, self.gist = values, lengths, gist


class Layer(nn.Module):
    """Attention, cross-attention and an MLP, those that are there, each added to the stream.

    Where the norm stands: `x + f(norm(x))` (pre), `norm(x + f(x))` (post), `x + norm(f(norm(x)))` (sandwich) or
    `x + norm(f(x))` (output). Parallel branches all read the stream as the layer found it.
    """

    def __init__(self, model: ModelSpec, spec: LayerSpec, name: str) -> None:
        super().__init__()
        self.name, self.place, self.parallel = name, spec.norm.place, spec.order != "serial"
        self.branch_scale = spec.branch_scale
        width, sandwich = model.d_model, spec.norm.place == "sandwich"
        self.attention = Attention(model, spec.attention, name) if spec.attention else None
        self.norm1 = make_norm(spec.norm, width) if spec.attention else None
        self.norm1_out = make_norm(spec.norm, width) if spec.attention and sandwich else None
        self.cross = CrossAttention(model, spec.cross, f"{name}.cross") if spec.cross else None
        self.norm_cross = make_norm(spec.norm, width) if spec.cross else None
        self.norm_cross_out = make_norm(spec.norm, width) if spec.cross and sandwich else None
        self.mlp = make_mlp(spec.mlp, width, name) if spec.mlp else None
        shared = spec.order == "parallel_shared" and spec.attention is not None
        self.norm2 = make_norm(spec.norm, width) if spec.mlp and not shared else None
        self.norm2_out = make_norm(spec.norm, width) if spec.mlp and sandwich else None
        self.take_dropout(spec)

    def take_dropout(self, spec: LayerSpec) -> None:
        """Use the dropout of a record that is otherwise the same (a hot change)."""
        self.dropout1 = spec.attention.dropout if spec.attention else 0.0
        self.dropout_cross = spec.cross.dropout if spec.cross else 0.0
        self.dropout2 = spec.mlp.dropout if spec.mlp else 0.0
        if self.attention is not None and spec.attention is not None:
            self.attention.pattern_dropout = spec.attention.pattern_dropout
        if self.cross is not None and spec.cross is not None:
            self.cross.pattern_dropout = spec.cross.pattern_dropout

    def forward(
        self, x: Tensor, sight: Sight | None = None, memory: Memory | None = None, taps: Taps | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:  # fmt: skip
        """(batch, pos, d_model) to the same shape."""
        if taps is not None:
            x = taps(f"{self.name}.resid_pre", x)
        found = x
        if self.attention is not None:
            out = self.attention(self._read(x, self.norm1), sight, taps, cache)
            x = self._add(x, out, self.norm1, self.norm1_out, self.dropout1, "attn_out", taps)
        if self.cross is not None:
            given = memory if memory is not None else Memory(None)
            read = self._read(found if self.parallel else x, self.norm_cross)
            out = self.cross(read, given.values, given.lengths, taps, cache, given.gist)
            x = self._add(x, out, self.norm_cross, self.norm_cross_out, self.dropout_cross, "cross_out", taps)
        if taps is not None:
            x = taps(f"{self.name}.resid_mid", x)
        if self.mlp is not None:
            norm = self.norm2 if self.norm2 is not None else self.norm1
            out = self.mlp(self._read(found if self.parallel else x, norm), taps)
            x = self._add(x, out, norm, self.norm2_out, self.dropout2, "mlp_out", taps)
        return x if taps is None else taps(f"{self.name}.resid_post", x)

    def _read(self, x: Tensor, norm: nn.Module | None) -> Tensor:
        """What a branch reads."""
        return norm(x) if norm is not None and self.place in ("pre", "sandwich") else x

    def _add(
        self, x: Tensor, out: Tensor, norm: nn.Module | None, norm_out: nn.Module | None, dropout: float, tap: str,
        taps: Taps | None,
    ) -> Tensor:  # fmt: skip
        """The stream with a branch's output added."""
        if taps is not None:
            out = taps(f"{self.name}.{tap}", out)
        after = norm if self.place == "output" else norm_out
        if after is not None:
            out = after(out)
        if dropout and self.training:
            out = nn.functional.dropout(out, dropout)
        x = x + (out if self.branch_scale == 1.0 else self.branch_scale * out)
        return norm(x) if self.place == "post" and norm is not None else x


class Stack(nn.ModuleList):
    """Layers one after another; tap points begin with `name` and the layer's index."""

    def __init__(self, model: ModelSpec, layers: tuple[LayerSpec, ...], name: str) -> None:
        super().__init__(Layer(model, layer, f"{name}.{index}") for index, layer in enumerate(layers))

    def forward(
        self, x: Tensor, sight: Sight | None = None, memory: Memory | None = None, taps: Taps | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:  # fmt: skip
        """(batch, pos, d_model) to the same shape."""
        for layer in self:
            x = layer(x, sight, memory, taps, cache)
        return x
