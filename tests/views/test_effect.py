"""The effect of interventions against plain arithmetic on the same sequences."""

import math

import torch
from torch.nn import functional

from playground.data.batch import IGNORE
from playground.spec.experiment import Experiment, TaskSpec, TrainingSpec
from playground.spec.intervention import Intervention
from playground.training.run import Run
from playground.transformer.taps import Taps
from playground.views.effect.frame import EffectLook
from playground.views.effect.probe import EffectProbe
from playground.views.subject import Subject


def test_each_effect_is_what_taking_it_alone_back_would_undo():
    run = Run.fresh(Experiment(task=TaskSpec(kind="reverse"), training=TrainingSpec(batch=8, warmup=0)), device="cpu")
    trainer = run.trainer
    for _, _report in zip(range(8), trainer.steps(), strict=False):
        pass
    model = trainer.model.eval()
    subject = Subject(
        model, run.corpus, trainer.history, trainer.step, trainer.device,
        fixed=lambda count: trainer.batches.fixed(count, 4096),
    )  # fmt: skip
    mlp, layer = Intervention("model.decoder[1].mlp"), Intervention("model.decoder[0]", factor=0.5)
    gone = Intervention("model.decoder[9]")
    frame = EffectProbe().observe(subject, EffectLook((mlp, gone, layer), sequences=6))

    def by_hand(*names_and_factors):
        edits = {name: lambda value, factor=factor: value * factor for name, factor in names_and_factors}
        total, best = 0.0, []
        with torch.no_grad():
            for batch in trainer.batches.fixed(6, 4096):
                logits = model(batch.tokens, taps=Taps(edits=edits), **batch.reads).flatten(0, 1)
                targets = batch.targets.flatten()
                total += float(functional.cross_entropy(logits, targets, ignore_index=IGNORE, reduction="sum"))
                best.append(logits[targets != IGNORE].argmax(-1))
        return total / len(torch.cat(best)), torch.cat(best)

    half = [("decoder.0.attn_out", 0.5), ("decoder.0.mlp_out", 0.5)]
    free, whole = by_hand(), by_hand(("decoder.1.mlp_out", 0.0), *half)
    without_mlp = by_hand(*half)
    assert math.isclose(frame.loss, free[0], rel_tol=1e-5)
    assert math.isclose(frame.together.loss, whole[0] - free[0], abs_tol=1e-5)
    assert [each for each, _ in frame.each] == [mlp, layer]
    assert math.isclose(frame.each[0][1].loss, whole[0] - without_mlp[0], abs_tol=1e-5)
    assert math.isclose(frame.together.predictions, float((whole[1] != free[1]).float().mean()), abs_tol=1e-6)
    assert model.edits == {}
