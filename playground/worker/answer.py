"""The model's answer to the person's prompt: how it goes on, and what it thinks comes next."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from playground.data.special import Marked
from playground.spec.cache_cost import cache_bytes
from playground.transformer.beam import Hypothesis, beam_search
from playground.transformer.generate import generate
from playground.views.subject import Subject, at_rest
from playground.worker import details
from playground.worker.commands import Ask
from playground.worker.mailbox import Answer
from playground.worker.telling import Told

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
    if any(token >= tokenizer.vocab for token in ask.forced):  # chosen while the model was replaced by one of fewer tokens
        ask, note = replace(ask, forced=()), f"{note} The tokens you chose are none of this model’s.".strip()
    with at_rest(subject.model):
        if isinstance(tokenizer, Marked) and not subject.model.spec.decoder:
            return _filled(subject, ask, prompt, tokenizer, note)
        return _continued(subject, ask, prompt, note)


@dataclass
class _Drawn:
    """The tokens of an answer, those that the person has chosen first, and what was expected in place of the others."""

    tokens: list[int]
    chances: list[Tensor] = field(default_factory=list)
    seconds: float = 0.0
    searched: list[Hypothesis] = field(default_factory=list)


def _continued(subject: Subject, ask: Ask, prompt: list[int], note: str) -> Answer:
    tokenizer, n_ctx = subject.corpus.tokenizer, subject.model.spec.n_ctx
    source, begun, stop = None, prompt, None
    if isinstance(tokenizer, Marked):  # the encoder reads the prompt, the decoder goes on from it
        source, begun, stop = prompt[-n_ctx:], [tokenizer.bos], tokenizer.eos
        if not subject.model.spec.encoder:  # a decoder alone reads the question, bos, and says the answer
            source, begun = None, [*prompt, tokenizer.bos] if _asks(subject) else [tokenizer.bos, *prompt]
    if not _first(subject, begun, source).isfinite().all():
        return Answer(subject.step, ask.prompt, "", (), OVERFLOWED)
    drawn = _search(subject, ask, begun, source, stop) if ask.beams > 1 else _draw(subject, ask, begun, source, stop)
    first = drawn.chances[0] if drawn.chances and not ask.forced else _first(subject, begun, source).float().softmax(dim=-1)
    best, ids = first.topk(min(CHOICES, len(first)))
    choices = tuple(zip(tokenizer.pieces(ids.tolist()), best.tolist(), strict=True))
    # together, so that a character spelled in several byte pieces becomes one; the last may still be unfinished
    text = tokenizer.decode(drawn.tokens).rstrip("�")
    told = _told(subject, ask, begun, source, drawn) if ask.details else None
    return Answer(subject.step, ask.prompt, text, choices, note, suggestion=_suggestion(subject), told=told)


def _draw(subject: Subject, ask: Ask, begun: list[int], source: list[int] | None, stop: int | None) -> _Drawn:
    """One token after another."""
    drawn, generator = _Drawn(list(ask.forced)), torch.Generator().manual_seed(ask.seed)
    if drawn.tokens[-1:] == [stop]:
        return drawn
    start = time.perf_counter()
    for token, chances in generate(
        subject.model, [*begun, *ask.forced], max(0 if ask.forced else 1, ask.length - len(ask.forced)), context=source,
        temperature=ask.temperature, top_k=ask.top_k, top_p=ask.top_p, repetition=ask.repetition, stop=stop,
        generator=generator,
    ):  # fmt: skip
        drawn.tokens.append(token)
        drawn.chances.append(chances)
    drawn.seconds = time.perf_counter() - start
    return drawn


def _search(subject: Subject, ask: Ask, begun: list[int], source: list[int] | None, stop: int | None) -> _Drawn:
    """The most probable answer that a beam search finds."""
    start, room = time.perf_counter(), max(1, ask.length - len(ask.forced))
    begun = begun[-max(1, subject.model.spec.n_ctx - room) :]
    found = beam_search(subject.model, [*begun, *ask.forced], room, ask.beams, context=source, stop=stop)
    drawn = _Drawn([*ask.forced, *found[0].tokens], searched=found)
    drawn.seconds = time.perf_counter() - start
    return drawn


def _told(subject: Subject, ask: Ask, begun: list[int], source: list[int] | None, drawn: _Drawn) -> Told:
    """One more look at all tokens, as many as the context holds, at once."""
    tokenizer, n_ctx, said = subject.corpus.tokenizer, subject.model.spec.n_ctx, drawn.tokens
    whole = [*begun, *said]
    seen = whole[:n_ctx] if len(begun) < n_ctx else begun[-n_ctx:]
    chances, taps = details.expected(subject, seen, source)
    left = len(begun) - (0 if len(begun) < n_ctx else len(begun) - n_ctx)  # tokens of the prompt that were looked at
    before: list[Tensor | None] = [None, *chances[: left - 1]]
    behind: list[Tensor | None] = [*chances[left - 1 :]][: len(said)]
    own = len(said) - len(drawn.chances)  # what was drawn knows itself what was expected, in a context that moved as well
    behind = [*behind[:own], *([None] * (own - len(behind))), *drawn.chances]
    read = details.told(tokenizer, begun[-left:], before)
    if source is not None:
        read = details.told(tokenizer, source, [None] * len(source))
    alignment = details.aligned(taps, left - 1)
    return Told(
        ask.forced,
        read,
        details.told(tokenizer, said, behind),
        (len(said) - len(ask.forced)) / drawn.seconds if drawn.seconds else 0.0,
        cache_bytes(subject.model.spec, min(n_ctx, len(whole) - 1), len(source or ())) if ask.beams < 2 else 0,
        None if alignment is None else alignment[: len(said)],
        tuple((tokenizer.decode([*ask.forced, *each.tokens]), each.log_probability) for each in drawn.searched),
    )


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
    if not places:  # cut away with what did not fit
        tokens, places = [*tokens[1:], tokenizer.mask], [len(tokens) - 1]
    start = time.perf_counter()
    put, chances = details.filled(subject, tokens, places, ask)  # chances (places, vocab)
    taken = time.perf_counter() - start
    if not chances.isfinite().all():
        return Answer(subject.step, ask.prompt, "", (), OVERFLOWED)
    best, ids = chances[0].topk(min(CHOICES, chances.shape[1]))
    choices = tuple(zip(tokenizer.pieces(ids.tolist()), best.tolist(), strict=True))
    said = ", ".join(f"“{piece}”" for piece in tokenizer.pieces(put))
    blank = _suggestion(subject) or ("" if len(parts) > 1 else f"{ask.prompt} {BLANK}")
    told = None
    if ask.details:
        whole = list(tokens)
        for place, token in zip(places, put, strict=True):
            whole[place] = token
        read = list(details.unmasked(subject, whole, tokenizer))
        for place, each in zip(places, details.told(tokenizer, put, list(chances), blank=True), strict=True):
            read[place] = each
        told = Told(ask.forced, tuple(read), tokens_per_s=len(places) / taken)
    return Answer(subject.step, ask.prompt, f"   → {said}", choices, note, "First blank", blank, told)


def _note(unknown: str, length: int, n_ctx: int) -> str:
    notes = []
    if unknown:
        shown = " ".join(unknown[:8]) + (" …" if len(unknown) > 8 else "")
        notes.append(f"This model’s text never had {shown}, so it reads something else there.")
    if length > n_ctx:
        notes.append(f"The model sees the last {n_ctx} of these {length} tokens.")
    return " ".join(notes)
