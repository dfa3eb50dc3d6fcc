"""Slow motion in the window: one step, its scenes, and the diagram that follows."""

from PySide6.QtCore import QPointF, Qt

LEFT = Qt.MouseButton.LeftButton


def test_one_step_is_told_and_the_diagram_follows(desk):
    window = desk.window
    window.stage.show_view("motion")
    panel = window.stage.panels["motion"]
    desk.qtbot.mouseClick(panel.take, LEFT)
    desk.until(lambda: panel.scene() is not None)
    assert window.status.step == 1
    assert window.status.mode == "paused"
    assert panel.scene().path == window.choice.current == "model.embedding"
    desk.qtbot.mouseClick(panel.on, LEFT)
    assert window.choice.current == "model.decoder[0].attention"
    assert "scene 2 of" in panel.stamp.text()
    desk.qtbot.keyClick(panel, Qt.Key.Key_Right)
    assert window.choice.current == "model.decoder[0].mlp"
    desk.qtbot.mouseClick(panel.phases.buttons()[2], LEFT)
    assert panel.scene().phase == "backward"
    assert panel.scene().path == "model.unembedding"
    area = panel.picture.area()
    row, column, value = panel.picture.value_at(QPointF(area.left() + 1, area.top() + 1))
    assert (row, column) == (0, 0)
    assert value == float(panel.scene().values[0, 0])
    desk.qtbot.mouseClick(panel.phases.buttons()[1], LEFT)
    assert panel.scene().values.ndim == 1
    assert not panel.picture.grab().isNull()
    desk.qtbot.mouseClick(panel.take_another, LEFT)
    desk.until(lambda: window.status.step == 2)
    desk.until(lambda: "step 2" in panel.stamp.text())


def test_scenes_follow_each_other_by_themselves_and_end(desk, monkeypatch):
    window = desk.window
    window.stage.show_view("motion")
    panel = window.stage.panels["motion"]
    window.narrate()
    desk.until(lambda: panel.scene() is not None)
    panel._timer.setInterval(5)
    desk.qtbot.mouseClick(panel.play, LEFT)
    desk.until(lambda: not panel.play.isChecked())
    assert panel.scene().phase == "update"
    assert not panel.on.isEnabled()


def test_training_goes_on_after_a_told_step(desk):
    window = desk.window
    window.stage.show_view("motion")
    window.toggle_play()
    desk.steps_on(2)
    window.narrate()
    panel = window.stage.panels["motion"]
    desk.until(lambda: panel.scene() is not None and window.status.mode == "paused")
    window.toggle_play()
    desk.steps_on(2)
    assert not window.notice.text()
