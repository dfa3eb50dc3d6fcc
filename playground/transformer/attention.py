"""Multi-head attention (Algorithms 4 and 5 of Phuong & Hutter 2022): self-attention, and cross-attention to an encoder."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.spec import model as spec
from playground.transformer.cache import KVCache
from playground.transformer.distance import make_distance
from playground.transformer.gisting import GistMask
from playground.transformer.norm import RMSNorm
from playground.transformer.position import Rotary
from playground.transformer.sight import Sight, across
from playground.transformer.taps import Taps

QK_EPS = 1e-6

Path = Literal["observed", "products", "fused"]


class Heads(nn.Module):
    """Scores, pattern and values of heads whose queries, keys and values are given; what both kinds of attention share.

    Training and plain forward passes use a fused kernel; where scores or pattern are tapped, or bent by a cap or a sink,
    the same is written out. Fewer heads for keys and values than for queries is grouped-query attention (Ainslie et al.
    2023).
    """

    def __init__(self, model: spec.ModelSpec, attention: spec.AttentionHeads, name: str) -> None:
        super().__init__()
        self.name = name
        self.heads, self.kv_heads = attention.heads, spec.kv_heads(attention)
        self.d_head = spec.d_head(model, attention)
        self.scale = 1.0 / math.sqrt(self.d_head) if attention.scaled else 1.0
        self.soft_cap, self.pattern_dropout = attention.soft_cap, attention.pattern_dropout
        wide, narrow = self.heads * self.d_head, self.kv_heads * self.d_head
        self.widths = [wide, narrow, narrow]
        self.out = nn.Linear(wide, model.d_model, bias=attention.bias)
        self.gate = nn.Linear(model.d_model, wide, bias=attention.bias) if attention.gate else None
        self.sink = nn.Parameter(torch.zeros(self.heads)) if attention.sink else None
        self.qk_norm = attention.qk_norm
        sizes = {"none": None, "head": (self.d_head, self.d_head), "full": (wide, narrow)}[attention.qk_norm]
        self.q_norm = RMSNorm(sizes[0], QK_EPS) if sizes else None
        self.k_norm = RMSNorm(sizes[1], QK_EPS) if sizes else None

    def _split(self, x: Tensor, norm: RMSNorm | None) -> Tensor:
        """(batch, pos, heads * d_head) to (batch, heads, pos, d_head), normalised where the record says so."""
        if norm is not None and self.qk_norm == "full":
            x = norm(x)
        x = x.view(*x.shape[:-1], -1, self.d_head).transpose(1, 2)
        return norm(x) if norm is not None and self.qk_norm == "head" else x

    def _normed(self, x: Tensor, norm: RMSNorm) -> Tensor:
        """Heads (batch, heads, pos, d_head) normalised after they were cut, each or all together."""
        return norm(x) if self.qk_norm == "head" else self._split(x.transpose(1, 2).flatten(2), norm)

    def _grouped(self, x: Tensor) -> Tensor:
        """Keys or values repeated for each query head of their group."""
        return x if self.kv_heads == self.heads else x.repeat_interleave(self.heads // self.kv_heads, dim=1)

    def _tap(self, q: Tensor, k: Tensor, v: Tensor, taps: Taps) -> tuple[Tensor, Tensor, Tensor]:
        return taps(f"{self.name}.q", q), taps(f"{self.name}.k", k), taps(f"{self.name}.v", v)

    def _path(self, q: Tensor, taps: Taps | None) -> Path:
        """Which of the three ways to the same numbers is taken."""
        if self.soft_cap or self.sink is not None or (taps is not None and taps.explicit(self.name)):
            return "observed"
        return "products" if q.device.type == "cpu" and q.dtype == torch.bfloat16 else "fused"

    def _finish(self, x: Tensor, z: Tensor, taps: Taps | None) -> Tensor:
        """What the heads bring, z (batch, heads, pos, d_head), gated and projected to (batch, pos, d_model)."""
        if taps is not None:
            z = taps(f"{self.name}.z", z)
        joined = z.transpose(1, 2).flatten(2)
        if self.gate is not None:
            joined = joined * self.gate(x).sigmoid()
        return self.out(joined)  # type: ignore[no-any-return]

    def _observed(self, q: Tensor, k: Tensor, v: Tensor, added: Tensor | None, taps: Taps | None) -> Tensor:
        """Algorithm 4 line by line, (batch, heads, query, d_head)."""
        scores = q @ self._grouped(k).transpose(-1, -2) * self.scale  # (batch, heads, query, key)
        if self.soft_cap:
            scores = self.soft_cap * torch.tanh(scores / self.soft_cap)
        if added is not None:
            scores = scores + added
        if taps is not None:
            scores = taps(f"{self.name}.scores", scores)
        pattern = self._softmax(scores)
        if taps is not None:
            pattern = taps(f"{self.name}.pattern", pattern)
        if self.pattern_dropout and self.training:
            pattern = F.dropout(pattern, self.pattern_dropout)
        return pattern.to(v.dtype) @ self._grouped(v)

    def _softmax(self, scores: Tensor) -> Tensor:
        """Weights over the keys; they sum to 1, or to less where a sink takes its share."""
        if self.sink is None:
            return scores.softmax(dim=-1)
        sink = self.sink.to(scores.dtype)[:, None, None].expand(*scores.shape[:-1], 1)
        return torch.cat((scores, sink), dim=-1).softmax(dim=-1)[..., :-1]

    def _fused(self, q: Tensor, k: Tensor, v: Tensor, added: Tensor | None, causal: bool = False) -> Tensor:
        """The same in one kernel; `causal` says that nothing but a square causal mask is added."""
        if added is not None and added.dim() == 3:  # the kernel reads a mask of three axes as one for each sequence
            added = added[None]
        return F.scaled_dot_product_attention(
            q, self._grouped(k), self._grouped(v), attn_mask=added, is_causal=causal, scale=self.scale,
            dropout_p=self.pattern_dropout if self.training else 0.0,
        )  # fmt: skip

    def _products(self, q: Tensor, k: Tensor, v: Tensor, added: Tensor | None) -> Tensor:
        """The same as two batched products: the fused kernel's backward is several times slower in bfloat16 on a CPU."""
        batch, heads, queries, _ = q.shape
        q, k, v = q.flatten(0, 1), self._grouped(k).flatten(0, 1), self._grouped(v).flatten(0, 1)
        if added is None:
            scores = torch.bmm(q, k.transpose(1, 2)) * self.scale
        else:
            if added.dim() > 2:
                added = added.expand(batch, heads, queries, -1).flatten(0, 1)
            scores = torch.baddbmm(added, q, k.transpose(1, 2), alpha=self.scale)  # (batch * heads, query, key)
        pattern = scores.softmax(dim=-1).to(v.dtype)
        if self.pattern_dropout and self.training:
            pattern = F.dropout(pattern, self.pattern_dropout)
        return torch.bmm(pattern, v).view(batch, heads, queries, -1)


class Attention(Heads):
    """`MHAttention(X, X; W, Mask)` of Algorithm 5. Which keys a query sees follows from the record's mask and window.

    Queries, keys and values are rows of one matrix, in this order, because one large product is faster than three.
    """

    def __init__(self, model: spec.ModelSpec, attention: spec.Attention, name: str) -> None:
        super().__init__(model, attention, name)
        self.mask, self.window = attention.mask, attention.window
        self.qkv = nn.Linear(model.d_model, sum(self.widths), bias=attention.bias)
        position = attention.position
        turned = spec.rotated(self.d_head, position) if position.kind == "rotary" else 0
        self.rotary = Rotary(model.n_ctx, turned, position.base, position.pairing == "neighbours") if turned else None
        self.normed_after = attention.qk_norm_place == "after" and self.rotary is not None
        self.distance = make_distance(attention)

    def forward(self, x: Tensor, sight: Sight | None = None, taps: Taps | None = None, cache: KVCache | None = None) -> Tensor:
        """(batch, pos, d_model) to the same shape; with a cache, x holds only the new tokens."""
        sight = sight if sight is not None else Sight(cache.length, first=cache.first) if cache is not None else Sight()
        q, k, v = self.qkv(x).split(self.widths, dim=-1)
        early = (None, None) if self.normed_after else (self.q_norm, self.k_norm)
        q, k, v = self._split(q, early[0]), self._split(k, early[1]), self._split(v, None)
        if self.rotary is not None:
            q, k = self.rotary(q, sight.start), self.rotary(k, sight.start)
        if self.normed_after and self.q_norm is not None and self.k_norm is not None:
            q, k = self._normed(q, self.q_norm), self._normed(k, self.k_norm)
        if taps is not None:
            q, k, v = self._tap(q, k, v, taps)
        if cache is not None:
            k, v = cache.extend(self.name, k, v)
        queries, keys = q.shape[-2], k.shape[-2]
        # one query is the last of its sequence, so its causal mask hides nothing
        plain = self.distance is None and sight.plain(self.mask, self.window, keys)
        free = plain and (self.mask == "bidirectional" or queries == 1)
        path = self._path(q, taps)
        square = path == "fused" and plain and queries == keys
        added = None if free or square else self._added(sight, queries, keys, q)
        if path == "observed":
            z = self._observed(q, k, v, added, taps)
        elif path == "products":
            z = self._products(q, k, v, added)
        else:
            z = self._fused(q, k, v, added, causal=square and not free)
        return self._finish(x, z, taps)

    def _added(self, sight: Sight, queries: int, keys: int, like: Tensor) -> Tensor | None:
        """Mask and distances as one number for each score: (query, key), (heads, query, key) or (batch, heads, query, key)."""
        masked = sight.added(self.mask, self.window, queries, keys, like)
        if self.distance is None:
            return masked
        away: Tensor = self.distance(sight.start - sight.first, queries, keys).to(like.dtype)
        return away if masked is None else away + masked


class CrossAttention(Heads):
    """`MHAttention(X, Z; W, Mask ≡ 1)`: the decoder's X looks at the encoder's Z (Algorithm 8), by weights of its own."""

    def __init__(self, model: spec.ModelSpec, attention: spec.CrossAttention, name: str) -> None:
        super().__init__(model, attention, name)
        self.query = nn.Linear(model.d_model, self.widths[0], bias=attention.bias)
        self.kv = nn.Linear(model.d_model, sum(self.widths[1:]), bias=attention.bias)

    def forward(
        self, x: Tensor, memory: Tensor | None, lengths: Tensor | None = None, taps: Taps | None = None,
        cache: KVCache | None = None, gist: GistMask | None = None,
    ) -> Tensor:  # fmt: skip
        """(batch, pos, d_model) and memory (batch, context, d_model), with `lengths` real places, to (batch, pos, d_model).

        Of what stands in the memory before gist tokens, nothing is seen.

        With a cache, the memory's keys and values are kept from the first pass, and `memory` may be None in later ones.
        """
        kept = cache.kept(self.name) if cache is not None else None
        if kept is not None:
            k, v = kept
        elif memory is None:
            raise ValueError("cross-attention needs the encoder's output")
        else:
            k, v = self.kv(memory).split(self.widths[1:], dim=-1)
            k, v = self._split(k, self.k_norm), self._split(v, None)
            if cache is not None:
                cache.keep(self.name, k, v)
        q = self._split(self.query(x), self.q_norm)
        if taps is not None:
            q, k, v = self._tap(q, k, v, taps)
        added, path = across(lengths, gist, k.shape[-2], q), self._path(q, taps)
        if path == "observed":
            z = self._observed(q, k, v, added, taps)
        elif path == "products":
            z = self._products(q, k, v, added)
        else:
            z = self._fused(q, k, v, added)
        return self._finish(x, z, taps)
