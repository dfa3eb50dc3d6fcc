"""Measures what interventions do to the loss and to the predictions, each against the model without it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.data.batch import IGNORE
from playground.spec.intervention import Intervention, possible
from playground.transformer.intervening import Read, edited, edits_of
from playground.transformer.taps import Taps
from playground.views.effect.frame import Effect, EffectFrame, EffectLook
from playground.views.subject import Subject, at_rest, reading


class EffectProbe:
    """Runs the same validation sequences once for the whole, once without anything, and once without each."""

    def observe(self, subject: Subject, look: EffectLook) -> EffectFrame:
        """The effects of those interventions that the model has the parts for."""
        there = [each for each in look.interventions if possible(subject.model.spec, each)]
        with at_rest(subject.model):
            free = self._run(subject, [], look.sequences)
            whole = self._run(subject, there, look.sequences)
            each = []
            for index, intervention in enumerate(there):
                others = there[:index] + there[index + 1 :]
                without = self._run(subject, others, look.sequences) if others else free
                each.append((intervention, _effect(without, whole)))
        return EffectFrame(subject.step, free[0], _effect(free, whole), tuple(each))

    def _run(self, subject: Subject, wanted: Sequence[Intervention], count: int) -> tuple[float, torch.Tensor]:
        """Mean loss in nats, and the likeliest token at every place that is asked for."""
        assert subject.fixed is not None
        total, best = 0.0, []
        with edited(subject.model, edits_of(subject.model, wanted, reader(subject))):
            for batch in subject.fixed(count):
                asked = batch.targets != IGNORE
                logits = subject.model(batch.tokens, **batch.reads)[asked].float()  # (asked, vocab)
                total += F.cross_entropy(logits, batch.targets[asked], reduction="sum").item()
                best.append(logits.argmax(-1))
        found = torch.cat(best)
        return total / max(1, len(found)), found


def reader(subject: Subject) -> Read:
    """How the prompt of a patch is read: as any text that the person types."""

    def read(prompt: str, taps: Taps) -> object:
        with at_rest(subject.model):
            return reading(subject, prompt, subject.model.spec.n_ctx).logits(subject, taps)

    return read


def _effect(before: tuple[float, torch.Tensor], after: tuple[float, torch.Tensor]) -> Effect:
    return Effect(after[0] - before[0], (before[1] != after[1]).float().mean().item())


PROBE = EffectProbe
