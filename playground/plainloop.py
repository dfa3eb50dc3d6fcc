"""A plain training loop, written out the usual way, that `playground bench train` measures the trainer against."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

WIDTH, HEADS, LAYERS, CONTEXT, BATCH = 128, 4, 4, 64, 12


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, bias=False), nn.LayerNorm(WIDTH, bias=False)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = (
            part.view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).split(WIDTH, dim=2)
        )
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, length, WIDTH)
        x = x + self.out(z)
        out: Tensor = x + self.down(F.gelu(self.up(self.norm2(x))))
        return out


class PlainLoop:
    """nanogpt-cpu as a short script would train it: slices stacked into a batch, AdamW in two groups, clipping."""

    def __init__(self, data: Tensor, vocab: int) -> None:
        torch.manual_seed(0)
        self.data = data
        self.tokens, self.places = nn.Embedding(vocab, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks, self.norm = nn.Sequential(*(_Block() for _ in range(LAYERS))), nn.LayerNorm(WIDTH, bias=False)
        modules = nn.ModuleList([self.tokens, self.places, self.blocks, self.norm])
        self.parameters = list(modules.parameters())
        for parameter in self.parameters:
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)
        groups = [
            {"params": [p for p in self.parameters if p.dim() > 1], "weight_decay": 0.1},
            {"params": [p for p in self.parameters if p.dim() <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))
        self.number = 0

    def step(self) -> float:
        """One optimiser step; the batch loss in nats."""
        starts = torch.randint(len(self.data) - CONTEXT, (BATCH,))
        x = torch.stack([self.data[i : i + CONTEXT].long() for i in starts])
        y = torch.stack([self.data[i + 1 : i + 1 + CONTEXT].long() for i in starts])
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        hidden = self.norm(self.blocks(self.tokens(x) + self.places(torch.arange(CONTEXT))))
        logits = hidden @ self.tokens.weight.T
        loss = F.cross_entropy(logits.view(-1, logits.shape[-1]), y.view(-1))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        self.number += 1
        return loss.item()

    def _rate(self) -> float:
        if self.number < 100:
            return 1e-3 * (self.number + 1) / 101
        return 1e-4 + 0.5 * (1 + math.cos(math.pi * min(1.0, (self.number - 100) / 1900))) * 9e-4
