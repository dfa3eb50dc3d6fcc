"""What cannot be comes with repairs, and each of them repairs without breaking anything else."""

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playground.spec import edit
from playground.spec.check import Fix, SpecError, check, parse
from playground.spec.experiment import Experiment
from playground.spec.model import Attention, Embedding, Layer, Mlp, ModelSpec, Position, RelativePosition

attentions = st.builds(
    Attention,
    heads=st.one_of(st.integers(1, 16), st.integers(1, 256)),
    kv_heads=st.one_of(st.none(), st.integers(1, 16)),
    d_head=st.one_of(st.none(), st.none(), st.integers(1, 64), st.just(1023)),
    position=st.builds(RelativePosition, kind=st.sampled_from(["none", "rotary"])),
)
layers = st.builds(
    Layer, attention=st.one_of(st.none(), attentions, attentions, attentions), mlp=st.sampled_from([None, Mlp()])
)
models = st.builds(
    ModelSpec,
    d_model=st.one_of(st.integers(1, 300), st.integers(1, 16384)),
    embedding=st.builds(Embedding, position=st.builds(Position, kind=st.sampled_from(["none", "learned", "sinusoidal"]))),
    decoder=st.lists(layers, min_size=1, max_size=4).map(tuple),
)


def repaired(model: ModelSpec, fix: Fix) -> ModelSpec:
    """The model with a repair applied, whatever else is still wrong; the fields' own limits hold."""
    data = {"model": model.model_dump()}
    *steps, last = edit.split(fix.path)
    holder = data
    for step in steps:
        holder = holder[step]
    holder[last] = fix.value
    return ModelSpec.model_validate(data["model"])


@given(models)
@settings(max_examples=500, deadline=None)
def test_every_repair_repairs_and_breaks_nothing(model):
    before = {problem.path for problem in check(model)}
    for problem in check(model):
        assert problem.fixes
        for fix in problem.fixes:
            after = {left.path for left in check(repaired(model, fix))}
            assert after < before
            assert problem.path not in after


@given(models)
@settings(max_examples=200, deadline=None)
def test_where_one_thing_is_wrong_each_repair_makes_a_whole_experiment(model):
    problems = list(check(model))
    assume(len(problems) == 1)
    for fix in problems[0].fixes:
        assert parse({"model": repaired(model, fix).model_dump()}).model == repaired(model, fix)


@given(models, st.lists(st.integers(0, 4), min_size=5, max_size=5))
@settings(max_examples=200, deadline=None)
def test_pressing_repairs_leads_to_a_model_that_can_be(model, choices):
    for choice in choices + [0] * 20:
        problems = list(check(model))
        if not problems:
            break
        fixes = problems[0].fixes
        model = repaired(model, fixes[choice % len(fixes)])
    assert not list(check(model))


def problems_of(**fields):
    with pytest.raises(SpecError) as caught:
        parse({"model": fields})
    return caught.value.problems


def heads(count, **more):
    return {"attention": {"heads": count, **more}}


def test_heads_that_do_not_divide_the_width():
    (problem,) = problems_of(d_model=100, decoder=[heads(4), heads(4), heads(8), heads(4)])
    assert str(problem) == "model.decoder[2].attention.heads: 8 does not divide d_model = 100; 96 or 104 would"
    assert problem.fixes == (
        Fix("model.d_model", 96),
        Fix("model.d_model", 104),
        Fix("model.decoder[2].attention.heads", 5),
    )
    assert [fix.label for fix in problem.fixes] == ["d_model = 96", "d_model = 104", "heads = 5"]


def test_a_width_that_is_offered_suits_the_other_layers_too():
    first, second = problems_of(d_model=100, decoder=[heads(8), heads(3)])
    assert first.message == "8 does not divide d_model = 100; 96 or 120 would"
    assert second.message == "3 does not divide d_model = 100; 96 or 120 would"


def test_heads_that_are_offered_suit_shared_keys_and_rotation():
    rotary = {"position": {"kind": "rotary"}}
    (problem,) = problems_of(d_model=100, decoder=[heads(8, kv_heads=2, **rotary)])
    assert problem.message == "8 does not divide d_model = 100; 96 or 112 would"
    assert problem.fixes[-1] == Fix("model.decoder[0].attention.heads", 2)


def test_where_no_width_and_no_heads_suit_a_head_size_does():
    decoder = [heads(count) for count in (251, 241, 239)]
    problem = problems_of(d_model=16381, decoder=[heads(251, kv_heads=251), *decoder])[0]
    assert problem.fixes == (Fix("model.decoder[0].attention.d_head", 64),)
    assert problem.message == "251 does not divide d_model = 16381; d_head = 64 would do"


def test_keys_that_cannot_be_shared():
    (problem,) = problems_of(d_model=60, decoder=[heads(6, kv_heads=4)])
    assert str(problem) == "model.decoder[0].attention.kv_heads: 4 does not divide heads = 6; 1, 2, 3, 6 would"


def test_rotations_need_pairs():
    (problem,) = problems_of(d_model=12, decoder=[heads(4, position={"kind": "rotary"})])
    assert str(problem) == (
        "model.decoder[0].attention.position.kind: rotary turns pairs, so it needs an even head size, not 3; d_head = 4 would"
    )


def test_sines_need_an_even_width():
    (problem,) = problems_of(d_model=33, embedding={"position": {"kind": "sinusoidal"}}, decoder=[heads(3)])
    assert str(problem) == "model.d_model: sinusoidal positions need an even width, 33 is odd; 30 or 36 would"


def test_an_empty_layer_is_offered_an_mlp_of_the_usual_width():
    (problem,) = problems_of(d_model=10, decoder=[{"attention": None, "mlp": None}])
    assert str(problem) == "model.decoder[0]: a layer needs attention, an MLP or both; this one has neither"
    assert problem.fixes == (Fix("model.decoder[0].mlp", Mlp(d_mlp=40)),)
    assert problem.fixes[0].label == "add mlp"


def test_a_model_without_layers_is_refused():
    assert problems_of(decoder=[])[0].path == "model.decoder"


@pytest.mark.parametrize(
    ("model", "path", "says"),
    [
        ({"decoder": [{"cross": {}}]}, "model.decoder[0].cross", "no encoder to look at"),
        ({"encoder": [{"cross": {}}], "decoder": [{"cross": {}}]}, "model.encoder[0].cross", "no other sequence"),
        ({"encoder": [{}], "decoder": [{}, {}]}, "model.decoder", "nothing in the decoder looks"),
        ({"decoder": [{"mlp": {"experts": 3, "top_k": 4}}]}, "model.decoder[0].mlp.top_k", "more than the 3"),
        ({"decoder": [{"order": "parallel", "norm": {"place": "post"}}]}, "model.decoder[0].order", "stands before"),
        ({"unembedding": {"hidden": 64}}, "model.unembedding.hidden", "untie"),
        ({"decoder": [{"attention": {"position": {"kind": "rotary", "fraction": 0.01}}}]},
         "model.decoder[0].attention.position.fraction", "not one pair"),
        ({"decoder": [{"attention": {"position": {"kind": "t5", "buckets": 32, "max_distance": 16}}}]},
         "model.decoder[0].attention.position.max_distance", "64 would do"),
        ({"encoder": [{"attention": {"mask": "prefix"}}], "decoder": []}, "model.encoder[0].attention.mask", "bidirectional would do"),
    ],
)  # fmt: skip
def test_what_the_architectures_cannot_be_has_a_repair_that_works(model, path, says):
    (problem,) = problems_of(**model)
    assert problem.path == path
    assert says in problem.message
    for fix in problem.fixes:
        mended = json.loads(json.dumps({"model": model}))
        holder = mended
        *steps, last = edit.split(fix.path)
        for step, after in zip(steps, [*steps[1:], last], strict=True):
            if isinstance(holder, dict):
                holder = holder.setdefault(step, [] if isinstance(after, int) else {})
            else:
                holder = holder[step]
        holder[last] = fix.value
        parse(mended)


def test_the_default_is_fine():
    assert not list(check(Experiment().model))
