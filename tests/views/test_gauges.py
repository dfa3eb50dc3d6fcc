"""The gauges: sizes of outputs and gradients against plain arithmetic, on fixed scales."""

import math

import pytest

from playground.spec.experiment import Experiment, TaskSpec, TrainingSpec
from playground.spec.layers import switched
from playground.training.run import Run
from playground.views.gauges.frame import ACTIVATIONS, GaugesLook, filled
from playground.views.gauges.probe import GaugesProbe
from playground.views.subject import Subject, at_rest, reading


@pytest.mark.parametrize("architecture", ["decoder-only", "encoder-decoder"])
def test_sizes_are_those_of_the_tensors(architecture):
    experiment = Experiment(task=TaskSpec(kind="reverse"), training=TrainingSpec(batch=4, warmup=0))
    experiment = switched(experiment, architecture).experiment
    run = Run.fresh(experiment, device="cpu")
    trainer = run.trainer

    def subject():
        return Subject(
            trainer.model, run.corpus, trainer.history, trainer.step, trainer.device, None, gradients=trainer.gradients()
        )

    before = GaugesProbe().observe(subject(), GaugesLook())
    assert all(sizes.gradient is None for sizes in before.sizes.values())
    report = next(trainer.steps())
    frame = GaugesProbe().observe(subject(), GaugesLook())
    assert math.isclose(math.sqrt(sum(norm**2 for norm in trainer.gradients().values())), report.grad_norm, rel_tol=1e-5)

    seen = {}
    attention = trainer.model.decoder[1].attention
    hook = attention.register_forward_hook(lambda module, given, out: seen.update(out=out))
    with at_rest(trainer.model):
        reading(subject(), "", 64).logits(subject())
    hook.remove()
    path = "model.decoder[1].attention"
    assert math.isclose(frame.sizes[path].activation, float(seen["out"].square().mean().sqrt()), rel_tol=1e-4)
    named = dict(trainer.model.named_parameters())
    own = [name for name in named if name.startswith("decoder.1.attention.")]
    squares = sum(trainer.gradients()[name] ** 2 for name in own)
    assert math.isclose(frame.sizes[path].gradient, math.sqrt(squares / sum(named[name].numel() for name in own)), rel_tol=1e-6)
    parts = {box for box in frame.sizes if "[" in box}
    layers = sum(len(stack) for stack in experiment.model.stacks.values())
    crosses = sum(layer.cross is not None for layer in experiment.model.decoder)
    assert len(parts) == 2 * layers + crosses
    assert {"model.embedding", "model.unembedding"} <= set(frame.sizes)


def test_a_gauge_is_logarithmic_and_never_leaves_its_span():
    assert filled(None, ACTIVATIONS) == filled(0.0, ACTIVATIONS) == filled(1e-9, ACTIVATIONS) == 0.0
    assert filled(1e9, ACTIVATIONS) == filled(math.inf, ACTIVATIONS) == filled(math.nan, ACTIVATIONS) == 1.0
    tenth, one = filled(0.1, ACTIVATIONS), filled(1.0, ACTIVATIONS)
    assert math.isclose(filled(10.0, ACTIVATIONS) - one, one - tenth)
