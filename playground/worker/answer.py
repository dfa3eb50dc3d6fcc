"""The model's answer to the person's prompt: how it goes on, and what it thinks comes next."""

from __future__ import annotations

import torch

from playground.transformer.generate import generate
from playground.views.subject import Subject, at_rest
from playground.worker.commands import Ask
from playground.worker.mailbox import Answer

CHOICES = 10
SEED = 0
"""Every answer draws the same random numbers, so it moves only because the model does."""

OVERFLOWED = "The model’s numbers have grown beyond bounds, so it has no answer; start again with a smaller learning rate."


def answer(subject: Subject, ask: Ask) -> Answer:
    """Continue a prompt that is not empty."""
    tokenizer = subject.corpus.tokenizer
    prompt = [int(i) for i in tokenizer.encode(ask.prompt)]
    note = _note(tokenizer.unknown(ask.prompt), len(prompt), subject.model.spec.n_ctx)
    if not prompt:
        return Answer(subject.step, ask.prompt, "", (), "This prompt has no token in it; write a word.")
    drawn: list[int] = []
    choices: tuple[tuple[str, float], ...] = ()
    generator = torch.Generator().manual_seed(SEED)
    with at_rest(subject.model):
        seen = torch.tensor([prompt[-subject.model.spec.n_ctx :]], device=subject.device)
        if not subject.model(seen)[0, -1].isfinite().all():
            return Answer(subject.step, ask.prompt, "", (), OVERFLOWED)
        for token, chances in generate(
            subject.model, prompt, max(1, ask.length), temperature=ask.temperature, top_k=ask.top_k, generator=generator
        ):
            if not drawn:
                best, ids = chances.topk(min(CHOICES, len(chances)))
                choices = tuple(zip(tokenizer.pieces(ids.tolist()), best.tolist(), strict=True))
            drawn.append(token)
    # together, so that a character spelled in several byte pieces becomes one; the last may still be unfinished
    text = tokenizer.decode(drawn).rstrip("�")
    return Answer(subject.step, ask.prompt, text, choices, note)


def _note(unknown: str, length: int, n_ctx: int) -> str:
    notes = []
    if unknown:
        shown = " ".join(unknown[:8]) + (" …" if len(unknown) > 8 else "")
        notes.append(f"This model’s text never had {shown}, so it reads something else there.")
    if length > n_ctx:
        notes.append(f"The model sees the last {n_ctx} of these {length} tokens.")
    return " ".join(notes)
