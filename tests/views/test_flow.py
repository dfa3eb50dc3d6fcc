"""Flow's probe against direct computations in torch, its history, and the warnings in words."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from playground.data.batch import IGNORE
from playground.spec.experiment import Experiment, TaskSpec, TrainingSpec
from playground.spec.layers import switched
from playground.training.run import Run
from playground.views.flow import measures
from playground.views.flow import probe as flow_probe
from playground.views.flow.frame import BINS, MEASURES, FlowLook, Row
from playground.views.flow.probe import FlowProbe
from playground.views.flow.signs import signs
from playground.views.subject import Subject

SPANS = {measure.name: measure.span for measure in MEASURES}


def fresh(architecture="decoder-only"):
    experiment = Experiment(task=TaskSpec(kind="reverse"), training=TrainingSpec(batch=4, warmup=0))
    return Run.fresh(switched(experiment, architecture).experiment, device="cpu")


def subject(run, step=None):
    trainer = run.trainer
    return Subject(
        trainer.model, run.corpus, trainer.history, trainer.step if step is None else step, trainer.device,
        fixed=lambda count: trainer.batches.fixed(count, 4096), gradients=trainer.gradients(),
    )  # fmt: skip


def shares(values, span):
    """A histogram by numpy: shares of sizes in classes of equal ratio."""
    size = np.log10(np.clip(np.abs(values.astype(np.float64)), *span))
    return np.histogram(size, BINS, (math.log10(span[0]), math.log10(span[1])))[0] / values.size


@pytest.mark.parametrize("architecture", ["decoder-only", "encoder-only", "encoder-decoder"])
def test_a_picture_is_what_torch_computes(architecture):
    run = fresh(architecture)
    next(run.trainer.steps())
    model, look = run.trainer.model, FlowLook(sequences=3, max_tokens=10**6)
    frame = FlowProbe().observe(subject(run), look)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())

    stack, name = (model.encoder, "Encoder layer") if architecture == "encoder-only" else (model.decoder, "Layer")
    batch = next(run.trainer.batches.fixed(3, 4096))
    seen = {}
    hooks = [
        stack[1].register_forward_hook(lambda module, given, out: seen.update(stream=out)),
        stack[1].mlp.register_forward_hook(lambda module, given, out: seen.update(mlp=out)),
    ]
    model.eval()
    logits = model(batch.tokens, **batch.reads)
    functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORE).backward()
    for hook in hooks:
        hook.remove()
    at = {key: [row.name for row in rows] for key, rows in frame.rows.items()}
    stream = frame.values["stream"][0, at["stream"].index(f"{name} 2")]
    assert stream == pytest.approx(float(seen["stream"].detach().norm(dim=-1).mean()), rel=1e-4)
    found = frame.values["activations"][0, at["activations"].index(f"{name} 2 · MLP")]
    np.testing.assert_allclose(found, shares(seen["mlp"].detach().numpy(), SPANS["activations"]), atol=2e-3)
    assert found.sum() == pytest.approx(1.0)
    gradients = [p.grad.flatten() for p in stack[1].mlp.parameters() if p.grad is not None]
    found = frame.values["gradients"][0, at["gradients"].index(f"{name} 2 · MLP")]
    np.testing.assert_allclose(found, shares(torch.cat(gradients).numpy(), SPANS["gradients"]), atol=0.02)  # from a sample
    weights = frame.values["weights"][0, at["weights"].index(f"{name} 2 · MLP")]
    assert weights == pytest.approx(
        math.sqrt(sum(float(p.detach().square().sum()) for p in stack[1].mlp.parameters())), rel=1e-4
    )
    assert frame.tokens == batch.tokens.numel()
    assert np.isnan(frame.values["update"]).all()
    assert len(at["stream"]) == sum(len(each) + 1 for each in model.spec.stacks.values())
    assert not frame.values["gradients"].flags.writeable
    columns, rows = frame.table()
    assert {len(columns)} == {len(row) for row in rows}


def test_a_sample_is_small_and_meets_every_column():
    matrix = torch.arange(96.0).expand(2000, 96)
    sample = measures.sample(matrix)
    assert len(sample) <= measures.SAMPLE
    assert len(sample.unique()) == 96
    assert len(measures.sample(torch.ones(7))) == 7


def test_an_update_is_the_way_since_the_picture_before_by_the_steps():
    run, probe = fresh(), FlowProbe()
    probe.observe(subject(run, 3), FlowLook())
    with torch.no_grad():
        for parameter in run.trainer.model.parameters():
            parameter.mul_(1.02)
    frame = probe.observe(subject(run, 5), FlowLook())
    np.testing.assert_array_equal(frame.steps, [3, 5])
    np.testing.assert_allclose(frame.values["update"][1], 0.01 / 1.02, rtol=1e-3)
    again = probe.observe(subject(run, 5), FlowLook(sequences=1))  # the same step once more: nothing has moved since
    np.testing.assert_array_equal(again.steps, [3, 5])
    np.testing.assert_allclose(again.values["update"][1], 0.01 / 1.02, rtol=1e-3)


def test_the_pictures_are_bounded_and_a_run_that_was_taken_back_loses_its_future(monkeypatch):
    monkeypatch.setattr(flow_probe, "MOST", 8)
    run, probe = fresh(), FlowProbe()
    for step in range(1, 30):
        frame = probe.observe(subject(run, step), FlowLook(sequences=1))
        assert len(frame.steps) <= 8
        assert frame.steps[-1] == step
    assert frame.steps[0] == 1
    frame = probe.observe(subject(run, 20), FlowLook(sequences=1))
    assert frame.steps[-1] == 20


def test_a_look_back_keeps_what_came_later():
    run, probe = fresh(), FlowProbe()
    steps = run.trainer.steps()
    for _ in range(3):
        next(steps)
        probe.observe(subject(run), FlowLook())
    frame = probe.observe(subject(run, 1), FlowLook())
    assert frame.step == 1
    np.testing.assert_array_equal(frame.steps, [1, 2, 3])
    frame = probe.observe(subject(run), FlowLook())
    assert np.isfinite(frame.values["update"][2]).all()


def test_entropy_and_focus_of_made_up_attention():
    mask = torch.full((4, 4), -torch.inf).triu(1)
    even = mask.softmax(-1).expand(1, 2, 4, 4)
    assert measures.spread(mask.expand(1, 2, 4, 4), even) == pytest.approx((1.0, (1 / 2 + 1 / 3 + 1 / 4) / 3))
    first = torch.zeros(1, 2, 4, 4)
    first[..., 0] = 1.0
    assert measures.spread(mask.expand(1, 2, 4, 4), first) == pytest.approx((0.0, 1.0))
    own = torch.eye(4).expand(1, 2, 4, 4)  # sharp, but each query looks elsewhere: not collapsed
    assert measures.spread(torch.zeros(1, 2, 4, 4), own) == pytest.approx((0.0, 0.25))
    assert all(map(math.isnan, measures.spread(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1))))


def test_dead_units_are_those_that_hand_on_nothing_for_any_token():
    units = torch.ones(2, 5, 8)
    units[..., :3] = 0.0
    units[1, 4, 0] = 1.0  # alive for one token
    assert measures.dead([units]) == pytest.approx(2 / 8)
    assert measures.dead([torch.ones(6, 4), torch.zeros(0, 4)]) == pytest.approx(0.5)  # an expert that nobody asks
    assert measures.dead([torch.zeros(1, 3, 4)]) == 1.0


def made(**changed):
    rows = {name: (Row("Layer 1 · MLP", "mlp"), Row("Layer 2 · MLP", "mlp")) for name in ("update", "dead")}
    rows |= {
        "entropy": (Row("Layer 1 · attention", "attention"),),
        "stream": (Row("Embedding", "embedding"), Row("Layer 1", "accent")),
    }
    values = {"update": np.full((3, 2), 1e-3), "dead": np.zeros((1, 2)), "stream": np.array([[1.0, 9.0]])}
    focus, norms = np.array([0.4]), np.ones(100)
    given = {"focus": focus, "norms": norms, **{key: each for key, each in changed.items() if key in ("focus", "norms")}}
    return [f"{s.text} {s.advice}" for s in signs(rows, values | changed, given["focus"], given["norms"])]


def test_a_healthy_run_is_not_warned_of():
    assert made() == []
    assert made(norms=np.ones(10) * np.arange(10), update=np.full((2, 2), 0.9)) == []  # too early to tell
    assert made(update=np.array([[math.nan, math.nan], [0.9, 0.9], [0.9, 0.9]])) == []


def test_each_warning_says_what_is_seen_and_what_to_do():
    norms = np.ones(200)
    norms[-3] = 12.0
    (said,) = made(norms=norms)
    assert said == (
        "The gradient norm has been 12 times its median of the last 100 steps. Clip the gradient, or lower the learning rate."
    )
    (said,) = made(update=np.array([[1e-3, 0.08]] * 3))
    assert said.startswith("Layer 2 · MLP moves by 8 % of its weights in a step; 0.1 % is usual. Lower")
    (said,) = made(update=np.full((3, 2), 0.08))
    assert "(and 1 more)" in said
    (said,) = made(focus=np.array([0.97]))
    assert said.startswith("Layer 1 · attention has collapsed: 97 % of it goes to one token. Turn on QK norm")
    (said,) = made(dead=np.array([[0.1, 0.38]]))
    assert said.startswith("38 % of the units of Layer 2 · MLP are dead. Lower")
    (said,) = made(stream=np.array([[1.0, 5000.0]]))
    assert said.startswith("The residual stream grows 5000-fold from the embedding to layer 1. Use a norm")
    (said,) = made(stream=np.array([[1.0, math.nan]]))
    assert "no longer a number" in said
