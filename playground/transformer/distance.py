"""Distances as a bias on attention scores: ALiBi's fixed slopes, and T5's learned number for each range of distances."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from playground.spec.model import Attention


class Alibi(nn.Module):
    """Minus the distance times a slope for each head (Press et al. 2021)."""

    slopes: Tensor

    def __init__(self, heads: int, steeper: float = 1.0) -> None:
        super().__init__()
        self.register_buffer("slopes", (steeper * slopes(heads)).to(torch.get_default_dtype()), persistent=False)

    def forward(self, start: int, queries: int, keys: int) -> Tensor:
        """What is added to scores, (heads, query, key); the first query stands at `start`."""
        away = _offsets(start, queries, keys, self.slopes.device).abs()
        return -self.slopes[:, None, None] * away


class T5Bias(nn.Module):
    """A learned number for each head and bucket of distances; near ones have a bucket each (Raffel et al. 2019, §2.1)."""

    def __init__(self, heads: int, buckets: int, max_distance: int, both_sides: bool) -> None:
        super().__init__()
        self.buckets, self.max_distance, self.both_sides = buckets, max_distance, both_sides
        self.weight = nn.Parameter(torch.zeros(buckets, heads))

    def forward(self, start: int, queries: int, keys: int) -> Tensor:
        """What is added to scores, (heads, query, key); the first query stands at `start`."""
        offsets = _offsets(start, queries, keys, self.weight.device)
        return self.weight[bucket(offsets, self.buckets, self.max_distance, self.both_sides)].permute(2, 0, 1)


def slopes(heads: int) -> Tensor:
    """`2^(-8 i / heads)` for i from 1; where heads is no power of 2, the rest is taken between those, as published."""
    whole = 2 ** math.floor(math.log2(heads))
    first = [2.0 ** (-8.0 * i / whole) for i in range(1, whole + 1)]
    between = [2.0 ** (-4.0 * i / whole) for i in range(1, 2 * (heads - whole), 2)]
    return torch.tensor(first + between, dtype=torch.float64)


def bucket(offsets: Tensor, buckets: int, max_distance: int, both_sides: bool) -> Tensor:
    """The bucket (0 …) of each offset key - query: half of them one distance wide, the others growing with the logarithm.

    With `both_sides` keys ahead have buckets of their own; without, they share that of the query itself.
    """
    ahead = torch.zeros_like(offsets)
    if both_sides:
        buckets //= 2
        ahead, away = (offsets > 0).long() * buckets, offsets.abs()
    else:
        away = (-offsets).clamp(min=0)
    exact = max(1, buckets // 2)
    grown = torch.log(away.clamp(min=1).float() / exact) / math.log(max_distance / exact) * (buckets - exact)
    far = (exact + grown.long()).clamp(max=buckets - 1)
    return ahead + torch.where(away < exact, away, far)


def make_distance(attention: Attention) -> Alibi | T5Bias | None:
    """The bias of a record, or None."""
    position = attention.position
    if position.kind == "alibi":
        return Alibi(attention.heads, position.slope)
    if position.kind == "t5":
        return T5Bias(attention.heads, position.buckets, position.max_distance, attention.mask != "causal")
    return None


def _offsets(start: int, queries: int, keys: int, device: torch.device) -> Tensor:
    """Key's place minus query's place, int64 (query, key)."""
    return torch.arange(keys, device=device) - torch.arange(start, start + queries, device=device)[:, None]
