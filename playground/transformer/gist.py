"""Gist caching (Mu, Li & Goodman 2023, §3.3): an instruction is read once, and only its gist's keys and values are kept."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from playground.spec.gist_cost import WAYS, Way
from playground.transformer.cache import KVCache
from playground.transformer.model import Transformer


@torch.no_grad()
def compressed(model: Transformer, instruction: Sequence[int]) -> KVCache:
    """The keys and values of the gist tokens alone, of an instruction and the gist tokens after it: a cache to go on from.

    What comes behind keeps its place, so it is as far from the gist as it was in training. In an encoder-decoder it is the
    encoder's cache, with what the decoder sees of the gist. Raises ValueError where the instruction is longer than the
    context or does not end in gist tokens, and for a model whose answers see more of it, or less, than those.
    """
    k = 0
    while k < len(instruction) and instruction[-1 - k] == model.spec.gist_token:
        k += 1
    if model.spec.gist.mask != "gist":
        raise ValueError(f"a model with the mask “{model.spec.gist.mask}” does not answer from gist tokens; “gist” does")
    if not k:
        raise ValueError("an instruction is compressed into the gist tokens at its end; there are none")
    return read(model, instruction).cut(len(instruction) - k, len(instruction))


@torch.no_grad()
def read(model: Transformer, tokens: Sequence[int]) -> KVCache:
    """The keys and values of all of some tokens, the first of a sequence."""
    cache, row = KVCache(), torch.tensor([list(tokens)], device=model.embed.weight.device)
    if model.spec.architecture == "encoder-decoder":
        model.encode(row, cache=cache)
    else:
        model(row, cache=cache)
    return cache


@torch.no_grad()
def answered(model: Transformer, cache: KVCache, rest: Tensor, tokens: Tensor | None = None) -> Tensor:
    """Logits of what comes behind a cached beginning, which is left as it was: rest (batch, pos), all behind the same one.

    An encoder-decoder reads `rest` and says what comes after `tokens` (batch, target). (batch, pos or target, vocab).
    """
    own = cache.repeated(len(rest))
    logits: Tensor
    if model.spec.architecture == "encoder-decoder":
        if tokens is None:
            raise ValueError("a decoder beside an encoder says its own tokens; there are none")
        logits = model(tokens, context=rest, source=own)
    else:
        logits = model(rest, cache=own)
    return logits


def seconds(model: Transformer, instruction: Sequence[int], rest: Sequence[int], rounds: int = 20) -> dict[Way, float]:
    """The median time of one forward pass over what each way has to read; `instruction` ends in gist tokens.

    Only what an answer costs once the instruction is cached. The ways take turns, so that a busy machine slows all alike.
    Raises ValueError as `compressed` does.
    """
    device = model.embed.weight.device
    behind, gist = torch.tensor([list(rest)], device=device), compressed(model, instruction)
    whole = torch.tensor([[*instruction, *rest]], device=device)
    prompt, begun = read(model, instruction), whole[:, :1]
    both = model.spec.architecture == "encoder-decoder"

    def plain() -> Tensor:
        found: Tensor = model(begun, context=whole) if both else model(whole)
        return found

    ways: dict[Way, Callable[[], Tensor]] = {
        "nothing": plain,
        "prompt": lambda: answered(model, prompt, behind, begun),
        "gist": lambda: answered(model, gist, behind, begun),
    }
    taken: dict[Way, list[float]] = {way: [] for way in WAYS}
    with torch.no_grad():
        for number in range(rounds + 1):
            for way in WAYS:
                start = time.perf_counter()
                ways[way]()
                if device.type == "cuda":
                    torch.cuda.synchronize(device)
                if number:  # the first round warms up
                    taken[way].append(time.perf_counter() - start)
    return {way: statistics.median(times) for way, times in taken.items()}
