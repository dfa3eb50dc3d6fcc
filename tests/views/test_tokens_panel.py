"""The tokens panel: chips, surprise, pages of the validation text, and a text of one's own."""

import math

import numpy as np
import pytest
from PySide6.QtCore import Qt

from playground.style import theme
from playground.views.tokens.frame import TokensFrame
from playground.views.tokens.panel import PAGE, PANEL

TOKENS = ("The", " cat", " sat", "\n", "on", " the", " mat")


def frame(step=9, losses=(math.nan, 1.0, 2.0, 0.1, 7.9, 0.2, 3.0)):
    return TokensFrame(step, TOKENS, np.arange(7), np.array(losses, dtype=np.float32), "bpe", 512, 2.5, 1000, 900)


@pytest.fixture
def panel(qtbot, qapp):
    theme.apply(qapp, "light")
    made = PANEL()
    qtbot.addWidget(made)
    made.resize(720, 420)
    made.show()
    made.draw(frame())
    return made


def centre(panel, index):
    return panel.chips.place_of(index).center().toPoint()


def test_a_newline_ends_its_line(panel):
    assert panel.chips.place_of(3).top() == panel.chips.place_of(0).top()
    assert panel.chips.place_of(4).top() > panel.chips.place_of(3).top()
    assert panel.chips.place_of(4).left() == 0


def test_hovering_reads_a_token(panel, qtbot):
    with qtbot.waitSignal(panel.chips.hovered):
        qtbot.mouseMove(panel.chips, centre(panel, 4))
    assert panel.chips.hover == 4
    name, number, cost = panel.chips.said(4)
    assert (name, number) == ("“on”", "id 4")
    assert cost.startswith("7.90 nats")
    assert "nothing stands before it" in panel.chips.said(0)[2]


def test_surprise_is_stronger_where_it_cost_more(panel, qtbot):
    panel.mode._buttons["surprise"].click()
    image = panel.chips.grab().toImage()

    def ground(index):
        place = panel.chips.place_of(index)
        return image.pixelColor(int(place.left()) + 2, int(place.center().y())).lightness()

    assert ground(4) < ground(2) < ground(3)


def test_pages_of_the_validation_text(panel, qtbot):
    assert not panel.back.isEnabled()
    with qtbot.waitSignal(panel.look_changed):
        qtbot.mouseClick(panel.on, Qt.MouseButton.LeftButton)
    assert panel.look().start == PAGE
    panel.draw(frame(10))
    assert panel.back.isEnabled()
    with qtbot.waitSignal(panel.look_changed):
        qtbot.mouseClick(panel.back, Qt.MouseButton.LeftButton)
    assert panel.look().start == 0


def test_a_text_of_ones_own_is_asked_for_after_a_moment(panel, qtbot):
    with qtbot.waitSignal(panel.look_changed, timeout=2000):
        qtbot.keyClicks(panel.edit, "hello")
    assert panel.look().text == "hello"


def test_the_facts_of_the_tokenizer(panel):
    for word in ("BPE", "512", "2.50", "1,000", "900"):
        assert word in panel.facts.text()
    assert "step 9" in panel.stamp.text()
