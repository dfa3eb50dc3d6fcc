"""Multi-head attention (Algorithms 4 and 5 of Phuong & Hutter 2022) with grouped keys and values."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.spec import model as spec
from playground.transformer.cache import KVCache
from playground.transformer.position import Rotary
from playground.transformer.taps import Taps


class Attention(nn.Module):
    """`MHAttention(X, X; W, Mask)` of Algorithm 5. Which keys a query sees follows from the record's mask alone.

    Training and plain forward passes use a fused kernel; where scores or pattern are tapped, the same is written out.
    Queries, keys and values are rows of one matrix, in this order, because one large product is faster than three.
    Fewer heads for keys and values than for queries is grouped-query attention (Ainslie et al. 2023).
    """

    def __init__(self, model: spec.ModelSpec, attention: spec.Attention, name: str) -> None:
        super().__init__()
        self.name = name
        self.heads, self.kv_heads = attention.heads, spec.kv_heads(attention)
        self.d_head = spec.d_head(model, attention)
        self.causal = attention.mask == "causal"
        self.scale = 1.0 / math.sqrt(self.d_head)
        self.widths = [self.heads * self.d_head, self.kv_heads * self.d_head, self.kv_heads * self.d_head]
        self.qkv = nn.Linear(model.d_model, sum(self.widths), bias=attention.bias)
        self.out = nn.Linear(self.heads * self.d_head, model.d_model, bias=attention.bias)
        rotary = attention.position.kind == "rotary"
        self.rotary = Rotary(model.n_ctx, self.d_head, attention.position.base) if rotary else None

    def forward(self, x: Tensor, taps: Taps | None = None, cache: KVCache | None = None) -> Tensor:
        """(batch, pos, d_model) to the same shape; with a cache, x holds only the new tokens."""
        start = cache.length if cache is not None else 0
        q, k, v = (self._split(part) for part in self.qkv(x).split(self.widths, dim=-1))  # (batch, heads, pos, d_head)
        if self.rotary is not None:
            q, k = self.rotary(q, start), self.rotary(k, start)
        if taps is not None:
            q, k, v = (taps(f"{self.name}.{part}", value) for part, value in (("q", q), ("k", k), ("v", v)))
        if cache is not None:
            k, v = cache.extend(self.name, k, v)
        if taps is not None and taps.explicit(self.name):
            z = self._observed(q, k, v, taps)
        elif q.device.type == "cpu" and q.dtype == torch.bfloat16:
            z = self._products(q, k, v)
        else:
            z = self._fused(q, k, v)
        if taps is not None:
            z = taps(f"{self.name}.z", z)
        return self.out(z.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _split(self, x: Tensor) -> Tensor:
        """(batch, pos, heads * d_head) to (batch, heads, pos, d_head)."""
        return x.view(*x.shape[:-1], -1, self.d_head).transpose(1, 2)

    def _grouped(self, x: Tensor) -> Tensor:
        """Keys or values repeated for each query head of their group."""
        return x if self.kv_heads == self.heads else x.repeat_interleave(self.heads // self.kv_heads, dim=1)

    def _observed(self, q: Tensor, k: Tensor, v: Tensor, taps: Taps) -> Tensor:
        """Algorithm 4 line by line, (batch, heads, query, d_head)."""
        scores = q @ self._grouped(k).transpose(-1, -2) * self.scale  # (batch, heads, query, key)
        if self.causal:
            scores = scores + _after(q.shape[-2], k.shape[-2], scores)
        scores = taps(f"{self.name}.scores", scores)
        pattern = taps(f"{self.name}.pattern", scores.softmax(dim=-1))  # rows sum to 1
        return pattern @ self._grouped(v)

    def _fused(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """The same in one kernel."""
        queries, keys = q.shape[-2], k.shape[-2]
        square = self.causal and queries == keys and queries > 1
        mask = _after(queries, keys, q) if self.causal and not square and queries > 1 else None
        return F.scaled_dot_product_attention(
            q, self._grouped(k), self._grouped(v), attn_mask=mask, is_causal=square, scale=self.scale
        )

    def _products(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """The same as two batched products: the fused kernel's backward is several times slower in bfloat16 on a CPU."""
        batch, heads, queries, _ = q.shape
        q, k, v = q.flatten(0, 1), self._grouped(k).flatten(0, 1), self._grouped(v).flatten(0, 1)
        if self.causal:
            mask = _after(queries, k.shape[1], q)
            scores = torch.baddbmm(mask, q, k.transpose(1, 2), alpha=self.scale)  # (batch * heads, query, key)
        else:
            scores = torch.bmm(q, k.transpose(1, 2)) * self.scale
        return torch.bmm(scores.softmax(dim=-1).to(v.dtype), v).view(batch, heads, queries, -1)


def _after(queries: int, keys: int, like: Tensor) -> Tensor:
    """What a causal mask adds to scores, (query, key): -inf where the key comes after the query, else 0.

    The queries are the last ones of the sequence. It is made anew each time, in a few microseconds: kept for the whole
    context it would cost n_ctx² numbers in every layer.
    """
    return like.new_full((queries, keys), -torch.inf).triu_(1 + keys - queries)
