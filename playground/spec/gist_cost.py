"""What an instruction costs in three ways, by count: nothing cached, the whole instruction cached, its gist cached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playground.spec.cost import FLOAT_BYTES, each_layer, products
from playground.spec.model import Attention, AttentionHeads, Mlp, ModelSpec, branches, d_head, kv_heads

PAPER_LENGTHS = (27, 42)
"""Tokens of the mean prompt, its gist token among them, and of what comes behind it, in Mu et al. 2023, table 3.

They follow from the FLOPs printed there: 914.7 and 552.5 GFLOP at 13.2 GFLOP for each token of LLaMA-7B.
"""

Way = Literal["nothing", "prompt", "gist"]
WAYS: tuple[Way, ...] = ("nothing", "prompt", "gist")


@dataclass(frozen=True)
class Cost:
    """What one answer costs in one of the ways, once what is cached has been computed.

    `read` tokens pass through the model and see `kept` tokens before them, whose keys and values take `cache_bytes` in
    float32; `flops` are those of the forward pass over the tokens read.
    """

    way: Way
    read: int
    kept: int
    cache_bytes: int
    flops: int


def costs(model: ModelSpec, prompt: int, tokens: int, rest: int) -> dict[Way, Cost]:
    """The three ways for an instruction of `prompt` tokens, `tokens` gist tokens, and `rest` tokens of input and answer.

    Of a decoder alone, or of the encoder that reads them; what a decoder beside an encoder then does is the same in all
    ways but for cross-attention to the instruction, which is not counted. Raises ValueError for lengths below 0.
    """
    if min(prompt, tokens, rest) < 0:
        raise ValueError("a sequence has no fewer than 0 tokens")
    sizes: dict[Way, tuple[int, int]] = {"nothing": (prompt + rest, 0), "prompt": (rest, prompt), "gist": (rest, tokens)}
    return {way: Cost(way, read, kept, kept * token_bytes(model), flops(model, read, kept))
            for way, (read, kept) in sizes.items()}  # fmt: skip


def token_bytes(model: ModelSpec) -> int:
    """Bytes of the keys and values of one token in all layers of the stack that reads instructions, in float32."""
    return sum(2 * kv_heads(branch) * d_head(model, branch) * FLOAT_BYTES for branch in _reading(model)
               if isinstance(branch, Attention))  # fmt: skip


def flops(model: ModelSpec, read: int, kept: int) -> int:
    """FLOPs of the forward pass over `read` tokens behind `kept` ones, counted as `cost.part_flops` counts them.

    A query sees what is kept, itself, and of the others read those before it (or all, without the causal mask); windows and
    the instruction that a gist mask hides are not looked at.
    """
    total = 0
    for branch in _reading(model):
        used = 1
        if isinstance(branch, Mlp) and branch.experts > 1:
            used, total = min(branch.top_k, branch.experts), total + 2 * read * model.d_model * branch.experts
        total += read * used * sum(2 * rows * columns for rows, columns in products(model, branch))
        if isinstance(branch, Attention):
            own = read * (read + 1) // 2 if branch.mask == "causal" else read * read
            total += 4 * branch.heads * d_head(model, branch) * (read * kept + own)
    if model.architecture == "encoder-decoder":
        return total
    end = model.unembedding
    out = end.hidden if end.hidden is not None else model.d_model
    return total + read * ((2 * model.d_model * out if end.hidden is not None else 0) + 2 * out * model.vocab)


def saved(model: ModelSpec, prompt: int, tokens: int, rest: int, against: Way = "nothing") -> float:
    """The share of the FLOPs that a cached gist saves against another way."""
    found = costs(model, prompt, tokens, rest)
    return 1.0 - found["gist"].flops / found[against].flops


def _reading(model: ModelSpec) -> list[AttentionHeads | Mlp]:
    """The parts of the stack that reads instructions: the encoder's where there is one."""
    stack = "model.encoder" if model.encoder else "model.decoder"
    return [part for path, layer in each_layer(model) if path.startswith(stack) for _, part in branches(layer)]
