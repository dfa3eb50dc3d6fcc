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

    Temperature 0 takes the most probable token. When the context is full, its newer half is read again and the text
    goes on from there. Raises ValueError for an empty prompt.
    """
    if not tokens:
        raise ValueError("a prompt needs at least one token")
    device = model.embed.weight.device
    text, cache, unread = list(tokens)[-model.spec.n_ctx :], KVCache(), 0
    was_training = model.training
    for _ in range(length):
        if len(text) > model.spec.n_ctx:
            text, cache, unread = text[-max(1, model.spec.n_ctx // 2) :], KVCache(), 0
        if was_training:  # the walk through all modules costs as much as a small model's forward pass
            model.eval()
        logits = model(torch.tensor([text[unread:]], device=device), cache=cache)[0, -1].float()  # (vocab,)
        if was_training:
            model.train()
        token = sample(logits, temperature, top_k, generator)
        yield token, logits.softmax(dim=-1)
        unread = len(text)
        text.append(token)


def sample(logits: Tensor, temperature: float, top_k: int, generator: torch.Generator | None = None) -> int:
    """One token of q ∝ p^(1/τ), among the `top_k` most probable ones; logits (vocab,)."""
    if temperature == 0.0:
        return int(logits.argmax())
    best, index = logits.topk(min(top_k, len(logits)))
    choice = torch.multinomial((best / temperature).softmax(dim=-1).cpu(), 1, generator=generator)
    return int(index.cpu()[choice])
