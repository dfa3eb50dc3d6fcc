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


class FixedPosition(nn.Module):
    """A table of sines that is not learned: `sinusoids` or `paper_sinusoids`."""

    table: Tensor

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table.to(torch.get_default_dtype()), persistent=False)

    def forward(self, start: int, length: int) -> Tensor:
        """Vectors of the places start … start + length - 1, (length, d_model)."""
        return self.table[start : start + length]


def sinusoids(length: int, width: int, base: float) -> Tensor:
    """`sin(t / base^(2i / width))` and the cosine beside it, t and i from 0 (Vaswani et al. 2017, §3.5): (length, width)."""
    angle = torch.outer(torch.arange(length, dtype=torch.float64), _frequencies(width, base))  # (place, pair)
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)


def paper_sinusoids(length: int, width: int) -> Tensor:
    """The same as Phuong & Hutter 2022 print it below Algorithm 2: base `length`, t and i from 1: float64 (length, width)."""
    places, pairs = (torch.arange(1, count + 1, dtype=torch.float64) for count in (length, width // 2))
    angle = torch.outer(places, torch.pow(torch.tensor(float(length), dtype=torch.float64), -2 * pairs / width))
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)


def make_position(spec: Position, n_ctx: int, d_model: int) -> LearnedPosition | FixedPosition | None:
    """The added positions of a record, or None."""
    if spec.kind == "learned":
        return LearnedPosition(n_ctx, d_model)
    if spec.kind == "sinusoidal":
        return FixedPosition(sinusoids(n_ctx, d_model, spec.base))
    if spec.kind == "sinusoidal_paper":
        return FixedPosition(paper_sinusoids(n_ctx, d_model))
    return None


class Rotary(nn.Module):
    """Turns pairs of a head's first `turned` features by an angle that grows with the place (Su et al. 2021).

    Feature i is paired with i + turned / 2, as in Llama, or with its neighbour, as in the paper and GPT-J.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, n_ctx: int, turned: int, base: float, neighbours: bool = False) -> None:
        super().__init__()
        self.turned, self.neighbours = turned, neighbours
        angle = torch.outer(torch.arange(n_ctx, dtype=torch.float64), _frequencies(turned, base))  # (place, turned / 2)
        if neighbours:
            cos, sin = angle.cos().repeat_interleave(2, -1), torch.stack((-angle.sin(), angle.sin()), -1).flatten(-2)
        else:
            cos, sin = torch.cat((angle.cos(), angle.cos()), -1), torch.cat((-angle.sin(), angle.sin()), -1)
        dtype = torch.get_default_dtype()
        self.register_buffer("cos", cos.to(dtype), persistent=False)
        self.register_buffer("sin", sin.to(dtype), persistent=False)

    def forward(self, x: Tensor, start: int) -> Tensor:
        """Queries or keys (batch, heads, pos, d_head) whose first place is `start`, to the same shape."""
        if self.turned < x.shape[-1]:
            turned, still = x[..., : self.turned], x[..., self.turned :]
            return torch.cat((self._turn(turned, start), still), dim=-1)
        return self._turn(x, start)

    def back(self, x: Tensor, place: int) -> Tensor:
        """One query or key (d_head,) that was turned at a place, as it was before: the rotation the other way round."""
        turned, still = x[: self.turned], x[self.turned :]
        cos, sin = (table[place].to(x.dtype) for table in (self.cos, self.sin))
        if self.neighbours:
            partner = turned.view(-1, 2).flip(-1).flatten()
        else:
            partner = turned.roll(self.turned // 2)
        return torch.cat((turned * cos - partner * sin, still))

    def _turn(self, x: Tensor, start: int) -> Tensor:
        cos, sin = (table[start : start + x.shape[-2]].to(x.dtype) for table in (self.cos, self.sin))
        if self.neighbours:
            partner = x.view(*x.shape[:-1], -1, 2).flip(-1).flatten(-2)
        else:
            partner = x.roll(self.turned // 2, dims=-1)
        turned: Tensor = x * cos + partner * sin
        return turned


def _frequencies(width: int, base: float) -> Tensor:
    """Radians a place of each pair, float64 (width / 2,)."""
    return torch.pow(torch.tensor(base, dtype=torch.float64), -torch.arange(0, width, 2, dtype=torch.float64) / width)
