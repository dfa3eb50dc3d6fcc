"""Beam search: of all texts a model could say, look for the most probable one while keeping only a few at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from playground.transformer.model import Transformer


@dataclass(frozen=True)
class Hypothesis:
    """What would be said, token by token with the probability of each, `done` where it has ended by itself."""

    tokens: tuple[int, ...]
    chances: tuple[float, ...]
    done: bool = False

    @property
    def log_probability(self) -> float:
        """ln of the probability of the whole, in nats (0 at most)."""
        return sum(math.log(chance) if chance > 0 else -math.inf for chance in self.chances)

    def score(self, penalty: float) -> float:
        """Its log-probability over length to the power `penalty`, so that short answers are not preferred for being short."""
        return self.log_probability / float(max(1, len(self.tokens)) ** penalty)


@torch.no_grad()
def beam_search(
    model: Transformer,
    tokens: Sequence[int],
    length: int,
    width: int,
    *,
    context: Sequence[int] | None = None,
    stop: int | None = None,
    penalty: float = 0.0,
) -> list[Hypothesis]:
    """The best answers of at most `length` tokens behind `tokens`, best first, `width` of them at most.

    After each token the `width` best unfinished beginnings are kept (Graves 2012; the length penalty as in Wu et al. 2016,
    simplified to a power); with `width` at least the number of all texts it is exhaustive. All of them are read anew with
    each token, as one batch: answers are short, and no cache has to be sorted. `stop` ends an answer and belongs to it;
    so does a full context. Raises ValueError for an empty prompt, a width below 1 and a model without a decoder.
    """
    if not tokens or width < 1:
        raise ValueError("a beam search needs a token to begin with and a width of 1 or more")
    if not model.spec.decoder:
        raise ValueError("an encoder fills blanks; there is nothing to search behind a text")
    begun = list(tokens)[-model.spec.n_ctx :]
    open_, ended = [Hypothesis((), ())], list[Hypothesis]()
    for _ in range(min(length, model.spec.n_ctx - len(begun) + 1)):
        chances = _next(model, [[*begun, *each.tokens] for each in open_], context, len(begun))  # (beams, vocab)
        totals = chances.log() + torch.tensor([each.log_probability for each in open_], dtype=torch.float64)[:, None]
        best = totals.flatten().topk(min(2 * width, totals.numel())).indices.tolist()  # of these `width` do not end here
        longer = [_longer(open_[at // chances.shape[1]], at % chances.shape[1], chances, at, stop) for at in best]
        ended += [each for each in longer[:width] if each.done]
        open_ = [each for each in longer if not each.done][:width]
        bound = sorted((each.score(0.0) for each in ended), reverse=True)[:width]
        if not open_ or (not penalty and len(bound) == width and open_[0].log_probability <= bound[-1]):
            break  # what is open can only become less probable
    return sorted([*ended, *open_], key=lambda each: each.score(penalty), reverse=True)[:width]


def _longer(hypothesis: Hypothesis, token: int, chances: torch.Tensor, at: int, stop: int | None) -> Hypothesis:
    chance = float(chances.flatten()[at])
    return Hypothesis((*hypothesis.tokens, token), (*hypothesis.chances, chance), token == stop)


def _next(model: Transformer, rows: list[list[int]], context: Sequence[int] | None, prompt: int) -> torch.Tensor:
    """Probabilities (beams, vocab) after each of some equally long texts, in float64, without dropout."""
    device, training = model.embed.weight.device, model.training
    source = None if context is None else torch.tensor([list(context)] * len(rows), device=device)
    model.eval()
    try:
        logits = model(
            torch.tensor(rows, device=device), context=source, prefix=torch.full((len(rows),), prompt, device=device)
        )
    finally:
        model.train(training)
    found = logits[:, -1].double().cpu()
    if model.spec.gist.mask != "none":
        found[:, model.spec.gist_token] = -torch.inf  # it stands behind instructions and is never said
    made: torch.Tensor = found.softmax(dim=-1)
    return made
