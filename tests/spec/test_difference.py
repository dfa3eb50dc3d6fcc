"""What differs between two experiments: which layer is which, in a line of words, and as the name of an edit."""

import pytest
from hypothesis import HealthCheck, given, settings

from playground.places import shipped
from playground.spec import edit, toml
from playground.spec.aligning import origins
from playground.spec.check import parse
from playground.spec.difference import ARCHITECTURE, Change, changes, name, words
from playground.spec.model import Attention, CrossAttention, Init, Layer, Mlp, ModelSpec
from playground.spec.record import info
from playground.spec.saying import label
from tests.spec.strategies import models

PRESETS = {path.parent.name: toml.load(path) for path in shipped("models").glob("*/experiment.toml")}
GPT, T5 = PRESETS["gpt"], PRESETS["t5"]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def put(experiment, *edits):
    for path, value in edits:
        experiment = edit.replaced(experiment, path, value)
    return experiment


def everywhere(experiment, path, value):
    """The same edit in every layer."""
    return put(experiment, *((f"model.decoder[{i}].{path}", value) for i in range(len(experiment.model.decoder))))


HEADS_8 = put(GPT, ("model.decoder[1].attention.heads", 8))


def two_more(experiment):
    last = experiment.model.decoder[-1]
    return edit.inserted(edit.inserted(experiment, "decoder", 4, last), "decoder", 4, last)


LAYERNORM = put(everywhere(GPT, "norm.kind", "layer"), ("model.unembedding.norm.kind", "layer"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (GPT, GPT, ""),
        (GPT, HEADS_8, "heads 4 → 8 in layer 2"),
        (GPT, two_more(GPT), "2 layers more"),
        (two_more(GPT), GPT, "2 layers less"),
        (GPT, LAYERNORM, "RMS → LayerNorm everywhere"),
        (GPT, two_more(put(HEADS_8, ("training.lr", 3e-3))), "2 layers more · heads 4 → 8 in layer 2 · learning rate 2e-3 → 3e-3"),
        (HEADS_8, edit.removed(HEADS_8, "decoder", 1), "1 layer less"),
        (HEADS_8, edit.moved(HEADS_8, "decoder", 1, 3), "layer 2 moved to 4"),
        (GPT, everywhere(GPT, "mlp.gated", True), "gated on in all layers"),
        (GPT, everywhere(GPT, "attention.kv_heads", 2), "KV heads auto → 2 in all layers"),
        (GPT, everywhere(GPT, "attention.window", 16), "window none → 16 in all layers"),
        (GPT, everywhere(GPT, "attention.mask", "bidirectional"), "mask causal → full in all layers"),
        (GPT, put(GPT, ("model.decoder[0].mlp.d_mlp", 512)), "MLP width 256 → 512 in layer 1"),
        (GPT, put(GPT, ("model.d_model", 128)), "model width 96 → 128"),
        (GPT, put(GPT, ("model.decoder[0].attention.dropout", 0.0)), "attention dropout 0.1 → 0 in layer 1"),
        (GPT, put(GPT, ("model.decoder[2].mlp", None)), "MLP removed in layer 3"),
        (put(GPT, ("model.decoder[2].mlp", None)), GPT, "MLP added in layer 3"),
        (GPT, put(GPT, ("model.embedding.position.kind", "learned")), "position none → learned in the embedding"),
        (GPT, put(GPT, ("task.text", "/home/anna/my notes.txt")), "text Python docs → my notes.txt"),
        (GPT, put(GPT, ("task.text", "C:\\Users\\Anna\\notes.txt")), "text Python docs → notes.txt"),
        (GPT, put(GPT, ("task.kind", "copy-memory")), "task text → copy memory"),
        (GPT, put(GPT, ("seed", 7)), "seed 0 → 7"),
        (T5, put(T5, ("model.decoder[0].cross.heads", 2)), "cross-attention heads 4 → 2 in decoder layer 1"),
        (T5, put(T5, *((f"model.encoder[{i}].mlp.gated", False) for i in (0, 1))), "gated off in all encoder layers"),
    ],
)  # fmt: skip
def test_what_differs_is_said_in_a_line(old, new, said):
    assert words(changes(old, new)) == said


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ((0, 1, 2), "layers 1–3"), ((0, 3), "layers 1 and 4"), ((0, 2, 4), "layers 1, 3 and 5"),
        ((0, 2, 4, 5), "4 layers"), ((0, 1, 2, 3, 4, 5), "all layers"),
    ],
)  # fmt: skip
def test_layers_with_the_same_change_are_said_together(layers, said):
    deep = two_more(GPT)
    new = put(deep, *((f"model.decoder[{i}].attention.heads", 8) for i in layers))
    assert words(changes(deep, new)) == f"heads 4 → 8 in {said}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (GPT, HEADS_8, ["Layer 2: heads 4 → 8"]),
        (HEADS_8, edit.removed(HEADS_8, "decoder", 1), ["Remove layer 2"]),
        (GPT, two_more(GPT), ["Add layer 5", "Add layer 6"]),
        (HEADS_8, edit.moved(HEADS_8, "decoder", 1, 3), ["Move layer 2 to 4"]),
        (GPT, put(GPT, ("training.lr", 3e-3)), ["Training: learning rate 2e-3 → 3e-3"]),
        (GPT, put(GPT, ("model.d_model", 128)), ["Model: width 96 → 128"]),
        (GPT, put(GPT, ("model.decoder[2].mlp", None)), ["Layer 3: remove MLP"]),
        (GPT, put(GPT, ("model.decoder[0].norm.kind", "layer")), ["Layer 1: RMS → LayerNorm"]),
        (GPT, put(GPT, ("model.init.std", 0.1)), ["First weights: std 0.02 → 0.1"]),
        (GPT, put(GPT, ("model.unembedding.tied", False)), ["Unembedding: tied off"]),
        (GPT, put(GPT, ("task.tokenizer.kind", "bytes")), ["Task: tokenizer BPE → bytes"]),
        (GPT, put(GPT, ("task.kind", "copy")), ["Task: text → copy"]),
        (GPT, put(GPT, ("seed", 7)), ["Seed 0 → 7"]),
        (T5, put(T5, ("model.encoder[1].attention.heads", 2)), ["Encoder layer 2: heads 4 → 2"]),
    ],
)  # fmt: skip
def test_an_edit_has_a_name(old, new, said):
    assert [name(change) for change in changes(old, new)] == said


def test_an_edit_known_better_than_two_experiments_tell_has_its_own_name():
    assert words(changes(GPT, edit.removed(GPT, "decoder", 1))) == "1 layer less"
    assert name(Change("model.decoder[1]", GPT.model.decoder[1], None)) == "Remove layer 2"
    assert name(Change("model.decoder[0].attention.heads", 4, 8)) == "Layer 1: heads 4 → 8"
    assert Change("training.batch", 16, 32).words == "batch 16 → 32"


def test_an_encoder_is_compared_with_the_decoder_it_comes_from():
    data = edit._plain(GPT)
    for layer in data["model"]["decoder"]:
        layer["attention"]["mask"] = "bidirectional"
    data["model"] |= {"encoder": data["model"]["decoder"], "decoder": []}
    found = changes(GPT, parse(data))
    assert words(found) == "decoder-only → encoder-only · mask causal → full in all layers"
    assert found[0].path == ARCHITECTURE
    assert name(found[0]) == "Architecture: decoder-only → encoder-only"


def test_what_means_nothing_is_no_change():
    alibi = everywhere(GPT, "attention.position.kind", "alibi")
    assert changes(alibi, everywhere(alibi, "attention.position.base", 500.0)) == []
    assert changes(GPT, put(GPT, ("model.vocab", 300))) == []


def test_a_line_ends_where_there_is_no_more_room():
    for old in PRESETS.values():
        for new in PRESETS.values():
            found = changes(old, new)
            assert bool(found) == (old != new)
            for letters in (90, 40):
                assert len(words(found, letters)) <= letters
    assert words(changes(GPT, PRESETS["bert"])).endswith(" more")
    assert words(changes(GPT, PRESETS["bert"])).startswith("decoder-only → encoder-only")


@given(models(), models())
@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
def test_any_two_models_can_be_compared(one, other):
    old, new = parse({"model": one}), parse({"model": other})
    found = changes(old, new)
    assert changes(old, old) == []
    assert len(words(found)) <= 90
    for change in found:
        assert change.old != change.new
        assert name(change)[0].isupper()
        assert change.words
        if change.path != ARCHITECTURE and not isinstance(change.new, Layer) and change.new is not None:
            assert edit.exists(new, change.path)
    for stack, sources in origins(old.model, new.model).items():
        assert len(sources) == len(getattr(new.model, stack))
        kept = [(source.stack, source.index) for source in sources if source.how == "kept"]
        assert kept == sorted(kept)
        assert len(set(kept)) == len(kept)


def test_deep_stacks_are_compared_quickly():
    old = tuple(Layer(mlp=Mlp(d_mlp=i + 1)) for i in range(300))
    new = (*old[:150], Layer(mlp=Mlp(d_mlp=9999)), *old[150:])
    found = origins(ModelSpec(decoder=old), ModelSpec(decoder=new))["decoder"]
    assert [source.how for source in found].count("added") == 1
    assert found[150].how == "added"


def test_every_field_has_words_of_its_own():
    for record, path in ((Attention, "attention"), (CrossAttention, "cross"), (Mlp, "mlp")):
        called = [label(f"model.decoder[0].{path}.{field}") for field in record.model_fields if info(record, field)]
        assert len(set(called)) == len(called)
        assert all(called)
    assert all(label(f"model.init.{field}") for field in Init.model_fields)
