"""Grafts in a run: optimiser and averages move with the weights, the loss does not jump, nothing ever breaks a step."""

import random

import pytest
import torch

from playground.places import shipped
from playground.spec import edit, layers
from playground.spec.check import SpecError, parse
from playground.training.run import Run


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
