"""A layer on the residual stream, and a stack of them; neither knows whether it stands in an encoder or a decoder."""

from __future__ import annotations

from torch import Tensor, nn

from playground.spec.model import Layer as LayerSpec
from playground.spec.model import ModelSpec
from playground.transformer.attention import Attention
from playground.transformer.cache import KVCache
from playground.transformer.mlp import Mlp
from playground.transformer.norm import make_norm
from playground.transformer.taps import Taps


class Layer(nn.Module):
    """`x + branch(norm(x))` (pre) or `norm(x + branch(x))` (post) for attention, then for the MLP."""

    def __init__(self, model: ModelSpec, spec: LayerSpec, name: str) -> None:
        super().__init__()
        self.name = name
        self.pre = spec.norm.place == "pre"
        self.norm1 = make_norm(spec.norm, model.d_model) if spec.attention else None
        self.attention = Attention(model, spec.attention, name) if spec.attention else None
        self.dropout1 = spec.attention.dropout if spec.attention else 0.0
        self.norm2 = make_norm(spec.norm, model.d_model) if spec.mlp else None
        self.mlp = Mlp(spec.mlp, model.d_model, name) if spec.mlp else None
        self.dropout2 = spec.mlp.dropout if spec.mlp else 0.0

    def forward(self, x: Tensor, taps: Taps | None = None, cache: KVCache | None = None) -> Tensor:
        """(batch, pos, d_model) to the same shape."""
        if taps is not None:
            x = taps(f"{self.name}.resid_pre", x)
        if self.attention is not None and self.norm1 is not None:
            out = self.attention(self.norm1(x) if self.pre else x, taps, cache)
            x = self._add(x, out, self.norm1, self.dropout1, "attn_out", taps)
        if taps is not None:
            x = taps(f"{self.name}.resid_mid", x)
        if self.mlp is not None and self.norm2 is not None:
            out = self.mlp(self.norm2(x) if self.pre else x, taps)
            x = self._add(x, out, self.norm2, self.dropout2, "mlp_out", taps)
        return x if taps is None else taps(f"{self.name}.resid_post", x)

    def _add(self, x: Tensor, out: Tensor, norm: nn.Module, dropout: float, tap: str, taps: Taps | None) -> Tensor:
        if taps is not None:
            out = taps(f"{self.name}.{tap}", out)
        if dropout and self.training:
            out = nn.functional.dropout(out, dropout)
        x = x + out
        return x if self.pre else norm(x)


class Stack(nn.ModuleList):
    """Layers one after another; tap points begin with `name` and the layer's index."""

    def __init__(self, model: ModelSpec, layers: tuple[LayerSpec, ...], name: str) -> None:
        super().__init__(Layer(model, layer, f"{name}.{index}") for index, layer in enumerate(layers))

    def forward(self, x: Tensor, taps: Taps | None = None, cache: KVCache | None = None) -> Tensor:
        """(batch, pos, d_model) to the same shape."""
        for layer in self:
            x = layer(x, taps, cache)
        return x
