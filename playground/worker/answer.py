"""The model's answer to the person's prompt: how it goes on, and what it thinks comes next."""

from __future__ import annotations

import torch

from playground.data.special import Marked
from playground.transformer.generate import fill, generate
from playground.views.subject import Subject, at_rest
from playground.worker.commands import Ask
from playground.worker.mailbox import Answer

CHOICES = 10
BLANK = "_"
OVERFLOWED = "The model’s numbers have grown beyond bounds, so it has no answer; start again with a smaller learning rate."


def answer(subject: Subject, ask: Ask) -> Answer:
    """Continue a prompt that is not empty, or fill its blanks."""
    tokenizer = subject.corpus.tokenizer
    prompt = [int(i) for i in tokenizer.encode(ask.prompt)]
    note = _note(tokenizer.unknown(ask.prompt), len(prompt), subject.model.spec.n_ctx)
    if not prompt:
        note = "This prompt has no token in it; write a word."
        return Answer(subject.step, ask.prompt, "", (), note, suggestion=_suggestion(subject))
    if isinstance(tokenizer, Marked) and not subject.model.spec.decoder:
        return _filled(subject, ask, prompt, tokenizer, note)
    drawn: list[int] = []
    choices: tuple[tuple[str, float], ...] = ()
    generator = torch.Generator().manual_seed(ask.seed)
    source, begun, stop = None, prompt, None
    if isinstance(tokenizer, Marked):  # the encoder reads the prompt, the decoder goes on from it
        source, begun, stop = prompt[-subject.model.spec.n_ctx :], [tokenizer.bos], tokenizer.eos
        if not subject.model.spec.encoder:  # a decoder alone reads the question, bos, and says the answer
            source, begun = None, [*prompt, tokenizer.bos] if _asks(subject) else [tokenizer.bos, *prompt]
    with at_rest(subject.model):
        if not _first(subject, begun, source).isfinite().all():
            return Answer(subject.step, ask.prompt, "", (), OVERFLOWED)
        for token, chances in generate(
            subject.model, begun, max(1, ask.length), context=source, temperature=ask.temperature, top_k=ask.top_k,
            top_p=ask.top_p, repetition=ask.repetition, stop=stop, generator=generator,
        ):  # fmt: skip
            if not drawn:
                best, ids = chances.topk(min(CHOICES, len(chances)))
                choices = tuple(zip(tokenizer.pieces(ids.tolist()), best.tolist(), strict=True))
            drawn.append(token)
    # together, so that a character spelled in several byte pieces becomes one; the last may still be unfinished
    text = tokenizer.decode(drawn).rstrip("�")
    return Answer(subject.step, ask.prompt, text, choices, note, suggestion=_suggestion(subject))


def _suggestion(subject: Subject) -> str:
    """The first question of a generated task's validation part, or the beginning of its first sequence."""
    if subject.corpus.examples is None:
        return ""
    source, s, target, t = (column[0] for column in subject.corpus.examples.validation)
    return subject.corpus.tokenizer.decode((source[:s] if len(source) else target[: t // 2]).tolist())


def _asks(subject: Subject) -> bool:
    """Whether the task has questions; a stream has none, and a prompt is its beginning."""
    examples = subject.corpus.examples
    return examples is not None and examples.train.source.shape[1] > 0


def _first(subject: Subject, begun: list[int], source: list[int] | None) -> torch.Tensor:
    """Logits (vocab,) after the prompt."""
    seen = torch.tensor([begun[-subject.model.spec.n_ctx :]], device=subject.device)
    context = None if source is None else torch.tensor([source], device=subject.device)
    logits: torch.Tensor = subject.model(seen, context=context)
    return logits[0, -1]


def _filled(subject: Subject, ask: Ask, prompt: list[int], tokenizer: Marked, note: str) -> Answer:
    """What an encoder puts into the blanks of a prompt, each written as an underscore; without one, into one at its end."""
    n_ctx, parts = subject.model.spec.n_ctx, ask.prompt.split(BLANK)
    tokens: list[int] = []
    for index, part in enumerate(parts):
        tokens += [tokenizer.mask] if index else []
        tokens += [int(i) for i in tokenizer.encode(part)]
    if _asks(subject) and subject.corpus.examples is not None:
        tokens = [*tokens, tokenizer.bos, *[tokenizer.mask] * subject.corpus.examples.train.target.shape[1]]
    elif len(parts) == 1:
        tokens, note = [*tokens, tokenizer.mask], f"{note} _ is a blank.".strip()
    tokens = tokens[-n_ctx:]
    places = [place for place, token in enumerate(tokens) if token == tokenizer.mask]
    chances = fill(subject.model, tokens, places)  # (places, vocab)
    if not chances.isfinite().all():
        return Answer(subject.step, ask.prompt, "", (), OVERFLOWED)
    best, ids = chances[0].topk(min(CHOICES, chances.shape[1]))
    choices = tuple(zip(tokenizer.pieces(ids.tolist()), best.tolist(), strict=True))
    said = ", ".join(f"“{piece}”" for piece in tokenizer.pieces(chances.argmax(dim=-1).tolist()))
    blank = _suggestion(subject) or ("" if len(parts) > 1 else f"{ask.prompt} {BLANK}")
    return Answer(subject.step, ask.prompt, f"   → {said}", choices, note, "First blank", blank)


def _note(unknown: str, length: int, n_ctx: int) -> str:
    notes = []
    if unknown:
        shown = " ".join(unknown[:8]) + (" …" if len(unknown) > 8 else "")
        notes.append(f"This model’s text never had {shown}, so it reads something else there.")
    if length > n_ctx:
        notes.append(f"The model sees the last {n_ctx} of these {length} tokens.")
    return " ".join(notes)
