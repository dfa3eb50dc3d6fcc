"""The load-balance loss of mixtures of experts: what keeps a router from sending every token to the same few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.data.batch import IGNORE, Batch
from playground.spec.model import Mlp
from playground.transformer.layer import Layer
from playground.transformer.mlp import Experts
from playground.transformer.model import Transformer

Routed = list[tuple[str, Mlp, Tensor]]
"""Of each mixture that has spoken: its stack, its record, and the router's scores (batch, pos, experts)."""


@contextmanager
def routed(model: Transformer) -> Iterator[Routed]:
    """While it is open, collect what the routers say whose balance has a weight."""
    heard: Routed = []
    handles = []
    for stack, records in model.spec.stacks.items():
        for layer, record in zip(getattr(model, stack), records, strict=True):
            assert isinstance(layer, Layer)
            if isinstance(layer.mlp, Experts) and record.mlp is not None and record.mlp.balance > 0:
                handles.append(layer.mlp.router.register_forward_hook(partial(_hear, heard, stack, record.mlp)))
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def imbalance(heard: Routed, batch: Batch) -> Tensor:
    """The loss of all mixtures by their weights, float32 (); padding does not count."""
    losses = [mlp.balance * load_loss(scores[_real(stack, batch, scores)], mlp.top_k) for stack, mlp, scores in heard]
    return torch.stack(losses).sum()


def load_loss(scores: Tensor, top_k: int) -> Tensor:
    """`N Σ_i f_i P_i` of a router's scores (token, N): eq. 4 to 6 of Fedus et al. 2021 for `top_k` experts a token, float32 ().

    f_i is the share of all choices that fell on expert i, P_i the mean probability that it was given. 1 where both are
    even. Only P_i has a gradient: what was chosen too often is made less probable.
    """
    probable, count = scores.float().softmax(dim=-1), scores.shape[-1]
    chosen = F.one_hot(scores.topk(top_k, dim=-1).indices, count).float()  # (token, top_k, N)
    return count * (chosen.mean(dim=(0, 1)) * probable.mean(dim=0)).sum()


def _hear(heard: Routed, stack: str, mlp: Mlp, module: object, read: object, said: Tensor) -> None:
    heard.append((stack, mlp, said))


def _real(stack: str, batch: Batch, scores: Tensor) -> Tensor:
    """Which places hold tokens, (batch, pos): those within the lengths, or a decoder's up to the last that is asked for."""
    lengths = batch.context_lengths if stack == "encoder" and batch.context is not None else batch.lengths
    if lengths is None and stack == "encoder":
        return torch.ones(scores.shape[:2], dtype=torch.bool, device=scores.device)
    places = torch.arange(scores.shape[1], device=scores.device)
    if lengths is None:
        lengths = torch.where(batch.targets != IGNORE, places + 1, 1).amax(dim=1)
    return places < lengths[:, None]
