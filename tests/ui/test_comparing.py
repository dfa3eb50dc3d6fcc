"""Two models side by side in the real window: begun by the menu, told in the strip, seen on the stage, ended by a button."""

import numpy as np
from PySide6.QtCore import Qt

from playground.ui.stage import BESIDE
from playground.worker.commands import Pause, Step

LEFT = Qt.MouseButton.LeftButton
HEADS = "model.decoder[0].attention.heads"


def begin(desk):
    window = desk.window
    desk.mailbox.send(Step(4))
    desk.until(lambda: window.status.step == 4 and window.status.mode == "paused")
    window.stage.compare.trigger()
    desk.until(lambda: window.comparing.beside is not None and window.comparison.isVisible())
    return window


def buttons(window):
    return dict(zip(("A", "B", "both", "minus"), window.comparison.which.buttons(), strict=True))


def test_the_model_of_now_stays_beside_the_one_that_is_edited(desk):
    window = begin(desk)
    desk.qtbot.mouseClick(buttons(window)["both"], LEFT)
    desk.until(lambda: "attention" + BESIDE in window.stage.panels)
    assert window.inspector.isHidden(), "two views need its room in a small window"
    first, second = window.stage.panels["attention"], window.stage.panels["attention" + BESIDE]
    assert first.isVisible()
    assert second.isVisible()
    window.document.edit(HEADS, 4)
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.until(lambda: window.status.step > 12 and window.comparing.beside.step > 12)
    desk.mailbox.send(Pause())
    desk.until(lambda: window.status.mode == "paused")
    desk.until(lambda: window.comparison.said.text().startswith("heads 2 → 4 in layer 1"))
    assert window.comparing.beside.step == window.status.step
    assert window.comparison.batches.text() == "same batches"
    assert "against B" in window.comparison.said.text()
    assert "B answers" in window.comparison.answer.text()
    assert window.document.running.model.decoder[0].attention.heads == 4
    assert window.comparing.beside.experiment.model.decoder[0].attention.heads == 2

    desk.qtbot.mouseClick(buttons(window)["B"], LEFT)
    assert second.isVisible()
    assert not first.isVisible()
    assert window.inspector.isVisible()
    desk.qtbot.mouseClick(window.comparison.ended, LEFT)
    desk.until(lambda: not window.comparison.isVisible())
    assert first.isVisible()
    assert not second.isVisible()
    assert not window.stage.compare.isChecked()


def test_both_have_a_line_in_the_curves(desk):
    window = begin(desk)
    window.stage.show_view("curves")
    desk.mailbox.send(Step(10))
    desk.until(lambda: window.status.step == 14 and window.status.mode == "paused")
    curves = window.stage.panels["curves"]
    desk.until(lambda: curves.runs.beside is not None and len(curves.runs.beside.steps) == 14)
    drawn = curves.runs._second.getData()
    assert np.isfinite(drawn[1]).all()
    desk.qtbot.mouseClick(window.comparison.ended, LEFT)
    desk.until(lambda: curves.runs.beside is None)


def test_a_step_of_the_past_is_put_beside_the_present(desk):
    window = desk.window
    desk.mailbox.send(Step(20))
    desk.until(lambda: window.status.step == 20 and window.status.mode == "paused" and window.timeline.track.steps()[-1] >= 8)
    window.rewinding.seek(8)
    desk.until(lambda: window.rewinding.step == 8)
    window.actions_by_name["compare"].trigger()
    desk.until(lambda: window.comparing.beside is not None and window.rewinding.step is None)
    assert window.comparing.beside.step == 8
    assert window.comparing.beside.standing
    assert window.comparison.batches.text() == "stands still"
    assert not window.comparison.again.isVisible()
    desk.qtbot.mouseClick(buttons(window)["both"], LEFT)
    shown = window.stage.panels["attention" + BESIDE]
    desk.until(lambda: shown._frame is not None and shown._frame.step == 8)


def test_starting_again_starts_both(desk):
    window = begin(desk)
    desk.qtbot.mouseClick(window.comparison.again, LEFT)
    desk.until(lambda: window.status.step == 0 and window.comparing.beside.step == 0)


def test_a_token_lights_up_in_both(desk):
    window = begin(desk)
    window.stage.show_view("predictions")
    desk.qtbot.mouseClick(buttons(window)["both"], LEFT)
    panels = [window.stage.panels[name] for name in ("predictions", "predictions" + BESIDE)]
    desk.until(lambda: all(panel.grid.frame_ is not None for panel in panels))
    panels[0].grid.lock((0, 2))
    assert panels[1].grid.lit == {2}
    window.use_theme("light")
    window.use_theme("dark")


def test_the_difference_is_what_a_has_more_than_b(desk):
    window = begin(desk)
    panel = window.stage.panels["attention"]
    window.document.edit(HEADS, 4)
    window.document.edit("training.lr", 0.02)
    desk.mailbox.send(Step(10))
    desk.until(lambda: window.status.step == 14 and window.status.mode == "paused" and window.comparing.beside.step == 14)
    desk.qtbot.mouseClick(buttons(window)["minus"], LEFT)
    desk.until(lambda: panel._frame.signed and panel._frame.step == 14)
    assert panel._frame.names == ("decoder.1",), "of the first layer B has fewer heads"
    mine, theirs = window.stage._pair["attention", False], window.stage._pair["attention", True]
    np.testing.assert_allclose(panel._frame.patterns[0], mine.patterns[1] - theirs.patterns[1])
    np.testing.assert_allclose(panel._frame.patterns[0].sum(-1), 0, atol=1e-5)
    panel.matrix.hold((5, 2))
    assert "against B" in panel.matrix.card()[1]
    assert not panel.zoom.buttons()[0].isEnabled()
    window.stage.show_view("predictions")
    grid = window.stage.panels["predictions"].grid
    desk.until(lambda: grid.frame_ is not None and grid.frame_.difference is not None)
    desk.qtbot.mouseClick(buttons(window)["A"], LEFT)
    desk.until(lambda: grid.frame_.difference is None)
    window.stage.show_view("attention")
    desk.until(lambda: not panel._frame.signed)
    assert panel.zoom.buttons()[0].isEnabled()
