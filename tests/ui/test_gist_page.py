"""The gist page in the real window: the base trains, Gist is pressed, inputs are answered from the compressed instruction."""

import pytest
from PySide6.QtCore import QPointF, Qt

from playground.spec import toml
from playground.ui.prompting.gist_page import GistPage, verdict
from playground.worker.commands import OpenModel, Pause
from playground.worker.telling import GistTold, WayTold
from tests.test_gist import experiment

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(desk, tmp_path):
    """The gist page of a base that has no gist tokens."""
    folder, window = tmp_path / "base", desk.window
    folder.mkdir()
    toml.save(folder / "experiment.toml", experiment("none"))
    desk.mailbox.send(OpenModel(folder, None, window.document.next_number()))
    desk.until(lambda: window.document.name == "base")
    desk.qtbot.mouseClick(window.prompt.more, LEFT)
    button = next(each for each in window.prompt.panel.pages.buttons() if each.text() == "Gist")
    desk.until(button.isVisible)
    desk.qtbot.mouseClick(button, LEFT)
    return window.prompt.panel.gist


def test_train_the_base_press_gist_and_use_it(desk, page):
    window = desk.window
    desk.until(lambda: page.told is not None and "press Gist" in page.verdict.text())
    assert page.button.isEnabled()
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.steps_on(5)
    desk.qtbot.mouseClick(page.button, LEFT)
    desk.until(lambda: window.document.running.model.gist.mask == "gist")
    desk.until(lambda: window.status.mode == "running")
    assert not page.button.isEnabled()
    desk.until(lambda: "[gist]" in window.prompt.edit.text())
    desk.until(lambda: page.told is not None and len(page.told.answers) == 4)
    desk.mailbox.send(Pause())
    assert page.cells[3][2].text() == "1"
    assert page.cells[2][2].text() == "27"
    assert "against the cached instruction" in page.verdict.text()
    page.inputs.selectAll()
    desk.qtbot.keyClicks(page.inputs, "9 9 1 1")
    desk.until(lambda: [asked for asked, _ in page.told.answers][1:] == ["9 9 1 1"])
    window.actions_by_name["undo"].trigger()
    desk.until(lambda: window.document.running.model.gist.mask == "none" and page.button.isEnabled())


def test_only_instructions_have_the_page_and_leaving_it_ends_the_work(desk, page):
    window = desk.window
    sent = []
    window.prompt.compressed.connect(sent.append)
    desk.qtbot.mouseClick(window.prompt.more, LEFT)
    assert [each.prompt for each in sent] == [""]
    window.filing._learn(kind="copy")
    desk.until(lambda: window.document.running.task.kind == "copy")
    assert window.prompt.panel.page == "tokens"
    assert not window.prompt.panel.pages.buttons()[3].isVisibleTo(window.prompt.panel)


def test_the_honest_small_gain_is_said_too(qtbot):
    page = GistPage()
    qtbot.addWidget(page)
    ways = (
        WayTold("nothing", 69, 0, 0, 1000, 0.002), WayTold("prompt", 42, 27, 2700, 610, 0.001),
        WayTold("gist", 42, 1, 100, 604, 0.001),
    )  # fmt: skip
    told = GistTold(7, "", ways, (("1 2", "2 1"),))
    page.draw(told)
    assert verdict(told) == (
        "FLOPs saved: 40 % against no cache, only 0.98 % against the cached instruction · KV cache 27× smaller"
    )
    assert [cell.text() for cell in page.cells[3]] == ["Gist cached", "42", "1", "0.1 kB", "0.00 M", "1.00 ms"]
    assert page.answers.text() == "1 2 → 2 1"
    page.draw(GistTold(8, "There is no input."))
    assert page.verdict.text() == "There is no input."
    assert page.answers.isHidden()


def test_the_map_of_gists_is_shown_and_read(desk, page):
    window = desk.window
    desk.qtbot.mouseClick(page.button, LEFT)
    desk.until(lambda: window.document.running.model.gist.mask == "gist")
    desk.mailbox.send(Pause())
    desk.qtbot.mouseClick(page.shown.buttons()[1], LEFT)
    desk.until(lambda: page.plane.map is not None and "nearest neighbour" in page.verdict.text())
    assert page.plane.isVisible()
    assert not page.inputs.isVisible()
    x, y = page.plane.places()[0]
    assert page.plane.at(QPointF(x, y)) in page.plane.map.said
    assert page.plane.at(QPointF(-500, -500)) == ""
    desk.qtbot.mouseClick(page.shown.buttons()[0], LEFT)
    desk.until(lambda: page.told is not None and bool(page.told.ways))
    assert not page.plane.isVisible()
