"""The same question put in several ways: what the model says to each, and how surprised it is by the way it is put."""

from __future__ import annotations

import math
from dataclasses import replace

from playground.views.subject import Subject
from playground.worker.answer import answer
from playground.worker.commands import AskWays
from playground.worker.telling import WayAnswer, WaysTold


def asked(subject: Subject, command: AskWays) -> WaysTold:
    """Each way in turn, with the settings of the prompt; the loss is that of the wanted answer where one is given."""
    tokenizer = subject.corpus.tokenizer
    wanted = tuple(int(i) for i in tokenizer.encode(command.wanted)) if command.wanted else ()
    made = []
    for prompt in command.prompts:
        said = answer(subject, replace(command.ask, prompt=prompt, details=True, forced=(), beams=1))
        loss = said.told.loss if said.told is not None else math.nan
        if wanted and said.told is not None and subject.model.spec.decoder:
            hoped = answer(
                subject, replace(command.ask, prompt=prompt, details=True, forced=wanted, length=len(wanted), beams=1)
            )
            surprises = [each.surprise for each in hoped.told.said] if hoped.told is not None else []
            loss = sum(surprises) / len(surprises) if surprises else math.nan
        made.append(WayAnswer(prompt, said.continuation, loss, said.note))
    return WaysTold(subject.step, bool(wanted) and bool(subject.model.spec.decoder), tuple(made))
