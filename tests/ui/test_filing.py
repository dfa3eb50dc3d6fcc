"""Opening, saving, copying and going back, the questions before work is lost, and what a crash leaves."""

import shutil
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Qt

from playground.spec import edit
from playground.spec.experiment import Experiment
from playground.ui.recovery import Recovered, Recovery
from playground.ui.unsaved import box
from playground.worker.commands import Save
from tests.ui.conftest import write_model

LEFT = Qt.MouseButton.LeftButton
D_MLP = "model.decoder[0].mlp.d_mlp"


def test_closing_asks_while_something_is_not_saved(remembering, tmp_path, monkeypatch):
    desk, window = remembering, remembering.window
    window.document.edit("model.decoder[0].mlp.d_mlp", 40)
    desk.answers.append("cancel")
    assert not window.close()
    assert window.isVisible()
    target = tmp_path / "mine"
    monkeypatch.setattr("playground.ui.files.choose_target", lambda parent, name="": target)
    desk.answers.append("save")
    assert not window.close()  # not before it is saved
    desk.until(lambda: not window.isVisible())
    assert (target / "experiment.toml").is_file()


def test_opening_another_model_asks_too_and_what_was_open_is_recent(remembering, tmp_path, text):
    desk, window = remembering, remembering.window
    other = write_model(tmp_path / "other", text)
    window.document.edit("model.decoder[0].mlp.d_mlp", 40)
    desk.answers += ["cancel", "discard"]
    window.filing.open_model(other)
    desk.idle()
    assert window.document.name == "small"
    window.filing.open_model(other)
    desk.until(lambda: window.document.name == "other")
    assert window.keeper.recent.folders()[0] == other
    window.transport.model_menu.aboutToShow.emit()
    recent = next(action.menu() for action in window.transport.model_menu.actions() if action.text() == "Recent")
    assert recent.actions()[0].text() == "other"


def test_what_a_crash_has_left_is_offered(remembering, tmp_path):
    window = remembering.window
    found = edit.replaced(window.document.experiment, "model.decoder[0].mlp.d_mlp", 40)
    left = Recovered(found, "small", None, datetime.now(), tmp_path / "left.json")
    window.keeper._recovery.found = lambda: left
    window.keeper.start()
    assert "had changes that were not saved" in window.notice.text()
    remembering.qtbot.mouseClick(window.notice.more, LEFT)
    assert window.document.experiment == found
    assert not window.notice.text()


def test_a_crash_brings_the_weights_back_too(remembering, tmp_path, monkeypatch):
    desk, window = remembering, remembering.window
    monkeypatch.setattr("playground.ui.keeping.WORTH_SECONDS", 2.0)
    left = Recovery(tmp_path / "unsaved")
    window.keeper._recovery = left
    window.toggle_play()
    desk.until(lambda: window.status.step >= 3)
    while window.keeper._trained < 2.0:
        window.keeper._look()
    desk.until(lambda: left.weights is not None and (left.weights / "experiment.toml").is_file() and not window.keeper._writing)
    assert not window.notice.text()  # nobody has asked for it
    window.toggle_play()
    desk.until(lambda: window.status.mode == "paused")
    window.document.edit(D_MLP, 40)
    left._at = -1e9
    window.keeper._look()

    found = left._read(left._file)
    assert found.weights == left.weights
    found = replace(found, weights=shutil.copytree(found.weights, tmp_path / "weights"))
    window.filing.new_model()
    desk.until(lambda: window.status.step == 0 and window.document.running.model.d_model == Experiment().model.d_model)
    window.keeper._recovery = Recovery(tmp_path / "other")
    window.keeper._bring_back(found)
    desk.until(lambda: window.document.name == "small" and window.document.running.model.decoder[0].mlp.d_mlp == 40)
    desk.until(lambda: window.status.step >= 3)
    assert not window.document.stack.isClean()
    assert window.keeper.folder == found.folder


def test_training_is_asked_about_as_well_once_it_is_worth_it(remembering, monkeypatch):
    keeper, asked = remembering.window.keeper, []
    ask = "playground.ui.unsaved.ask"
    monkeypatch.setattr(ask, lambda parent, title, before, what: asked.append((title, before, what)) or "cancel")
    assert keeper.may_go("closing", lambda: None)
    assert not asked
    keeper._trained = 200.0
    assert not keeper.may_go("closing", lambda: None)
    assert asked == [("small", "closing", "3 min of training")]
    assert box(None, "GPT", "closing", asked[0][2]).text() == "GPT has 3 min of training that is not saved."
    assert box(None, "GPT", "closing", "changes").text() == "GPT has changes that are not saved."
    keeper._trained = 0.0


def test_a_new_model_has_learned_nothing_and_has_no_place(remembering):
    desk, window = remembering, remembering.window
    window.one_step()
    desk.until(lambda: window.status.step == 1)
    window.actions_by_name["new"].trigger()
    desk.until(lambda: window.status.step == 0 and window.document.running.model.d_model == Experiment().model.d_model)
    assert window.document.name == ""
    assert window.windowTitle().startswith("Untitled")
    assert not window.document.stack.canUndo()
    assert window.keeper.folder is None


def test_save_goes_where_the_model_lies_and_a_copy_asks(remembering, tmp_path, monkeypatch):
    desk, window = remembering, remembering.window
    target = tmp_path / "first"
    offered = []
    monkeypatch.setattr("playground.ui.files.choose_target", lambda parent, name="": offered.append(name) or target)
    window.document.edit(D_MLP, 40)
    window.actions_by_name["save_as"].trigger()
    desk.until(lambda: window.document.name == "first")
    assert offered == ["small (MLP width 32 → 40 in layer 1)"]
    saved = (target / "experiment.toml").read_text(encoding="utf-8")
    window.document.edit(D_MLP, 48)
    window.actions_by_name["save"].trigger()  # it has a place now: nobody is asked
    desk.until(lambda: window.document.stack.isClean())
    assert len(offered) == 1
    assert (target / "experiment.toml").read_text(encoding="utf-8") != saved

    window.actions_by_name["duplicate"].trigger()
    assert window.document.name == "first copy"
    assert not window.document.stack.isClean()
    target = tmp_path / "second"
    window.actions_by_name["save"].trigger()
    desk.until(lambda: window.document.name == "second")
    assert (tmp_path / "first" / "experiment.toml").is_file()
    assert (tmp_path / "second" / "experiment.toml").is_file()


def test_what_changes_while_it_is_saved_is_not_saved(remembering, tmp_path):
    desk, window = remembering, remembering.window
    window.document.edit(D_MLP, 40)
    window.keeper.save(tmp_path / "there")
    window.document.edit(D_MLP, 48)
    desk.until(lambda: window.document.name == "there")
    assert not window.document.stack.isClean()
    window.keeper.save(tmp_path / "there")
    desk.until(lambda: window.document.stack.isClean())


def test_revert_goes_back_to_what_was_saved(remembering, tmp_path):
    desk, window = remembering, remembering.window
    window.filing.save_to(tmp_path / "mine")
    desk.until(lambda: window.document.name == "mine")
    kept = window.document.experiment
    window.document.edit(D_MLP, 40)
    window.one_step()
    desk.until(lambda: window.status.step == 1)
    desk.answers.append("discard")
    window.actions_by_name["revert"].trigger()
    desk.until(lambda: window.document.experiment == kept and window.status.step == 0)
    assert window.document.stack.isClean()


def test_what_was_never_saved_cannot_be_reverted_and_says_so(remembering):
    remembering.window.filing.source = None
    remembering.window.filing.revert()
    assert "never saved" in remembering.window.notice.text()


def test_a_copy_aside_that_fails_is_said_once(remembering, tmp_path):
    desk, window = remembering, remembering.window
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    window.keeper._writing = True
    window.mailbox.send(Save(blocked, aside=True))
    desk.until(lambda: bool(window.notice.text()))
    assert "safe" in window.notice.text()
    assert window.keeper._writing  # and no other copy is asked for
    assert edit.get(window.document.experiment, D_MLP) == 32
