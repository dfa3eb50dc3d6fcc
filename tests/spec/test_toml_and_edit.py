"""Experiments as TOML and back, edits by path, and what is refused with which words."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.spec import edit, toml
from playground.spec.check import SpecError, check, parse
from playground.spec.experiment import Experiment
from playground.spec.model import Layer, ModelSpec
from playground.spec.record import Record, info
from tests.spec.strategies import models


@given(models(), st.integers(0, 2**31 - 1))
@settings(max_examples=150, deadline=None)
def test_round_trip_loses_nothing(model, seed):
    experiment = parse({"model": model, "seed": seed})
    assert toml.loads(toml.dumps(experiment)) == experiment


def test_equal_neighbours_fold_and_the_design_example_reads():
    text = toml.dumps(Experiment())
    assert text.count("[[model.decoder]]") == 1
    assert "repeat = 4" in text
    experiment = toml.loads("[[model.decoder]]\nrepeat = 3\nattention = {heads = 2}\n[[model.decoder]]\nmlp = 'none'\n")
    assert [layer.mlp is None for layer in experiment.model.decoder] == [False, False, False, True]


def test_comments_of_people_survive_saving(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text(
        "# mine\n[model]\nd_model = 64 # narrow\n\n[[model.decoder]]\n# first\nattention = { heads = 2 } # two\n",
        encoding="utf-8",
    )
    changed = edit.replaced(toml.load(path), "model.d_model", 32)
    toml.save(path, changed)
    text = path.read_text(encoding="utf-8")
    for comment in ("# mine", "# narrow", "# first", "# two"):
        assert comment in text
    assert toml.load(path) == changed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[model]\nwidth = 3", "model.width: there is no such field; known here are d_model"),
        ("[model]\nd_model = 'x'", "model.d_model: should be a whole number, not 'x'"),
        ("[training]\nlr = -1.0", "training.lr: should be greater than 0, not -1.0"),
        ("[[model.decoder]]\nrepeat = 0", "model.decoder[0].repeat: should be a whole number"),
        ("[model]\nd_model = ", "line 2"),
        ("[[model.decoder]]\nattention = 'none'\nmlp = 'none'", "model.decoder[0]: a layer needs attention, an MLP or both"),
        ("[model]\nd_model = 100\n[[model.decoder]]\nrepeat = 2\nattention = {heads=4}\n[[model.decoder]]\nattention = {heads=8}",
         "model.decoder[2].attention.heads: 8 does not divide d_model = 100; 96 or 104 would"),
        ("[[model.decoder]]\nattention = {heads = 4, kv_heads = 3}", "3 does not divide heads = 4; 1, 2, 4 would"),
        ("[model]\nd_model = 12\n[[model.decoder]]\nattention = {heads = 4, position = {kind = 'rotary'}}", "even head size"),
        ("[model]\nd_model = 33\nembedding = {position = {kind = 'sinusoidal'}}\n[[model.decoder]]\nattention = {heads = 3}",
         "sinusoidal positions need an even width"),
        ("[model]\ndecoder = []", "there is no layer at all"),
        ("seed = -4", "seed:"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_path(text, says):
    with pytest.raises(SpecError) as caught:
        toml.loads(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", None])
def test_unreadable_files_are_said_in_words(tmp_path, content):
    path = tmp_path / "experiment.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        toml.load(path)
    assert str(path) in str(caught.value)


@given(st.integers(1, 200), st.integers(1, 16), st.one_of(st.none(), st.integers(1, 16)), st.sampled_from(["none", "rotary"]))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_repair_that_is_offered_repairs(width, heads, groups, position):
    layer = {"attention": {"heads": heads, "kv_heads": groups, "position": {"kind": position}}}
    model = ModelSpec.model_validate({"d_model": width, "decoder": [layer]})
    experiment = Experiment(model=model)
    for problem in check(model):
        assert problem.fixes
        for fix in problem.fixes:
            data = experiment.model_dump()
            holder = data
            steps = edit.split(fix.path)
            for step in steps[:-1]:
                holder = holder[step]
            holder[steps[-1]] = fix.value
            after = ModelSpec.model_validate(data["model"])
            assert (problem.path, problem.message) not in [(p.path, p.message) for p in check(after)]
            assert problem.path not in [p.path for p in check(after) if p.message == problem.message]


def test_edits_make_new_experiments_and_say_what_they_cost():
    old = Experiment()
    cases = {
        "training.lr": (1e-2, "hot"),
        "model.decoder[2].attention.heads": (8, "graft"),
        "model.decoder[1].mlp": (None, "graft"),
        "model.decoder[0].attention.dropout": (0.3, "hot"),
        "task.tokenizer.kind": ("bytes", "fresh"),
        "seed": (7, "fresh"),
    }
    for path, (value, kind) in cases.items():
        new = edit.replaced(old, path, value)
        assert edit.get(new, path) == value
        assert edit.change(old, new) == kind
        assert edit.get(old, path) != value
    assert edit.change(old, old) == "same"


@pytest.mark.parametrize(
    "path", ["model.nothing", "model.decoder[9].mlp.d_mlp", "model.decoder[0].mlp.d_mlp.x", "..", "model["]
)
def test_paths_that_lead_nowhere_are_refused(path):
    with pytest.raises(SpecError):
        edit.replaced(Experiment(), path, 1)


def test_layers_are_inserted_moved_and_removed():
    old = Experiment()
    thin = Layer(mlp=None)
    more = edit.inserted(old, "decoder", 1, thin)
    assert [layer == thin for layer in more.model.decoder] == [False, True, False, False, False]
    there = edit.moved(more, "decoder", 1, 4)
    assert there.model.decoder[4] == thin
    assert edit.removed(there, "decoder", 4) == old


def leaves(record):
    for name, field in record.model_fields.items():
        inner = [t for t in (field.annotation, *getattr(field.annotation, "__args__", ())) if isinstance(t, type)]
        records = [t for t in inner if issubclass(t, Record)]
        if records:
            yield from leaves(records[0])
        elif info(record, name) is not None or name not in ("encoder", "decoder", "attention", "cross", "mlp"):
            yield record, name


def test_every_field_tells_its_label_and_help():
    found = list(leaves(Experiment)) + list(leaves(Layer))
    assert len(found) > 30
    for record, name in found:
        about = info(record, name)
        assert about is not None, f"{record.__name__}.{name}"
        assert about.label
        assert about.help.endswith(".")
