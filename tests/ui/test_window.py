"""The window, by its real buttons, with a real engine training behind it."""

import os

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)

from playground.places import shipped
from playground.spec.model import CrossAttention
from playground.style import theme
from playground.ui.code_dialog import CodeDialog
from playground.ui.diagram.choice import Choice
from playground.ui.diagram.wishes import Copy, Duplicate, Insert, Move, Paste, Remove, Switch
from playground.ui.history import HistoryDialog
from playground.ui.left_out import LeftOutList
from playground.ui.library.dialog import Library
from playground.ui.prompt import DEFAULT_PROMPT
from playground.ui.share_dialog import PasteDialog, ShareDialog
from playground.views.table import TABS

LEFT = Qt.MouseButton.LeftButton


def test_play_trains_and_pause_stops(desk):
    window = desk.window
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.until(lambda: window.status.mode == "running" and window.status.step >= 5)
    assert window.transport.play.accessibleName() == "Pause"
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.until(lambda: window.status.mode == "paused")
    step = window.status.step
    desk.idle()
    assert window.status.step == step


def test_step_takes_exactly_one_optimiser_step(desk):
    for expected in (1, 2, 3):
        desk.qtbot.mouseClick(desk.window.transport.step, LEFT)
        desk.until(lambda expected=expected: desk.window.status.step == expected)
    assert desk.window.transport.figures["step"].value.text() == "3"


def test_restart_goes_back_to_step_zero(desk):
    desk.qtbot.mouseClick(desk.window.transport.step, LEFT)
    desk.until(lambda: desk.window.status.step == 1)
    desk.qtbot.mouseClick(desk.window.transport.restart, LEFT)
    desk.until(lambda: desk.window.status.step == 0)


def test_space_plays_and_pauses_but_not_while_writing(desk):
    window = desk.window
    window.prompt.edit.setFocus()
    desk.qtbot.keyClick(window.prompt.edit, Qt.Key.Key_Space)
    desk.idle()
    assert window.status.mode == "paused"
    window.stage.tabs.setFocus()
    desk.qtbot.keyClick(window.stage.tabs, Qt.Key.Key_Space)
    desk.until(lambda: window.status.mode == "running")


def test_every_view_draws_a_picture_of_the_model(desk):
    window = desk.window
    window.stage.all.trigger()
    there = {view.name for view in TABS if view.live} - {"world"}  # a model of texts has none
    assert set(window.stage.panels) == there
    seen = set()
    draw = window.stage.draw
    window.stage.draw = lambda frames: (seen.update(frames), draw(frames))
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.until(lambda: seen == there)


def test_the_prompt_is_answered_and_follows_training(desk):
    prompt = desk.window.prompt
    prompt.edit.setText("the cat ")
    prompt.ask()
    desk.until(lambda: prompt.edit.continuation() != "")
    assert prompt.edit.text() == "the cat "
    assert "step 0" in prompt.follows.text()
    desk.qtbot.mouseClick(desk.window.transport.play, LEFT)
    desk.until(lambda: "step 0" not in prompt.follows.text())


def test_an_edit_grafts_and_undo_brings_it_back(desk):
    window = desk.window
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.steps_on()
    window.inspector.edit_requested.emit("model.decoder[0].attention.heads", 4)
    desk.until(lambda: window.document.running.model.decoder[0].attention.heads == 4)
    step = window.status.step
    desk.steps_on()
    assert window.status.step > step, "a graft goes on from where it was"
    window.actions_by_name["undo"].trigger()
    desk.until(lambda: window.document.running.model.decoder[0].attention.heads == 2)
    window.actions_by_name["redo"].trigger()
    desk.until(lambda: window.document.running.model.decoder[0].attention.heads == 4)


def test_an_impossible_edit_is_refused_beside_the_field_and_training_goes_on(desk):
    window = desk.window
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.steps_on()
    window.inspector.edit_requested.emit("model.decoder[0].attention.heads", 3)
    assert [problem.path for problem in window.document.problems] == ["model.decoder[0].attention.heads"]
    assert window.document.experiment.model.decoder[0].attention.heads == 2
    desk.steps_on()


def test_layers_are_added_and_removed_by_their_buttons(desk):
    window = desk.window
    window.diagram.wished.emit(Insert("layer", "decoder", 2))
    desk.until(lambda: len(window.document.running.model.decoder) == 3)
    window.diagram.wished.emit(Remove((("decoder", 2),)))
    desk.until(lambda: len(window.document.running.model.decoder) == 2)
    window.diagram.wished.emit(Remove((("decoder", 1),)))
    window.diagram.wished.emit(Remove((("decoder", 0),)))
    assert "no layer" in window.notice.text()
    assert len(window.document.experiment.model.decoder) == 1


def drop(window, path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = LEFT, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, buttons, keys))


def test_a_dropped_text_is_trained_on(desk, tmp_path):
    other = tmp_path / "other.md"
    other.write_text("# Title\n\nsome other words to learn from, again and again\n" * 50, encoding="utf-8")
    drop(desk.window, other)
    desk.until(lambda: desk.window.document.running.task.text == str(other))
    desk.until(lambda: desk.window.status.mode == "running" and desk.window.status.step > 2)
    assert "other.md" in desk.window.transport.text.text()


BAD = {
    "binary": (b"\x00\x01\x02\xff" * 500, "binary"),
    "empty": (b"", "empty"),
    "short": (b"abc", "too short"),
    "latin-1": ("h\xe9llo w\xf6rld ".encode("latin-1") * 50, "UTF-8"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_text_is_refused_in_words_and_the_session_goes_on(desk, tmp_path, kind):
    content, says = BAD[kind]
    path = tmp_path / f"{kind}.txt"
    path.write_bytes(content)
    before = desk.window.document.experiment
    drop(desk.window, path)
    desk.until(lambda: says in desk.window.notice.text())
    desk.until(lambda: desk.window.document.experiment == before)
    if desk.window.status.mode != "running":
        desk.qtbot.mouseClick(desk.window.transport.play, LEFT)
    desk.steps_on()


@pytest.mark.parametrize("kind", ["folder", "deleted", "forbidden"])
def test_a_file_that_cannot_be_read(desk, tmp_path, kind):
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "forbidden":
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        else:
            path.write_text("secret words " * 100, encoding="utf-8")
            path.chmod(0)
    drop(desk.window, path)
    desk.until(lambda: path.name in desk.window.notice.text())


def test_a_broken_model_folder_leaves_the_old_one_running(desk, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "experiment.toml").write_text("[model\nd_model = 3", encoding="utf-8")
    drop(desk.window, broken)
    desk.until(lambda: "TOML" in desk.window.notice.text())
    assert desk.window.document.name == "small"
    desk.qtbot.mouseClick(desk.window.transport.step, LEFT)
    desk.until(lambda: desk.window.status.step == 1)


def test_save_and_open_go_on_from_the_same_step(desk, tmp_path):
    window = desk.window
    for _ in range(3):
        desk.qtbot.mouseClick(window.transport.step, LEFT)
    desk.until(lambda: window.status.step == 3)
    window.filing.save_to(tmp_path / "kept")
    desk.until(lambda: "Saved" in window.notice.text())
    desk.qtbot.mouseClick(window.transport.restart, LEFT)
    desk.until(lambda: window.status.step == 0)
    window.filing.open_model(tmp_path / "kept")
    desk.until(lambda: window.status.step == 3 and window.document.name == "kept")


def test_closing_while_training_ends_everything(desk):
    desk.qtbot.mouseClick(desk.window.transport.play, LEFT)
    desk.steps_on()
    desk.close()  # asserts that the thread has ended


@pytest.mark.parametrize("name", ["light", "dark", "contrast"])
def test_every_theme_draws(desk, name):
    desk.window.use_theme(name)
    desk.idle(0.1)
    assert theme.theme().name == name
    assert not desk.window.grab().isNull()


def test_actions_have_unique_shortcuts_and_stand_in_a_menu(desk):
    actions = desk.window.actions_by_name
    shortcuts = [action.shortcut().toString() for action in actions.values()]
    assert len(set(shortcuts)) == len(shortcuts)
    inside = {action for menu in desk.window.transport.more_menu.actions() for action in menu.menu().actions()}
    assert inside == set(actions.values())
    assert all(action.toolTip() for action in actions.values())


def test_every_control_has_a_name_for_screen_readers(desk):
    desk.window.stage.all.trigger()
    nameless = []
    for kind in (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox):
        for widget in desk.window.findChildren(kind):
            inner = isinstance(widget.parent(), (QAbstractSpinBox, QComboBox))
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            inner = inner or widget.objectName().startswith("qt_") or type(widget.parent()) is QLineEdit
            if not inner and not (widget.accessibleName() or text):
                nameless.append(f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}")
    assert not nameless


def test_a_second_frame_of_silence_costs_nothing(desk):
    import time

    desk.idle(1.0)
    used, end = time.process_time(), time.monotonic() + 2.0
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.05)
    assert time.process_time() - used < 0.2


def test_choosing_a_part_chooses_its_heads_and_the_other_way_round(desk):
    window = desk.window
    desk.until(lambda: window.stage.panels["attention"].selected() is not None)
    panel, last = window.stage.panels["attention"], len(window.document.experiment.model.decoder) - 1
    window.diagram.canvas.chosen.emit(Choice.one(f"model.decoder[{last}].attention"))
    assert panel.selected()[0] == f"decoder.{last}"
    panel.head_chosen.emit("decoder.0", 1)
    assert window.choice == window.diagram.choice() == Choice.one("model.decoder[0].attention")


def test_an_encoder_can_be_added_in_one_edit_and_the_mask_lifted(desk):
    """From a GPT to a BERT and to an encoder-decoder by edits alone; each starts afresh, since the vocabulary grows."""
    window = desk.window
    layers = window.document.experiment.model.decoder
    full = [layer.model_copy(update={"attention": layer.attention.model_copy(update={"mask": "bidirectional"})})
            for layer in layers]  # fmt: skip
    crossed = [layer.model_copy(update={"cross": CrossAttention(heads=1)}) for layer in layers]
    for stacks, names in (({"encoder": full, "decoder": ()}, {"encoder"}),
                          ({"encoder": full, "decoder": crossed}, {"encoder", "decoder"})):  # fmt: skip
        model = window.document.experiment.model.model_copy(update={k: tuple(v) for k, v in stacks.items()})
        window.document.edit("model", model)
        desk.until(lambda names=names: set(window.document.running.model.stacks) == names)
        desk.qtbot.mouseClick(window.transport.step, LEFT)
        desk.until(lambda: window.status.mode == "paused" and window.status.step >= 1)
        assert all(item.box.path.split("[")[0].removeprefix("model.") in {*names, "embedding", "unembedding"}
                   for item in window.diagram.canvas.items_by_path.values())  # fmt: skip
    assert not window.notice.text()


def test_a_generated_task_from_the_menu_trains_and_is_answered_and_a_text_comes_back(desk, text):
    window = desk.window
    menu = next(action.menu() for action in window.transport.text_menu.actions() if action.text() == "Generated tasks")
    next(action for action in menu.actions() if action.text() == "Sort").trigger()
    desk.until(lambda: window.document.running.task.kind == "sort" and window.status.mode == "running")
    desk.steps_on()
    assert "Sort" in window.transport.text.text()
    window.prompt.edit.setText("2 0 1")
    window.prompt.ask()
    desk.until(lambda: bool(window.prompt.edit.continuation()))
    window.filing.open_text(str(text))
    desk.until(lambda: window.document.running.task.kind == "text")
    desk.steps_on()
    assert not window.notice.text()


def test_a_prompt_nobody_wrote_gives_way_to_a_question_of_the_task(desk):
    window = desk.window
    window.prompt.edit.setText(DEFAULT_PROMPT)
    window.filing.open_task("sort")
    desk.until(lambda: window.prompt.edit.text() != DEFAULT_PROMPT)
    assert set(window.prompt.edit.text().replace(" ", "")) <= set("012")
    desk.until(lambda: bool(window.prompt.edit.continuation()))


def test_pairs_are_dropped_and_the_useless_lines_can_be_read(desk, tmp_path):
    window = desk.window
    path = tmp_path / "pairs.tsv"
    path.write_text("no tab\n" + "".join(f"{n}\t{n}\n" for n in range(10, 60)), encoding="utf-8")
    drop(window, path)
    desk.until(lambda: window.document.running.task.kind == "pairs" and window.status.mode == "running")
    desk.until(lambda: "50 pairs can be used, 1 line cannot" in window.notice.text())
    assert "pairs" in window.transport.text.text()
    desk.qtbot.mouseClick(window.notice.more, LEFT)
    shown = window.findChild(LeftOutList)
    assert [shown.table.item(0, column).text().split(":")[0] for column in (0, 1)] == ["1", "One column"]
    desk.qtbot.keyClick(shown, Qt.Key.Key_Escape)
    desk.qtbot.mouseClick(window.notice.message.button, LEFT)
    desk.until(lambda: not window.notice.text())
    desk.until(lambda: window.status.score is not None, 60)
    assert window.transport.figures["score"].isVisible()


def test_layers_are_cut_pasted_carried_and_switched_and_every_step_has_a_name(desk):
    window = desk.window
    canvas = window.diagram.canvas
    window.document.edit("model.decoder[1].mlp.d_mlp", 48)
    for wish, name in (
        (Copy((("decoder", 1),), cut=True), "Cut layer 2"), (Paste("decoder", 0), "Paste layer 1"),
        (Move((("decoder", 0),), "decoder", 2), "Move layer 1 to layer 2"), (Duplicate((("decoder", 0),)), "Duplicate layer 1"),
        (Insert("mlp", "decoder", 1), "Add MLP only as layer 2"), (Switch("encoder-only"), "Architecture: encoder only"),
    ):  # fmt: skip
        canvas.wished.emit(wish)
        assert window.document.stack.undoText() == name
    assert [layer.mlp.d_mlp for layer in window.document.experiment.model.encoder] == [32, 32, 32, 48]
    desk.until(lambda: window.document.running.model.architecture == "encoder-only")
    desk.qtbot.mouseClick(window.transport.step, LEFT)
    desk.until(lambda: window.status.step >= 1)
    while window.document.stack.canUndo():
        window.document.stack.undo()
    assert [layer.mlp.d_mlp for layer in window.document.experiment.model.decoder] == [32, 32]
    desk.until(lambda: window.document.running.model.architecture == "decoder-only")
    QApplication.clipboard().setText("no layer at all")
    canvas.wished.emit(Paste("decoder", 0))
    assert "cannot be pasted" in window.notice.text()


def test_the_history_goes_back_and_the_weights_with_it(desk):
    window = desk.window
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.steps_on(5)
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.until(lambda: window.status.mode == "paused")
    step = window.status.step
    window.diagram.canvas.wished.emit(Insert("layer", "decoder", 1))
    desk.until(lambda: len(window.document.running.model.decoder) == 3)
    desk.qtbot.mouseClick(window.transport.step, LEFT)
    desk.until(lambda: window.status.step == step + 1)
    window.actions_by_name["history"].trigger()
    history = window.findChild(HistoryDialog)
    assert [history.list.model().index(row, 0).data() for row in range(2)] == ["As it was opened", "Add layer as layer 2"]
    history.list.setCurrentIndex(history.list.model().index(0, 0))
    desk.until(lambda: len(window.document.running.model.decoder) == 2 and window.status.step == step)
    history.close()


def test_the_code_of_the_model_is_shown_copied_and_saved(desk, tmp_path):
    window = desk.window
    window.actions_by_name["code"].trigger()
    dialog = window.findChild(CodeDialog)
    assert "class Attention" in dialog.page.toPlainText()
    desk.qtbot.mouseClick(dialog.copy, LEFT)
    assert QApplication.clipboard().text() == dialog.text
    dialog.save(tmp_path / "model.py")
    compile((tmp_path / "model.py").read_text(encoding="utf-8"), "model.py", "exec")
    dialog.save(tmp_path / "nowhere" / "model.py")
    assert "could not be written" in dialog.said.text()
    dialog.close()


def test_no_field_swallows_a_dropped_file(desk):
    window = desk.window
    window.stage.toggle_all()
    desk.idle()
    fields = [field for kind in (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox) for field in window.findChildren(kind)]
    assert len(fields) > 5
    for field in fields:
        assert not field.acceptDrops(), field
    assert not window.prompt.edit.viewport().acceptDrops()
    assert window.acceptDrops()


def write(path, words):
    path.write_text(words * 60, encoding="utf-8")
    return str(path)


def test_undo_leads_through_every_text_and_a_refused_one_leaves_no_trace(desk, tmp_path):
    window, stack = desk.window, desk.window.document.stack
    first = window.document.experiment.task.text
    one, two = write(tmp_path / "one.txt", "one fish two fish\n"), write(tmp_path / "two.txt", "red fish blue fish\n")
    for path in (one, two):
        window.filing.open_text(path)
        desk.until(lambda path=path: window.document.running.task.text == path and window.status.mode == "running")
        desk.steps_on(3)
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.until(lambda: window.status.mode == "paused")
    (tmp_path / "bad.bin").write_bytes(BAD["binary"][0])
    window.filing.open_text(str(tmp_path / "bad.bin"))
    desk.until(lambda: "binary" in window.notice.text())
    desk.idle()
    assert window.status.mode == "paused"  # what is refused does not start training
    assert window.document.experiment.task.text == two
    assert (stack.canUndo(), stack.canRedo(), stack.undoText()) == (True, False, "Learn from two.txt")
    for path in (one, first):
        stack.undo()
        desk.until(lambda path=path: window.document.running.task.text == path)
    assert not window.notice.text()  # what was wrong is over
    stack.redo()
    desk.until(lambda: window.document.running.task.text == one and window.status.step >= 3)  # with the weights that it had


def test_the_same_file_again_is_read_anew_where_it_has_changed(desk, tmp_path):
    window = desk.window
    path = write(tmp_path / "mine.txt", "one fish two fish\n")
    window.filing.open_text(path)
    desk.until(lambda: window.status.mode == "running" and window.status.step >= 3)
    before = window.document.experiment.model.vocab
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.until(lambda: window.status.mode == "paused")
    step = window.status.step
    window.filing.open_text(path)  # the same text: training goes on
    desk.until(lambda: window.status.mode == "running" and window.status.step > step)
    write(tmp_path / "mine.txt", "ABCDEFG quite another alphabet, with many more letters\n")
    window.filing.open_text(path)
    desk.until(lambda: window.document.experiment.model.vocab > before)
    assert "changed on disk" in window.inspector.message.text()
    desk.steps_on(2)


def test_edits_of_one_field_are_one_step_only_while_they_follow_each_other(desk, monkeypatch):
    stack = desk.window.document.stack
    for value in (40, 48):
        desk.window.document.edit("model.decoder[0].mlp.d_mlp", value)
    assert stack.count() == 1
    monkeypatch.setattr("playground.ui.document.MERGED_WITHIN", -1.0)
    desk.window.document.edit("model.decoder[0].mlp.d_mlp", 56)
    assert stack.count() == 2


def test_every_task_brings_a_question_of_its_own(desk):
    window = desk.window
    window.prompt.edit.setText(DEFAULT_PROMPT)
    window.inspector.edit_requested.emit("model.n_ctx", 64)
    seen = []
    for kind in ("sort", "parity", "dates"):
        window.filing.open_task(kind)
        desk.until(lambda kind=kind: window.document.running.task.kind == kind)
        desk.until(lambda: window.prompt.edit.text() not in (DEFAULT_PROMPT, *seen) and bool(window.prompt.edit.continuation()))
        seen.append(window.prompt.edit.text())
    assert len(set(seen)) == 3


def test_the_library_opens_what_is_chosen(desk):
    window = desk.window
    window.actions_by_name["library"].trigger()
    library = window.findChild(Library)
    desk.until(lambda: library.isVisible())
    library.chosen.emit(shipped("models") / "nanogpt-cpu")
    desk.until(lambda: window.document.name == "nanogpt-cpu", 60)


def test_an_experiment_is_shared_as_a_string_and_opened_again(desk):
    window = desk.window
    window.document.edit("model.decoder[1].attention.heads", 4)
    assert window.document.stack.undoText() == "Layer 2: heads 2 → 4"
    assert "heads 2 → 4" in window.windowTitle()
    shared = window.document.experiment
    window.actions_by_name["share"].trigger()
    dialog = window.findChild(ShareDialog)
    text = dialog.text.toPlainText()
    assert text.startswith("tp1:gpt:")
    dialog.close()
    window.document.stack.undo()
    window.actions_by_name["shared"].trigger()
    paste = window.findChild(PasteDialog)
    desk.qtbot.keyClicks(paste.field, text)
    desk.qtbot.mouseClick(paste.open_button, LEFT)
    desk.until(lambda: window.document.experiment.model.decoder == shared.model.decoder)
    assert window.document.stack.undoText() == "Open shared GPT"


def test_several_layers_are_edited_at_once_as_one_step(desk):
    window = desk.window
    window.choose(Choice(("model.decoder[0].mlp", "model.decoder[1].mlp"), "model.decoder[1].mlp", "model.decoder[0].mlp"))
    window.inspector.edits_requested.emit((("model.decoder[0].mlp.d_mlp", 40), ("model.decoder[1].mlp.d_mlp", 40)))
    assert [layer.mlp.d_mlp for layer in window.document.experiment.model.decoder] == [40, 40]
    assert window.document.stack.count() == 1
    desk.until(lambda: window.document.running == window.document.experiment)


def test_a_task_that_does_not_fit_is_repaired_by_a_click(desk):
    window = desk.window  # its context is 16
    window.filing.open_task("dates")
    desk.until(lambda: "does not fit into a context of 16" in window.notice.text())
    assert window.document.experiment.task.kind == "text"
    assert window.notice.more.text().startswith("Use ")
    desk.qtbot.mouseClick(window.notice.more, LEFT)
    desk.until(lambda: window.document.running.task.kind == "dates" and window.status.mode == "running")
    assert window.document.experiment.model.n_ctx > 16
    assert not window.notice.text()
