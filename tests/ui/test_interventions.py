"""Interventions by the menu, their effect in the strip, their marks in the diagram, and undo."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from playground.spec import edit
from playground.spec.intervention import Intervention
from playground.ui.diagram.wishes import Move, Remove
from playground.worker.commands import Step

LEFT = Qt.MouseButton.LeftButton
MLP, ATTENTION = "model.decoder[1].mlp", "model.decoder[1].attention"


def choose(window, path, *texts):
    """Press an entry of the menu of a part, through its submenus."""
    menu = window.diagram.menu(path)
    window.diagram.menu_opened.emit(path, menu)
    at = next(action.menu() for action in menu.actions() if action.text() == "Intervene")
    for text in texts[:-1]:
        at = next(action.menu() for action in at.actions() if action.text() == text)
    assert isinstance(at, QMenu)
    next(action for action in at.actions() if action.text() == texts[-1]).trigger()
    menu.deleteLater()


def test_silencing_shows_its_effect_at_once_and_is_undone(desk):
    window = desk.window
    window.mailbox.send(Step(60))
    desk.until(lambda: window.status.step == 60)
    assert window.interventions.isHidden()
    choose(window, MLP, "Silence")
    wanted = Intervention(MLP)
    assert window.document.interventions == (wanted,)
    assert window.document.stack.undoText() == "Layer 2 · MLP silenced"
    line = window.interventions.lines[wanted]
    desk.until(lambda: "nats" in line.effect.text())
    assert window.interventions.isVisible()
    assert "step 60" in window.interventions.total.text()
    item = window.diagram.canvas.items_by_path[MLP]
    assert item.meddled == (wanted.sentence,)
    window.document.stack.undo()
    assert window.interventions.isHidden()
    assert not item.meddled
    window.document.stack.redo()
    desk.qtbot.mouseClick(window.interventions.lines[wanted].button, LEFT)
    assert window.document.interventions == ()


def test_training_goes_on_round_a_silenced_head(desk):
    window = desk.window
    window.mailbox.send(Step(40))
    desk.until(lambda: window.status.step == 40)
    choose(window, ATTENTION, "Head 2", "Silence")
    choose(window, ATTENTION, "Head 1", "Halve")
    assert len(window.document.interventions) == 2
    assert not window.interventions.all.isHidden()
    window.toggle_play()
    desk.steps_on(5)
    window.toggle_play()
    desk.until(lambda: window.status.mode == "paused")
    choose(window, ATTENTION, "Head 1", "Keep it alone")  # in place of the half
    assert [each.kind for each in window.document.interventions] == ["scale", "keep"]
    choose(window, ATTENTION, "Head 1", "Keep it alone")  # once more: no longer
    assert [each.kind for each in window.document.interventions] == ["scale"]
    choose(window, MLP, "Double")
    desk.qtbot.mouseClick(window.interventions.all, LEFT)
    assert window.document.interventions == ()


def test_a_patch_asks_for_its_prompt(desk, monkeypatch):
    window = desk.window
    answers = [("", False), ("the dog", True)]
    monkeypatch.setattr("playground.ui.interventions.QInputDialog.getText", lambda *_: answers.pop(0))
    choose(window, MLP, "Patch from another prompt…")
    assert window.document.interventions == ()
    choose(window, MLP, "Patch from another prompt…")
    wanted = Intervention(MLP, "patch", prompt="the dog")
    assert window.document.interventions == (wanted,)
    desk.until(lambda: "nats" in window.interventions.lines[wanted].effect.text())
    assert not window.notice.text()


def test_it_goes_where_its_layer_goes_and_with_it(desk):
    window = desk.window
    choose(window, MLP, "Silence")
    window.diagram.wished.emit(Move((("decoder", 1),), "decoder", 0))
    assert window.document.interventions == (Intervention("model.decoder[0].mlp"),)
    window.document.stack.undo()
    assert window.document.interventions == (Intervention(MLP),)
    window.diagram.wished.emit(Remove((("decoder", 1),)))
    assert window.document.interventions == ()
    window.document.stack.undo()
    desk.until(lambda: window.document.running == window.document.experiment)
    assert window.document.interventions == (Intervention(MLP),)


def test_a_part_that_is_not_there_waits(desk):
    window = desk.window
    choose(window, MLP, "Silence")
    window.document.edit(MLP, None)
    assert "waits" in window.interventions.lines[Intervention(MLP)].effect.text()
    desk.until(lambda: window.document.running == window.document.experiment)
    window.one_step()
    desk.steps_on(1)
    assert not window.notice.text()


def test_opening_a_model_forgets_them(desk, tmp_path):
    window = desk.window
    choose(window, MLP, "Silence")
    window.filing.save_to(tmp_path / "mine")
    desk.until(lambda: window.document.name == "mine")
    window.filing.open_model(tmp_path / "mine")
    desk.until(lambda: window.document.interventions == ())
    assert window.interventions.isHidden()


@pytest.mark.parametrize("path", ["model.embedding", "model.unembedding", "model.decoder[0].norm"])
def test_the_ends_and_norms_offer_none(desk, path):
    window = desk.window
    menu = window.diagram.menu(path)
    window.diagram.menu_opened.emit(path, menu)
    assert all(action.text() != "Intervene" for action in menu.actions())
    assert edit.exists(window.document.experiment, path)
    menu.deleteLater()


def test_an_edge_is_forbidden_from_the_attention_view(desk):
    window = desk.window
    panel = window.stage.panels["attention"]
    desk.until(lambda: panel.selected() is not None)
    panel.select("decoder.1", 1)
    panel.matrix.hold((5, 2))
    panel.matrix.menu_wanted.emit(panel.matrix.mapToGlobal(panel.matrix.rect().center()))
    menu = window._head_menu
    next(action for action in menu.actions() if action.text() == "Forbid this edge, in this head").trigger()
    menu.hide()
    assert window.document.interventions == (Intervention(ATTENTION, "forbid", head=1, query=5, key=2),)
    desk.until(lambda: panel._frame.patterns[1][1, 5, 2] == 0.0)
    assert panel._frame.patterns[1][0, 5, 2] > 0.0
    panel.mosaic.menu_wanted.emit(0, 1, panel.mosaic.mapToGlobal(panel.mosaic.rect().center()))
    texts = [action.text() for action in window._head_menu.actions()]
    window._head_menu.hide()
    assert texts[:3] == ["Silence", "Halve", "Double"]


def test_a_cell_is_worked_out_by_the_engine(desk):
    window = desk.window
    panel = window.stage.panels["attention"]
    desk.until(lambda: panel.selected() is not None)
    panel.matrix.setFocus()
    panel.matrix.hold((6, 3))
    desk.qtbot.keyClick(panel.matrix, Qt.Key.Key_Return)
    desk.until(lambda: panel.cell.cell is not None and panel.cell.cell.place[2:] == (6, 3))
    cell, pattern = panel.cell.cell, panel._frame.patterns[0][0]
    assert cell.weight == pytest.approx(float(pattern[6, 3]), abs=1e-6)
    desk.qtbot.keyClick(panel.cell, Qt.Key.Key_Left)
    desk.until(lambda: panel.cell.cell.place[2:] == (6, 2))
