"""Generation (Algorithm 14, DInference) with a KV cache: one token after another from the model's own distribution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from playground.transformer.cache import KVCache
from playground.transformer.model import Transformer


@torch.no_grad()
def generate(
    model: Transformer,
    tokens: Sequence[int],
    length: int,
    *,
    temperature: float = 0.8,
    top_k: int = 40,
    generator: torch.Generator | None = None,
) -> Iterator[tuple[int, Tensor]]:
    """Yield `length` new tokens, each with the distribution (vocab,) it was drawn from, before temperature and top-k.

    Temperature 0 takes the most probable token; top_k 0 leaves all of them in. When the context is full, its newer half
    is read again and the text goes on from there. Raises ValueError for an empty prompt.
    """
    if not tokens:
        raise ValueError("a prompt needs at least one token")
    text, unread, cache = list(tokens)[-model.spec.n_ctx :], 0, _empty_cache(model)
    for _ in range(length):
        if len(text) > model.spec.n_ctx:
            text, unread, cache = text[-max(1, model.spec.n_ctx // 2) :], 0, _empty_cache(model)
        logits = _next_logits(model, text[unread:], cache)  # (vocab,)
        token = sample(logits, temperature, top_k, generator)
        yield token, logits.softmax(dim=-1)
        unread = len(text) if cache is not None else 0
        text.append(token)


def _empty_cache(model: Transformer) -> KVCache | None:
    """A cache where every layer is causal; a bidirectional one reads its older tokens anew with each that is added."""
    layers = [layer for stack in model.spec.stacks.values() for layer in stack]
    causal = all(layer.attention is None or layer.attention.mask == "causal" for layer in layers)
    return KVCache() if causal else None


def _next_logits(model: Transformer, tokens: list[int], cache: KVCache | None) -> Tensor:
    """Logits (vocab,) after the last of the tokens, without dropout; the model's mode is as before."""
    was_training = model.training
    if was_training:  # the walk through all modules costs as much as a small model's forward pass
        model.eval()
    try:
        logits: Tensor = model(torch.tensor([tokens], device=model.embed.weight.device), cache=cache)
    finally:
        if was_training:
            model.train()
    return logits[0, -1].float()


def sample(logits: Tensor, temperature: float, top_k: int, generator: torch.Generator | None = None) -> int:
    """One token of q ∝ p^(1/τ), among the `top_k` most probable ones or all where it is 0; logits (vocab,)."""
    if temperature == 0.0:
        return int(logits.argmax())
    best, index = logits.topk(min(top_k, len(logits)) if top_k > 0 else len(logits))
    # the best one becomes 0 first, so that a tiny temperature divides nothing into infinity
    choice = torch.multinomial(((best - best[0]) / temperature).softmax(dim=-1).cpu(), 1, generator=generator)
    return int(index.cpu()[choice])
