"""Grafting: a model changed into another one, with the weights that its plan carries over, and what else follows them."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.spec.grafting.carry import Axis, Carry, Fill
from playground.spec.grafting.report import GraftReport, foresee
from playground.spec.layers import Origins
from playground.spec.model import ModelSpec
from playground.transformer.model import Transformer, build

__all__ = ["GraftReport", "carried", "graft", "remembered"]


@torch.no_grad()
def graft(old: Transformer, spec: ModelSpec, seed: int, origins: Origins | None = None) -> tuple[Transformer, GraftReport]:
    """A model of `spec` with what fits of the weights of `old`, which is left untouched; new weights come from the seed.

    `origins` say which layer came from which; without them that is guessed. The logits stay as they were, to the last
    digits, for: layers and branches that are added or doubled (norms before the branch, behind it, or both); more heads;
    keys and values no longer shared; larger heads (rotated ones by whole factors); another pairing; more neurons; experts
    for a network; a gate; offsets; a longer context (but for the paper's sines); learned positions; untying; and a wider
    stream as far as `Plan` says.

    They do not stay where something is left out or averaged (fewer of anything, keys that become shared), where what is
    computed is another thing (order, mask, window, norms' kind or place, activation, a cap, a sink, normalised queries,
    another cut of the same heads, a gated MLP without offsets), or where a new layer's norm stands after the sum.
    """
    report = foresee(old.spec, spec, origins)
    new = build(spec, seed).to(old.embed.weight)
    source = dict(old.named_parameters())
    for name, parameter in new.named_parameters():
        carry = report.carries[name]
        parameter.copy_(carried(carry, source[carry.source] if carry.source else None, parameter))
    return new, report


def carried(carry: Carry, old: Tensor | None, start: Tensor) -> Tensor:
    """The new weight, or an average of it, from the old one; `start` (of the new shape) stands where nothing else does."""
    if old is None or not carry.source:
        found = start.clone()
        return found if carry.start is Fill.FRESH else found.fill_(1.0 if carry.start is Fill.ONE else 0.0)
    found = _placed(carry, old, start, 1)
    for dim, axis in enumerate(carry.axes):
        for fill, value in ((Fill.ZERO, 0.0), (Fill.ONE, 1.0)):
            found.index_fill_(dim, _index(axis.filled(fill), found), value)
        if means := axis.filled(Fill.MEAN):
            mean = found.index_select(dim, _index(axis.known, found)).mean(dim, keepdim=True)
            found.index_copy_(dim, _index(means, found), mean.repeat_interleave(len(means), dim))
    return found


def remembered(carry: Carry, memory: dict[str, Tensor]) -> dict[str, Tensor]:
    """What an optimiser remembers of the old weight, as it would remember it of the new one; nothing of new entries.

    A weight that is larger by a factor has a gradient smaller by it; what is remembered are gradients, or their squares.
    """
    return {
        key: value.clone() if value.dim() == 0
        else _placed(carry, value, value.new_zeros(carry.shape), -2 if key == "exp_avg_sq" else -1)
        for key, value in memory.items()
    }  # fmt: skip


def _placed(carry: Carry, old: Tensor, start: Tensor, power: int) -> Tensor:
    """`start` with what is taken from `old` in its place, multiplied by the factors to some power."""
    block = old.detach()
    for dim, axis in enumerate(carry.axes):
        block = _taken(axis, block, dim, power)
    if block.shape == start.shape:  # everything is old, so this is a copy to the bit
        return block.clone()
    found = start.detach().clone()
    found[torch.meshgrid(*(_index(axis.known, found) for axis in carry.axes), indexing="ij")] = block
    return found


def _taken(axis: Axis, old: Tensor, dim: int, power: int) -> Tensor:
    """What an axis takes of an old weight, in the order of the new indices that it is for."""
    if axis.entries is not None:
        entries = [entry for entry in axis.entries if not isinstance(entry, Fill)]
        if all(len(entry) == 1 for entry in entries):
            old = old.index_select(dim, _index([entry[0] for entry in entries], old))
        else:
            old = torch.stack([old.index_select(dim, _index(list(entry), old)).mean(dim) for entry in entries], dim)
    if axis.factors is not None:
        factors = torch.tensor([axis.factors[index] ** power for index in axis.known], dtype=torch.float64)
        old = old * factors.to(old).view([-1 if at == dim else 1 for at in range(old.dim())])
    return old


def _index(found: list[int], like: Tensor) -> Tensor:
    return torch.tensor(found, dtype=torch.int64, device=like.device)
