"""Objectives: how a stretch of text, or a question with its answer, becomes what a model reads and should say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from playground.data.batch import IGNORE, Batch
from playground.spec.experiment import Objective as Objective


@dataclass(frozen=True)
class Special:
    """The ids of the special tokens."""

    mask: int
    bos: int
    eos: int
    gist: int | None = None


def following(windows: Tensor) -> Batch:
    """Predict the next token everywhere (DTraining, Algorithm 13); windows (batch, pos + 1)."""
    return Batch(windows[:, :-1], windows[:, 1:])


def masked(
    windows: Tensor,
    ratio: float,
    rule: Literal["always", "bert"],
    mask: int,
    generator: torch.Generator,
    lengths: Tensor | None = None,
) -> Batch:
    """Predict what was hidden (ETraining, Algorithm 12); windows (batch, pos).

    Each token is chosen with probability `ratio`, at least one in a window, and the loss is that of the chosen ones alone.
    `always` puts the mask token in its place, as printed; `bert` does so for 80 % of them, takes a random token for 10 %
    and leaves 10 % as they are (Devlin et al. 2018, §3.1). Behind `lengths` (batch,) is padding, which is never chosen.
    """
    chance = torch.rand(windows.shape, generator=generator).to(windows.device)
    if lengths is not None:
        chance = torch.where(torch.arange(windows.shape[1], device=windows.device) < lengths[:, None], chance, 2.0)
    chosen = (chance < ratio) | (chance == chance.amin(dim=1, keepdim=True))
    tokens = torch.where(chosen, mask, windows)
    if rule == "bert":
        how = torch.rand(windows.shape, generator=generator).to(windows.device)
        drawn = torch.randint(mask, windows.shape, generator=generator).to(windows.device)  # any ordinary token
        tokens = torch.where(chosen & (how >= 0.9), windows, torch.where(chosen & (how >= 0.8), drawn, tokens))
    return Batch(tokens, torch.where(chosen, windows, IGNORE), lengths=lengths)


def prefixed(windows: Tensor, generator: torch.Generator) -> Batch:
    """Predict the text after a prefix of random length, whose tokens see each other; windows (batch, pos + 1)."""
    batch, length = windows.shape[0], windows.shape[1] - 1
    prefix = torch.randint(1, length + 1, (batch,), generator=generator).to(windows.device)
    before = torch.arange(1, length + 1, device=windows.device) < prefix[:, None]
    return Batch(windows[:, :-1], torch.where(before, IGNORE, windows[:, 1:]), prefix=prefix)


def halves(windows: Tensor, bos: int) -> Batch:
    """The encoder reads the first half, the decoder says the second (EDTraining, Algorithm 11); windows (batch, pos + 1)."""
    first = max(1, (windows.shape[1] - 1) // 2)
    context, said = windows[:, :first], windows[:, first:]
    start = said.new_full((len(said), 1), bos)
    return Batch(torch.cat((start, said[:, :-1]), dim=1), said, context=context)


def answered(
    source: Tensor, source_lengths: Tensor, target: Tensor, target_lengths: Tensor, special: Special, objective: Objective,
) -> Batch:  # fmt: skip
    """Questions (batch, s) and answers (batch, t), each padded at its end, as one objective reads them.

    sequence: the encoder reads the question; the decoder reads bos and the answer, and says the answer and eos.
    next and prefix: one text of question, bos, answer, eos; only what comes after bos is asked for.
    masked: question and bos, then as many masks as the answer has tokens, which are to be filled.
    """
    batch, width = target.shape
    place = torch.arange(width + 1, device=target.device)
    ended = torch.cat((target, target.new_full((batch, 1), special.eos)), dim=1)
    ended = torch.where(place < target_lengths[:, None], ended, special.eos)  # (batch, t + 1)
    said = torch.where(place <= target_lengths[:, None], ended, IGNORE)
    begun = torch.cat((target.new_full((batch, 1), special.bos), ended[:, :-1]), dim=1)
    if objective == "sequence":
        return Batch(begun, said, context=source, lengths=target_lengths + 1, context_lengths=source_lengths)
    if objective == "masked":
        hidden = torch.where(place < target_lengths[:, None], special.mask, special.eos)[:, :-1]
        asked = torch.where(place < target_lengths[:, None], ended, IGNORE)[:, :-1]
        opened = torch.cat((target.new_full((batch, 1), special.bos), hidden), dim=1)
        nothing = target.new_full((batch, 1), IGNORE)
        tokens, targets = _joined(source, source_lengths, opened, torch.cat((nothing, asked), dim=1), special.eos)
        return Batch(tokens, targets, lengths=source_lengths + 1 + target_lengths)
    tokens, targets = _joined(source, source_lengths, begun, said, special.eos)
    prefix = source_lengths + 1 if objective == "prefix" else None
    return Batch(tokens, targets, lengths=source_lengths + 1 + target_lengths, prefix=prefix)


def dropped(source: Tensor, share: float, special: Special, generator: torch.Generator) -> Tensor:
    """Questions (batch, s) with a share of the words of each instruction, which gist tokens end, replaced by the mask token."""
    gist = -1 if special.gist is None else special.gist
    instruction = torch.eq(source, gist).cumsum(dim=1) == 0
    instruction &= ~instruction.all(dim=1, keepdim=True)
    out = torch.rand(source.shape, generator=generator).to(source.device) < share
    return torch.where(out & instruction, special.mask, source)


def _joined(source: Tensor, lengths: Tensor, after: Tensor, targets: Tensor, padding: int) -> tuple[Tensor, Tensor]:
    """The second text directly behind the real part of the first, and targets for the second alone: both (batch, s + t)."""
    batch, wide = source.shape
    place = torch.arange(wide + after.shape[1], device=source.device).expand(batch, -1)
    behind = (place - lengths[:, None]).clamp(0, after.shape[1] - 1)  # where in the second text a place lies
    first, past = place < lengths[:, None], place >= lengths[:, None] + after.shape[1]
    own = torch.nn.functional.pad(source, (0, after.shape[1]), value=padding)
    tokens = torch.where(first, own, torch.where(past, padding, after.gather(1, behind)))
    return tokens, torch.where(first | past, IGNORE, targets.gather(1, behind))
