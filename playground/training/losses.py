"""The loss of several domains: every target by its weight, and bins with a bell around the one that is asked for."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.data.batch import IGNORE, Batch
from playground.data.modalities.ranges import Ranges


def weighted(logits: Tensor, batch: Batch) -> Tensor:
    """The mean loss of each domain, added by weight, in nats per token; logits float32 (batch * pos, vocab)."""
    assert batch.weights is not None
    nats = F.cross_entropy(logits, batch.targets.flatten(), reduction="none", ignore_index=IGNORE)
    return (nats * batch.weights.flatten()).sum()


def smoothed(logits: Tensor, batch: Batch, ranges: Ranges, spread: float) -> Tensor:
    """The same against bells of `spread` bins where a bin is asked for, so that neighbours of the right bin are near it.

    Bells are cut off at the ends and sum to 1. At a spread of 0 it is `weighted`.
    """
    assert batch.weights is not None
    targets = batch.targets.flatten()
    bins = (targets >= ranges.bins) & (targets < ranges.separator)
    if spread <= 0 or not bool(bins.any()):
        return weighted(logits, batch)
    weights = batch.weights.flatten()
    plain = F.cross_entropy(logits, targets.masked_fill(bins, IGNORE), reduction="none", ignore_index=IGNORE)
    count = ranges.modalities.bins
    wanted = targets[bins] - ranges.bins
    away = (torch.arange(count, device=logits.device) - wanted[:, None]).float()  # (asked, bin)
    bell = torch.softmax(-0.5 * (away / spread) ** 2, dim=-1)
    said = logits[bins].log_softmax(dim=-1)[:, ranges.bins : ranges.separator]
    return (plain * weights).sum() - ((bell * said).sum(dim=-1) * weights[bins]).sum()
