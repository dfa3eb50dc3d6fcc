"""What the comparisons with independent code share: a small size, random weights, and copying by name."""

import pytest
import torch
from torch import nn

from playground.spec.check import parse
from playground.spec.model import ModelSpec
from playground.transformer.model import Transformer, build

WIDTH, HEADS, CONTEXT, VOCAB = 32, 4, 12, 40
CLOSE, UPCAST = 1e-10, 1e-6
"""The second where the other library computes norms or rotations in float32."""
RMS, PLAIN = {"kind": "rms", "eps": 1e-6}, {"position": {"kind": "none"}}


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def spec(layer, count=2, **model) -> ModelSpec:
    data = {"d_model": WIDTH, "n_ctx": CONTEXT, "vocab": VOCAB, "decoder": [layer] * count, "init": {"std": 0.3}, **model}
    return parse({"model": data}).model


def ours(layer, count=2, **model) -> Transformer:
    """A model of random weights, norms and offsets included."""
    made = build(spec(layer, count, **model), 0).eval()
    randomise(made)
    return made


def randomise(module: nn.Module) -> None:
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)


def tokens(seed=5, length=CONTEXT) -> torch.Tensor:
    return torch.randint(VOCAB, (3, length), generator=torch.Generator().manual_seed(seed))


def largest(a: torch.Tensor, b: torch.Tensor) -> float:
    return (a - b).abs().max().item()


def fill(other: nn.Module, weights: dict[str, torch.Tensor], derived: tuple[str, ...] = ()) -> nn.Module:
    """Copy weights in by name; what stays as it was must be one of `derived` (buffers, or tied to another name)."""
    result = other.load_state_dict(weights, strict=False)
    assert not result.unexpected_keys, result.unexpected_keys
    left = [key for key in result.missing_keys if not any(part in key for part in derived)]
    assert not left, left
    return other.double().eval()


def both(to: str, module: nn.Module) -> dict[str, torch.Tensor]:
    """Weight and offset of a module under another name."""
    made = {f"{to}.weight": module.weight}
    if getattr(module, "bias", None) is not None:
        made[f"{to}.bias"] = module.bias
    return made


def projections(attention, to: str, names=("q_proj", "k_proj", "v_proj", "o_proj")) -> dict[str, torch.Tensor]:
    """Query, key, value and output of self-attention or cross-attention under other names."""
    if hasattr(attention, "qkv"):
        pieces = [attention.qkv.weight.split(attention.widths)]
        pieces += [attention.qkv.bias.split(attention.widths)] if attention.qkv.bias is not None else []
    else:
        pieces = [(attention.query.weight, *attention.kv.weight.split(attention.widths[1:]))]
        if attention.kv.bias is not None:
            pieces += [(attention.query.bias, *attention.kv.bias.split(attention.widths[1:]))]
    made = {}
    for kind, parts in zip(("weight", "bias"), pieces, strict=False):
        made |= {f"{to}.{name}.{kind}": part for name, part in zip(names, parts, strict=False)}
    return made | both(f"{to}.{names[3]}", attention.out)
