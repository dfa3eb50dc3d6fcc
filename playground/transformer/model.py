"""The whole model, built from its spec: embedding, a stack of layers, final norm, unembedding (DTransformer, Algorithm 10)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.spec.check import SpecError, check
from playground.spec.model import ModelSpec
from playground.transformer.attention import Attention
from playground.transformer.cache import KVCache
from playground.transformer.layer import Stack
from playground.transformer.mlp import Mlp
from playground.transformer.norm import make_norm
from playground.transformer.position import make_position
from playground.transformer.taps import Taps


class Transformer(nn.Module):
    """Tokens in, logits out. Which architecture it is follows from the spec alone."""

    def __init__(self, spec: ModelSpec) -> None:
        problems = list(check(spec))
        if problems:
            raise SpecError(problems)
        super().__init__()
        self.spec = spec
        self.embed = nn.Embedding(spec.vocab, spec.d_model)  # Algorithm 1
        self.position = make_position(spec.embedding.position, spec.n_ctx, spec.d_model)  # Algorithm 2
        self.decoder = Stack(spec, spec.decoder, "decoder")
        self.norm = make_norm(spec.unembedding.norm, spec.d_model)
        self.unembed = nn.Linear(spec.d_model, spec.vocab, bias=False)  # Algorithm 7
        if spec.unembedding.tied:
            self.unembed.weight = self.embed.weight

    def forward(self, tokens: Tensor, *, taps: Taps | None = None, cache: KVCache | None = None) -> Tensor:
        """Logits (batch, pos, vocab) of tokens (batch, pos); with a cache, `tokens` holds only the new ones.

        Raises ValueError where the sequence would be longer than n_ctx.
        """
        start, length = cache.length if cache is not None else 0, tokens.shape[1]
        if start + length > self.spec.n_ctx:
            raise ValueError(f"{start + length} tokens do not fit into a context of {self.spec.n_ctx}")
        x = self.embed(tokens)  # (batch, pos, d_model)
        if self.position is not None:
            x = x + self.position(start, length)
        if self.spec.embedding.dropout and self.training:
            x = F.dropout(x, self.spec.embedding.dropout)
        if taps is not None:
            x = taps("embed", x)
        x = self.norm(self.decoder(x, taps, cache))
        if taps is not None:
            x = taps("final", x)
        if cache is not None:
            cache.advance(length)
        logits: Tensor = self.unembed(x)
        return logits if taps is None else taps("logits", logits)


def build(spec: ModelSpec, seed: int) -> Transformer:
    """A model with starting weights from the seed; torch's own random states are left as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every accelerator as well
        model = Transformer(spec)
        _initialise(model)
    return model


@torch.no_grad()
def _initialise(model: Transformer) -> None:
    """Every matrix N(0, std), every offset 0; projections back into the residual stream are smaller where asked."""
    std, branches = model.spec.init.std, 0
    for module in model.modules():
        branches += isinstance(module, Attention | Mlp)
    out = std / math.sqrt(max(1, branches)) if model.spec.init.depth_scaled else std
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            parameter.normal_(0.0, out if name.endswith(("attention.out.weight", "mlp.down.weight")) else std)
        elif name.endswith("bias"):
            parameter.zero_()
