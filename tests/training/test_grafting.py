"""Grafts in a run: optimiser and averages move with the weights, the loss does not jump, nothing ever breaks a step."""

import random

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.places import shipped
from playground.spec import edit, layers
from playground.spec.check import SpecError, parse
from playground.training.run import Run
from tests.spec.strategies import models


def take(run, count):
    steps = run.trainer.steps()
    return [next(steps).loss for _ in range(count)]


def test_an_added_layer_does_not_move_the_loss_of_the_shipped_model():
    run = Run.open(shipped("models") / "gpt", device="cpu")
    before = run.trainer.validate()
    made = layers.from_recipe(run.experiment, "layer", "decoder", 2)
    wider, kind, said = run.apply(made.experiment, origins=made.origins)
    assert kind == "graft"
    assert said.endswith("layer 3 starts as the identity.")
    assert abs(wider.trainer.validate() - before) < 0.01
    take(wider, 5)
    assert abs(wider.trainer.validate() - before) < 0.1


def every(experiment, part, **changes):
    """The same change in every layer."""
    found = [
        layer.model_copy(update={part: getattr(layer, part).model_copy(update=changes)}) for layer in experiment.model.decoder
    ]
    return edit.replaced(experiment, "model.decoder", found)


def test_what_can_be_exact_does_not_move_the_loss_of_the_shipped_model():
    run = Run.open(shipped("models") / "gpt", device="cpu")
    before = run.trainer.validate()
    for other in (
        edit.replaced(run.experiment, "model.d_model", 192), every(run.experiment, "attention", heads=8, d_head=24),
        every(run.experiment, "attention", d_head=48), every(run.experiment, "mlp", experts=3), every(run.experiment, "mlp", d_mlp=300),
    ):  # fmt: skip
        changed, kind, said = run.apply(other)
        assert kind == "graft"
        assert said.startswith("All ")
        assert abs(changed.trainer.validate() - before) < 1e-3, said
    cut, _, _ = run.apply(every(run.experiment, "attention", heads=8))
    assert cut.trainer.validate() - before < 0.4  # 0.84 where rows stay in their order


@pytest.mark.parametrize("place", ["sandwich", "output"])
def test_a_new_layer_behind_a_norm_does_not_burst_out_with_the_first_steps(place):
    run = Run.open(shipped("models") / "gpt", device="cpu")
    run, _, _ = run.apply(edit.replaced(run.experiment, "training.precision", "float32"))
    before, layer = run.trainer.validate(), run.experiment.model.decoder[0]
    behind = layer.model_copy(update={"norm": layer.norm.model_copy(update={"place": place})})
    made = layers.inserted(run.experiment, [behind], "decoder", 2)
    longer, _, said = run.apply(made.experiment, origins=made.origins)
    assert said.endswith("layer 3 starts as the identity.")
    assert abs(longer.trainer.validate() - before) < 1e-4
    take(longer, 3)
    assert longer.trainer.validate() - before < 0.1


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_memory_and_averages_of_a_weight_that_grows(experiment, optimiser):
    experiment = edit.replaced(edit.replaced(experiment, "training.optimiser", optimiser), "training.average", "ema")
    run = Run.fresh(experiment, device="cpu")
    take(run, 4)
    wider, _, _ = run.apply(edit.replaced(run.experiment, "model.decoder[0].mlp.d_mlp", 40))
    old, new = run.trainer, wider.trainer
    up, down = (trainer.model.decoder[0].mlp.up.weight for trainer in (old, new)), "decoder.0.mlp.down.weight"
    one, other = (trainer.optimiser.state[weight] for trainer, weight in zip((old, new), up, strict=True))
    assert one.keys() == other.keys() != set()
    for key, value in one.items():
        assert torch.equal(other[key][:32] if value.dim() else other[key], value)  # the count of steps goes on
        assert not value.dim() or not other[key][32:].any()
    assert torch.equal(new.average.weights[down][:, :32], old.average.weights[down])
    assert not new.average.weights[down][:, 32:].any()
    take(wider, 2)


@pytest.mark.parametrize("optimiser", ["adamw", "muon", "sgd"])
def test_memory_and_averages_move_with_carried_layers(experiment, optimiser):
    experiment = edit.replaced(edit.replaced(experiment, "training.optimiser", optimiser), "training.average", "ema")
    run = Run.fresh(experiment, device="cpu")
    take(run, 4)
    made = layers.moved(run.experiment, [("decoder", 0)], "decoder", 2)
    moved, _, _ = run.apply(made.experiment, origins=made.origins)
    old, new = dict(run.trainer.model.named_parameters()), dict(moved.trainer.model.named_parameters())
    before, after = run.trainer.optimiser.state, moved.trainer.optimiser.state
    for now, was in ((0, 1), (1, 0)):
        for name in (name for name in new if name.startswith(f"decoder.{now}.")):
            source = name.replace(f"decoder.{now}.", f"decoder.{was}.")
            assert torch.equal(new[name], old[source])
            assert torch.equal(moved.trainer.average.weights[name], run.trainer.average.weights[source])
            remembered = before.get(old[source])
            assert (after.get(new[name]) is None) == (remembered is None)
            for key, value in (remembered or {}).items():
                assert torch.equal(after[new[name]][key], value)
    take(moved, 2)


def test_a_gpt_becomes_a_bert_and_goes_on_with_its_weights(experiment):
    run = Run.fresh(experiment, device="cpu")
    take(run, 3)
    made = layers.switched(run.experiment, "encoder-only")
    bert, kind, said = run.apply(made.experiment, origins=made.origins)
    assert kind == "graft"
    assert bert.trainer.step == 3
    assert bert.experiment.model.vocab == run.experiment.model.vocab + 3  # mask, bos and eos
    assert torch.equal(bert.trainer.model.encoder[1].mlp.up.weight, run.trainer.model.decoder[1].mlp.up.weight)
    assert "kept" in said
    assert all(torch.isfinite(torch.tensor(take(bert, 3))))
    back = layers.switched(bert.experiment, "decoder-only")
    gpt, _, _ = bert.apply(back.experiment, origins=back.origins)
    assert gpt.experiment.model.vocab == run.experiment.model.vocab
    take(gpt, 2)


def random_edit(experiment, draw):
    """Another experiment and where its layers came from; raises SpecError where the dice fell badly."""
    stacks = list(experiment.model.stacks)
    stack = draw.choice(stacks)
    found = getattr(experiment.model, stack)
    index = draw.randrange(len(found))
    path = f"model.{stack}[{index}]"
    gesture = draw.choice(["layers", "layers", "field", "field", "field", "switch"])
    if gesture == "switch":
        return layers.switched(experiment, draw.choice(["decoder-only", "encoder-only", "encoder-decoder"]))
    if gesture == "layers":
        place, to = [(stack, index)], draw.randrange(len(found) + 1)
        what = draw.choice(["moved", "duplicated", "removed", "recipe"]) if len(found) < 4 else "removed"
        if what == "recipe":
            return layers.from_recipe(experiment, draw.choice(list(layers.RECIPES)), stack, to)
        return layers.moved(experiment, place, stack, to) if what == "moved" else getattr(layers, what)(experiment, place)
    changes = {
        f"{path}.attention.heads": [1, 2, 4], f"{path}.attention.kv_heads": [None, 1, 2], f"{path}.mlp.d_mlp": [8, 24, 40],
        f"{path}.mlp.gated": [True, False], f"{path}.mlp.experts": [1, 3], f"{path}.norm.place": ["pre", "post", "sandwich"],
        f"{path}.attention.position.kind": ["none", "rotary", "alibi", "t5"], "model.d_model": [16, 24, 32],
        "model.n_ctx": [8, 16], "model.unembedding.tied": [True, False], f"{path}.norm.kind": ["layer", "rms", "none"],
        "model.embedding.position.kind": ["none", "learned", "sinusoidal"], f"{path}.attention.gate": [True, False],
        "training.lr": [1e-3, 3e-3],
    }  # fmt: skip
    path, values = draw.choice(list(changes.items()))
    return layers.Rearranged(edit.replaced(experiment, path, draw.choice(values)), None, ())


def test_two_hundred_random_edits_while_it_trains_without_one_failed_step(experiment):
    draw = random.Random(7)
    run = Run.fresh(parse(edit._plain(experiment) | {"training": {"batch": 4, "validate_every": 1000, "precision": "float32"}}),
                    device="cpu")  # fmt: skip
    done, kinds = 0, set()
    while done < 200:
        try:
            made = random_edit(run.experiment, draw)
        except SpecError:
            continue
        run, kind, said = run.apply(made.experiment, origins=made.origins)
        kinds.add(kind)
        assert torch.isfinite(torch.tensor(take(run, 1))).all(), said
        done += 1
    assert kinds == {"hot", "graft"}


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_one_random_model_after_another_without_one_failed_step(experiment, optimiser):
    """Every architecture and option into every other, with averages, and the same text throughout."""
    training = {"batch": 4, "validate_every": 1000, "precision": "float32", "optimiser": optimiser, "average": "ema"}
    here = [Run.fresh(parse(edit._plain(experiment) | {"training": training}), device="cpu")]

    @given(models(), st.sampled_from([8, 16]))
    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def walk(data, n_ctx):
        run = here[-1]
        same = {"vocab": run.experiment.model.vocab, "init": edit._plain(run.experiment.model.init), "n_ctx": n_ctx}
        run, kind, said = run.apply(parse(edit._plain(run.experiment) | {"model": data | same}))
        assert kind in ("graft", "hot")
        assert torch.isfinite(torch.tensor(take(run, 2))).all(), said
        here[:] = [run]

    walk()
    assert here[0].trainer.step >= 100
