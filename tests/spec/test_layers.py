"""Rearranging layers: what comes of it, where each layer came from, and what is refused."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.places import shipped
from playground.spec import layers, toml
from playground.spec.check import SpecError, parse
from playground.spec.experiment import Experiment
from playground.spec.layers import Origin
from tests.spec.strategies import models


def preset(name) -> Experiment:
    return toml.load(shipped("models") / name / "experiment.toml")


def names(origins):
    return [None if origin is None else origin.name for origin in origins]


def stack_of(count=4) -> Experiment:
    """Layers that can be told apart by their width."""
    return parse({"model": {"decoder": [{"mlp": {"d_mlp": 10 + index}} for index in range(count)]}})


def widths(experiment, stack="decoder"):
    return [layer.mlp.d_mlp for layer in getattr(experiment.model, stack)]


def test_moving_keeps_the_order_of_those_that_are_carried():
    made = layers.moved(stack_of(), [("decoder", 3), ("decoder", 0)], "decoder", 2)
    assert widths(made.experiment) == [11, 10, 13, 12]
    assert names(made.origins["decoder"]) == ["decoder.1", "decoder.0", "decoder.3", "decoder.2"]
    assert made.places == (("decoder", 1), ("decoder", 2))
    assert widths(layers.moved(stack_of(), [("decoder", 0)], "decoder", 4).experiment) == [11, 12, 13, 10]


def test_a_copy_leaves_the_original_and_starts_as_the_identity():
    made = layers.moved(stack_of(2), [("decoder", 0)], "decoder", 2, copy=True)
    assert widths(made.experiment) == [10, 11, 10]
    assert made.origins["decoder"] == (Origin("decoder.0"), Origin("decoder.1"), Origin("decoder.0", copy=True))
    assert layers.duplicated(stack_of(2), [("decoder", 0)]).origins["decoder"][1] == Origin("decoder.0", copy=True)


def test_removing_and_what_is_chosen_then():
    made = layers.removed(stack_of(), [("decoder", 2), ("decoder", 3)])
    assert widths(made.experiment) == [10, 11]
    assert made.places == (("decoder", 1),)
    with pytest.raises(SpecError, match="no layer"):
        layers.removed(stack_of(1), [("decoder", 0)])


def test_between_stacks_masks_follow_and_cross_attention_stays_behind():
    made = layers.moved(preset("edt"), [("decoder", 1)], "encoder", 0)
    layer = made.experiment.model.encoder[0]
    assert layer.cross is None
    assert layer.attention.mask == "bidirectional"
    assert names(made.origins["encoder"]) == ["decoder.1", "encoder.0", "encoder.1"]
    back = layers.moved(made.experiment, [("encoder", 0)], "decoder", 1)
    assert back.experiment.model.decoder[1].attention.mask == "causal"


@pytest.mark.parametrize("name", ["gpt", "bert", "edt", "llama", "t5"])
@pytest.mark.parametrize("architecture", ["decoder-only", "encoder-only", "encoder-decoder"])
def test_any_architecture_becomes_any_other_and_weights_have_somewhere_to_come_from(name, architecture):
    before = preset(name)
    made = layers.switched(before, architecture)
    assert made.experiment.model.architecture == architecture
    assert all(origin is not None for origins in made.origins.values() for origin in origins)
    for stack, origins in made.origins.items():
        for layer, origin in zip(getattr(made.experiment.model, stack), origins, strict=True):
            old_stack, index = origin.name.split(".")
            old = getattr(before.model, old_stack)[int(index)]
            assert layer.mlp == old.mlp
            assert layer.attention.heads == old.attention.heads
    if architecture == before.model.architecture:
        assert made.experiment.model == before.model


def test_a_bert_that_was_asked_for_masked_tokens_is_asked_for_the_next_one_as_a_gpt():
    made = layers.switched(preset("bert"), "decoder-only").experiment
    assert made.objective == "next"
    assert {layer.attention.mask for layer in made.model.decoder} == {"causal"}


@pytest.mark.parametrize("recipe", layers.RECIPES)
def test_recipes_make_what_they_say_after_their_neighbour(recipe):
    made = layers.from_recipe(preset("edt"), recipe, "decoder", 1)
    layer = made.experiment.model.decoder[1]
    has = (layer.attention is not None, layer.cross is not None, layer.mlp is not None)
    assert has == {"attention": (True, True, False), "mlp": (False, False, True)}.get(recipe, (True, True, True))
    assert (layer.mlp.experts if layer.mlp else 0) == {"attention": 0, "experts": 4}.get(recipe, 1)
    assert made.origins["decoder"][1] is None
    assert made.places == (("decoder", 1),)


def test_layers_go_through_the_clipboard_as_text():
    model = preset("t5").model
    text = toml.dumps_layers(model.decoder, "decoder")
    assert "[[model.decoder]]" in text
    assert toml.loads_layers(text) == model.decoder
    alone = Experiment().model.decoder[0].model_copy(update={"mlp": None})
    assert toml.loads_layers(toml.dumps_layers([alone])) == (alone,)
    assert toml.loads_layers((shipped("models") / "gpt" / "experiment.toml").read_text()) == preset("gpt").model.decoder


@pytest.mark.parametrize("text", ["", "hello", "[model]\nd_model = 3", "[[model.decoder]]\nheads = 3", "[[model.decoder]]\nmlp = 7",
                                  "[[model.decoder]]\nrepeat = 100000", "model = 5", "[model]\ndecoder = 7"])  # fmt: skip
def test_what_is_no_layer_is_refused_with_a_sentence(text):
    with pytest.raises(SpecError):
        toml.loads_layers(text)


def rearranged(now, gesture, some, stack, index):
    if gesture in ("move", "copy"):
        return layers.moved(now, some, stack, index, copy=gesture == "copy")
    if gesture == "recipe":
        return layers.from_recipe(now, "layer", stack, index)
    return {"remove": layers.removed, "duplicate": layers.duplicated}[gesture](now, some)


@given(models(), st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_origins_say_where_the_layers_of_random_models_were(data, draw):
    """Each layer equals the one it came from, but for what its stack forces on it; two rearrangements compose."""
    before = parse({"model": data})
    now, total = before, None
    for _ in range(3):
        places = [(stack, index) for stack, found in now.model.stacks.items() for index in range(len(found))]
        some = draw.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3, unique=True))
        stack = draw.draw(st.sampled_from(list(now.model.stacks)))
        index = draw.draw(st.integers(0, len(getattr(now.model, stack))))
        gesture = draw.draw(st.sampled_from(["move", "copy", "remove", "duplicate", "recipe"]))
        try:
            made = rearranged(now, gesture, some, stack, index)
        except SpecError:
            continue
        total, now = layers.then(total, made.origins), made.experiment
    for stack, origins in (total or {}).items():
        for layer, origin in zip(getattr(now.model, stack), origins, strict=True):
            if origin is not None:
                old_stack, index = origin.name.split(".")
                old = getattr(before.model, old_stack)[int(index)]
                assert layer.mlp == old.mlp or old.attention is None or layer.attention is None
                if old_stack == stack:
                    assert layer.norm == old.norm
