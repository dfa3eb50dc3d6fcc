"""Edits by path, layers in and out, and what every kind of change costs."""

from typing import Literal, get_args, get_origin

import pytest

from playground.spec import edit
from playground.spec.check import SpecError
from playground.spec.experiment import Experiment
from playground.spec.model import Attention, Layer, Mlp, ModelSpec
from playground.spec.record import Record, info

OLD = Experiment()
MODEL = "d_model, n_ctx, vocab, embedding, encoder, encoder_norm, decoder, unembedding, gist, init"


def leaves(record, path):
    """(path, value, Info) of every field that holds no record."""
    for name in type(record).model_fields:
        value, here = getattr(record, name), f"{path}.{name}" if path else name
        if isinstance(value, Record):
            yield from leaves(value, here)
        elif isinstance(value, tuple):
            for index, inner in enumerate(value):
                yield from leaves(inner, f"{here}[{index}]")
        else:
            yield here, value, info(type(record), name)


OTHER = {
    "task.text": "a.txt", "domains.pictures": "a", "domains.episodes": "a", "model.d_model": 256, "model.vocab": 300, "kv_heads": 2, "d_head": 8, "heads": 8, "d_mlp": 7, ".eps": 1e-3,
    "std": 0.5, "validation": 0.25, "tokenizer.vocab": 300, "base": 500.0, "dropout": 0.5, "beta1": 0.5, "beta2": 0.5,
    "max_distance": 256, "model.unembedding.hidden": 128, "top_k": 1,
}  # fmt: skip
"""Another value for fields where not every other one would do."""


def other(path, value):
    """Another value that the field takes."""
    if isinstance(value, bool):
        return not value
    for ending, new in OTHER.items():
        if path.endswith(ending):
            return new
    holder, _, name = path.rpartition(".")
    annotation = type(edit.get(OLD, holder) if holder else OLD).model_fields[name].annotation
    if get_origin(annotation) is Literal:
        return next(choice for choice in get_args(annotation) if choice != value)
    if value is None:
        return 3
    return value + 1 if isinstance(value, int) else value / 2 or 0.5


@pytest.mark.parametrize(
    ("path", "value", "about"),
    [
        leaf
        for leaf in leaves(OLD, "")
        if leaf[0] not in ("task.kind", "model.gist.mask") and not leaf[0].endswith((".cross", ".modalities"))
    ],  # fmt: skip
)
def test_every_field_can_be_changed_and_costs_what_it_says(path, value, about):
    wanted = other(path, value)
    new = edit.replaced(OLD, path, wanted)
    assert edit.get(OLD, path) == value
    assert edit.get(new, path) == wanted != value
    assert edit.change(OLD, new) == about.change
    assert edit.replaced(new, path, value) == OLD
    changed = [one for one, two in zip(leaves(OLD, ""), leaves(new, ""), strict=True) if one[:2] != two[:2]]
    assert [leaf[0] for leaf in changed] == [path]


def test_the_dearest_of_several_changes_counts():
    new = edit.replaced(edit.replaced(OLD, "training.lr", 0.5), "model.n_ctx", 128)
    assert edit.change(OLD, new) == "graft"
    assert edit.change(OLD, edit.replaced(new, "seed", 4)) == "fresh"
    assert edit.change(OLD, OLD) == "same"


def test_layers_and_parts_in_and_out_are_grafts():
    fewer = edit.removed(OLD, "decoder", 0)
    assert edit.change(OLD, fewer) == edit.change(fewer, OLD) == "graft"
    without = edit.replaced(OLD, "model.decoder[1].attention", None)
    assert edit.change(OLD, without) == edit.change(without, OLD) == "graft"


def test_records_replace_layers_parts_and_whole_stacks():
    thin = Layer(attention=Attention(heads=2), mlp=None)
    assert edit.replaced(OLD, "model.decoder[2]", thin).model.decoder == (Layer(), Layer(), thin, Layer())
    assert edit.replaced(OLD, "model.decoder", [thin, thin]).model.decoder == (thin, thin)
    assert edit.replaced(OLD, "model", ModelSpec(d_model=64)).model.d_model == 64
    assert edit.replaced(OLD, "model.decoder[0].mlp", Mlp(d_mlp=3)).model.decoder[0].mlp == Mlp(d_mlp=3)
    assert edit.replaced(OLD, "model.decoder[0].mlp", {"d_mlp": 3}).model.decoder[0].mlp == Mlp(d_mlp=3)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "this is not a path; one looks like model.decoder[2].attention.heads"),
        ("model..d_model", "this is not a path; one looks like model.decoder[2].attention.heads"),
        ("model.decoder[2]attention", "this is not a path; one looks like model.decoder[2].attention.heads"),
        ("model.decoder[-1]", "this is not a path; one looks like model.decoder[2].attention.heads"),
        ("[2]", "this is not a path; one looks like model.decoder[2].attention.heads"),
        ("modle", "there is no such field; known here are model, task, training, seed"),
        ("task.tokenizer.size", "there is no such field; known here are kind, vocab"),
        ("model.stacks", f"there is no such field; known here are {MODEL}"),
        ("model.model_dump", f"there is no such field; known here are {MODEL}"),
        ("task.text.upper", "there is no such field"),
        ("task.text[0]", "[0] picks a layer, and there are none to pick from here"),
        ("model.decoder.attention", "this needs the number of a layer, as in model.decoder[0]"),
        ("model.decoder[4]", "there is no layer 4; there are 4, counted from 0"),
        ("model.decoder[0].mlp.gated", "that part is absent here; add it first"),
    ],
)  # fmt: skip
def test_paths_that_lead_nowhere_say_why(path, says):
    experiment = edit.replaced(OLD, "model.decoder[0].mlp", None)
    for action in (lambda: edit.get(experiment, path), lambda: edit.replaced(experiment, path, True)):
        with pytest.raises(SpecError) as caught:
            action()
        assert str(caught.value) == f"{path}: {says}"
    assert not edit.exists(experiment, path)


def test_absent_parts_are_found_but_do_not_exist():
    experiment = edit.replaced(OLD, "model.decoder[0].mlp", None)
    assert edit.get(experiment, "model.decoder[0].mlp") is None
    assert not edit.exists(experiment, "model.decoder[0].mlp")
    assert edit.exists(experiment, "model.decoder[0].attention")


def test_an_impossible_edit_says_all_that_is_wrong():
    with pytest.raises(SpecError) as caught:
        edit.replaced(OLD, "model.d_model", 101)
    assert [problem.path for problem in caught.value.problems] == [f"model.decoder[{n}].attention.heads" for n in range(4)]


def test_the_last_layer_stays():
    one = edit.replaced(OLD, "model.decoder", [Layer()])
    with pytest.raises(SpecError, match=r"model\.decoder: there is no layer at all"):
        edit.removed(one, "decoder", 0)


@pytest.mark.parametrize(
    "action",
    [
        lambda: edit.removed(OLD, "decoder", 4),
        lambda: edit.removed(OLD, "decoder", -1),
        lambda: edit.moved(OLD, "decoder", 0, 4),
        lambda: edit.moved(OLD, "decoder", 9, 0),
        lambda: edit.inserted(OLD, "decoder", 5, Layer()),
        lambda: edit.inserted(OLD, "middle", 0, Layer()),
        lambda: edit.inserted(OLD, "d_model", 0, Layer()),
    ],
)
def test_places_that_do_not_exist_are_refused(action):
    with pytest.raises(SpecError):
        action()


def test_a_layer_can_be_put_at_the_end():
    thin = Layer(mlp=None)
    assert edit.inserted(OLD, "decoder", 4, thin).model.decoder[-1] == thin
