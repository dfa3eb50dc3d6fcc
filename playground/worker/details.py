"""Looks at every token of an answer once more: what the model expected there, and where its cross-attention went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from playground.data.special import Marked
from playground.data.tokenizer import Tokenizer
from playground.transformer.generate import discouraged, fill, sample
from playground.transformer.taps import Taps
from playground.views.subject import Subject, read_only
from playground.worker.commands import Ask
from playground.worker.telling import Said

ALTERNATIVES = 8
UNMASKED = 48
"""Tokens of a prompt that an encoder is asked about one by one, at most."""


def expected(subject: Subject, tokens: Sequence[int], source: Sequence[int] | None) -> tuple[Tensor, Taps]:
    """What a decoder expects after each of some tokens that fit its context: probabilities (pos, vocab), and the patterns of
    its cross-attention."""
    model, device = subject.model, subject.device
    crossed = [index for index, layer in enumerate(model.spec.decoder) if layer.cross is not None and source is not None]
    taps = Taps(f"decoder.{index}.cross.pattern" for index in crossed)
    context = None if source is None else torch.tensor([list(source)], device=device)
    row = torch.tensor([list(tokens)], device=device)
    logits = model(row, context=context, prefix=torch.tensor([len(tokens)], device=device), taps=taps)
    found = logits[0].float()
    if model.spec.gist.mask != "none":
        found[:, model.spec.gist_token] = -torch.inf  # it stands behind instructions and is never said
    return found.softmax(dim=-1), taps


def aligned(taps: Taps, first: int) -> np.ndarray | None:
    """How much of its cross-attention each token from place `first` on gave to each of the source, the mean of all heads."""
    if not taps.values:
        return None
    patterns = torch.stack([each[0].mean(dim=0) for each in taps.values.values()])  # (layers, target, source)
    return read_only(patterns.mean(dim=0)[first:], np.float32)


def told(
    tokenizer: Tokenizer, tokens: Sequence[int], chances: Sequence[Tensor | None], blank: bool = False
) -> tuple[Said, ...]:
    """Tokens with what was expected in their places, each (vocab,), or None where nothing was."""
    pieces = tokenizer.pieces(list(tokens))
    return tuple(
        Said(token, piece, blank=blank) if there is None else _one(tokenizer, token, piece, there, blank)
        for token, piece, there in zip(tokens, pieces, chances, strict=True)
    )


def _one(tokenizer: Tokenizer, token: int, piece: str, chances: Tensor, blank: bool) -> Said:
    best, ids = chances.topk(min(ALTERNATIVES, len(chances)))
    others = tuple(zip(ids.tolist(), tokenizer.pieces(ids.tolist()), best.tolist(), strict=True))
    chance = float(chances[token])
    return Said(token, piece, chance, 1 + int((chances > chances[token]).sum()), others, blank)


def unmasked(subject: Subject, tokens: Sequence[int], tokenizer: Marked) -> tuple[Said, ...]:
    """The tokens of a text as an encoder expects each from all others: hidden one at a time (Salazar et al. 2020).

    Special tokens, and those beyond the first UNMASKED, have no probability.
    """
    places = [at for at, token in enumerate(tokens) if token < tokenizer.inner.vocab][:UNMASKED]
    found: list[Tensor | None] = [None] * len(tokens)
    if places:
        rows = torch.tensor([list(tokens)] * len(places), device=subject.device)
        rows[range(len(places)), places] = tokenizer.mask
        chances = subject.model(rows)[range(len(places)), places].float().softmax(dim=-1)
        for at, place in enumerate(places):
            found[place] = chances[at]
    return told(tokenizer, tokens, found)


def filled(subject: Subject, tokens: Sequence[int], places: Sequence[int], ask: Ask) -> tuple[list[int], Tensor]:
    """What stands in the blanks at `places` and what was expected in each (places, vocab), once those are filled that the
    person has chosen (`ask.forced`, -1 where a blank is open). The others are drawn as an answer's tokens are."""
    forced, generator = ask.forced, torch.Generator().manual_seed(ask.seed)
    known = list(tokens)
    chosen = [*forced, *[-1] * len(places)][: len(places)]
    before = fill(subject.model, known, places)
    for place, token in zip(places, chosen, strict=True):
        if token >= 0:
            known[place] = token
    chances = fill(subject.model, known, places) if any(token >= 0 for token in chosen) else before
    for at, token in enumerate(chosen):
        if token >= 0:  # of itself it could not be asked
            chances[at] = before[at]
    said, seen = [], {token for at, token in enumerate(known) if at not in places}
    for at, token in enumerate(chosen):
        logits = discouraged(chances[at].clamp(min=1e-30).log(), seen, ask.repetition)
        said.append(token if token >= 0 else sample(logits, ask.temperature, ask.top_k, generator, ask.top_p))
        seen.add(said[-1])
    return said, chances
