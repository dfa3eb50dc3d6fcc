"""What a multi-domain model embeds beside ids: local positions, and image patches with their rows and columns."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.spec.modalities import Modalities

BEHIND = 2
"""Ids behind the bins: separator and padding."""


class PatchEncoder(nn.Module):
    """A patch as one vector: a residual block with GroupNorm and GELU, and vectors of row and column added.

    The block is a ResNet v2 block (He et al. 2016), as Gato has it (Reed et al. 2022, §2.2 and appendix C).
    """

    def __init__(self, spec: Modalities, d_model: int) -> None:
        super().__init__()
        inner = spec.channels
        self.stem = nn.Conv2d(spec.colours, inner, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(spec.groups, inner), nn.GroupNorm(spec.groups, inner)
        self.conv1, self.conv2 = (nn.Conv2d(inner, inner, 3, padding=1) for _ in range(2))
        self.out = nn.Linear(inner * spec.patch**2, d_model)
        self.row, self.column = nn.Embedding(spec.intervals, d_model), nn.Embedding(spec.intervals, d_model)

    def forward(self, patches: Tensor, places: Tensor) -> Tensor:
        """Patches (n, colours, side, side) and their intervals of row and column, int64 (n, 2): vectors (n, d_model)."""
        x = self.stem(patches)
        x = x + self.conv2(F.gelu(self.norm2(self.conv1(F.gelu(self.norm1(x))))))
        made: Tensor = self.out(x.flatten(1)) + self.row(places[:, 0]) + self.column(places[:, 1])
        return made


def local_positions(spec: Modalities, d_model: int) -> nn.Embedding:
    """Vectors of the places in a timestep, from 1; 0 is no place and adds nothing, the last one is every action's."""
    return nn.Embedding(spec.places + 2, d_model, padding_idx=0)


def waves(bins: int, width: int) -> Tensor:
    """Random waves of the bins' centres, (bins, width), of unit size: neighbours are alike (Tancik et al. 2020).

    Wavelengths reach from the whole range to a few bins, evenly in their logarithm.
    """
    centres = (torch.arange(bins) + 0.5) / bins * 2.0 - 1.0
    speed = torch.exp(torch.rand(width) * math.log(max(2.0, bins * math.pi / 8)))
    return math.sqrt(2.0) * torch.cos(centres[:, None] * speed + torch.rand(width) * 2 * math.pi)
