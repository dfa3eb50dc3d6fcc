"""What the library lists, what it reads from cards, and how a model is drawn."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from playground.places import shipped
from playground.spec.check import parse
from playground.style import theme
from playground.ui.library import card as cards
from playground.ui.library import glyph
from playground.ui.library.entries import entries, read

SHIPPED = sorted(path.parent.name for path in shipped("models").glob("*/experiment.toml"))
HALF = "[model\n"
UNEVEN = "[model]\nd_model = 100\n[[model.decoder]]\nattention = { heads = 8 }\n"


def model_in(place, name, source="llama", text=None):
    folder = place / name
    folder.mkdir(parents=True)
    shutil.copy(shipped("models") / source / "experiment.toml", folder)
    if text is not None:
        (folder / "experiment.toml").write_text(text)
    return folder


@pytest.fixture
def own(tmp_path):
    return tmp_path / "own"


# -- what is listed ---------------------------------------------------------------------------------------------------


def test_every_shipped_model_says_what_it_is_how_large_and_what_to_expect(own):
    found = {entry.name: entry for entry in entries(own)}
    assert sorted(found) == SHIPPED
    for entry in found.values():
        assert entry.sentence.endswith("."), entry.name
        assert entry.expects, entry.name
        assert entry.facts.endswith(entry.architecture)
    assert next(iter(found)) == "gpt"
    assert found["gpt-paper"].facts == "440 K parameters · 3 layers · decoder-only"
    assert found["gpt-paper"].expects == "loss 2.63 nats per token · 47 s on one core"
    assert found["gpt"].expects == "loss 3.33 nats per token · 2 to 4 min on one core"
    assert found["gpt2"].expects == "6 s a step on two CPU cores"


def test_the_size_of_an_own_model_follows_from_its_spec_and_tokenizer(own):
    model_in(own, "mine", "llama")
    mine = entries(own)[0]
    assert (mine.shipped, mine.title, mine.parameters) == (False, "mine", 403_104)
    assert mine.sentence == "Learns from CPython’s own documentation."


def test_weights_and_other_files_are_not_touched(own):
    folder = model_in(own, "mine")
    for name in ("model.safetensors", "state.safetensors", "tokenizer.json"):
        (folder / name).mkdir()  # reading it would raise
    assert entries(own)[0].problem == ""


def test_what_cannot_be_opened_is_listed_last_with_the_reason(own):
    model_in(own, "whole")
    model_in(own, "half", text=HALF)
    model_in(own, "uneven", text=UNEVEN)
    (own / "folder" / "experiment.toml").mkdir(parents=True)
    (own / "lost").mkdir()
    (own / "lost" / "experiment.toml").symlink_to(own / "nowhere")
    (own / "unrelated").mkdir()
    (own / ".half-written").mkdir()
    (own / ".half-written" / "experiment.toml").write_text("")
    (own / "a file").write_text("")
    mine = [entry for entry in entries(own) if not entry.shipped]
    assert mine[0].name == "whole"
    problems = {entry.name: entry.problem for entry in mine[1:]}
    assert set(problems) == {"half", "uneven", "folder", "lost"}
    assert all(problem.startswith("It cannot be ") and problem.endswith(".") for problem in problems.values())
    assert "line 1 is not TOML" in problems["half"]
    assert "8 does not divide d_model = 100; 96 or 104 would" in problems["uneven"]


def test_a_changed_folder_is_read_again(own):
    folder = model_in(own, "mine", text=HALF)
    assert read(folder, shipped=False).problem
    (folder / "experiment.toml").write_text("seed = 1\n")
    assert not read(folder, shipped=False).problem
    (folder / "card.md").write_text("# Mine\n\nA *good* one. And more.\n")
    assert read(folder, shipped=False).sentence == "A good one."


@given(st.text(alphabet=st.sampled_from("#*-:. \n12soneExpctdMa by%µ"), max_size=200) | st.text(max_size=80))
def test_no_card_is_too_strange_to_be_read(text):
    assert cards.read(text).text == text


@pytest.mark.parametrize(
    ("said", "result", "takes"),
    [
        ("about 1.9 nats per character after 2,000 steps, in 75 s on two cores.", "about 1.9 nats per character", "75 s on two cores"),
        ("99.5 % of held-out dates in 58 seconds.", "99.5 %", "58 s"),
        ("two to three hours on a GPU", "", "2 to 3 h on a GPU"),
        ("A step takes twelve minutes on one core", "", "12 min a step on one core"),
        ("nothing in particular", "", ""),
    ],
)  # fmt: skip
def test_result_and_time_are_found_in_the_words_of_a_card(said, result, takes):
    card = cards.read(f"# A\n\nB.\n\n- **Expect**: {said}\n")
    assert (card.result, card.takes) == (result, takes)


# -- the drawing ------------------------------------------------------------------------------------------------------


def drawn(model, wide=120, high=90, around=0):
    image = QImage(wide + 2 * around, high + 2 * around, QImage.Format.Format_RGB32)
    image.fill(QColor("#000000"))
    painter = QPainter(image)
    glyph.paint(painter, QRectF(around, around, wide, high), model)
    painter.end()
    return image


def amount(image, kind):
    """How many pixels have the colour of a part."""
    wanted = theme.colour(kind).rgb()
    return sum(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height()))


def spec(*layers, encoder=()):
    return parse({"model": {"d_model": 96, "encoder": list(encoder), "decoder": list(layers)}}).model


LAYER = {"attention": {"heads": 4}, "mlp": {"d_mlp": 256}}
CROSS = {**LAYER, "cross": {"heads": 4}}
READS = {"attention": {"heads": 4, "mask": "bidirectional"}, "mlp": {"d_mlp": 256}}


@pytest.mark.parametrize("name", ["dark", "light", "contrast"])
def test_every_part_is_seen_in_its_colour_and_no_other(qapp, name):
    theme.apply(qapp, name)
    decoder, both = drawn(spec(LAYER, LAYER)), drawn(spec(CROSS, CROSS, encoder=(READS, READS)))
    for kind in ("embedding", "attention", "mlp", "unembedding"):
        assert amount(decoder, kind) > 50, kind
        assert amount(both, kind) > 50, kind
    assert amount(decoder, "cross_attention") == 0
    assert amount(both, "cross_attention") > 50


def test_layers_that_differ_are_seen_to_differ(qapp):
    plain = drawn(spec(LAYER, LAYER, LAYER))
    for other in ({**LAYER, "mlp": {"d_mlp": 512}}, {**LAYER, "mlp": None}, {**LAYER, "attention": {"heads": 8}}, READS):
        assert drawn(spec(LAYER, other, LAYER)) != plain
        assert drawn(spec(LAYER, other, LAYER)) != drawn(spec(other, LAYER, LAYER))


@pytest.mark.parametrize("depth", [1, 12, 26, 96])
def test_a_deep_model_stays_inside_its_stamp(qapp, depth):
    layers = [LAYER if index % 2 else CROSS for index in range(depth)]
    image = drawn(spec(*layers, encoder=[READS] * depth), around=20)
    inner = drawn(spec(*layers, encoder=[READS] * depth))
    for kind in ("embedding", "mlp", "cross_attention", "unembedding"):
        assert amount(image, kind) == amount(inner, kind), kind
    assert amount(image, "unembedding") > 50


@pytest.mark.parametrize("depth", [2, 12])
def test_what_sees_the_whole_text_looks_other_than_what_sees_the_past(qapp, depth):
    causal = parse({"model": {"d_model": 96, "encoder": [], "decoder": [LAYER] * depth}}).model
    whole = parse({"model": {"d_model": 96, "encoder": [READS] * depth, "decoder": []}}).model
    assert amount(drawn(whole), "attention") > 1.5 * amount(drawn(causal), "attention")


def test_equal_layers_are_counted_where_there_is_not_room_for_each(qapp):
    [row] = glyph.rows(spec(*[LAYER] * 48), spec(*[LAYER] * 48).decoder, most=15)
    assert (row.times, row.drawn) == (48, glyph.COPIES)
    assert len(glyph.rows(spec(*[LAYER] * 12), spec(*[LAYER] * 12).decoder, most=15)) == 12
