"""The library lists what can be opened and what cannot, and is used with the mouse alone or the keys alone."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from playground.places import shipped
from playground.spec.check import parse
from playground.style import theme
from playground.ui.library import card as cards
from playground.ui.library import folders, glyph
from playground.ui.library.dialog import Library
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


def opened(qtbot, own, **given):
    made = Library(own=own, **given)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.open()
    return made


def titles(library):
    return [entry.title for entry in library.shown()]


def point_of(library, title):
    index = next(i for i in (library.model.index(row, 0) for row in range(library.model.rowCount())) if i.data() == title)
    library.list.scrollTo(index)
    return library.list.visualRect(index).center()


def answering(qtbot, key, said=None):
    """Press a key in the box that is about to come up."""

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        if said is not None:
            said.append(box.text())
        qtbot.keyClick(box, key)

    QTimer.singleShot(50, press)


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


# -- the dialog -------------------------------------------------------------------------------------------------------


def test_keys_alone_find_and_open_a_model(qtbot, own):
    library = opened(qtbot, own)
    assert library.entry().name == "gpt"
    assert library.search.hasFocus()
    qtbot.keyClicks(library.search, "encoder distances")
    assert titles(library) == ["T5"]
    assert library.reader.toPlainText().startswith("T5")
    with qtbot.waitSignal(library.chosen) as caught:
        qtbot.keyClick(library.search, Qt.Key.Key_Return)
    assert caught.args == [shipped("models") / "t5"]
    assert not library.isVisible()


def test_arrows_move_from_the_search_field_and_letters_go_back_to_it(qtbot, own):
    library = opened(qtbot, own)
    second = library.shown()[1]
    qtbot.keyClick(library.search, Qt.Key.Key_Down)
    assert library.entry() is second
    assert library.reader.toPlainText().startswith(second.title)
    library.list.setFocus()
    qtbot.keyClicks(library.list, "llama")
    assert library.search.text() == "llama"
    assert library.search.hasFocus()
    assert library.entry().name == "llama"


def test_enter_in_the_list_opens_once(qtbot, own):
    library = opened(qtbot, own)
    caught = []
    library.chosen.connect(caught.append)
    library.list.setFocus()
    qtbot.keyClick(library.list, Qt.Key.Key_Down)
    name = library.entry().folder
    qtbot.keyClick(library.list, Qt.Key.Key_Return)
    qtbot.wait(50)
    assert caught == [name]


def test_a_double_click_opens_what_is_under_the_pointer(qtbot, own):
    library = opened(qtbot, own)
    place = point_of(library, "Llama")
    qtbot.mouseClick(library.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert library.entry().name == "llama"
    caught = []
    library.chosen.connect(caught.append)
    qtbot.mouseDClick(library.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.wait(50)
    assert caught == [shipped("models") / "llama"]
    assert not library.isVisible()


def test_nothing_found_is_said_and_escape_clears_before_it_closes(qtbot, own):
    library = opened(qtbot, own)
    qtbot.keyClicks(library.search, "zebra")
    assert titles(library) == []
    assert "zebra" in library.empty.title.text()
    assert library.empty.isVisible()
    assert not library.open_button.isEnabled()
    qtbot.keyClick(library.search, Qt.Key.Key_Escape)
    assert len(titles(library)) == len(SHIPPED)
    assert library.isVisible()
    qtbot.keyClick(library.search, Qt.Key.Key_Escape)
    assert not library.isVisible()


def test_a_broken_model_is_shown_and_cannot_be_opened(qtbot, own):
    model_in(own, "half", text=HALF)
    library = opened(qtbot, own)
    caught = []
    library.chosen.connect(caught.append)
    place = point_of(library, "half")
    qtbot.mouseClick(library.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(library.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert library.entry().name == "half"
    assert "line 1 is not TOML" in library.reader.toPlainText()
    qtbot.keyClick(library.list, Qt.Key.Key_Return)
    assert caught == []
    assert library.isVisible()
    assert not library.duplicate.isEnabled()


def test_the_open_model_is_chosen_at_first(qtbot, own):
    mine = model_in(own, "mine")
    model_in(own, "later")
    assert opened(qtbot, own, current=mine).entry().folder == mine


def test_a_copy_of_a_shipped_model_stands_first_among_the_own_ones(qtbot, own):
    library = opened(qtbot, own)
    qtbot.mouseClick(library.duplicate, Qt.MouseButton.LeftButton)
    assert library.entry().folder == own / "GPT copy"
    assert titles(library)[0] == "GPT copy"
    assert "GPT copy" in library.status.text()
    for path in (shipped("models") / "gpt").iterdir():
        assert (own / "GPT copy" / path.name).read_bytes() == path.read_bytes()
    point_of(library, "GPT")
    library.refresh(shipped("models") / "gpt")
    qtbot.keyClick(library, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert library.entry().folder == own / "GPT copy 2"
    assert titles(library)[:2] == ["GPT copy 2", "GPT copy"]


def test_a_copy_that_cannot_be_made_is_told_and_leaves_nothing(qtbot, tmp_path):
    (tmp_path / "file").write_text("")
    library = opened(qtbot, tmp_path / "file")
    qtbot.mouseClick(library.duplicate, Qt.MouseButton.LeftButton)
    assert "was not copied" in library.status.text()
    assert library.status.isVisible()


def test_a_copy_that_breaks_off_leaves_nothing(tmp_path):
    folder = model_in(tmp_path, "a")
    (folder / "weights").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OSError, match="No such file") as caught:
        folders.duplicate(folder, "a", tmp_path / "own")
    assert caught.value.strerror
    assert list((tmp_path / "own").iterdir()) == []


def test_a_copy_takes_no_name_that_a_system_forbids(tmp_path):
    made = folders.duplicate(model_in(tmp_path, "a"), 'a/b: "c"?', tmp_path / "own")
    assert made.parent == tmp_path / "own"
    assert not set(made.name) & set('/\\:"?*<>|')


def test_an_own_model_goes_to_the_trash_only_after_a_yes(qtbot, own):
    gone = model_in(own, "mine")
    model_in(own, "other")
    library = opened(qtbot, own, current=gone)
    library.list.setFocus()
    said = []
    answering(qtbot, Qt.Key.Key_Escape, said)
    qtbot.keyClick(library.list, Qt.Key.Key_Delete)
    assert said == ["Move “mine” to the trash?"]
    assert gone.is_dir()
    answering(qtbot, Qt.Key.Key_Return)
    qtbot.mouseClick(library.delete, Qt.MouseButton.LeftButton)
    assert not gone.exists()
    assert "mine" not in titles(library)
    assert "other" in titles(library)
    assert "trash" in library.status.text()


def test_a_trash_that_refuses_leaves_the_model_and_says_so(qtbot, own, monkeypatch):
    mine = model_in(own, "mine")
    monkeypatch.setattr(folders, "to_trash", lambda folder: False)
    library = opened(qtbot, own)
    answering(qtbot, Qt.Key.Key_Return)
    qtbot.mouseClick(library.delete, Qt.MouseButton.LeftButton)
    assert str(mine) in library.status.text()
    assert "mine" in titles(library)


def test_a_shipped_model_cannot_be_deleted(qtbot, own):
    library = opened(qtbot, own)
    assert not library.delete.isEnabled()
    library.list.setFocus()
    qtbot.keyClick(library.list, Qt.Key.Key_Delete)  # a question would wait here for ever
    assert (shipped("models") / "gpt" / "experiment.toml").is_file()
    assert "gpt" in [entry.name for entry in library.shown()]


def test_another_folder_is_opened_or_told_apart(qtbot, own, tmp_path, monkeypatch):
    library = opened(qtbot, own)
    elsewhere = model_in(tmp_path, "elsewhere")
    (tmp_path / "photos").mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: str(tmp_path / "photos"))
    qtbot.mouseClick(library.other, Qt.MouseButton.LeftButton)
    assert "photos is no model" in library.status.text()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: str(elsewhere))
    with qtbot.waitSignal(library.chosen) as caught:
        qtbot.mouseClick(library.other, Qt.MouseButton.LeftButton)
    assert caught.args == [elsewhere]


def test_a_folder_with_marks_in_its_name_is_shown_as_it_is(qtbot, own):
    model_in(own, "*my* [model](x) _2_")
    library = opened(qtbot, own)
    assert library.reader.toPlainText().startswith("*my* [model](x) _2_")
