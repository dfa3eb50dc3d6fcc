"""The timeline by real events in the real window: drag, keys, film, going on from a step, and back to the present."""

import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from playground.training.trainer import Trainer
from playground.ui.lossline import CAPACITY, LossLine
from playground.ui.rewinding import film_steps
from playground.worker.commands import Pause, Seek, Step

LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key


@pytest.fixture(autouse=True)
def even_strides(monkeypatch):
    """However slow the machine is, the stride of what is recorded stays as it is."""
    monkeypatch.setattr(Trainer, "seconds_per_step", math.inf)


@pytest.fixture
def trained(desk):
    """Sixty steps on, at rest, with the picture of the last drawn."""
    desk.mailbox.send(Step(60))
    desk.until(lambda: desk.window.status.step == 60 and desk.window.status.mode == "paused")
    desk.track, desk.timeline, desk.rewinding = desk.window.timeline.track, desk.window.timeline, desk.window.rewinding
    desk.until(lambda: desk.track.steps() == (0, 1, 2, 4, 8, 16, 24, 32, 40, 48, 56))
    desk.until(lambda: picture(desk) == 60)
    return desk


def picture(desk):
    """The step that the attention panel shows."""
    words = desk.window.stage.panels["attention"].stamp.text()
    return int(words.split("step ")[1].split(" ")[0].replace(",", "")) if "step " in words else None


def place(desk, step):
    return QPoint(round(desk.track.x_of(step)), desk.track.height() // 2)


def looking_at(desk, step):
    desk.until(lambda: desk.rewinding.step == step and desk.window.status.looking == step)


def test_a_click_shows_the_picture_and_the_answer_of_that_step(trained):
    desk = trained
    desk.qtbot.mouseClick(desk.track, LEFT, pos=place(desk, 32))
    looking_at(desk, 32)
    desk.until(lambda: picture(desk) == 32)
    told = desk.window.prompt.follows
    desk.until(lambda: "step that is looked at" in told.toolTip() and "step 32" in told.text())
    assert told.property("role") == "warning"
    assert "looking at 32 of 60" in desk.timeline.where.text()
    assert "loss" in desk.timeline.detail.text()
    assert desk.timeline.present.isVisible()
    assert desk.window.status.step == 60
    desk.qtbot.mouseClick(desk.timeline.present, LEFT)
    looking_at(desk, None)
    desk.until(lambda: picture(desk) == 60)
    assert "step 60" in desk.timeline.where.text()
    assert not desk.timeline.present.isVisible()


def test_a_place_between_goes_to_the_nearest_and_says_so(trained):
    desk = trained
    desk.qtbot.mouseClick(desk.track, LEFT, pos=place(desk, 43))
    looking_at(desk, 40)
    assert "nearest to 43" in desk.timeline.detail.text()


def test_a_drag_passes_over_the_steps_and_its_end_is_the_present(trained):
    desk, sent = trained, []
    desk.track.sought.connect(sent.append)
    QTest.mousePress(desk.track, LEFT, Qt.KeyboardModifier.NoModifier, place(desk, 50))
    for step in range(50, 3, -1):
        QTest.mouseMove(desk.track, place(desk, step))
    looking_at(desk, 4)
    assert len(sent) == 7, "once for every recorded step that was passed"
    desk.until(lambda: picture(desk) == 4)
    QTest.mouseMove(desk.track, QPoint(desk.track.width() - 2, 20))
    looking_at(desk, None)
    QTest.mouseRelease(desk.track, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(desk.track.width() - 2, 20))
    desk.until(lambda: picture(desk) == 60)


def test_keys_go_through_the_recorded_steps_and_escape_comes_back(trained):
    desk = trained
    desk.track.setFocus()
    for key, step in (
        (KEY.Key_Left, 56), (KEY.Key_Left, 48), (KEY.Key_Home, 0), (KEY.Key_Right, 1), (KEY.Key_Left, 0), (KEY.Key_Left, 0),
        (KEY.Key_PageUp, 56), (KEY.Key_Right, None), (KEY.Key_PageDown, 1), (KEY.Key_End, None), (KEY.Key_Home, 0),
        (KEY.Key_Escape, None),
    ):  # fmt: skip
        desk.qtbot.keyClick(desk.track, key)
        looking_at(desk, step)
    desk.qtbot.keyClick(desk.track, KEY.Key_Home)
    looking_at(desk, 0)
    desk.window.stage.tabs.setFocus()
    desk.qtbot.keyClick(desk.window.stage.tabs, KEY.Key_Escape)
    looking_at(desk, None)


def test_screen_readers_meet_a_slider_with_a_value(trained):
    desk = trained
    desk.qtbot.mouseClick(desk.track, LEFT, pos=place(desk, 24))
    looking_at(desk, 24)
    found = QAccessible.queryAccessibleInterface(desk.track)
    assert found.role() == QAccessible.Role.Slider
    assert found.valueInterface().currentValue() == 24
    assert found.valueInterface().maximumValue() == 60
    assert "step 24 · loss" in desk.track.accessibleDescription()
    found.valueInterface().setCurrentValue(40)
    looking_at(desk, 40)


def test_the_pointer_tells_step_loss_and_what_was_changed(trained):
    desk = trained
    desk.window.inspector.edit_requested.emit("model.decoder[0].attention.heads", 4)
    desk.until(lambda: desk.window.document.running.model.decoder[0].attention.heads == 4)
    desk.mailbox.send(Step(20))
    desk.until(lambda: desk.window.status.step == 80 and desk.track.span() == (0, 80))
    assert "heads 2 → 4" in desk.track.told(60)
    before = desk.track.grab().toImage()
    QTest.mouseMove(desk.track, place(desk, 60))
    desk.until(lambda: desk.track.grab().toImage() != before)


def test_looking_across_a_graft_says_so_and_draws_what_was_there(trained):
    desk = trained
    desk.window.inspector.edit_requested.emit("model.decoder[0].attention.heads", 4)
    desk.until(lambda: desk.window.document.running.model.decoder[0].attention.heads == 4)
    desk.mailbox.send(Step(20))
    desk.until(lambda: desk.window.status.step == 80)
    desk.qtbot.mouseClick(desk.track, LEFT, pos=place(desk, 16))
    looking_at(desk, 16)
    desk.until(lambda: picture(desk) == 16)
    assert "earlier architecture" in desk.timeline.detail.text()
    desk.qtbot.mouseClick(desk.timeline.branch, LEFT)
    desk.until(lambda: desk.window.document.running.model.decoder[0].attention.heads == 2)
    assert desk.window.document.experiment.model.decoder[0].attention.heads == 2
    desk.until(lambda: desk.window.status.mode == "running")
    desk.mailbox.send(Pause())
    desk.window.actions_by_name["undo"].trigger()
    desk.until(lambda: desk.window.document.running.model.decoder[0].attention.heads == 4)


def test_continue_from_here_trains_on_and_undo_brings_the_rest_back(trained):
    desk = trained
    desk.qtbot.mouseClick(desk.track, LEFT, pos=place(desk, 24))
    looking_at(desk, 24)
    desk.qtbot.mouseClick(desk.timeline.branch, LEFT)
    desk.until(lambda: desk.window.status.mode == "running" and desk.rewinding.step is None)
    assert "Continue from step 24" in desk.window.document.stack.undoText()
    assert (24, "a branch goes on from here") in desk.track._recorded.marks
    desk.mailbox.send(Pause())
    desk.until(lambda: desk.window.status.mode == "paused")
    stopped = desk.window.status.step
    desk.window.actions_by_name["undo"].trigger()
    desk.until(lambda: desk.window.status.step == 60)
    desk.until(lambda: desk.track.steps()[-1] == 56 and desk.track.span() == (0, 60))
    assert desk.track.line.loss_at(50) is not None, "its line is back too"
    desk.window.actions_by_name["redo"].trigger()
    desk.until(lambda: desk.window.status.step == stopped)


def test_the_film_shows_every_step_and_ends_in_the_present(trained):
    desk, seen = trained, []
    panel = desk.window.stage.panels["attention"]
    draw = panel.draw
    panel.draw = lambda frame: (seen.append(frame.step), draw(frame))
    for _ in range(2):
        desk.qtbot.mouseClick(desk.timeline.pace_button, LEFT)
    assert desk.timeline.pace == 4.0
    desk.qtbot.mouseClick(desk.timeline.film, LEFT)
    assert "Stop" in desk.timeline.film.accessibleName()
    desk.until(lambda: seen[-1:] == [60])
    assert [step for index, step in enumerate(seen) if step not in seen[:index]] == [0, 1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 60]
    looking_at(desk, None)
    assert "Film" in desk.timeline.film.accessibleName()
    desk.qtbot.mouseClick(desk.timeline.film, LEFT)
    desk.until(lambda: desk.rewinding.step == 2)
    desk.qtbot.mouseClick(desk.track, LEFT, pos=place(desk, 40))
    looking_at(desk, 40)
    desk.idle(0.4)
    assert desk.rewinding.step == 40, "a hand on the timeline ends the film"


def test_play_returns_to_the_present_and_training_goes_on_while_looking_back(trained):
    desk = trained
    desk.qtbot.mouseClick(desk.track, LEFT, pos=place(desk, 8))
    looking_at(desk, 8)
    desk.qtbot.mouseClick(desk.window.transport.play, LEFT)
    looking_at(desk, None)
    desk.steps_on(10)
    desk.qtbot.mouseClick(desk.track, LEFT, pos=place(desk, 8))
    looking_at(desk, 8)
    desk.steps_on(10)
    assert picture(desk) == 8
    desk.qtbot.mouseClick(desk.window.transport.restart, LEFT)
    looking_at(desk, None)


def test_curves_keep_their_cursor_at_the_step_that_is_looked_at(trained):
    desk = trained
    desk.window.stage.show_view("curves")
    panel = desk.window.stage.panels["curves"]
    desk.qtbot.mouseClick(desk.track, LEFT, pos=place(desk, 32))
    looking_at(desk, 32)
    desk.until(lambda: panel.loss.cursor.isVisible() and panel.loss.cursor.value() == 32)
    desk.rewinding.live()
    desk.until(lambda: not panel.loss.cursor.isVisible())


def test_the_budget_is_seen(trained):
    desk = trained
    assert desk.timeline.kept.text() == "11 steps recorded"
    assert "of 256 MB" in desk.timeline.room.text()
    assert "on disk" in desk.timeline.room.toolTip()


def test_a_file_that_cannot_be_read_is_said_and_the_window_lives(trained, monkeypatch):
    from playground.training.shelf import Packed

    desk = trained
    monkeypatch.setattr(
        Packed, "tensors", lambda self: (_ for _ in ()).throw(OSError(5, "Input/output error", "7.safetensors"))
    )
    desk.mailbox.send(Seek(8))
    desk.until(lambda: "Looking back failed" in desk.window.notice.text())
    assert desk.rewinding.step is None
    monkeypatch.undo()
    desk.mailbox.send(Seek(8))
    looking_at(desk, 8)


def test_a_film_shows_the_early_steps_and_then_even_ones():
    steps = (0, 1, 2, 4, 8, 16, 32, 64, *range(100, 4000, 100), *range(4000, 5001, 8))
    shown_steps = film_steps(steps, 5000)
    assert shown_steps[:7] == [0, 1, 2, 4, 8, 16, 32]
    assert all(later - earlier >= 50 for earlier, later in zip(shown_steps[8:], shown_steps[9:], strict=False))
    assert film_steps((), 0) == []


def test_a_long_line_stays_bounded_and_keeps_its_steps():
    from playground.training.report import StepReport

    line = LossLine()
    line.add([StepReport(step, 100.0 - step / 100, 0.1, 1.0, 1.0) for step in range(1, 5001)])
    steps, loss = line.points(10**6)
    assert CAPACITY / 2 <= len(steps) <= CAPACITY
    assert (line.first, line.last) == (0, 5000)
    assert abs(steps[0] - 4.5) < 1e-9
    assert all(abs(at - (100 - step / 100)) < 1e-9 for step, at in zip(steps.tolist(), loss.tolist(), strict=True))
    assert line.loss_at(2500) == pytest.approx(75.0, abs=0.1)
