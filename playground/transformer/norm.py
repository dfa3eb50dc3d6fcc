"""Normalisation of the residual stream (Algorithm 6): LayerNorm, and RMSNorm as the same with mean and bias zero."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.spec.model import Norm


class LayerNorm(nn.Module):
    """`(x - mean) / sqrt(variance + eps) * weight + bias` over the last axis, with the biased variance (Algorithm 6)."""

    def __init__(self, width: int, eps: float, bias: bool, learned: bool = True) -> None:
        super().__init__()
        self.width, self.eps = (width,), eps
        self.weight = nn.Parameter(torch.ones(width)) if learned else None
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(..., d_model) to the same shape."""
        return F.layer_norm(x, self.width, self.weight, self.bias, self.eps)


class RMSNorm(nn.Module):
    """`x / sqrt(mean(x²) + eps) * weight` over the last axis (Zhang & Sennrich 2019): Algorithm 6 with m = β = 0."""

    def __init__(self, width: int, eps: float, learned: bool = True) -> None:
        super().__init__()
        self.width, self.eps = (width,), eps
        self.weight = nn.Parameter(torch.ones(width)) if learned else None

    def forward(self, x: Tensor) -> Tensor:
        """(..., d_model) to the same shape and type."""
        if self.weight is None or self.weight.dtype == x.dtype:
            return F.rms_norm(x, self.width, self.weight, self.eps)
        # autocast leaves this norm alone, what a branch makes is bfloat16, and torch has no fused kernel for two types
        return F.rms_norm(x.to(self.weight.dtype), self.width, self.weight, self.eps).to(x.dtype)


def make_norm(spec: Norm, width: int) -> nn.Module:
    """The norm of a record; `none` is the identity."""
    if spec.kind == "layer":
        return LayerNorm(width, spec.eps, spec.bias, spec.learned)
    if spec.kind == "rms":
        return RMSNorm(width, spec.eps, spec.learned)
    return nn.Identity()
