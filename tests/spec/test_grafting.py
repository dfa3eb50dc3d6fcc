"""What a graft would do, from two specs alone: where layers come from, what is said about it, and which rows go where."""

import subprocess
import sys

import pytest

from playground.spec import edit, layers
from playground.spec.check import parse
from playground.spec.grafting.carry import Axis, Carry, Fill, along, joined, overlap
from playground.spec.grafting.heads import Shape, head_axes
from playground.spec.grafting.report import foresee, foretell
from playground.spec.layers import Origin, then
from playground.spec.model import RelativePosition
from playground.spec.origins import guess, settled

LAYER = {"attention": {"heads": 4}, "mlp": {"d_mlp": 64}}


def experiment(*decoder, **changes):
    return parse({"model": {"d_model": 32, "n_ctx": 16, "vocab": 50, "decoder": list(decoder) or [LAYER] * 3} | changes})


def sized(*widths):
    """A model whose layers can be told apart by the width of their MLP."""
    return experiment(*({"attention": {"heads": 4}, "mlp": {"d_mlp": width}} for width in widths)).model


def names(origins, stack="decoder"):
    return [origin and origin.name for origin in origins[stack]]


def test_a_guess_goes_by_place_where_there_are_as_many_and_by_likeness_where_not():
    assert names(guess(sized(1, 2, 3), sized(3, 1, 2))) == ["decoder.0", "decoder.1", "decoder.2"]
    assert names(guess(sized(1, 2, 3), sized(1, 9, 2, 3))) == ["decoder.0", None, "decoder.1", "decoder.2"]
    assert names(guess(sized(1, 2, 3), sized(1, 3))) == ["decoder.0", "decoder.2"]
    assert names(guess(sized(1, 2, 3), sized(1, 7, 3, 8))) == ["decoder.0", "decoder.1", "decoder.2", None]
    assert names(guess(sized(4, 4), sized(4, 4, 4))) == ["decoder.0", "decoder.1", None]


def test_a_lone_stack_is_followed_to_the_other_side():
    gpt = experiment()
    bert = layers.switched(gpt, "encoder-only").experiment.model
    assert names(guess(gpt.model, bert), "encoder") == ["decoder.0", "decoder.1", "decoder.2"]
    assert names(guess(bert, gpt.model)) == ["encoder.0", "encoder.1", "encoder.2"]
    fewer = bert.model_copy(update={"encoder": bert.encoder[:2]})
    assert names(guess(gpt.model, fewer), "encoder") == ["decoder.0", "decoder.1"]
    both = layers.switched(gpt, "encoder-decoder").experiment.model
    assert names(guess(gpt.model, both), "encoder") == [None] * 3
    assert names(guess(both, gpt.model)) == ["decoder.0", "decoder.1", "decoder.2"]


def test_what_is_said_counts_and_is_made_whole_or_guessed_anew():
    old, new = sized(1, 2, 3), sized(2, 1)
    said = {"decoder": (Origin("decoder.1"), Origin("decoder.0"))}
    assert names(settled(said, old, new)) == ["decoder.1", "decoder.0"]
    assert settled(said, old, new)["encoder"] == ()
    assert names(settled({"decoder": (Origin("decoder.1"),)}, old, new)) == ["decoder.1", None]
    assert settled({"decoder": (Origin("decoder.7"), None)}, old, new) == guess(old, new)
    assert settled({"decoder": (None,) * 3}, old, new) == guess(old, new)


def test_a_copy_whose_original_goes_takes_its_place():
    doubled = layers.duplicated(experiment(), [("decoder", 1)])
    rest = layers.removed(doubled.experiment, [("decoder", 1)])
    assert then(doubled.origins, rest.origins)["decoder"] == tuple(Origin(f"decoder.{index}") for index in range(3))
    other = layers.removed(doubled.experiment, [("decoder", 0)])
    assert then(doubled.origins, other.origins)["decoder"] == (
        Origin("decoder.1"), Origin("decoder.1", copy=True), Origin("decoder.2"),
    )  # fmt: skip


SAID = [
    ({"model.decoder[1].mlp.d_mlp": 96}, "All 28 k weights kept."),
    ({"model.decoder[1].mlp.d_mlp": 32}, "92 % of 28 k weights kept."),
    ({"model.decoder[1].mlp": None}, "84 % of 28 k weights kept; dropped: layer 2 MLP."),
    ({"model.decoder[1].attention.gate": True}, "All 28 k weights kept; new: layer 2 gate."),
    ({"model.unembedding.bias": True, "model.unembedding.tied": False}, "All 28 k weights kept; new: unembedding biases."),
]


@pytest.mark.parametrize(("changes", "sentence"), SAID)
def test_a_sentence_says_what_is_kept_new_and_lost(changes, sentence):
    old = new = experiment()
    for path, value in changes.items():
        new = edit.replaced(new, path, value)
    assert foresee(old.model, new.model).sentence == sentence


def test_layers_that_start_as_the_identity_are_named():
    old = experiment()
    made = layers.from_recipe(old, "layer", "decoder", 2)
    report = foresee(old.model, made.experiment.model, made.origins)
    assert report.sentence == "All 28 k weights kept; layer 3 starts as the identity."
    assert report.forecast == "All 28 k weights would be kept; layer 3 would start as the identity."
    twice = layers.duplicated(old, [("decoder", 0), ("decoder", 2)])
    report = foresee(old.model, twice.experiment.model, twice.origins)
    assert report.identity == ("decoder.1", "decoder.4")
    assert report.sentence == "All 28 k weights kept; layer 2 and layer 5 start as the identity."
    less = layers.removed(old, [("decoder", 1)])
    assert foresee(old.model, less.experiment.model, less.origins).lost == ("layer 2",)


def test_an_edit_says_before_it_is_done_what_it_would_cost():
    old = experiment()
    assert foretell(old, edit.replaced(old, "training.lr", 0.5)) == ""
    assert "start again" in foretell(old, edit.replaced(old, "seed", 3))
    narrow = edit.replaced(old, "model.decoder[1].mlp.d_mlp", 32)
    assert foretell(old, narrow) == "92 % of 28 k weights would be kept."
    moved = layers.moved(old, [("decoder", 0)], "decoder", 2)
    assert foretell(old, moved.experiment, moved.origins) == "All 28 k weights would be kept."  # though no record differs


def test_norms_after_the_sum_are_only_nearly_the_identity():
    post = LAYER | {"norm": {"place": "post"}}
    old, new = experiment(post, post), experiment(post, post, post)
    assert foresee(old.model, new.model).nearly == ("decoder.2",)
    first = {"encoder": (), "decoder": (None, Origin("decoder.0"), Origin("decoder.1"))}
    report = foresee(old.model, new.model, first)  # the embedding has no norm, so this one changes what follows
    assert (report.identity, report.nearly) == ((), ())
    assert "new: layer 1 " in report.sentence or "layer 1 attention" in report.sentence
    flat = {"kind": "layer", "eps": 0.0, "learned": False, "place": "output"}
    behind = experiment(LAYER, LAYER | {"norm": flat})
    assert foresee(experiment(LAYER).model, behind.model).identity == ()  # nothing can silence it


def test_a_plan_needs_no_torch():
    code = "import sys; import playground.spec.grafting.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_axes():
    assert overlap(3, 3, Fill.ZERO) == Axis(3)
    assert overlap(2, 3, Fill.ZERO).entries == ((0,), (1,), Fill.ZERO)
    assert along(2, [(0,), (1,)], [1.0, 1.0]) == Axis(2)
    both = joined((2, Axis(2)), (3, overlap(3, 1, Fill.FRESH).scaled(2.0)))
    assert both.entries == ((0,), (1,), (2,))
    assert both.factors == (1.0, 1.0, 2.0)
    assert Carry((overlap(4, 2, Fill.ZERO), Axis(5)), "somewhere").used == 10
    assert Carry((Axis(2), Axis(5))).known == 0


def shape(heads, groups, size, kind="none"):
    return Shape(heads, groups, size, RelativePosition(kind=kind))


def test_heads_that_share_keys_take_the_mean_of_those_they_had():
    axes = head_axes(shape(4, 4, 1), shape(4, 2, 1))
    assert axes.k.entries == ((0, 1), (2, 3))
    assert axes.q == axes.z == Axis(4)
    assert head_axes(shape(4, 2, 1), shape(4, 4, 1)).v.entries == ((0,), (0,), (1,), (1,))
    more = head_axes(shape(4, 2, 1), shape(6, 2, 1))
    assert more.z.entries == ((0,), (1,), Fill.ZERO, (2,), (3,), Fill.ZERO)
    assert more.k == Axis(2)
    assert head_axes(shape(4, 4, 1, "alibi"), shape(2, 2, 1, "alibi")).heads.entries == ((1,), (3,))
