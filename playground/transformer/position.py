"""Positions: vectors added to the embedding (Algorithm 2), and rotations of queries and keys."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from playground.spec.model import Position


class LearnedPosition(nn.Module):
    """One learned vector for each place (Algorithm 2)."""

    def __init__(self, n_ctx: int, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_ctx, d_model))

    def forward(self, start: int, length: int) -> Tensor:
        """Vectors of the places start … start + length - 1, (length, d_model)."""
        return self.weight[start : start + length]


class SinusoidalPosition(nn.Module):
    """The fixed table of Vaswani et al. 2017, §3.5: sines in even, cosines in odd columns, places counted from 0."""

    table: Tensor

    def __init__(self, n_ctx: int, d_model: int, base: float) -> None:
        super().__init__()
        self.register_buffer("table", sinusoids(n_ctx, d_model, base).to(torch.get_default_dtype()), persistent=False)

    def forward(self, start: int, length: int) -> Tensor:
        """Vectors of the places start … start + length - 1, (length, d_model)."""
        return self.table[start : start + length]


def sinusoids(length: int, width: int, base: float) -> Tensor:
    """`sin(t / base^(2i / width))` and the cosine beside it, float64 (length, width)."""
    angle = torch.outer(torch.arange(length, dtype=torch.float64), _frequencies(width, base))  # (place, pair)
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)


def make_position(spec: Position, n_ctx: int, d_model: int) -> LearnedPosition | SinusoidalPosition | None:
    """The added positions of a record, or None."""
    if spec.kind == "learned":
        return LearnedPosition(n_ctx, d_model)
    if spec.kind == "sinusoidal":
        return SinusoidalPosition(n_ctx, d_model, spec.base)
    return None


class Rotary(nn.Module):
    """Turns pairs of a head's features by an angle that grows with the place (Su et al. 2021).

    Feature i is paired with feature i + d_head / 2, as in Llama.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, n_ctx: int, d_head: int, base: float) -> None:
        super().__init__()
        angle = torch.outer(torch.arange(n_ctx, dtype=torch.float64), _frequencies(d_head, base))  # (place, d_head / 2)
        dtype = torch.get_default_dtype()
        self.register_buffer("cos", torch.cat((angle.cos(), angle.cos()), dim=-1).to(dtype), persistent=False)
        self.register_buffer("sin", torch.cat((-angle.sin(), angle.sin()), dim=-1).to(dtype), persistent=False)

    def forward(self, x: Tensor, start: int) -> Tensor:
        """Queries or keys (batch, heads, pos, d_head) whose first place is `start`, to the same shape."""
        cos, sin = (table[start : start + x.shape[-2]].to(x.dtype) for table in (self.cos, self.sin))
        return x * cos + x.roll(x.shape[-1] // 2, dims=-1) * sin


def _frequencies(width: int, base: float) -> Tensor:
    """Radians a place of each pair, float64 (width / 2,)."""
    return torch.pow(torch.tensor(base, dtype=torch.float64), -torch.arange(0, width, 2, dtype=torch.float64) / width)
