"""Generation (Algorithms 14, DInference, and 15, EDInference): one token after another from the model's own distribution."""

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
    context: Sequence[int] | None = None,
    temperature: float = 0.8,
    top_k: int = 40,
    top_p: float = 1.0,
    repetition: float = 1.0,
    stop: int | None = None,
    generator: torch.Generator | None = None,
    held: KVCache | None = None,
) -> Iterator[tuple[int, Tensor]]:
    """Yield at most `length` new tokens, each with the distribution (vocab,) it was drawn from, before any of the settings.

    An encoder-decoder answers `context`, beginning with `tokens`, usually [bos]. Temperature 0 takes the most probable
    token; top_k 0 and top_p 1 leave all of them in; `repetition` above 1 makes tokens less likely that stand in the text
    already (Keskar et al. 2019). `stop` ends the text, and is yielded. When the context is full, its newer half is read
    again and the text goes on from there. `held` is the cache of what stands before `tokens`, or before `context`, such as
    a gist (`gist.compressed`), and stays as it was; then a full context ends the text. Raises ValueError for an empty
    prompt, a model without a decoder, one with an encoder and no context, and a cache for layers that are not causal.
    """
    if not tokens:
        raise ValueError("a prompt needs at least one token")
    if not model.spec.decoder:
        raise ValueError("an encoder reads whole texts and fills blanks in them; it does not continue one")
    own, begun = (None, held) if model.spec.encoder else (held, None)
    n_ctx = model.spec.n_ctx - (own.length if own is not None else 0)
    source = None if context is None else torch.tensor([list(context)], device=model.embed.weight.device)
    text, unread, cache, prompt = list(tokens)[-n_ctx:], 0, _empty_cache(model), len(tokens)
    if own is not None:
        if cache is None:
            raise ValueError("only causal layers go on from a cache; these read all their tokens anew")
        cache = own.repeated(1)
    seen = set(text)
    for _ in range(length):
        if len(text) > n_ctx:
            if held is not None:
                return
            text, unread, cache, prompt = text[-max(1, n_ctx // 2) :], 0, _empty_cache(model), n_ctx
        logits = _next_logits(model, text[unread:], cache, source, min(prompt, len(text)), begun)  # (vocab,)
        token = sample(discouraged(logits, seen, repetition), temperature, top_k, generator, top_p)
        yield token, logits.softmax(dim=-1)
        if token == stop:
            return
        unread = len(text) if cache is not None else 0
        text.append(token)
        seen.add(token)


@torch.no_grad()
def fill(model: Transformer, tokens: Sequence[int], places: Sequence[int]) -> Tensor:
    """What an encoder expects at `places` of a text that holds mask tokens there: probabilities (places, vocab)."""
    was_training = model.training
    model.eval()
    try:
        logits: Tensor = model(torch.tensor([list(tokens)], device=model.embed.weight.device))
    finally:
        model.train(was_training)
    return logits[0, list(places)].float().softmax(dim=-1)


def _empty_cache(model: Transformer) -> KVCache | None:
    """A cache where every layer is causal; others read their older tokens anew with each that is added."""
    causal = all(layer.attention is None or layer.attention.mask == "causal" for layer in model.spec.decoder)
    return KVCache() if causal else None


def _next_logits(
    model: Transformer, tokens: list[int], cache: KVCache | None, source: Tensor | None, prompt: int, held: KVCache | None
) -> Tensor:
    """Logits (vocab,) after the last of the tokens, without dropout; the model's mode is as before."""
    was_training = model.training
    if was_training:  # the walk through all modules costs as much as a small model's forward pass
        model.eval()
    device = model.embed.weight.device
    prefix = torch.tensor([prompt], device=device) if cache is None else None
    again = held.repeated(1) if held is not None else None
    try:
        logits: Tensor = model(torch.tensor([tokens], device=device), context=source, prefix=prefix, cache=cache, source=again)
    finally:
        if was_training:
            model.train()
    found = logits[0, -1].float()
    if model.spec.gist.mask != "none":
        found[model.spec.gist_token] = -torch.inf  # it stands behind instructions and is never said
    return found


def discouraged(logits: Tensor, seen: set[int], repetition: float) -> Tensor:
    """Logits (vocab,) with those of tokens already `seen` divided (or, below 0, multiplied) by `repetition`."""
    if repetition == 1.0 or not seen:
        return logits
    index = torch.tensor(sorted(seen), device=logits.device)
    old = logits[index]
    return logits.index_copy(0, index, torch.where(old > 0, old / repetition, old * repetition))


def sample(logits: Tensor, temperature: float, top_k: int, generator: torch.Generator | None = None, top_p: float = 1.0) -> int:
    """One token of q ∝ p^(1/τ); logits (vocab,).

    Among the `top_k` most probable ones (all where it is 0), and of these the fewest that hold `top_p` of the probability
    (nucleus sampling, Holtzman et al. 2019).
    """
    if temperature == 0.0:
        return int(logits.argmax())
    best, index = logits.topk(min(top_k, len(logits)) if top_k > 0 else len(logits))
    # the best one becomes 0 first, so that a tiny temperature divides nothing into infinity
    chances = ((best - best[0]) / temperature).softmax(dim=-1)
    if top_p < 1.0:
        before = chances.cumsum(dim=-1) - chances  # what more probable ones hold together
        chances = chances * (before < top_p)
    choice = torch.multinomial(chances.cpu(), 1, generator=generator)
    return int(index.cpu()[choice])
