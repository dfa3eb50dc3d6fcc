"""Batches: whole batches gathered by index from one tensor of tokens, and the fixed windows of validation."""

from __future__ import annotations

import torch
from torch import Tensor

ON_DEVICE = 512 << 20
"""Token tensors up to this many bytes are kept on the device."""


class Batches:
    """Random windows of a text. The generator's state decides what comes next, so it belongs into checkpoints."""

    def __init__(self, tokens: Tensor, n_ctx: int, batch: int, generator: torch.Generator, device: torch.device) -> None:
        """`tokens` (length,) integers; raises ValueError when there is not one window in them."""
        if len(tokens) < n_ctx + 1:
            raise ValueError(f"{len(tokens)} tokens hold no window of {n_ctx} and the token after it")
        self.batch, self.generator, self.device = batch, generator, device
        self._tokens = tokens.to(device) if tokens.nbytes <= ON_DEVICE else tokens
        self._window = torch.arange(n_ctx + 1, device=self._tokens.device)
        self._starts = len(tokens) - n_ctx

    def draw(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets, both int64 (batch, n_ctx); targets are the inputs one place on."""
        starts = torch.randint(self._starts, (self.batch, 1), generator=self.generator).to(self._tokens.device)
        windows = self._tokens[starts + self._window].to(self.device, torch.int64)  # (batch, n_ctx + 1)
        return windows[:, :-1], windows[:, 1:]


def windows(tokens: Tensor, n_ctx: int, count: int) -> tuple[Tensor, Tensor]:
    """`count` windows spread evenly over a text, always the same: inputs and targets, int64 (count, n_ctx)."""
    starts = torch.linspace(0, len(tokens) - n_ctx - 1, count, dtype=torch.float64).long().unsqueeze(1)
    found = tokens[starts + torch.arange(n_ctx + 1)].long()  # (count, n_ctx + 1)
    return found[:, :-1], found[:, 1:]
