"""The tokens panel: chips, surprise, pages of the validation text, and a text of one's own."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from playground.style import colourmaps, theme
from playground.style.numbers import percent
from playground.style.tokens import THEMES, contrast
from playground.views.tokens.frame import TokensFrame
from playground.views.tokens.panel import PAGE, PANEL
from playground.views.tokens.panel_flow import flow, seen, words

TOKENS = ("The", " cat", " sat", "\n", "on", " the", " mat")
LOSSES = (math.nan, 1.0, 2.0, 0.1, 7.9, 0.2, 3.0)
LEFT = Qt.MouseButton.LeftButton


def frame(step=9, losses=LOSSES, tokens=TOKENS, validation=900, start=0):
    ids = np.arange(len(tokens))
    paid = np.array(losses, dtype=np.float32)
    return TokensFrame(step, tokens, ids, paid, "bpe", 512, 2.5, 1000, validation, start, np.arange(len(ids)))


def page(tokens=300):
    return frame(1, np.linspace(0, 9, tokens), tuple(f" word{i}" for i in range(tokens)), 2000)


@pytest.fixture
def panel(qtbot, qapp):
    theme.apply(qapp, "light")
    made = PANEL()
    qtbot.addWidget(made)
    made.resize(720, 420)
    made.show()
    made.draw(frame())
    return made


def hover(panel, qtbot, index):
    qtbot.mouseMove(panel.chips, QPoint(1, panel.chips.height() - 1))
    qtbot.mouseMove(panel.chips, panel.chips.place_of(index).center().toPoint())


def ground(image, panel, index):
    place = panel.chips.place_of(index)
    return image.pixelColor(int(place.left()) + 2, int(place.bottom()) - 4)


def test_before_the_first_frame_it_says_what_is_missing(qtbot):
    made = PANEL()
    qtbot.addWidget(made)
    made.show()
    assert made.empty.isVisible()
    made.draw(frame())
    assert not made.empty.isVisible()


def test_a_newline_is_shown_and_ends_its_line(panel):
    assert panel.chips.place_of(3).top() == panel.chips.place_of(0).top()
    assert panel.chips.place_of(4).top() > panel.chips.place_of(3).top()
    assert panel.chips.place_of(4).left() == 0
    assert next(piece.text for piece in panel.chips._pieces if piece.index == 3) == "⏎"


def test_hovering_reads_a_token(panel, qtbot):
    with qtbot.waitSignal(panel.chips.hovered):
        hover(panel, qtbot, 4)
    assert panel.chips.said(panel.chips.hover) == ("“on”", "id 4", "7.90 nats, 0.04 %")
    assert panel.chips.accessibleDescription() == "“on” · id 4 · 7.90 nats, 0.04 %"
    hover(panel, qtbot, 0)
    assert "nothing stands before it" in panel.chips.accessibleDescription()
    qtbot.mouseMove(panel.chips, QPoint(panel.chips.width() - 2, panel.chips.height() - 1))
    assert panel.chips.hover == -1


def test_the_card_is_painted_where_it_can_be_read(panel, qtbot):
    before = panel.chips.grab().toImage()
    hover(panel, qtbot, 5)
    after = panel.chips.grab().toImage()
    place = panel.chips.place_of(5)
    x, y = int(place.right()) + 30, int(place.bottom()) + 25
    assert before.pixelColor(x, y) != after.pixelColor(x, y)


def test_the_keys_go_from_token_to_token_and_bring_it_into_sight(panel, qtbot):
    panel.draw(page())
    for _ in range(3):
        qtbot.keyClick(panel.chips, Qt.Key.Key_Right)
    assert panel.chips.hover == 2
    qtbot.keyClick(panel.chips, Qt.Key.Key_Left)
    assert panel.chips.hover == 1
    assert panel.area.verticalScrollBar().value() == 0
    panel.chips.point(298)
    qtbot.keyClick(panel.chips, Qt.Key.Key_Right)
    assert panel.area.verticalScrollBar().value() > 0
    qtbot.keyClick(panel.chips, Qt.Key.Key_Escape)
    assert panel.chips.hover == -1


def test_neighbouring_cuts_have_different_colours(panel):
    image = panel.chips.grab().toImage()
    colours = [ground(image, panel, index).name() for index in (0, 1, 2, 4, 5, 6)]
    assert all(one != other for one, other in zip(colours, colours[1:], strict=False))


def test_surprise_is_stronger_where_it_cost_more(panel, qtbot):
    assert not panel.scale.isVisible()
    qtbot.mouseClick(panel.mode.buttons()[1], LEFT)
    assert panel.scale.isVisible()
    image = panel.chips.grab().toImage()
    assert ground(image, panel, 4).lightness() < ground(image, panel, 2).lightness() < ground(image, panel, 5).lightness()
    assert ground(image, panel, 0).name() == QColor(theme.theme().raised).name()
    panel.draw(frame(10, [0.0] * 7))
    assert ground(panel.chips.grab().toImage(), panel, 4).name() == QColor(theme.theme().window).name()


def test_losses_beyond_the_scale_and_impossible_ones_are_drawn(panel, qtbot):
    panel.mode.buttons()[1].click()
    panel.draw(frame(10, (math.nan, 1e6, math.inf, 0, 8, 50, 3)))
    hover(panel, qtbot, 2)
    image = panel.chips.grab().toImage()
    assert ground(image, panel, 1).name() == ground(image, panel, 4).name()
    assert panel.chips.said(2)[2] == "inf nats, 0 %"


@pytest.mark.parametrize("name", sorted(THEMES))
def test_text_stays_readable_on_every_ground_of_surprise(name):
    grounds = ["#" + bytes(colour[:3]).hex() for colour in colourmaps.ground(THEMES[name].dark).tolist()]
    ratios = [contrast(ground, THEMES[name].text) for ground in grounds]
    assert min(ratios) >= 4.5
    assert ratios[0] == max(ratios)
    assert all(later <= earlier + 0.05 for earlier, later in zip(ratios, ratios[1:], strict=False))


def test_pages_of_the_validation_text(panel, qtbot):
    assert not panel.back.isEnabled()
    assert panel.where.text() == "tokens 1 – 7 of the validation text"
    with qtbot.waitSignal(panel.look_changed):
        qtbot.mouseClick(panel.on, LEFT)
    assert panel.look().start == PAGE
    panel.draw(frame(10, start=PAGE))
    assert panel.where.text().startswith(f"tokens {PAGE + 1} – ")
    qtbot.mouseClick(panel.on, LEFT)
    panel.draw(frame(11, start=900 - PAGE))
    assert panel.look().start == 900 - PAGE  # the last page is full
    assert not panel.on.isEnabled()
    with qtbot.waitSignal(panel.look_changed):
        qtbot.mouseClick(panel.back, LEFT)
    assert panel.look().start == 900 - 2 * PAGE


def test_a_text_of_ones_own_is_asked_for_once_after_a_moment(panel, qtbot):
    asked = []
    panel.look_changed.connect(lambda: asked.append(panel.look().text))
    qtbot.keyClicks(panel.edit, "hello")
    assert asked == []
    qtbot.waitUntil(lambda: asked == ["hello"], timeout=2000)
    panel.draw(frame(10))
    assert panel.where.text() == "7 tokens of your own text"
    assert not panel.on.isEnabled()
    panel.edit.clear()
    qtbot.waitUntil(lambda: asked == ["hello", ""], timeout=2000)


def test_the_facts_of_the_tokenizer(panel):
    said = "BPE tokenizer · 512 vocabulary · 2.50 bytes a token · 1,000 to train on · 900 to validate"
    assert panel.facts.text() == said
    assert panel.stamp.text() == f"picture of step 9 · {np.nanmean(LOSSES):.2f} nats a token"


def test_a_narrower_page_wraps_otherwise_and_themes_change_the_colours(panel, qapp):
    panel.draw(page())
    low = panel.chips.minimumHeight()
    panel.resize(500, 420)
    panel.chips.resize(400, panel.chips.height())
    assert panel.chips.minimumHeight() > low
    before = ground(panel.chips.grab().toImage(), panel, 0).name()
    theme.apply(qapp, "dark")
    panel.retheme()
    assert ground(panel.chips.grab().toImage(), panel, 0).name() != before


def test_words_are_kept_together_where_there_is_room():
    tokens = ("express", "ion", " is", "\n", "a", "b")
    assert words(tokens) == [[0, 1], [2], [3], [4, 5]]
    pieces = flow(("aaaa", " bbbb", "cc"), 110, 20, lambda text: 10.0 * len(text))
    assert [piece.place.top() for piece in pieces] == [0, pieces[1].place.top(), pieces[1].place.top()]
    assert pieces[1].place.top() > 0


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(alphabet="ab \n\t\u200bé漢", max_size=60), max_size=40), st.integers(1, 300))
def test_every_token_has_its_place_and_none_covers_another(tokens, width):
    pieces = flow(tokens, float(width), 20.0, lambda text: 8.0 * len(text))
    assert sorted({piece.index for piece in pieces}) == list(range(len(tokens)))
    for before, after in zip(pieces, pieces[1:], strict=False):
        a, b = before.place, after.place
        assert b.top() > a.bottom() or (b.top() == a.top() and b.left() >= a.right())
        assert b.right() <= width


def test_tokens_are_made_visible():
    assert seen("\n") == "⏎"
    assert seen("a b\t") == "a b⇥"
    assert seen("") == "∅"
    assert len(seen("x" * 500)) == 48


def test_percentages_never_pretend():
    assert [percent(p) for p in (1.0, 0.999, 0.31, 0.07, 0.0142, 0.0004, 1e-9, 0.0)] == [
        "100 %", "over 99 %", "31 %", "7 %", "1.4 %", "0.04 %", "under 0.01 %", "0 %",
    ]  # fmt: skip


def test_controls_have_names(panel):
    for control in (panel.edit, panel.back, panel.on, panel.chips, panel.mode, panel.scale, *panel.mode.buttons()):
        assert control.accessibleName()
