"""Several parts in one form: what differs is shown as mixed, one edit sets all, refusals are said and repaired once."""

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from playground.spec import cost, edit
from playground.spec.experiment import Experiment
from playground.spec.model import Attention, CrossAttention, Layer, Mlp, ModelSpec, PlacedNorm, RelativePosition
from playground.ui.inspector import selection
from playground.ui.inspector.facts import facts_of
from playground.ui.inspector.help import HelpCard
from tests.ui.inspecting import Desk

FIRST, THIRD = "model.decoder[0].attention", "model.decoder[2].attention"
BOTH = (FIRST, THIRD)


def experiment() -> Experiment:
    one = Layer(
        norm=PlacedNorm(kind="rms"), attention=Attention(heads=4, dropout=0.1, position=RelativePosition(kind="rotary"))
    )
    other = Layer(attention=Attention(heads=8, mask="prefix", bias=False))
    return Experiment(model=ModelSpec(vocab=512, decoder=(one, one, other, one)))


def both_stacks() -> Experiment:
    encoder = Layer(attention=Attention(mask="bidirectional"))
    decoder = Layer(cross=CrossAttention())
    return Experiment(model=ModelSpec(vocab=64, encoder=(encoder, encoder), decoder=(decoder, decoder)))


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot, experiment())
    made.form.show_parts(BOTH)
    return made


# -- without Qt ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "shown", "caption"),
    [
        ([THIRD, FIRST, FIRST], BOTH, "Layers 1, 3 · attention"),
        ([f"model.decoder[{i}]" for i in range(4)], tuple(f"model.decoder[{i}]" for i in range(4)), "4 layers"),
        ([FIRST, "model.decoder[1].mlp"], ("model.decoder[0]", "model.decoder[1]"), "2 layers"),
        ([FIRST, "model.decoder[0].mlp"], ("model.decoder[0]",), "Layer 1"),
        (["model.decoder[1].cross"], ("model.decoder[1]",), "Layer 2"),
        (["model.decoder[1].norm", "model.decoder[3].norm"], ("model.decoder[1].norm", "model.decoder[3].norm"), "Layers 2, 4 · norm"),
    ],
)  # fmt: skip
def test_what_several_parts_have_in_common(paths, shown, caption):
    assert selection.common(experiment(), paths) == shown
    assert selection.caption(shown) == caption


def test_the_ends_have_nothing_in_common_with_a_layer():
    assert selection.common(experiment(), ["model.embedding", FIRST]) == ()
    assert selection.common(experiment(), ["model.decoder[9].mlp"]) == ()


def test_parts_of_both_stacks_are_shown_together():
    paths = selection.common(both_stacks(), ["model.decoder[1].attention", "model.encoder[0].attention"])
    assert paths == ("model.encoder[0].attention", "model.decoder[1].attention")
    assert selection.caption(paths) == "Encoder 1, decoder 2 · attention"


def test_the_facts_of_several_parts_are_their_sum():
    made = experiment()
    facts = {label: text for label, text, _ in facts_of(made, "part", *BOTH)}
    parts = cost.part_parameters(made.model)
    assert facts["parameters"].startswith(f"{parts[FIRST] + parts[THIRD]:,} · ")
    assert facts["in"] == "12 × 64 × 128"
    assert facts["pattern"] == "differs"


# -- what is shown ---------------------------------------------------------------------------------------------------


def test_values_that_differ_are_shown_as_mixed(desk):
    form = desk.form
    assert form.caption.text() == "Layers 1, 3 · attention"
    heads = desk.spin(f"{FIRST}.heads")
    assert (heads.text(), heads.lineEdit().placeholderText()) == ("", "mixed")
    assert form.rows[f"{FIRST}.mask"].editor.segments.value() is None
    assert desk.spin(f"{FIRST}.bias").checkState() == Qt.CheckState.PartiallyChecked
    assert desk.spin(f"{FIRST}.dropout").text() == ""
    assert desk.spin("model.d_model").value() == 128
    assert form.rows[f"{FIRST}.qk_norm"].editor.value() == "none"


def test_what_means_something_in_one_of_the_layers_is_shown_and_not_mixed(desk):
    base = desk.form.rows[f"{FIRST}.position.base"]
    assert not base.isHidden()
    assert base.editor.value() == 10000.0


def test_a_mixed_list_says_so(desk):
    kind = desk.form.rows["model.decoder[0].norm.kind"].editor
    assert kind.segments.value() is None
    changed = edit.replaced(desk.experiment, "model.decoder[2].norm.place", "post")
    desk.form.set_experiment(changed, desk.preset)
    assert desk.spin("model.decoder[0].norm.place").currentIndex() == -1


def test_nothing_in_common_is_said(desk):
    desk.form.show_parts(["model.embedding", FIRST])
    assert desk.form.rows == {}
    assert not desk.form._form.empty.isHidden()
    assert desk.form.caption.text() == "2 parts"
    desk.form.show_part(FIRST)
    assert desk.form.caption.text() == "Layer 1 · attention"
    assert f"{FIRST}.heads" in desk.form.rows


# -- one edit for all ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("heads", [8, 4, 2])  # 4 is what the first has already
def test_typing_sets_all_with_one_edit(desk, heads):
    desk.type(desk.spin(f"{FIRST}.heads"), str(heads))
    assert desk.asked_together == [((f"{FIRST}.heads", heads), (f"{THIRD}.heads", heads))]
    assert desk.asked == []
    assert desk.spin(f"{FIRST}.heads").text() == str(heads)


def test_segments_switch_number_and_list_set_all(desk):
    desk.press(desk.form.rows[f"{FIRST}.mask"].editor.controls()[1])
    desk.press(desk.spin(f"{FIRST}.bias"))
    desk.type(desk.spin(f"{FIRST}.dropout"), "0.2")
    wanted = (("mask", "bidirectional"), ("bias", True), ("dropout", 0.2))
    assert desk.asked_together == [tuple((f"{path}.{name}", value) for path in BOTH) for name, value in wanted]
    assert desk.form.rows[f"{FIRST}.mask"].editor.value() == "bidirectional"
    assert desk.spin(f"{FIRST}.bias").checkState() == Qt.CheckState.Checked


def test_a_step_from_mixed_numbers_goes_on_from_the_first(desk):
    spin = desk.spin(f"{FIRST}.dropout")
    spin.setFocus()
    desk.qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert [value for _, value in desk.asked_together[-1]] == pytest.approx([0.15, 0.15])
    window = desk.spin(f"{FIRST}.window")
    assert window.text() == "none"
    heads = desk.spin(f"{FIRST}.heads")
    heads.setFocus()
    desk.qtbot.keyClick(heads, Qt.Key.Key_Down)
    assert desk.asked_together[-1] == ((f"{FIRST}.heads", 3), (f"{THIRD}.heads", 3))


def test_a_slider_dragged_from_mixed_sets_all_and_is_a_slider_again(desk):
    slider, spin = desk.form.rows[f"{FIRST}.heads"].editor.controls()
    assert slider.styleSheet() != ""  # pale
    slider.setSliderDown(True)
    slider.setValue(8)
    desk.qtbot.waitUntil(lambda: bool(desk.asked_together))  # it rests, still held
    slider.setSliderDown(False)
    assert desk.asked_together == [((f"{FIRST}.heads", 8), (f"{THIRD}.heads", 8))]
    assert (slider.styleSheet(), spin.text()) == ("", "8")


def test_the_width_is_one_value_whatever_is_selected(desk):
    desk.type(desk.spin("model.d_model"), "64")
    assert desk.asked == [("model.d_model", 64)]
    assert desk.asked_together == []


def test_a_part_is_taken_out_of_several_layers(desk):
    desk.form.show_parts(["model.decoder[0]", "model.decoder[2]"])
    desk.press(desk.spin("model.decoder[0].mlp"))
    assert desk.asked_together == [(("model.decoder[0].mlp", None), ("model.decoder[2].mlp", None))]
    desk.press(desk.spin("model.decoder[0].mlp"))
    assert desk.experiment.model.decoder[2].mlp == Mlp()


def test_reset_takes_each_layer_back_to_its_own_value(desk):
    desk.type(desk.spin(f"{FIRST}.heads"), "2")
    row = desk.form.rows[f"{FIRST}.heads"]
    assert row.resettable
    assert row.label.differs
    desk.press(row.reset)
    assert desk.asked_together[-1] == ((f"{FIRST}.heads", 4), (f"{THIRD}.heads", 8))
    assert not row.label.differs


# -- use for all layers ----------------------------------------------------------------------------------------------


def action(desk, path, text):
    row = desk.form.rows[path]
    desk.spin(path).setFocus()
    desk.press(row.more)
    return next(one for one in desk.form.menu.actions() if one.text() == text)


def test_the_menu_is_reached_with_the_keyboard_and_gives_all_layers_the_value(desk):
    desk.form.show_part(THIRD)
    row = desk.form.rows[f"{THIRD}.heads"]
    assert row.more.isHidden()
    spin = desk.spin(f"{THIRD}.heads")
    spin.setFocus()
    assert not row.more.isHidden()
    desk.qtbot.keyClick(spin, Qt.Key.Key_Tab)
    assert row.more.hasFocus()
    desk.qtbot.keyClick(row.more, Qt.Key.Key_Space)
    menu = desk.form.menu
    assert [one.text() for one in menu.actions() if one.text()] == ["What is this?", "Use for all layers"]
    desk.qtbot.keyClick(menu, Qt.Key.Key_Down)
    desk.qtbot.keyClick(menu, Qt.Key.Key_Down)
    desk.qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert desk.asked_together == [tuple((f"model.decoder[{i}].attention.heads", 8) for i in range(4))]
    assert {layer.attention.heads for layer in desk.experiment.model.decoder if layer.attention} == {8}
    assert row.more.hasFocus() or spin.hasFocus()


def test_only_layers_that_have_the_part_are_asked(desk):
    desk.on_edit("model.decoder[1].attention", None)
    desk.form.show_part(THIRD)
    action(desk, f"{THIRD}.bias", "Use for all layers").trigger()
    assert [path for path, _ in desk.asked_together[-1]] == [f"model.decoder[{i}].attention.bias" for i in (0, 2, 3)]


def test_there_is_nothing_to_do_where_all_have_it_or_several_are_shown(desk):
    assert not action(desk, f"{FIRST}.heads", "Use for all layers").isEnabled()  # which of them?
    desk.form.show_part(FIRST)
    assert not action(desk, f"{FIRST}.qk_norm", "Use for all layers").isEnabled()
    assert action(desk, f"{FIRST}.heads", "Use for all layers").isEnabled()


def test_one_stack_alone_where_there_are_two(qtbot):
    desk = Desk(qtbot, both_stacks())
    desk.on_edit("model.decoder[1].attention.heads", 8)
    action(desk, "model.decoder[1].attention.heads", "Use for the decoder only").trigger()
    assert [path for path, _ in desk.asked_together[-1]] == [f"model.decoder[{i}].attention.heads" for i in (0, 1)]


def test_a_whole_part_for_all_layers(desk):
    desk.form.show_part("model.decoder[2]")
    action(desk, "model.decoder[2].attention", "Use this Attention for all layers").trigger()
    assert {layer.attention for layer in desk.experiment.model.decoder} == {desk.experiment.model.decoder[2].attention}


def test_a_value_may_be_left_open_again(desk):
    desk.form.show_part(FIRST)
    desk.type(desk.spin(f"{FIRST}.kv_heads"), "2")
    action(desk, f"{FIRST}.kv_heads", "Automatic").trigger()
    assert desk.asked[-1] == (f"{FIRST}.kv_heads", None)


# -- refusals --------------------------------------------------------------------------------------------------------


def test_a_refusal_of_several_is_said_once_and_repaired_for_all(desk):
    row = desk.form.rows[f"{FIRST}.heads"]
    desk.type(desk.spin(f"{FIRST}.heads"), "5")
    assert row.notice.label.text().count("does not divide") == 1
    assert row.editor.value() == 5
    assert [one for one in desk.form.rows.values() if not one.notice.isHidden()] == [row]
    desk.press(next(button for button in row.notice.buttons if button.text() == "use 4"))
    assert row.notice.isHidden()
    assert {edit.get(desk.experiment, f"{path}.heads") for path in BOTH} == {4}


def test_where_no_value_suits_all_each_gets_its_own(qtbot):
    layers = tuple(Layer(attention=Attention(heads=heads, d_head=8)) for heads in (8, 6))
    desk = Desk(qtbot, Experiment(model=ModelSpec(vocab=64, decoder=layers)))
    desk.form.show_parts(["model.decoder[0].attention", "model.decoder[1].attention"])
    path = "model.decoder[0].attention.kv_heads"
    desk.type(desk.spin(path), "5")
    (button,) = desk.form.rows[path].notice.buttons
    assert button.text() == "kv_heads = 4, 6"
    desk.press(button)
    assert [layer.attention.kv_heads for layer in desk.experiment.model.decoder if layer.attention] == [4, 6]
    assert desk.form.rows[path].notice.isHidden()


def test_use_for_all_that_cannot_be_is_said_at_the_row(desk):
    desk.on_edit("model.decoder[1].attention.kv_heads", 4)
    desk.on_edit(f"{FIRST}.heads", 2)
    desk.form.show_part(FIRST)
    action(desk, f"{FIRST}.heads", "Use for all layers").trigger()
    notice = desk.form.rows[f"{FIRST}.heads"].notice
    assert "4 does not divide heads = 2" in notice.label.text()
    assert notice.buttons


# -- help and speed --------------------------------------------------------------------------------------------------


class Browser(QObject):
    """What is opened in it."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString())


def test_the_label_opens_help_and_its_citation_is_a_link(desk):
    browser = Browser()
    QDesktopServices.setUrlHandler("https", browser, "open")
    desk.form.show_part(FIRST)
    row = desk.form.rows[f"{FIRST}.kv_heads"]
    desk.press(row.label)
    card = row.card
    assert isinstance(card, HelpCard)
    assert card.isVisible()
    assert "grouped-query attention" in card.label.text()
    assert "Ainslie et al. 2023" in card.label.text()
    desk.qtbot.keyClick(card.label, Qt.Key.Key_Tab)
    desk.qtbot.keyClick(card.label, Qt.Key.Key_Return)
    QDesktopServices.unsetUrlHandler("https")
    assert browser.opened == ["https://arxiv.org/abs/2305.13245"]
    desk.qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert row.card is None


def test_f1_explains_the_field_that_has_the_keyboard(desk):
    spin = desk.spin(f"{FIRST}.heads")
    spin.setFocus()
    desk.qtbot.keyClick(spin, Qt.Key.Key_F1)
    card = desk.form.rows[f"{FIRST}.heads"].card
    assert "independently" in card.label.text()
    card.close()


def test_a_press_beside_the_card_closes_it(desk):
    row = desk.form.rows[f"{FIRST}.heads"]
    desk.press(row.label)
    desk.qtbot.mouseClick(row.card, Qt.MouseButton.LeftButton, pos=QPoint(-30, -30))
    QApplication.processEvents()
    assert row.card is None


def test_rows_are_kept_from_edit_to_edit_and_from_layer_to_layer(desk):
    desk.form.show_part(FIRST)
    row = desk.form.rows[f"{FIRST}.heads"]
    desk.type(desk.spin(f"{FIRST}.heads"), "8")
    assert desk.form.rows[f"{FIRST}.heads"] is row
    desk.form.show_part("model.decoder[0].mlp")
    desk.form.show_part(THIRD)
    assert desk.form.rows[f"{THIRD}.heads"] is row
    assert row.editor.value() == 8
    desk.type(desk.spin(f"{THIRD}.heads"), "2")
    assert desk.asked[-1] == (f"{THIRD}.heads", 2)


def test_what_is_half_typed_is_not_given_to_another_layer(desk):
    desk.form.show_part(FIRST)
    spin = desk.spin(f"{FIRST}.heads")
    spin.setFocus()
    spin.selectAll()
    desk.qtbot.keyClicks(spin, "2")
    desk.form.show_part("model.decoder[1].attention")
    assert spin.text() == "4"
    desk.form.setFocus()
    assert desk.asked == []
