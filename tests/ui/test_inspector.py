import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QSlider

from playground.spec import activations, cost, edit
from playground.spec.check import Fix, Problem, SpecError
from playground.spec.experiment import Experiment, TrainingSpec
from playground.spec.model import Attention, Layer, ModelSpec, PlacedNorm, RelativePosition
from playground.style import theme
from playground.ui.inspector import fields, placing
from playground.ui.inspector.facts import facts_of, large, memory
from playground.ui.inspector.number import Number, stepped, written
from tests.ui.inspecting import Desk

LEFT = Qt.MouseButton.LeftButton
HEADS, WIDTH = "model.decoder[1].attention.heads", "model.d_model"


def experiment(**attention) -> Experiment:
    layer = Layer(norm=PlacedNorm(kind="rms"), attention=Attention(**attention))
    return Experiment(model=ModelSpec(vocab=512, decoder=(layer, layer, layer)))


# -- without Qt ------------------------------------------------------------------------------------------------------


def test_every_field_of_the_training_and_of_every_part_is_shown():
    shown = {field.path for field in fields.fields(Experiment(), "training")}
    assert shown == {f"training.{name}" for name in TrainingSpec.model_fields}
    paths = {
        field.path.removeprefix("model.decoder[0].attention.")
        for field in fields.fields(experiment(), "model.decoder[0].attention")
    }
    own = set(Attention.model_fields) - {"position"}
    assert paths == own | {f"position.{name}" for name in RelativePosition.model_fields}


def test_limits_choices_and_openness_come_from_the_records():
    found = {field.path.rsplit(".", 1)[-1]: field for field in fields.fields(experiment(), "model.decoder[0].attention")}
    assert (found["heads"].low, found["heads"].high, found["heads"].kind) == (1, 256, "int")
    assert found["kv_heads"].optional
    assert not found["heads"].optional
    assert found["mask"].choices == ("causal", "bidirectional", "prefix")
    assert found["dropout"].change == "hot"
    assert found["bias"].kind == "bool"


def test_what_means_nothing_is_not_needed():
    plain, rotary = experiment(), experiment(position=RelativePosition(kind="rotary"))
    base = "model.decoder[0].attention.position.base"
    assert not fields.needed(plain, base)
    assert fields.needed(rotary, base)
    assert not fields.needed(plain, "model.decoder[0].norm.bias")  # RMSNorm has none
    assert fields.needed(plain, "model.decoder[0].norm.eps")


def test_what_is_left_open_shows_what_follows():
    made = experiment(heads=8)
    assert fields.effective(made, "model.decoder[0].attention.kv_heads") == 8
    assert fields.effective(made, "model.decoder[0].attention.d_head") == 16


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-3, "1e-3"), (3e-4, "3e-4"), (0.1, "0.1"), (0.99, "0.99"), (10000.0, "10000"), (0.0, "0"), (1e-6, "1e-6")],
)
def test_numbers_are_written_short_and_whole(value, text):
    assert written(value) == text
    assert float(written(value)) == value


def test_steps_without_a_step_go_along_one_two_five():
    value, seen = 1e-4, []
    for _ in range(4):
        value = stepped(value, 1)
        seen.append(value)
    assert seen == [2e-4, 5e-4, 1e-3, 2e-3]
    assert stepped(2e-3, -4) == 1e-4
    assert stepped(3e-4, 1) == 5e-4


def test_two_edits_that_only_work_together_become_one():
    made = experiment()
    assert placing.together(made, {WIDTH: 130}) is None
    assert placing.together(made, {"seed": 3, "training.batch": 5}) is not None
    assert placing.together(made, {HEADS: 5}) is None
    layers = {f"model.decoder[{i}].attention.heads": 5 for i in range(3)}
    done = placing.together(made, {**layers, WIDTH: 130})
    assert done is not None
    assert done.model.d_model == 130
    assert {layer.attention.heads for layer in done.model.decoder if layer.attention} == {5}


def test_one_edit_that_breaks_every_layer_is_said_once_with_what_repairs_it_all():
    made = experiment(heads=8)
    with pytest.raises(SpecError) as error:
        edit.replaced(made, WIDTH, 100)
    said = placing.place(error.value.problems, [WIDTH], {WIDTH: 100}, WIDTH, made)
    assert list(said) == [WIDTH]
    assert len(said[WIDTH].messages) == 1
    assert {(fix.path, fix.value) for fix in said[WIDTH].fixes} == {(WIDTH, 96), (WIDTH, 104)}


def test_a_repair_that_would_not_help_is_not_offered():
    problem = Problem(HEADS, "3 does not divide", (Fix(WIDTH, 126), Fix(HEADS, 2)))
    said = placing.place([problem], [HEADS], {HEADS: 3}, HEADS, experiment())
    assert [fix.value for fix in said[HEADS].fixes] == [2]  # 126 does not suit the other layers' 4 heads


@pytest.mark.parametrize(("count", "says"), [(512, "512 bytes"), (32768, "32 KiB"), (1_600_000, "1.5 MiB")])
def test_memory_in_words(count, says):
    assert memory(count) == says


def test_facts_agree_with_the_cost_of_the_spec():
    made = experiment(kv_heads=2)
    facts = {label: text for label, text, _ in facts_of(made, "part", "model.decoder[1].attention")}
    own = cost.part_parameters(made.model)["model.decoder[1].attention"]
    assert facts["parameters"].startswith(f"{own:,} · ")
    assert facts["FLOPs a token"].startswith(large(cost.part_flops(made.model)["model.decoder[1].attention"]))
    assert facts["KV cache at 64"] == f"{memory(cost.kv_cache_bytes(made.model) // 3)} · 33.3 %"
    held = activations.part_activation_bytes(made.model, made.training.batch)
    assert facts["activations"].startswith(f"{memory(held['model.decoder[1].attention'])} · ")
    layer = {label: text for label, text, _ in facts_of(made, "part", "model.decoder[1]")}
    assert layer["parameters"].startswith(f"{cost.under(cost.part_parameters(made.model), 'model.decoder[1]'):,} · ")


# -- the form --------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(qtbot):
    return Desk(qtbot, experiment())


def test_typing_asks_for_an_edit(desk):
    desk.type(desk.spin(HEADS), "8")
    assert desk.asked == [(HEADS, 8)]
    assert desk.form.rows["model.decoder[1].attention.d_head"].editor.value() == 16


def test_focus_and_editors_survive_an_edit(desk):
    spin = desk.spin(HEADS)
    spin.setFocus()
    desk.qtbot.keyClick(spin, Qt.Key.Key_Down)
    desk.qtbot.keyClick(spin, Qt.Key.Key_Down)  # 3 is refused, 2 is fine
    assert desk.asked == [(HEADS, 3), (HEADS, 2)]
    assert desk.spin(HEADS) is spin
    assert spin.hasFocus()
    assert desk.experiment.model.decoder[1].attention.heads == 2  # type: ignore[union-attr]


def test_a_refusal_stands_under_its_field_keeps_the_value_and_repairs_with_a_click(desk):
    row = desk.form.rows[HEADS]
    desk.type(desk.spin(HEADS), "5")
    assert not row.notice.isHidden()
    assert "does not divide" in row.notice.label.text()
    assert row.editor.value() == 5
    assert desk.spin(HEADS).property("wrong")
    assert desk.experiment.model.decoder[1].attention.heads == 4  # type: ignore[union-attr]
    desk.press(next(button for button in row.notice.buttons if button.text() == "use 4"))
    assert row.notice.isHidden()
    assert row.editor.value() == 4
    assert not desk.spin(HEADS).property("wrong")


def test_a_repair_elsewhere_keeps_what_was_typed(desk):
    desk.type(desk.spin(HEADS), "5")
    button = next(b for b in desk.form.rows[HEADS].notice.buttons if b.text().startswith("d_model ="))
    wanted = int(button.text().split("=")[1])
    desk.press(button)
    assert desk.experiment.model.d_model == wanted
    assert desk.experiment.model.decoder[1].attention.heads == 5  # type: ignore[union-attr]


def test_typing_the_old_value_again_ends_the_refusal(desk):
    desk.type(desk.spin(HEADS), "5")
    desk.type(desk.spin(HEADS), "4")
    assert desk.form.rows[HEADS].notice.isHidden()
    assert desk.asked == [(HEADS, 5)]


def test_a_problem_of_a_field_elsewhere_stands_at_the_top(desk):
    fix = Fix("model.decoder[0].attention.heads", 2)
    desk.form.show_problems([Problem("model.decoder[0].attention.heads", "cannot be", (fix,))])
    assert "cannot be" in desk.form.notice.label.text()
    desk.press(desk.form.notice.buttons[0])
    assert desk.asked == [(fix.path, fix.value)]
    assert desk.form.notice.isHidden()


def test_a_problem_nobody_typed_stands_under_its_own_field(desk):
    desk.form.show_problems([Problem("model.decoder[1].attention.mask", "is not possible here")])
    assert "Is not possible here." in desk.form.rows["model.decoder[1].attention.mask"].notice.label.text()
    assert desk.form.notice.isHidden()


def test_reset_appears_where_the_preset_differs_and_goes_back(desk):
    row = desk.form.rows[HEADS]
    assert not row.resettable
    desk.type(desk.spin(HEADS), "8")
    assert row.resettable
    desk.press(row.reset)
    assert desk.asked[-1] == (HEADS, 4)
    assert not row.resettable


def test_an_automatic_value_can_be_set_and_left_open_again(desk):
    path = "model.decoder[1].attention.kv_heads"
    row = desk.form.rows[path]
    assert row.editor.value() == 4
    assert not row.auto.isHidden()
    assert row.auto.text() == "auto"
    desk.type(desk.spin(path), "2")
    assert desk.experiment.model.decoder[1].attention.kv_heads == 2  # type: ignore[union-attr]
    desk.press(row.reset)
    assert desk.experiment.model.decoder[1].attention.kv_heads is None  # type: ignore[union-attr]
    assert row.editor.value() == 4


def test_segments_and_the_field_that_only_then_means_something(desk):
    base = desk.form.rows["model.decoder[1].attention.position.base"]
    assert base.isHidden()
    choice = desk.form.rows["model.decoder[1].attention.position.kind"].editor
    desk.press(choice.controls()[1])
    assert desk.asked == [("model.decoder[1].attention.position.kind", "rotary")]
    assert not base.isHidden()


def test_a_switch(desk):
    path = "model.decoder[1].attention.bias"
    desk.press(desk.spin(path))
    assert desk.asked == [(path, False)]


def test_a_part_can_be_taken_out_and_put_back_as_it_was(qtbot):
    desk = Desk(qtbot, experiment(heads=8))
    desk.form.show_part("model.decoder[1]")
    path = "model.decoder[1].attention"
    desk.press(desk.spin(path))
    assert desk.experiment.model.decoder[1].attention is None
    desk.press(desk.spin(path))
    assert desk.experiment.model.decoder[1].attention == Attention(heads=8)


def test_a_selected_part_that_goes_shows_its_layer(desk):
    changed = edit.replaced(desk.experiment, "model.decoder[1].attention", None)
    desk.form.set_experiment(changed, desk.preset)
    desk.form.show_part("model.decoder[1].attention")
    assert desk.form.caption.text() == "Layer 2"


def test_the_slider_moves_in_round_steps(desk):
    slider = desk.form.rows[WIDTH].editor.controls()[0]
    assert isinstance(slider, QSlider)
    slider.setFocus()
    desk.qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert desk.asked == [(WIDTH, 136)]
    assert desk.experiment.model.d_model == 136


def test_a_dragged_slider_asks_when_it_rests(desk):
    slider = desk.form.rows[WIDTH].editor.controls()[0]
    slider.setSliderDown(True)
    for value in (136, 144, 152, 160):
        slider.setValue(value)
    assert desk.asked == []
    slider.setSliderDown(False)
    assert desk.asked == [(WIDTH, 160)]


def test_the_wheel_scrolls_the_form_and_changes_nothing(desk):
    spin = desk.spin(HEADS)
    desk.form.setFocus()
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(spin, event)
    assert desk.asked == []


def test_the_training_page_and_its_learning_rate(desk):
    desk.form.tabs.setCurrentIndex(2)
    spin = desk.spin("training.lr")
    assert isinstance(spin, Number)
    assert spin.text() == "1e-3"
    desk.type(spin, "3e-4")
    assert desk.experiment.training.lr == 3e-4
    desk.qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert desk.experiment.training.lr == 5e-4
    assert spin.hasFocus()
    desk.type(spin, "20")
    assert "at most 10" in desk.form.rows["training.lr"].notice.label.text()
    assert spin.text() == "20"


def test_a_list_of_choices(desk):
    desk.form.tabs.setCurrentIndex(1)
    combo = desk.spin("task.tokenizer.kind")
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    desk.qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert desk.experiment.task.tokenizer.kind == "unigram"


def test_the_pill_says_what_kind_of_change_a_field_is(desk):
    assert desk.form.pill.text().startswith("graft")
    desk.spin("model.decoder[1].attention.dropout").setFocus()
    assert desk.form.pill.text().startswith("hot")
    assert desk.form.pill.property("role") == "good"
    desk.form.tabs.setCurrentIndex(1)
    desk.spin("seed").setFocus()
    assert desk.form.pill.text().startswith("fresh")


def test_showing_a_part_comes_back_to_its_page(desk):
    desk.form.tabs.setCurrentIndex(2)
    desk.form.show_part("model.decoder[2].mlp")
    assert desk.form.tabs.currentIndex() == 0
    assert desk.form.caption.text() == "Layer 3 · MLP"
    assert "model.decoder[2].mlp.d_mlp" in desk.form.rows


def test_a_report_is_shown_and_goes(desk):
    desk.form.show_message("Kept 24 of 26 weights.")
    assert not desk.form.message.isHidden()
    desk.form.show_message("")
    assert desk.form.message.isHidden()


def test_an_unrelated_new_experiment_does_not_disturb_typing(desk):
    spin = desk.spin(HEADS)
    spin.setFocus()
    spin.selectAll()
    desk.qtbot.keyClicks(spin, "1")
    desk.form.set_experiment(edit.replaced(desk.experiment, "seed", 7), desk.preset)
    assert spin.text() == "1"
    assert spin.hasFocus()


@pytest.mark.parametrize(
    "path", ["model.embedding", "model.decoder[0]", "model.decoder[0].norm", "model.decoder[0].mlp", "model.unembedding"]
)
@pytest.mark.parametrize("tab", [0, 1, 2])
def test_every_page_fits_its_column_and_names_its_controls(desk, path, tab):
    desk.form.resize(desk.form.minimumWidth(), 760)
    desk.form.show_part(path)
    desk.form.tabs.setCurrentIndex(tab)
    QApplication.processEvents()
    assert desk.form._ground.minimumSizeHint().width() <= desk.form.area.viewport().width()
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider):
        for control in desk.form._form.findChildren(kind):
            assert control.accessibleName(), f"{type(control).__name__} on {path}"
    assert desk.form.facts.texts()


def test_retheme_keeps_focus_and_values(desk):
    desk.spin(HEADS).setFocus()
    theme.apply(QApplication.instance(), "light", 1.2)  # type: ignore[arg-type]
    desk.form.retheme()
    assert desk.spin(HEADS).hasFocus()
    assert desk.spin(HEADS).value() == 4


def test_the_tip_of_a_choice_says_what_it_would_keep(desk, monkeypatch):
    shown = []
    monkeypatch.setattr("playground.ui.foretelling.QToolTip.showText", lambda at, text, widget: shown.append(text))
    row = desk.form.rows["model.decoder[1].attention.position.kind"]
    for button in row.editor.controls():
        QApplication.sendEvent(button, QHelpEvent(QEvent.Type.ToolTip, QPoint(2, 2), button.mapToGlobal(QPoint(2, 2))))
    chosen, *others = sorted(shown, key=len)
    assert "would" not in chosen  # what is there already changes nothing
    assert any("weights would be kept" in text for text in others)
    assert desk.asked == []
