"""The panel of the prompt in the real window: opened, walked, branched, followed and closed with mouse and keyboard."""

import pytest
from PySide6.QtCore import QPoint, Qt

from playground.ui.prompt import LARGE
from playground.ui.prompting.branches import Branches
from playground.ui.prompting.following import Following, changed
from playground.ui.prompting.panel import facts, led_to
from playground.ui.prompting.ways_page import ways
from playground.worker.commands import AskWays, Pause, Step
from playground.worker.telling import Said, Told

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def panel(desk):
    window = desk.window
    desk.qtbot.mouseClick(window.prompt.more, LEFT)
    desk.until(lambda: window.prompt.panel.told is not None)
    return window.prompt.panel


def click_token(desk, panel, at):
    desk.qtbot.mouseClick(panel.chips, LEFT, NONE, panel.chips.place_of(at).center().toPoint())


def click_row(desk, panel, row):
    desk.qtbot.mouseClick(panel.alternatives, LEFT, NONE, QPoint(20, round((row + 0.5) * panel.alternatives.row())))


def shown(panel):
    return tuple(each.id for each in panel.told.said)


def test_the_bar_is_small_at_rest_and_the_panel_leaves_room_for_the_stage(desk):
    window = desk.window
    assert window.prompt.height() < 180
    assert not window.prompt.panel.isVisible()
    desk.qtbot.mouseClick(window.prompt.more, LEFT)
    desk.until(lambda: window.prompt.panel.told is not None and window.prompt.height() >= LARGE)
    assert window.stage.height() > 200
    assert window.height() == 720
    desk.qtbot.mouseClick(window.prompt.more, LEFT)
    desk.until(lambda: not window.prompt.panel.isVisible() and window.prompt.height() < 180)


def test_a_token_tells_its_alternatives_and_a_click_branches_there(desk, panel):
    first = len(panel.told.read)
    at, before = first + 2, shown(panel)
    click_token(desk, panel, at)
    assert panel.instead.text().startswith("Instead of")
    others = panel.chips.tokens[at].others
    assert [piece for piece, _ in panel.alternatives.choices] == [piece for _, piece, _ in others][:8]
    row = next(row for row, (token, *_) in enumerate(others) if token != before[2])
    click_row(desk, panel, row)
    desk.until(lambda: panel.told.forced == (*before[:2], others[row][0]))
    assert shown(panel)[:3] == panel.told.forced
    assert panel.tree.isVisible()
    assert panel.tree.count() == 2
    place = panel.tree.visualItemRect(panel.tree.item(0)).center()
    desk.qtbot.mouseClick(panel.tree.viewport(), LEFT, NONE, place)
    desk.until(lambda: panel.told.forced == () and shown(panel) == before)
    assert panel.branches.here == 0
    assert len(panel.branches.all) == 2, "the other branch stays"


def test_the_keyboard_does_the_same(desk, panel):
    panel.chips.setFocus()
    for _ in range(len(panel.told.read) + 1):
        desk.qtbot.keyClick(panel.chips, Qt.Key.Key_Right)
    desk.qtbot.keyClick(panel.chips, Qt.Key.Key_Return)
    assert panel.chips.held == len(panel.told.read)
    desk.qtbot.keyClick(panel.alternatives, Qt.Key.Key_Down)
    desk.qtbot.keyClick(panel.alternatives, Qt.Key.Key_Down)
    desk.qtbot.keyClick(panel.alternatives, Qt.Key.Key_Return)
    desk.until(lambda: len(panel.told.forced) == 1)


def test_a_token_of_the_prompt_has_alternatives_but_no_branch(desk, panel):
    click_token(desk, panel, 3)
    assert panel.alternatives.choices
    click_row(desk, panel, 0)
    desk.idle(0.1)
    assert len(panel.branches.all) == 1


def test_token_by_token_and_then_flowing(desk, panel):
    whole = len(panel.told.said)
    desk.qtbot.mouseClick(panel.step, LEFT)
    desk.until(lambda: len(panel.told.said) == 1)
    for count in (2, 3):
        before = shown(panel)
        desk.qtbot.mouseClick(panel.step, LEFT)
        desk.until(lambda count=count: len(panel.told.said) == count)
        assert shown(panel)[:-1] == before
    desk.qtbot.mouseClick(panel.flow, LEFT)
    desk.until(lambda: len(panel.told.said) == whole)
    assert panel.told.forced == shown(panel)[:2]


def test_the_answer_follows_training_and_a_click_leads_back(desk, panel):
    window = desk.window
    desk.mailbox.send(Step(40))
    desk.until(lambda: window.status.step == 40 and window.status.mode == "paused")
    desk.until(lambda: len(panel.following.moments()) >= 2)
    desk.qtbot.mouseClick(next(each for each in panel.pages.buttons() if each.text() == "Over time"), LEFT)
    assert panel.moments.isVisible()
    assert panel.moments.count() == len(panel.following.moments())
    assert "[" in panel.moments.item(0).text(), "what is new is marked"
    last = panel.moments.item(panel.moments.count() - 1)
    desk.qtbot.mouseClick(panel.moments.viewport(), LEFT, NONE, panel.moments.visualItemRect(last).center())
    desk.until(lambda: window.rewinding.step == 0)
    window.rewinding.live()
    desk.until(lambda: window.rewinding.step is None)


def test_it_goes_on_while_training_and_says_what_it_costs(desk, panel):
    window = desk.window
    desk.qtbot.mouseClick(window.transport.play, LEFT)
    desk.until(lambda: window.status.step > 30)
    before = panel.told
    desk.until(lambda: panel.told is not before)
    desk.mailbox.send(Pause())
    assert "tokens/s" in panel.facts.text()
    assert "KV cache" in panel.facts.text()


def test_typed_while_the_model_is_replaced(desk, panel):
    """What was chosen for the model before is no token of the next one; a sentence is said and the answer comes."""
    window = desk.window
    click_token(desk, panel, len(panel.told.read))
    click_row(desk, panel, 1)
    window.document.edit("model.d_model", 24)
    desk.qtbot.keyClicks(window.prompt.edit, " cat")
    desk.until(lambda: window.document.running.model.d_model == 24)
    desk.until(lambda: panel.told is not None and "".join(each.piece for each in panel.told.read).endswith(" cat"))
    assert panel.forced == ()
    assert panel.told.said


def test_empty_and_strange_prompts_get_a_sentence(desk, panel):
    bar = desk.window.prompt
    bar.edit.selectAll()
    bar.edit.insertPlainText("the ☃")
    desk.until(lambda: "☃" in bar.note.text() and panel.told is not None)
    bar.edit.selectAll()
    desk.qtbot.keyClick(bar.edit, Qt.Key.Key_Delete)
    desk.idle(0.5)
    assert panel.chips.tokens == ()
    assert "write a word" in bar.note.text()
    desk.qtbot.keyClicks(bar.edit, "the cat sat on the mat")
    desk.until(lambda: "sees the last 16 of these 22 tokens" in bar.note.text())


def test_beams_are_searched_from_the_settings(desk, panel):
    bar = desk.window.prompt
    desk.qtbot.mouseClick(bar.sampling, LEFT)
    for _ in range(2):
        desk.qtbot.keyClick(bar.sampling.boxes["beams"], Qt.Key.Key_Up)
    desk.until(lambda: "best of 3" in panel.facts.text())
    assert bar.sampling.text().startswith("best of 3 beams")


# -- without a window -----------------------------------------------------------------------------------------------


def test_branches_are_a_tree():
    tree = Branches()
    assert tree.grow((1, 2), "b")
    assert tree.grow((1, 2, 3), "c")
    tree.move(0)
    assert tree.grow((4,), "d")
    assert not tree.grow((1, 2), "again")
    assert tree.here == 1
    assert [tree.depth(index) for index in tree.order()] == [0, 1, 2, 1]
    assert [tree.all[index].label for index in tree.order()][1:] == ["b", "c", "d"]
    with pytest.raises(IndexError):
        tree.move(9)
    tree.forget()
    assert len(tree.all) == 1


def test_what_changed_between_two_answers():
    assert changed(("a", "b", "c"), ("a", "x", "c", "d")) == {1, 3}
    following = Following()
    for step, said in ((0, "ab"), (10, "ab"), (20, "ac"), (30, "acd")):
        following.take(step, tuple(said))
    assert [moment.step for moment in following.moments()] == [0, 20, 30]
    assert following.seen == {2}
    following.take(5, tuple("xx"), past=True)
    assert [moment.step for moment in following.moments()] == [0, 5, 10, 20, 30]
    following.take(3, tuple("b"))
    assert [moment.step for moment in following.moments()] == [0, 3], "training has begun again"
    for step in range(400):
        following.take(step, (str(step),))
    moments = following.moments()
    assert len(moments) <= 201
    assert (moments[0].step, moments[-1].step) == (0, 399)


def test_what_is_forced_by_a_choice_and_what_is_told_of_it():
    told = Told(
        (), (Said(1, "a"), Said(2, "b", 0.5)), (Said(3, "c"), Said(4, "d")), 12.0, 2048, None, (("x", -1.0), ("y", -2.0))
    )
    assert led_to(told, 3, 9) == (3, 9)
    assert led_to(told, 1, 9) is None
    blanks = Told((7,), (Said(1, "a"), Said(7, "b", blank=True), Said(2, "c", blank=True)))
    assert led_to(blanks, 2, 9) == (7, 9)
    assert led_to(blanks, 0, 9) is None
    assert facts(told) == ["best of 2: 37 %, then 14 %", "12 tokens/s", "KV cache 2.0 kB", "prompt 0.69 nats"]


def page_of(desk, panel, text):
    desk.qtbot.mouseClick(next(each for each in panel.pages.buttons() if each.text() == text), LEFT)


def test_one_question_in_several_ways(desk, panel):
    page_of(desk, panel, "Ways")
    desk.until(lambda: panel.ways.table.rowCount() == 4)
    prompt = desk.window.prompt.edit.text()
    assert panel.ways.table.item(0, 0).text() == prompt
    assert panel.ways.table.horizontalHeaderItem(1).text() == "Loss of prompt"
    panel.ways.recipes.setFocus()
    panel.ways.recipes.selectAll()
    desk.qtbot.keyClicks(panel.ways.recipes, "the {prompt}")
    desk.until(lambda: panel.ways.table.rowCount() == 1 and panel.ways.table.item(0, 0).text() == f"the {prompt}")
    desk.qtbot.keyClicks(panel.ways.wanted, " cat")
    desk.until(lambda: panel.ways.table.horizontalHeaderItem(1).text() == "Loss of answer")
    sent = []
    desk.window.prompt.compressed.connect(sent.append)
    page_of(desk, panel, "Tokens")
    assert sent == [AskWays()]


def test_the_library_and_the_examples_write_the_prompt(desk, panel, tmp_path):
    window, page = desk.window, panel.library
    page_of(desk, panel, "Library")
    assert "no prompts.toml" in page.expect.text()
    (tmp_path / "small" / "prompts.toml").write_text('[[prompt]]\ntext = "the dog"\nexpect = "It sat."\n', encoding="utf-8")
    window.filing.source = None
    page.set_folder(None)
    page.set_folder(tmp_path / "small")
    place = page.list.visualItemRect(page.list.item(0)).center()
    desk.qtbot.mouseClick(page.list.viewport(), LEFT, NONE, place)
    assert window.prompt.edit.text() == "the dog"
    assert page.expect.text() == "It sat."
    desk.until(lambda: panel.told is not None and "".join(each.piece for each in panel.told.read) == "the dog")
    desk.qtbot.mouseClick(page.put, LEFT)
    assert window.prompt.edit.text() == "2 + 3 -> 5\n4 + 4 -> 8\nthe dog ->"
    desk.qtbot.mouseClick(page.put, LEFT)
    assert window.prompt.edit.text() == "2 + 3 -> 5\n4 + 4 -> 8\nthe dog ->", "twice is the same as once"
    page.set_folder(None)
    (tmp_path / "small" / "prompts.toml").write_text("[[prompt]]\n", encoding="utf-8")
    page.set_folder(tmp_path / "small")
    assert "prompt 1 has no text" in page.expect.text()


def test_recipes_put_a_prompt_in_every_way():
    assert ways("a b", "{prompt}\nQ: {prompt}\\nA:\n\n{prompt}") == ("a b", "Q: a b\nA:")
    assert ways("", "{prompt}") == ()
    assert len(ways("a", "\n".join(f"{number} {{prompt}}" for number in range(30)))) == 8
