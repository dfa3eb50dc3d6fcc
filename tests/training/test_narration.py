"""A step that is told is a step like any other, and what is told of it is what happened."""

import math

import pytest
import torch
from torch.nn import functional

from playground.data.batch import IGNORE
from playground.spec.experiment import Experiment, TaskSpec, TrainingSpec
from playground.spec.layers import switched
from playground.training.narration import narrate
from playground.training.run import Run
from playground.views.motion.frame import PHASES
from playground.views.motion.probe import story, wanted


def begin(architecture="decoder-only", **training):
    spec = TrainingSpec(batch=6, warmup=0, precision="float32", validate_every=1, validation_windows=4, **training)
    experiment = switched(Experiment(task=TaskSpec(kind="reverse"), training=spec), architecture).experiment
    return Run.fresh(experiment, device="cpu")


@pytest.mark.parametrize("accumulate", [1, 3])
def test_the_step_is_the_same_whether_it_is_told_or_not(accumulate):
    told, plain = begin(accumulate=accumulate), begin(accumulate=accumulate)
    names = wanted(told.experiment.model).values()
    steps, others = told.trainer.steps(), plain.trainer.steps()
    for _ in range(2):
        made = narrate(told.trainer, steps, names)
        assert made.report.loss == next(others).loss
        assert told.trainer.taps is None
    for one, other in zip(told.trainer.model.parameters(), plain.trainer.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_is_told_is_what_happened():
    run, again = begin(), begin()
    told = narrate(run.trainer, run.trainer.steps(), wanted(run.experiment.model).values())
    model = again.trainer.model
    batch = again.trainer.batches.draw()
    seen = {}

    def keep(module, given, out):
        out.retain_grad()
        seen["out"] = out

    model.decoder[1].mlp.register_forward_hook(keep)
    logits = model(batch.tokens, **batch.reads)
    functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORE).backward()
    assert torch.allclose(told.values["decoder.1.mlp_out"], seen["out"][0], atol=1e-6)
    assert torch.allclose(told.gradients["decoder.1.mlp_out"], seen["out"].grad[0], atol=1e-8)
    by_hand = functional.cross_entropy(logits[0], batch.targets[0], ignore_index=IGNORE, reduction="none")
    asked = batch.targets[0] != IGNORE
    assert torch.allclose(told.losses[asked], by_hand[asked], atol=1e-5)
    assert told.losses[~asked].isnan().all()
    for name, parameter in run.trainer.model.named_parameters():
        assert torch.allclose(told.before[name] + told.moved[name], parameter, atol=1e-7)
    assert torch.equal(told.tokens, batch.tokens[0])


@pytest.mark.parametrize("architecture", ["decoder-only", "encoder-only", "encoder-decoder"])
def test_the_story_goes_through_every_part_and_back(architecture):
    run = begin(architecture)
    model = run.experiment.model
    frame = story(model, run.corpus, narrate(run.trainer, run.trainer.steps(), wanted(model).values()))
    forward = [scene.path for scene in frame.scenes if scene.phase == "forward"]
    backward = [scene.path for scene in frame.scenes if scene.phase == "backward"]
    assert forward == list(wanted(model)) == backward[::-1]
    phases = [name for name, _ in PHASES]
    order = [phases.index(scene.phase) for scene in frame.scenes]
    assert order == sorted(order)
    assert set(order) == {0, 1, 2, 3}
    assert frame.step == 1
    assert all(math.isfinite(scene.span) and scene.span > 0 for scene in frame.scenes)
    assert all(not scene.values.flags.writeable for scene in frame.scenes)
    for scene in frame.scenes:
        names = {"tokens": frame.tokens, "context": frame.context}.get(scene.rows)
        assert names is None or len(names) >= len(scene.values)
    columns, rows = frame.table()
    assert all(len(row) == len(columns) for row in list(rows)[:50])


def test_what_fails_is_not_told_and_leaves_no_ear_behind():
    run = begin()

    def broken():
        raise RuntimeError("no step")
        yield

    with pytest.raises(RuntimeError, match="no step"):
        narrate(run.trainer, broken(), ["embed"])
    assert run.trainer.taps is None
