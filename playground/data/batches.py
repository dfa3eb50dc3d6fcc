"""Batches: whole batches gathered by index from one tensor of tokens, and the fixed windows of validation."""

from __future__ import annotations

import torch
from torch import Tensor

ON_DEVICE = 512 << 20
"""Token tensors up to this many bytes are kept on the device; larger ones stay where they are, mapped from the disk."""


class Batches:
    """Random windows of a text. The `generator`'s state decides what comes next, so it belongs into checkpoints."""

    def __init__(self, tokens: Tensor, n_ctx: int, batch: int, generator: torch.Generator, device: torch.device) -> None:
        """`tokens` (length,) integers, `generator` on the CPU; raises ValueError when they hold not one window."""
        _refuse_short(tokens, n_ctx)
        self.batch, self.generator, self.device = batch, generator, device
        self._tokens = tokens.to(device) if tokens.nbytes <= ON_DEVICE else tokens
        self._window = torch.arange(n_ctx + 1, device=self._tokens.device)
        self._starts = len(tokens) - n_ctx

    def draw(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets, both int64 (batch, n_ctx); targets are the inputs one place on."""
        found = self.windows()
        return found[:, :-1], found[:, 1:]

    def windows(self) -> Tensor:
        """The same as one, int64 (batch, n_ctx + 1)."""
        starts = torch.randint(self._starts, (self.batch, 1), generator=self.generator).to(self._tokens.device)
        return self._tokens[starts + self._window].to(self.device, torch.int64)


def windows(tokens: Tensor, n_ctx: int, count: int) -> tuple[Tensor, Tensor]:
    """`count` windows spread evenly over a text, always the same: inputs and targets, int64 (count, n_ctx).

    They overlap, or come twice, in a text too short for so many. Raises ValueError when it holds not one.
    """
    _refuse_short(tokens, n_ctx)
    starts = torch.linspace(0, len(tokens) - n_ctx - 1, count, dtype=torch.float64).long().unsqueeze(1)
    window = torch.arange(n_ctx + 1, device=tokens.device)
    found = tokens[starts.to(tokens.device) + window].long()  # (count, n_ctx + 1)
    return found[:, :-1], found[:, 1:]


def _refuse_short(tokens: Tensor, n_ctx: int) -> None:
    if len(tokens) <= n_ctx:
        raise ValueError(f"{len(tokens)} tokens hold no window of {n_ctx} and the token after it")
