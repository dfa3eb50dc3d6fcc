"""The experiment as a string: nothing is lost, typical ones are short, and whatever is pasted gets a sentence at worst."""

import base64
import json
import random
import re
import string
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.places import shipped
from playground.spec import edit, toml
from playground.spec.check import parse
from playground.spec.experiment import PYTHON_DOCS, Experiment
from playground.spec.packing import COMMON, LARGEST, LONGEST, Parcel, ShareError, checksum, pack
from playground.spec.share import from_string, left_out, shareable, to_string
from tests.spec.strategies import models

PRESETS = {path.parent.name: toml.load(path) for path in shipped("models").glob("*/experiment.toml")}
GPT = PRESETS["gpt"]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
SAFE = re.compile(r"[A-Za-z0-9._~:-]+")


def settled(experiment, base):
    """What comes out at the other end: the vocabulary follows from the tokenizer there."""
    made = shareable(experiment)
    return made.model_copy(update={"model": made.model.model_copy(update={"vocab": base.model.vocab})})


def back(text, presets=PRESETS):
    return from_string(text, presets.__getitem__)


def crafted(*items, base="gpt"):
    """A string with the right checksum around any items."""
    text = ":".join(["tp1", base, *items, "AAAA"])
    return text + checksum(text)


def bidirectional(layers):
    return [edit._plain(layer) | {"attention": edit._plain(layer.attention) | {"mask": "bidirectional"}} for layer in layers]


def encoder_only(experiment):
    data = edit._plain(experiment)
    data["model"] |= {"encoder": bidirectional(experiment.model.decoder), "decoder": []}
    return parse(data)


def encoder_decoder(experiment):
    data = edit._plain(experiment)
    data["model"]["encoder"] = bidirectional(experiment.model.decoder)
    for layer in data["model"]["decoder"]:
        layer["cross"] = {"heads": 4}
    return parse(data)


def two_more(experiment):
    last = experiment.model.decoder[-1]
    return edit.inserted(edit.inserted(experiment, "decoder", 4, last), "decoder", 4, last)


@given(models(), models(), st.integers(0, 2**31 - 1), st.sampled_from(["text", "copy", "pairs"]), st.floats(1e-7, 9.0))
@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
def test_random_pairs_make_the_round_trip(one, other, seed, kind, rate):
    base = parse({"model": one})
    made = parse({"model": other, "seed": seed, "task": {"kind": kind}, "training": {"lr": rate}})
    text = to_string(made, "base", base)
    assert SAFE.fullmatch(text)
    assert from_string(text, lambda name: base) == ("base", settled(made, base))


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_can_be_said_from_every_other(name):
    for other, experiment in PRESETS.items():
        text = to_string(experiment, name, PRESETS[name])
        assert back(text) == (name, settled(experiment, PRESETS[name])), other
        long = 480 if experiment.model.multi_domain or PRESETS[name].model.multi_domain else 400  # a mix of domains takes words
        assert len(text) <= (40 if other == name else long)


@pytest.mark.parametrize(
    ("longest", "change"),
    [
        (20, lambda it: it),
        (40, lambda it: edit.replaced(it, "model.decoder[1].attention.heads", 8)),
        (40, two_more),
        (40, lambda it: edit.removed(it, "decoder", 1)),
        (40, lambda it: edit.replaced(it, "training.lr", 3e-3)),
        (80, encoder_only),
        (80, encoder_decoder),
        (90, lambda it: edit.replaced(edit.replaced(two_more(it), "model.d_model", 128), "task.kind", "copy")),
    ],
)
def test_typical_edits_are_short(longest, change):
    made = change(GPT)
    text = to_string(made, "gpt", GPT)
    assert len(text) <= longest, text
    assert back(text)[1] == settled(made, GPT)


def test_a_short_string_can_be_read_and_a_long_one_is_compressed():
    made = edit.replaced(GPT, "model.decoder[1].attention.heads", 8)
    assert to_string(made, "gpt", GPT).startswith("tp1:gpt:d2.attention.heads~8:")
    assert to_string(PRESETS["llama"], "gpt", GPT).startswith("tp1:gpt:~")


def test_strings_of_this_version_stay_readable():
    """Both were made when version 1 was; if this fails, raise VERSION and do not touch the strings."""
    base = parse({"model": {"d_model": 96, "decoder": [{}, {}]}})
    old = {"old": base}
    heads = edit.replaced(base, "model.decoder[1].attention.heads", 8)
    assert back("tp1:old:d2.attention.heads~8:5bhQahvBkg", old)[1] == heads
    more = edit.replaced(edit.replaced(heads, "model.decoder[0].mlp.gated", True), "training.lr", 0.003)
    rotary = edit.replaced(more, "model.decoder[0].attention.position.kind", "rotary")
    assert back("tp1:old:~Q0-CxqiqsIezIYZTjDBNBgA:8rj5Z2xmvA", old)[1] == rotary
    assert zlib.crc32(COMMON) == 3304237384


def test_layers_in_another_order_name_the_layers_only():
    mixed = edit.replaced(edit.replaced(GPT, "model.decoder[1].attention.heads", 8), "model.decoder[2].mlp", None)
    text = to_string(edit.moved(mixed, "decoder", 1, 3), "mixed", mixed)
    assert "decoder~d1.d3-4.d2:" in text


def test_blanks_line_breaks_and_quotes_around_it_do_no_harm():
    text = to_string(two_more(GPT), "gpt", GPT)
    wrapped = f"\ufeff  “{text[:15]}\n   {text[15:25]}\r\n{text[25:]}\u200b”\n\n"
    assert back(wrapped) == back(text) == back(f"`{text}`")


def test_every_cut_and_every_typo_is_refused_with_a_sentence():
    for made in (edit.replaced(GPT, "model.decoder[1].attention.heads", 8), PRESETS["llama"]):
        text = to_string(made, "gpt", GPT)
        letters = string.ascii_letters + string.digits + "-_.~: +/=é\n"
        wrong = [text[:end] for end in range(len(text))] + [text[start:] for start in range(1, len(text))]
        wrong += [text[:at] + letter + text[at + 1 :] for at in range(len(text)) for letter in letters if letter != text[at]]
        for pasted in wrong:
            with pytest.raises(ShareError) as refused:
                back(pasted)
            assert refused.value.what.endswith(".")
            assert refused.value.why.endswith(".")
            assert refused.value.remedy.endswith(".")


def test_random_bytes_are_refused_whatever_they_are():
    dice = random.Random(1)
    for _ in range(500):
        noise = dice.randbytes(dice.randrange(200)).decode("latin-1")
        inner = f"tp1:gpt:{noise}"
        for pasted in (noise, inner, inner + checksum(inner), crafted(noise), crafted("~" + noise)):
            with pytest.raises(ShareError):
                back(pasted)


@given(st.lists(st.text("ed123-x.~abcnewmodl_heatskindv", max_size=20), max_size=6))
@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
def test_random_items_never_raise_anything_else(items):
    with pytest.raises(ShareError):
        back(crafted(*items))


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("", "begins with tp1:"),
        ("hello", "begins with tp1:"),
        ("x" * 200_000, "begins with tp1:"),
        ("tp1:" + "a" * LONGEST, "begins with tp1:"),
        ("tp2:gpt:abc", "version 2"),
        ("tp1:gpt", "checksum"),
        (crafted(base="megatron"), "no preset “megatron”"),
        (crafted(base="../../etc"), "name of its preset"),
        (crafted("d2.attention.heads~5"), "5 does not divide d_model = 96"),
        (crafted("d2.attention.heads~8.5"), "whole number"),
        (crafted("training.lr~1e999"), "training.lr"),
        (crafted("training.lr~nan"), "training.lr"),
        (crafted("seed~99999999999999999999"), "whole number"),
        (crafted("seed~" + "9" * 5000), "cannot be read"),
        (crafted("d9.attention.heads~8"), "layer that is not there"),
        (crafted("d3-2.attention.heads~8"), "layer that is not there"),
        (crafted("decoder~d1x999"), "more than 512 layers"),
        (crafted("decoder~d1x0", "encoder~"), "no layer at all"),
        (crafted("decoder~e1"), "does not have"),
        (crafted("decoder~d1..d2"), "cannot be read"),
        (crafted("d.width~3"), "no field “width”"),
        (crafted("model.decoder.attention~3"), "no field"),
        (crafted("model~"), "model"),
        (crafted("a.b." * 50 + "~3"), "no field"),
        (crafted("d.attention"), "has no value"),
        (crafted("task.text~secret"), "no string may set"),
        (crafted("model.vocab~7"), "no string may set"),
        (crafted(*["seed~1"] * 2001), "far too much"),
        (crafted("decoder~d1x512", *["d.order~"] * 129), "far too much"),
        (crafted("seed~1"), "has changed since"),
        (crafted("~", "~"), "not alone"),
        (crafted("~AAAA"), "damaged"),
        (crafted("~A"), "damaged"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(pasted, says):
    with pytest.raises(ShareError) as refused:
        back(pasted)
    assert says in str(refused.value)


def test_a_bomb_is_not_unpacked():
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(b"seed~1:" * 1_000_000) + packer.flush()
    letters = base64.urlsafe_b64encode(bomb).decode().rstrip("=")
    assert len(letters) < LONGEST < LARGEST
    with pytest.raises(ShareError, match="far too long"):
        back(crafted("~" + letters))


def test_a_changed_preset_is_noticed():
    text = to_string(two_more(GPT), "gpt", GPT)
    with pytest.raises(ShareError, match="has changed since"):
        back(text, {"gpt": edit.replaced(GPT, "training.lr", 1e-2)})
    overridden = to_string(edit.replaced(GPT, "training.lr", 3e-3), "gpt", GPT)
    assert back(overridden, {"gpt": edit.replaced(GPT, "training.lr", 1e-2)})[1].training.lr == 3e-3


@pytest.mark.parametrize("path", ["/home/anna/diary.txt", "C:\\Users\\Anna\\diary.txt"])
@pytest.mark.parametrize("kind", ["text", "pairs"])
def test_the_path_of_an_own_text_stays_out(path, kind):
    own = edit.replaced(edit.replaced(two_more(GPT), "task.text", path), "task.kind", kind)
    text = to_string(own, "gpt", GPT)
    assert "diary" not in text
    assert text == to_string(two_more(GPT), "gpt", GPT)
    assert back(text)[1].task.text == PYTHON_DOCS
    assert ("text" if kind == "text" else "table") in left_out(own)
    assert left_out(two_more(GPT)) == ""


def test_only_names_of_presets_are_a_base():
    with pytest.raises(ShareError, match="is none"):
        to_string(GPT, "/home/anna/my model", GPT)


def test_too_many_layers_are_refused_when_the_string_is_made():
    deep = Experiment.model_validate(edit._plain(GPT) | {"model": edit._plain(GPT.model) | {"decoder": [{}] * 600}})
    with pytest.raises(ShareError, match="too much"):
        to_string(deep, "gpt", GPT)


def test_packing_refuses_more_than_it_would_unpack():
    with pytest.raises(ShareError, match="too much"):
        pack(Parcel("gpt", (json.dumps("x" * LARGEST),), "AAAA"))
