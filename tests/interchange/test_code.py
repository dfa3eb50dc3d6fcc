"""Written code is a model of its own: the same logits from the same file, without this project, and nothing unused in it."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from playground.interchange.code import code
from playground.places import shipped
from playground.spec import cost, toml
from playground.spec.check import parse
from playground.training.checkpoint import fill, load_weights
from playground.transformer.generate import generate
from playground.transformer.model import Transformer, build
from tests.interchange.alone import compared, randomised, reads_of, run_alone, write
from tests.spec.strategies import models

PRESETS = {path.parent.name: path for path in sorted(shipped("models").glob("*/experiment.toml"))}


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def preset(name):
    return toml.load(PRESETS[name]).model


def spec_of(data):
    task = {"kind": "instructions"} if "gist" in data else {}
    return parse({"model": data, "task": task}).model


def stack(*layers, **more):
    return spec_of({"d_model": 12, "n_ctx": 8, "vocab": 11, "decoder": list(layers), **more})


@st.composite
def dropping(draw):
    """Random models, some of which drop values while they learn."""
    data = draw(models())
    rate = st.sampled_from([0.0, 0.0, 0.1, 0.25])
    data["embedding"]["dropout"] = draw(rate)
    for layer in (*data["encoder"], *data["decoder"]):
        for name in ("attention", "cross", "mlp"):
            if layer[name] is not None:
                layer[name]["dropout"] = draw(rate)
                layer[name] |= {} if name == "mlp" else {"pattern_dropout": draw(rate)}
    return data


def drawn(count):
    found = []

    @settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(dropping())
    def collect(data):
        found.append(spec_of(data))

    collect()
    return found


@pytest.fixture(scope="module")
def random_specs():
    return drawn(200)


def test_two_hundred_random_models(tmp_path, random_specs):
    assert len(random_specs) == 200
    compared(tmp_path, random_specs)


def test_ruff_has_nothing_to_say(tmp_path, random_specs):
    pytest.importorskip("ruff")
    for index, spec in enumerate((*map(preset, PRESETS), *UNCOMMON.values(), *random_specs)):
        text = code(spec)
        assert "$" not in text  # where a template was left open
        assert [line for line in text.splitlines() if len(line) > 110] == []
        (tmp_path / f"model_{index}.py").write_text(text, encoding="utf-8")
    for words in (("format", "--check", "--diff", "--line-length", "110"), ("check",)):
        ruff = [sys.executable, "-m", "ruff", *words, "--isolated", "--no-cache", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_preset_gives_the_same_logits_and_starts_alike(tmp_path):
    home = compared(tmp_path, [preset(name) for name in PRESETS])
    for folder, name in zip(sorted(home.iterdir()), PRESETS, strict=True):
        own = dict(build(preset(name), 0).named_parameters())
        starts = json.loads((folder / "starts.json").read_text())
        assert starts.keys() == own.keys()
        for weight, (mean, std) in starts.items():
            ours, root = own[weight], own[weight].numel() ** 0.5
            spread = ours.std(correction=0).item()
            waves = weight == "embed.weight" and preset(name).multi_domain  # whole columns of it go up and down together
            assert mean == pytest.approx(ours.mean().item(), abs=0.1 if waves else max(0.12, 6 * spread) / root), weight
            assert std == pytest.approx(spread, rel=0.05 if waves else 4 / root, abs=1e-12), weight


def test_shipped_weights_load_count_and_go_on_as_ours_do(tmp_path):
    folder = tmp_path / "home" / "gpt"
    folder.parent.mkdir()
    spec, weights = preset("gpt"), PRESETS["gpt"].with_name("model.safetensors")
    write(folder, spec)
    shutil.copy(weights, folder / "model.safetensors")
    run_alone(tmp_path, folder.parent)
    own = Transformer(spec).eval()
    fill(own, load_weights(PRESETS["gpt"].parent), folder)
    found, tokens = load_file(folder / "found.safetensors"), reads_of(spec)["tokens"]
    with torch.no_grad():
        assert (found["logits"] - own(tokens)).abs().max() <= 1e-6
        text = tokens[0].tolist()
        for _ in range(5):
            text.append(int(own(torch.tensor([text[-spec.n_ctx :]]))[0, -1].argmax()))
    assert found["text"].tolist() == text
    assert next(iter(generate(own, text[:-5], 1, temperature=0.0)))[0] == text[-5]
    done = subprocess.run([sys.executable, "-I", str(folder / "written.py")], capture_output=True, text=True)
    assert done.stdout == f"{cost.parameters(spec):,} parameters\n", done.stderr


def test_without_weights_the_file_still_counts(tmp_path):
    write(tmp_path / "t5", preset("t5"))
    done = subprocess.run([sys.executable, "-I", str(tmp_path / "t5" / "written.py")], capture_output=True, text=True)
    assert done.stdout == f"{cost.parameters(preset('t5')):,} parameters\n", done.stderr


UNCOMMON = {
    "heads that are no power of 2": stack({"attention": {"heads": 6, "position": {"kind": "alibi"}}}),
    "one of them is": stack(*({"attention": {"heads": n, "position": {"kind": "alibi"}}} for n in (3, 4))),
    "half of each head turns": stack({"attention": {"heads": 1, "position": {"kind": "rotary", "fraction": 0.5}}}),
    "heads of cross-attention differ": stack(
        {"attention": {"heads": 4}, "cross": {"heads": 2, "kv_heads": 1}}, encoder=[{"attention": {"mask": "bidirectional"}}]
    ),
    "distances in layers of other widths": stack(
        *({"attention": {"heads": n, "position": {"kind": "t5", "buckets": 2 * n}}} for n in (4, 6)),
        {"attention": {"heads": 4, "mask": "bidirectional", "position": {"kind": "t5", "max_distance": 20}}},
    ),
    "prefix and context": stack({"attention": {"mask": "prefix"}, "cross": {}}, {"mlp": {}}, encoder=[{}]),
    "mixtures of different size": stack(*({"mlp": {"experts": n, "top_k": n - 1, "d_mlp": 4 + n}} for n in (2, 3, 3))),
    "no layer has attention": stack({"attention": None}, {"attention": None, "mlp": {"activation": "relu2"}}),
    "a sum of nothing but itself": stack({"norm": {"kind": "none", "place": "post"}, "order": "parallel_shared"}),
    "no offset anywhere": stack({"norm": {"bias": False}, "attention": {"bias": False}, "mlp": {"bias": False}},
                                unembedding={"norm": {"kind": "rms"}}, init={"depth_scaled": False}),
    "gist tokens": stack({}, {"attention": {"mask": "prefix", "window": 3}}, gist={"mask": "gist"}, init={"fan_in": True}),
    "no gist token is seen": stack({"attention": {"sink": True}}, gist={"mask": "negative"}),
    "an encoder with gist tokens": stack({"cross": {}}, {"attention": None, "cross": {}}, gist={"mask": "gist"},
                                         encoder=[{"attention": {"mask": "bidirectional"}}], init={"embedding_factor": 3.0}),
    "no encoder's gist is seen": stack({"cross": {}}, gist={"mask": "negative"}, encoder=[{"mlp": None}, {"attention": None}]),
    "only an encoder with gist tokens": stack(gist={"mask": "gist"}, encoder=[{"attention": {"mask": "bidirectional"}}]),
}  # fmt: skip


def test_what_random_models_rarely_are(tmp_path):
    compared(tmp_path, UNCOMMON.values())


def test_what_is_dropped_in_training_is_the_same(tmp_path):
    everywhere = {
        "attention": {"dropout": 0.1, "pattern_dropout": 0.2, "soft_cap": 9.0},
        "cross": {"dropout": 0.3, "pattern_dropout": 0.4, "sink": True},
        "mlp": {"dropout": 0.2},
    }
    specs = [
        preset("gpt"),
        stack(everywhere, everywhere | {"norm": {"place": "sandwich"}, "branch_scale": 0.5}, embedding={"dropout": 0.1},
              encoder=[everywhere | {"cross": None, "order": "parallel"}]),
    ]  # fmt: skip
    home = compared(tmp_path, specs)
    for index, spec in enumerate(specs):
        model, reads = randomised(spec, index), reads_of(spec)
        with torch.no_grad():
            torch.manual_seed(0)
            wanted = model.train()(**reads)
            assert (model.eval()(**reads) - wanted).abs().max() > 1e-3
        assert (load_file(home / f"{index:03}" / "found.safetensors")["training"] - wanted).abs().max() <= 1e-6


def test_branches_that_start_at_zero(tmp_path):
    home = compared(tmp_path, [stack({}, {}, init={"zero_out": True})])
    starts = json.loads((home / "000" / "starts.json").read_text())
    zero = {name for name, (mean, std) in starts.items() if "weight" in name and mean == std == 0}
    assert zero == {f"decoder.{layer}.{out}.weight" for layer in (0, 1) for out in ("attention.out", "mlp.down")}


EVERYTHING = {
    "rotary": preset("gpt"),
    "rms": preset("gpt"),
    "kv_heads": preset("llama"),
    "gate": preset("llama"),
    "alibi": UNCOMMON["one of them is"],
    "slopes": UNCOMMON["one of them is"],
    "t5": preset("t5"),
    "bucket": preset("t5"),
    "distance": preset("t5"),
    "cross": preset("t5"),
    "encoder": preset("t5"),
    "context": preset("edt"),
    "memory": preset("edt"),
    "prefix": UNCOMMON["prefix and context"],
    "expert": UNCOMMON["mixtures of different size"],
    "router": UNCOMMON["mixtures of different size"],
    "dropout": preset("gpt"),
    "hidden": preset("bert"),
    "sinusoid": stack({}, embedding={"position": {"kind": "sinusoidal"}}),
    "sink": stack({"attention": {"sink": True}}),
    "tanh": stack({}, unembedding={"soft_cap": 5.0}),
    "window": stack({"attention": {"window": 3}}),
    "q_norm": stack({"attention": {"qk_norm": "full"}}),
    "norm1_out": stack({"norm": {"place": "sandwich"}}),
    "self.mask": preset("edt"),
    "callable": stack({}, {"mlp": {"activation": "silu"}}),
}
"""Words of options, and a model that uses each."""


@pytest.mark.parametrize("name", ["gpt-paper", "nanogpt-cpu"])
def test_a_plain_gpt_says_nothing_of_what_it_has_not(name):
    text = code(preset(name)).lower()
    assert [word for word in EVERYTHING if word in text] == []
    assert "layernorm" in text


@pytest.mark.parametrize("word", EVERYTHING)
def test_what_is_used_is_said(word):
    assert word in code(EVERYTHING[word]).lower()


def test_gpt_is_short_enough_to_read():
    lines = code(preset("gpt"), "GPT").splitlines()
    assert len(lines) < 150
    assert sum("ModuleList(Layer() for _ in range(4))" in line for line in lines) == 1


def test_any_title_leaves_the_file_whole():
    for title in ('"""', "a\\", 'quoted"', "line\nbreak\0", "x" * 300, "Änderung – 模型 " * 20, ""):
        compile(code(preset("gpt"), title), "written.py", "exec")
    assert code(preset("gpt"), "My GPT").startswith('"""My GPT: a decoder-only transformer')
