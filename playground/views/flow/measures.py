"""What the flow's probe measures: one pass forwards and backwards over validation sequences, and a few sums over weights."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.data.batch import IGNORE, Batch
from playground.spec.model import ModelSpec
from playground.transformer.model import Transformer
from playground.transformer.taps import Taps
from playground.views.flow.frame import BINS
from playground.views.gauges.probe import part_of

SAMPLE = 8192
"""Elements looked at of each tensor at most, evenly spaced."""
NOTHING = 0.01
"""A unit is dead if it never hands on more than this share of the root mean square of its MLP's units. Of a ReLU unit that is
one that never fires; other curves have no exact zero."""


def stream_places(model: ModelSpec) -> dict[str, str]:
    """Where the residual stream is measured: tap points by their names in words, the encoder's first."""
    found: dict[str, str] = {}
    both = bool(model.encoder and model.decoder)
    for stack, layers in model.stacks.items():
        encoder = stack == "encoder"
        found["Encoder embedding" if encoder else "Embedding"] = "context_embed" if encoder and both else "embed"
        for index in range(len(layers)):
            found[f"{'Encoder layer' if encoder else 'Layer'} {index + 1}"] = f"{stack}.{index}.resid_post"
    return found


def attentions(model: ModelSpec) -> dict[str, str]:
    """The prefix of the tap points of every attention by its part's path."""
    found = {}
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            if layer.attention is not None:
                found[f"model.{stack}[{index}].attention"] = f"{stack}.{index}"
            if layer.cross is not None:
                found[f"model.{stack}[{index}].cross"] = f"{stack}.{index}.cross"
    return found


def mlps(model: ModelSpec) -> dict[str, tuple[str, ...]]:
    """The tap points of the units of every MLP by its part's path, one for each expert."""
    found = {}
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            if layer.mlp is not None:
                name, experts = f"{stack}.{index}", layer.mlp.experts
                places = [name] if experts == 1 else [f"{name}.expert{each}" for each in range(experts)]
                found[f"model.{stack}[{index}].mlp"] = tuple(f"{place}.mlp_post" for place in places)
    return found


def weights_of(model: Transformer) -> dict[str, list[Tensor]]:
    """The parameters of every part by its path; norms of a layer belong to none, a tied matrix to the embedding."""
    found: dict[str, list[Tensor]] = defaultdict(list)
    for name, parameter in model.named_parameters():
        if path := part_of(name):
            found[path].append(parameter)
    return dict(found)


@contextmanager
def _without_dropout(model: Transformer) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        with torch.enable_grad():
            yield
    finally:
        model.train(training)


def run(model: Transformer, batch: Batch, taps: Taps, weights: Mapping[str, list[Tensor]]) -> dict[str, list[Tensor]]:
    """One pass forwards, which fills `taps`, and one backwards: the gradient of the mean loss by part, as `weights` has them.

    The gradients that training keeps are not touched.
    """
    with _without_dropout(model):
        logits = model(batch.tokens, taps=taps, **batch.reads)  # (batch, pos, vocab)
        loss = F.cross_entropy(logits.flatten(0, 1).float(), batch.targets.flatten(), ignore_index=IGNORE)
        flat = [parameter for each in weights.values() for parameter in each]
        found = torch.autograd.grad(loss, flat, allow_unused=True)
    for name, value in taps.values.items():
        taps.values[name] = value.detach()
    heard = iter(found)
    return {path: [g for _ in each if (g := next(heard)) is not None] for path, each in weights.items()}


def sample(tensor: Tensor) -> Tensor:
    """At most SAMPLE elements of a tensor, evenly spaced and always the same ones; a copy (elements,), float32."""
    flat = tensor.detach().reshape(-1)
    stride = max(1, math.ceil(len(flat) / SAMPLE))
    while math.gcd(stride, tensor.shape[-1]) > 1:  # or it would meet the same few columns in every row
        stride += 1
    return flat[::stride].float().clone()


def histogram(tensors: list[Tensor], span: tuple[float, float]) -> Tensor:
    """Shares (BINS,) of elements by the logarithm of their size; what lies beyond the span is counted at its ends."""
    if not tensors:
        return torch.full((BINS,), math.nan)
    low, high = math.log10(span[0]), math.log10(span[1])
    size = torch.cat([sample(each) for each in tensors]).abs().log10().clamp(low, high).cpu()
    return torch.histc(size, BINS, low, high) / max(1, len(size))


def spread(scores: Tensor, pattern: Tensor) -> tuple[float, float]:
    """Entropy by what is possible, and the largest share that one key has in mean over the queries; both are means over heads.

    scores and pattern (batch, heads, query, key); queries that see only one key say nothing about either.
    """
    seen = scores[:, :1].isfinite().sum(-1).expand(pattern.shape[:-1])  # (batch, heads, query): all heads see the same
    choose = (seen > 1).float()
    if not choose.any():
        return math.nan, math.nan
    most = seen.clamp(min=2).float().log()
    entropy = torch.special.entr(pattern.float()).sum(-1) / most
    mean = (pattern.float() * choose[..., None]).sum(-2) / choose.sum(-1, keepdim=True).clamp(min=1.0)  # (batch, heads, key)
    return ((entropy * choose).sum() / choose.sum()).item(), mean.amax(-1).mean().item()


def dead(units: list[Tensor]) -> float:
    """Share of units that hand on (almost) nothing for any token; units (…, d_mlp), one tensor for each expert."""
    flat = [each.flatten(0, -2).float().abs() for each in units]
    count = max(1, sum(each.numel() for each in flat))
    usual = math.sqrt(sum(float(each.square().sum()) for each in flat) / count)
    largest = torch.cat([each.amax(0) if len(each) else each.new_zeros(each.shape[-1]) for each in flat])
    return (largest <= NOTHING * usual).float().mean().item()


def norm(tensors: list[Tensor]) -> float:
    """The length of all tensors together."""
    return float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm([each.detach().float() for each in tensors]))))
