"""The prompt bar: what it asks and when, and how it shows what the model says."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from playground.style import theme
from playground.ui.prompt import DEFAULT_PROMPT, PromptBar
from playground.worker.commands import Ask
from playground.worker.mailbox import Answer

CHOICES = ((" object", 0.31), (" name", 0.14), (" expr", 0.09), (" value", 0.07), ("\n", 0.05), ("x", 0.01))
LEFT = Qt.MouseButton.LeftButton


def answer(step=1238, prompt=DEFAULT_PROMPT, continuation=" object that is assigned", choices=CHOICES, note=""):
    return Answer(step, prompt, continuation, choices, note)


@pytest.fixture
def bar(qtbot, qapp):
    theme.apply(qapp, "dark")
    made = PromptBar()
    qtbot.addWidget(made)
    made.resize(1250, 180)
    made.show()
    return made


@pytest.fixture
def asked(bar):
    seen = []
    bar.asked.connect(lambda *what: seen.extend(what))
    return seen


def accents(bar):
    """Pixels of the accent's hue in the field."""
    image = bar.edit.viewport().grab().toImage()
    hue = theme.colour("accent").hue()
    pixels = (image.pixelColor(x, y) for x in range(0, image.width(), 2) for y in range(image.height()))
    return sum(1 for pixel in pixels if pixel.saturation() > 90 and abs(pixel.hue() - hue) < 12)


def test_it_begins_with_a_prompt_and_asks_nothing_of_itself(bar, asked, qtbot):
    assert bar.edit.text() == DEFAULT_PROMPT
    bar.retheme()
    qtbot.wait(350)
    assert asked == []
    bar.ask()
    assert asked == [Ask(DEFAULT_PROMPT)]


def test_typing_asks_once_after_a_moment(bar, asked, qtbot):
    qtbot.keyClicks(bar.edit, " name")
    assert asked == []
    qtbot.waitUntil(lambda: asked == [Ask(DEFAULT_PROMPT + " name")], timeout=2000)
    qtbot.wait(300)
    assert len(asked) == 1


def test_return_asks_at_once_and_shift_return_breaks_the_line(bar, asked, qtbot):
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert asked == [Ask(DEFAULT_PROMPT)]
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert bar.edit.text() == DEFAULT_PROMPT + "\n"
    qtbot.keyClick(bar.edit, Qt.Key.Key_Tab)
    assert bar.edit.text() == DEFAULT_PROMPT + "\n"


def test_the_settings_ask_too(bar, asked, qtbot):
    qtbot.mouseClick(bar.sampling, Qt.MouseButton.LeftButton)
    assert bar.sampling.panel.isVisible()
    boxes = bar.sampling.boxes
    for name, key in (("temperature", Qt.Key.Key_Up), ("top_k", Qt.Key.Key_Down), ("top_p", Qt.Key.Key_Down),
                      ("repetition", Qt.Key.Key_Up), ("length", Qt.Key.Key_Up), ("seed", Qt.Key.Key_Up)):  # fmt: skip
        qtbot.keyClick(boxes[name], key)
    qtbot.waitUntil(lambda: len(asked) == 1, timeout=2000)
    changed = Ask(DEFAULT_PROMPT, length=40, temperature=0.9, top_k=39, top_p=0.95, repetition=1.1, seed=1)
    assert asked[0] == changed
    assert bar.sampling.text().startswith("temperature 0.9 +4")
    next(made for made in bar.sampling.panel.findChildren(QPushButton) if "first" in made.text()).click()
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=2000)
    assert asked[1] == Ask(DEFAULT_PROMPT)
    qtbot.keyClick(bar.sampling.panel, Qt.Key.Key_Escape)
    assert not bar.sampling.panel.isVisible()


def test_the_continuation_stands_behind_the_text_and_is_no_part_of_it(bar, qtbot):
    assert accents(bar) == 0
    bar.draw(answer())
    assert bar.edit.text() == DEFAULT_PROMPT
    assert bar.edit.continuation() == " object that is assigned"
    assert accents(bar) > 50
    assert "step 1,238" in bar.follows.text()
    bar.edit.selectAll()
    assert bar.edit.textCursor().selectedText() == DEFAULT_PROMPT
    assert not bar.edit.document().isUndoAvailable()


def test_an_answer_to_an_older_prompt_is_left_out(bar, qtbot):
    bar.draw(answer())
    qtbot.keyClicks(bar.edit, "!")
    assert bar.edit.continuation() == ""
    bar.draw(answer(1300))
    assert bar.edit.continuation() == ""
    bar.draw(answer(1300, DEFAULT_PROMPT + "!", " so"))
    assert bar.edit.continuation() == " so"


def test_typing_along_with_the_model_keeps_the_rest_in_sight(bar, qtbot):
    bar.draw(answer())
    qtbot.keyClicks(bar.edit, " obj")
    assert bar.edit.continuation() == "ect that is assigned"
    qtbot.keyClick(bar.edit, Qt.Key.Key_Backspace)
    assert bar.edit.continuation() == "ject that is assigned"


def test_a_long_answer_wraps_and_can_be_scrolled_to_its_end(bar):
    bar.resize(640, 150)
    bar.draw(answer(continuation=" and so on" * 3))
    assert bar.edit.verticalScrollBar().maximum() == 0
    bar.draw(answer(continuation="\nand so on, " * 40))
    scroll = bar.edit.verticalScrollBar()
    assert scroll.maximum() > 200
    scroll.setValue(scroll.maximum())
    assert accents(bar) > 50
    bar.draw(answer(continuation=" short"))
    assert scroll.maximum() == 0


def test_no_word_of_the_answer_covers_the_prompt(bar, qtbot):
    bar.resize(640, 150)
    for length in range(30, 60):
        bar.edit.setText("m" * length)
        bar.draw(answer(prompt="m" * length, continuation=" extraordinarily long"))
        layout, end = bar.edit._behind, bar.edit.cursorRect(bar.edit._end())
        first = layout.lineAt(0)
        room = bar.edit.viewport().width() - bar.edit.document().documentMargin()
        assert layout.lineCount() > 0
        assert first.y() >= end.height() or first.x() + bar.edit._origin().x() >= end.left() - 1
        for number in range(layout.lineCount()):
            line = layout.lineAt(number)
            assert line.x() + bar.edit._origin().x() + line.naturalTextWidth() <= room + 1


def test_the_bars_show_five_choices_on_a_scale_that_is_named(bar):
    bar.draw(answer())
    assert bar.bars.choices == CHOICES[:5]
    assert bar.bars.full == 0.5
    assert bar.full.text() == "full bar 50 %"
    assert bar.bars.accessibleDescription().startswith("“ object” 31 %, “ name” 14 %")
    image = bar.bars.grab().toImage()
    colour = theme.colour("unembedding").name()
    rows = [sum(image.pixelColor(x, y).name() == colour for x in range(image.width())) for y in range(image.height())]
    lengths = [max(rows[at : at + image.height() // 5]) for at in range(0, image.height() - 4, image.height() // 5)]
    assert lengths[:5] == sorted(lengths[:5], reverse=True)
    assert lengths[0] > 2 * lengths[1] - 6


def test_the_scale_of_the_bars_does_not_flicker(bar):
    for top, full in ((0.24, 0.25), (0.26, 0.5), (0.24, 0.5), (0.15, 0.25), (0.7, 1.0), (0.45, 1.0), (0.3, 0.5)):
        bar.bars.show_choices((("a", top),))
        assert bar.bars.full == full, top


def test_it_says_why_there_is_no_answer(bar, asked, qtbot):
    bar.draw(answer())
    bar.set_enabled_reason("This model does not continue text.")
    assert bar.note.text() == "This model does not continue text."
    assert not bar.edit.isEnabled()
    assert not bar.follows.isVisible()
    assert bar.edit.continuation() == ""
    assert bar.bars.choices == ()
    bar.grab()
    bar.set_enabled_reason("")
    assert bar.edit.isEnabled()
    assert bar.follows.isVisible()


def test_a_note_is_shown(bar):
    bar.draw(answer(note="Only the last 64 tokens are read."))
    assert bar.note.text() == "Only the last 64 tokens are read."
    assert bar.note.width() >= 200


def test_a_narrow_bar_says_less_and_can_become_narrow_again(bar):
    bar.draw(answer())
    assert bar.follows.text() == "answers follow training · step 1,238"
    bar.resize(640, 150)
    assert bar.size().width() == 640
    assert bar.follows.text() == "follows · step 1,238"
    assert bar.sampling.geometry().right() < bar._right.geometry().left()


def test_themes_change_its_colours(bar, qapp):
    bar.draw(answer())
    theme.apply(qapp, "light")
    bar.retheme()
    assert accents(bar) > 50


def test_controls_have_names(bar):
    for control in (bar.edit, bar.sampling, *bar.sampling.boxes.values(), bar.bars):
        assert control.accessibleName()
