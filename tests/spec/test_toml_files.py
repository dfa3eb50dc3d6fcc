"""Experiments in files: what people wrote stays, what is broken is said with its line, and a failed save harms nothing."""

import os
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.spec import edit, toml
from playground.spec.check import SpecError, parse
from playground.spec.experiment import Experiment, TaskSpec, TokenizerSpec, TrainingSpec
from playground.spec.folding import folded
from playground.spec.keeping import rewritten
from playground.spec.model import Attention, Init, Layer, Mlp, ModelSpec, PlacedNorm, RelativePosition

HAND = """\
# My experiment
seed = 3 # lucky

[model]
d_model = 64   # narrow
n_ctx = 32

# two plain layers
[[model.decoder]]
repeat = 2 # twice
attention = { heads = 2 } # few heads

# the odd one
[[model.decoder]]
mlp = "none" # attention only
attention = { heads = 4, kv_heads = 2 }

# how it learns
[training]
lr = 3e-4 # Karpathy's
"""
COMMENTS = [line[line.index("#") :] for line in HAND.splitlines() if "#" in line]


def saved(tmp_path, text, change):
    """The text of a hand-written file after loading it, changing it and saving it."""
    path = tmp_path / "experiment.toml"
    path.write_text(text, encoding="utf-8")
    new = change(toml.load(path))
    toml.save(path, new)
    assert toml.load(path) == new
    return path.read_text(encoding="utf-8")


# -- nothing is lost ------------------------------------------------------------------------------------------------

floats = st.floats(1e-12, 10.0, exclude_min=True)
tasks = st.builds(
    TaskSpec,
    text=st.text(st.characters(codec="utf-8")),
    tokenizer=st.builds(
        TokenizerSpec, kind=st.sampled_from(["characters", "bytes", "bpe", "unigram"]), vocab=st.integers(272, 65536)
    ),
    validation=st.floats(0.0, 0.5, exclude_min=True),
)
trainings = st.builds(
    TrainingSpec,
    steps=st.integers(1, 10_000_000),
    lr=floats,
    lr_min=floats,
    schedule=st.sampled_from(["constant", "cosine"]),
    beta1=st.floats(0.0, 1.0, exclude_max=True),
    weight_decay=floats,
    precision=st.sampled_from(["auto", "float32", "bfloat16"]),
)
layers = st.sampled_from(
    [
        Layer(),
        Layer(mlp=None),
        Layer(attention=None),
        Layer(attention=Attention(heads=2)),
        Layer(norm=PlacedNorm(kind="rms", eps=1e-6)),
        Layer(attention=Attention(kv_heads=2, d_head=10, position=RelativePosition(kind="rotary"), dropout=0.25)),
        Layer(mlp=Mlp(gated=True, activation="silu", d_mlp=33)),
    ]
)
model_specs = st.builds(
    ModelSpec,
    d_model=st.sampled_from([8, 64, 128]),
    decoder=st.lists(layers, min_size=1, max_size=7).map(tuple),
    init=st.builds(Init, std=st.floats(1e-6, 2.0)),
)
experiments = st.builds(Experiment, model=model_specs, task=tasks, training=trainings, seed=st.integers(0, 2**31 - 1))


@given(experiments)
@settings(max_examples=100, deadline=None)
def test_whole_experiments_come_back_equal(experiment):
    text = toml.dumps(experiment)
    assert toml.loads(text) == experiment
    assert toml.dumps(toml.loads(text)) == text


@given(experiments, experiments)
@settings(max_examples=100, deadline=None)
def test_any_change_to_a_written_file_is_what_was_asked_for(old, new):
    """The text changed in place says the new experiment; it is not the rewrite that save() falls back on."""
    assert toml.loads(rewritten(toml.dumps(old), old, new)) == new


@given(experiments)
@settings(max_examples=100, deadline=None)
def test_any_change_to_a_hand_written_file_keeps_the_comments_that_are_not_on_layers(new):
    changed = rewritten(HAND, toml.loads(HAND), new)
    assert toml.loads(changed) == new
    for comment in ("# My experiment", "# lucky", "# narrow", "# how it learns", "# Karpathy's"):
        assert comment in changed


def test_a_file_may_leave_everything_out():
    assert toml.loads("") == Experiment()


def test_more_equal_layers_than_one_repeat_may_say_come_back():
    experiment = Experiment(model=ModelSpec(decoder=(Layer(),) * 1030))
    text = toml.dumps(experiment)
    assert "repeat = 1024" in text
    assert "repeat = 6" in text
    assert toml.loads(text) == experiment


def test_an_empty_decoder_does_not_come_back_as_the_default_one():
    encoder_only = Experiment(model=ModelSpec(encoder=(Layer(),), decoder=()))
    assert tomllib.loads(toml.dumps(encoder_only))["model"]["decoder"] == []


def test_absent_parts_and_absent_numbers_have_their_own_writing():
    layer = Layer(attention=None)
    text = toml.dumps(Experiment(model=ModelSpec(decoder=(layer,))))
    assert 'attention = "none"' in text
    assert "kv_heads" not in toml.dumps(Experiment())
    assert toml.loads(text).model.decoder == (layer,)


# -- what people wrote stays ----------------------------------------------------------------------------------------


def test_saving_the_same_leaves_the_file_to_the_letter(tmp_path):
    assert saved(tmp_path, HAND, lambda experiment: experiment) == HAND


def test_one_value_changes_one_line(tmp_path):
    after = saved(tmp_path, HAND, lambda experiment: edit.replaced(experiment, "model.n_ctx", 48))
    assert after == HAND.replace("n_ctx = 32", "n_ctx = 48")


def test_a_value_with_a_comment_keeps_it(tmp_path):
    after = saved(tmp_path, HAND, lambda experiment: edit.replaced(experiment, "model.d_model", 128))
    assert after == HAND.replace("d_model = 64 ", "d_model = 128 ")


def test_a_field_left_out_is_added_only_when_it_changes(tmp_path):
    after = saved(tmp_path, HAND, lambda experiment: edit.replaced(experiment, "training.batch", 3))
    assert after.replace("batch = 3\n", "") == HAND


def test_a_layer_edited_in_place_keeps_its_comments(tmp_path):
    after = saved(tmp_path, HAND, lambda experiment: edit.replaced(experiment, "model.decoder[2].attention.kv_heads", None))
    assert "kv_heads" not in after
    assert all(comment in after for comment in COMMENTS)


def test_splitting_a_repeat_keeps_every_comment(tmp_path):
    after = saved(tmp_path, HAND, lambda experiment: edit.replaced(experiment, "model.decoder[1].attention.heads", 8))
    assert all(comment in after for comment in COMMENTS)
    assert after.count("[[model.decoder]]") == 3


def test_growing_a_repeat_changes_its_number(tmp_path):
    after = saved(tmp_path, HAND, lambda e: edit.inserted(e, "decoder", 1, e.model.decoder[1]))
    assert after == HAND.replace("repeat = 2", "repeat = 3")


def test_removing_a_layer_takes_its_comments_and_no_others(tmp_path):
    after = saved(tmp_path, HAND, lambda experiment: edit.removed(experiment, "decoder", 2))
    gone = {"# the odd one", "# attention only"}
    assert all((comment in after) != (comment in gone) for comment in COMMENTS)


def test_the_comment_above_a_layer_moves_with_it(tmp_path):
    after = saved(tmp_path, HAND, lambda experiment: edit.moved(experiment, "decoder", 2, 0))
    assert all(comment in after for comment in COMMENTS)
    assert after.index("# the odd one") < after.index("# two plain layers") < after.index("# how it learns")


@pytest.mark.parametrize(
    "text",
    [
        "model.d_model = 32 # keep\n",
        "# keep\n[model.embedding.position]\nkind = 'sinusoidal'\n",
        "[model] # keep\ndecoder = [ { attention = { heads = 2 } } ]\n",
        "[[model.decoder]] # keep\n[model.decoder.attention]\nheads = 2\n[[model.decoder]]\n[training]\nlr = 1\n",
        "[model]\nd_model = 32\n[training] # keep\nsteps = 5\n[[model.decoder]]\nattention.heads = 2\n",
        "[ [ model . decoder ] ]\n".replace("[ [", "[[").replace("] ]", "]]") + "# keep\nmlp = 'none'\n",
        "# keep\r\n[model]\r\nd_model = 64\r\n\r\n[[model.decoder]]\r\nrepeat = 2\r\n",
        "# keep\n[model]\nd_model = 64",
    ],
)
def test_uncommon_layouts_are_changed_too(tmp_path, text):
    def change(experiment):
        longer = edit.inserted(experiment, "decoder", 0, Layer(norm=PlacedNorm(kind="rms")))
        wider = edit.replaced(longer, "model.d_model", 80)
        return edit.replaced(wider, "model.embedding.position.kind", "none")

    path = tmp_path / "experiment.toml"
    path.write_bytes(text.encode())
    new = change(toml.load(path))
    toml.save(path, new)
    assert toml.load(path) == new
    assert b"keep" in path.read_bytes()


# -- how it is written ----------------------------------------------------------------------------------------------


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "experiment.toml"
    path.write_text(HAND, encoding="utf-8")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        toml.save(path, Experiment())
    assert path.read_text(encoding="utf-8") == HAND
    assert [entry.name for entry in tmp_path.iterdir()] == ["experiment.toml"]


def test_new_folders_are_made_and_others_may_read_as_usual(tmp_path):
    path = tmp_path / "new" / "experiment.toml"
    toml.save(path, Experiment())
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    toml.save(path, Experiment(seed=1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text(HAND, encoding="utf-8")
    link.symlink_to(real)
    toml.save(link, Experiment(seed=9))
    assert link.is_symlink()
    assert toml.load(real).seed == 9


def test_a_broken_file_is_replaced_by_a_whole_one(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_bytes(b"\xff[[[")
    toml.save(path, Experiment(seed=2))
    assert toml.load(path).seed == 2


# -- what cannot be read --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[model]\nd_model = 8\nheads 4\n",
         "line 3 is not TOML: expected '=' after a key in a key/value pair (column 7); mend that line"),
        ("seed = 1\n[model\n", "line 2 is not TOML: "),
        ("seed = 1\n\ntask = { text = 'a'", "line 3 is not TOML: unclosed inline table (the text ends there); mend that line"),
        ("seed = 1\nseed = 2\n", "line 2 is not TOML: cannot overwrite a value"),
        ("seed = " + "9" * 5000, "this is not TOML: exceeds the limit"),
        ("seed = " + "[" * 5000, "this is nested too deeply"),
    ],
)  # fmt: skip
def test_broken_toml_is_said_with_its_line(text, says):
    with pytest.raises(SpecError) as caught:
        toml.loads(text)
    assert str(caught.value).startswith(f"experiment.toml: {says}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[model.decoder]]\n[[model.decoder]]\nrepeat = 0",
         "model.decoder[1].repeat: should be a whole number from 1 to 1024, not 0"),
        ("[[model.decoder]]\nrepeat = true", "model.decoder[0].repeat: should be a whole number from 1 to 1024, not true"),
        ("[[model.decoder]]\nrepeat = 2.0", "model.decoder[0].repeat: should be a whole number from 1 to 1024, not 2.0"),
        ("[[model.decoder]]\nrepeat = '2'", "model.decoder[0].repeat: should be a whole number from 1 to 1024, not '2'"),
        ("[[model.decoder]]\nrepeat = 10000000000",
         "model.decoder[0].repeat: should be a whole number from 1 to 1024, not 10000000000"),
        ("[[model.decoder]]\nrepeat = 2\n[[model.decoder]]\nattention = { head = 2 }",
         "model.decoder[2].attention.head: there is no such field; "
         "known here are heads, kv_heads, d_head, qk_norm, scaled, soft_cap, sink, gate, bias, pattern_dropout, dropout, mask, window, position, qk_norm_place"),
        ("nonsense = 1", "nonsense: there is no such field; known here are model, task, training, seed"),
        ("[[model.decoder]]\nattention = { heads = true }",
         "model.decoder[0].attention.heads: should be a whole number, not true"),
        ("[[model.decoder]]\nattention = { heads = '4' }",
         "model.decoder[0].attention.heads: should be a whole number, not '4'"),
        ("[[model.decoder]]\nattention = { heads = 1.5 }",
         "model.decoder[0].attention.heads: should be a whole number, not 1.5"),
        ("[[model.decoder]]\nattention = { heads = 300 }", "model.decoder[0].attention.heads: should be at most 256, not 300"),
        ("[[model.decoder]]\nattention = { kv_heads = 0 }", "model.decoder[0].attention.kv_heads: should be at least 1, not 0"),
        ("[[model.decoder]]\nattention = { bias = 1 }", "model.decoder[0].attention.bias: should be true or false, not 1"),
        ("[[model.decoder]]\nmlp = 4",
         "model.decoder[0].mlp: should be a table of d_mlp, activation, gated, experts, top_k, balance, bias, dropout, "
         'or "none" to leave it out, not 4'),
        ("[[model.decoder]]\nmlp = { activation = 'swish' }",
         "model.decoder[0].mlp.activation: should be 'relu', 'relu2', 'gelu', 'gelu_tanh', 'silu', 'tanh' or 'sigmoid', not 'swish'"),
        ("[model]\ndecoder = 4", "model.decoder: should be a list of layers, each a table such as [[model.decoder]], not 4"),
        ("[model]\ndecoder = [4]", "model.decoder[0]: should be a table of norm, attention, cross, mlp, order, branch_scale, not 4"),
        ("model = 4",
         "model: should be a table of d_model, n_ctx, vocab, embedding, encoder, encoder_norm, decoder, unembedding, gist, init, not 4"),
        ("[training]\nlr = nan", "training.lr: should be a finite number, not nan"),
        ("[training]\nbeta1 = 1.0", "training.beta1: should be less than 1, not 1.0"),
        ("[training]\nlr = '1e-3'", "training.lr: should be a number, not '1e-3'"),
        ("[task]\ntext = 4", "task.text: should be text, not 4"),
    ],
)  # fmt: skip
def test_fields_that_cannot_be_are_said_with_path_and_reason(text, says):
    with pytest.raises(SpecError) as caught:
        toml.loads(text)
    assert str(caught.value) == says


def test_every_reason_is_said_at_once():
    with pytest.raises(SpecError) as caught:
        toml.loads("seed = -1\n[model]\nd_model = 0\n[training]\nbatch = 0\n")
    assert [problem.path for problem in caught.value.problems] == ["model.d_model", "training.batch", "seed"]


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text(HAND, encoding="utf-8-sig")
    assert toml.load(path) == toml.loads(HAND)


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("seed = ", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        toml.load(path)
    assert str(caught.value).startswith(f"{path}: line 1 is not TOML")
    for wrong in (tmp_path, tmp_path / "absent.toml", path / "below"):
        with pytest.raises(SpecError, match="this cannot be read: "):
            toml.load(Path(wrong))


def test_the_file_says_what_the_experiment_is():
    experiment = parse({"model": {"decoder": [{}, {}, {"mlp": None}]}})
    assert tomllib.loads(toml.dumps(experiment)) == folded(experiment)
