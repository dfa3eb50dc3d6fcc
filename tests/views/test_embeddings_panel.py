"""The embeddings panel: what it shows of how many, what hovering and searching say, where labels go, what moves the picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent

from playground.style import theme
from playground.style.tokens import THEMES
from playground.views.embeddings.frame import KINDS, MODALITIES, EmbeddingFrame, EmbeddingLook
from playground.views.embeddings.panel import PANEL
from playground.views.embeddings.panel_labels import place
from playground.views.embeddings.panel_marks import COLOURS, SHAPES
from playground.views.embeddings.panel_range import Range
from playground.views.embeddings.panel_writing import written

TOKENS = ("the", " cat", "Dog", "7", "\n", "…", "mat")
POINTS = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [1, 1], [0.05, 0.05]], dtype=np.float32)
KINDS_OF = np.array([0, 0, 1, 2, 3, 5, 0], dtype=np.uint8)
LEFT = Qt.MouseButton.LeftButton


def made(step, points, tokens, kinds, counts, total):
    keys, nowhere = np.arange(len(tokens)), np.full(len(tokens), -1)
    nothing = np.zeros(len(tokens), np.uint8)
    return EmbeddingFrame(step, points, tokens, kinds, counts, (0.4, 0.2), total, keys, keys, nowhere, nothing)


def frame(step=3, scale=1.0):
    return made(step, POINTS * scale, TOKENS, KINDS_OF, np.arange(7, 0, -1), 20)


def many(count=512, step=1, seed=0):
    random = np.random.default_rng(seed)
    points = random.normal(size=(count, 2)).astype(np.float32)
    tokens = tuple(f"tok{i}" for i in range(count))
    counts = np.arange(count, 0, -1)
    return made(step, points, tokens, (np.arange(count) % 6).astype(np.uint8), counts, count)


def wheel(widget, x, y, by):
    at = QPointF(x, y)
    nothing = Qt.KeyboardModifier.NoModifier
    phase = Qt.ScrollPhase.NoScrollPhase
    widget.wheelEvent(QWheelEvent(at, at, QPoint(), QPoint(0, by), Qt.MouseButton.NoButton, nothing, phase, False))


@pytest.fixture
def panel(qtbot, qapp):
    theme.apply(qapp, "dark")
    made = PANEL()
    qtbot.addWidget(made)
    made.resize(720, 480)
    made.show()
    made.draw(frame())
    made.grab()
    return made


def pixel(panel, index):
    return QPoint(*map(round, panel.cloud.places[index].tolist()))


def hover(panel, qtbot, index):
    panel.cloud.grab()
    qtbot.mouseMove(panel.cloud, QPoint(1, 1))
    qtbot.mouseMove(panel.cloud, pixel(panel, index))


def test_before_the_first_frame_it_says_what_is_missing(qtbot):
    made = PANEL()
    qtbot.addWidget(made)
    made.show()
    assert made.empty.isVisible()
    assert not made.cloud.isVisible()
    assert isinstance(made.look(), EmbeddingLook)
    made.draw(frame())
    assert not made.empty.isVisible()
    assert made.cloud.isVisible()


def test_it_says_how_many_of_how_many_and_from_when(panel, qtbot):
    assert panel.stamp.text() == "picture of step 3 · 7 of 20 tokens shown · 60 % of the variance"
    qtbot.mouseClick(panel.legend.buttons[KINDS.index("letters")], LEFT)
    assert panel.stamp.text() == "picture of step 3 · 4 of 20 tokens shown · 60 % of the variance"
    assert not panel.cloud.shown()[0]
    panel.draw(frame(4))
    assert panel.stamp.text() == "picture of step 4 · 4 of 20 tokens shown · 60 % of the variance"
    qtbot.keyClick(panel.legend.buttons[0], Qt.Key.Key_Space)
    assert panel.stamp.text() == "picture of step 4 · 7 of 20 tokens shown · 60 % of the variance"


def test_the_legend_counts_the_kinds_and_leaves_out_those_that_are_not_there(panel):
    assert [button.count for button in panel.legend.buttons] == [3, 1, 1, 1, 0, 1, 0, 0]
    assert not panel.legend.buttons[KINDS.index("punctuation")].isVisible()
    assert len(set(SHAPES)) == len(MODALITIES) == len(COLOURS) >= len(KINDS)


def test_the_legend_says_less_where_there_is_less_room(panel):
    panel.draw(many())
    buttons = panel.legend.buttons[: len(KINDS)]
    assert {button.words for button in buttons} == {2}
    full, names = (sum(button.wide(words) + 4 for button in buttons) for words in (2, 1))
    for width, words in ((full - 20, 1), (names - 20, 0)):
        panel.legend.resize(width, panel.legend.height())
        assert {button.words for button in buttons} == {words}
        assert buttons[-1].geometry().right() <= width


def test_hovering_names_a_token_how_often_and_its_neighbours(panel, qtbot):
    with qtbot.waitSignal(panel.cloud.hovered):
        hover(panel, qtbot, 1)
    name, often, near = panel.cloud.said(panel.cloud.hover)
    assert (name, often) == ("“ cat”", "stands 6 times in the text")
    assert near == "near in this picture: “mat”, “the”, “…”"
    assert near in panel.cloud.accessibleDescription()
    panel.legend.buttons[0].click()
    assert panel.cloud.neighbours(2)[:1] == [5]  # hidden ones are nobody's neighbours
    assert panel.cloud._nearest(QPointF(pixel(panel, 1))) == -1


def test_the_card_is_painted_beside_the_point(panel, qtbot):
    before = panel.cloud.grab().toImage()
    hover(panel, qtbot, 0)
    after = panel.cloud.grab().toImage()
    x, y = pixel(panel, 0).x() + 60, pixel(panel, 0).y() - 45
    assert before.pixelColor(x, y) != after.pixelColor(x, y)


def test_search_marks_what_it_finds_and_labels_only_that(panel, qtbot):
    qtbot.keyClicks(panel.search, "AT")
    panel.cloud.grab()
    assert panel.stamp.text().startswith("2 found · ")
    assert sorted(panel.cloud.picture.labelled) == [1, 6]
    panel.search.setText("⏎")  # found as it is shown, too
    assert panel.stamp.text().startswith("1 found · ")
    panel.legend.buttons[KINDS.index("space")].click()
    assert panel.stamp.text().startswith("0 found · picture of step 3 · 6 of 20")
    panel.search.clear()
    panel.cloud.grab()
    assert len(panel.cloud.picture.labelled) > 2


def test_the_range_stays_while_the_cloud_hardly_changes(panel, qtbot):
    before = panel.cloud.range.scale()
    for scale in (1.05, 0.9, 1.1, 0.85):
        panel.draw(frame(4, scale))
    assert panel.cloud.range.scale() == before
    panel.draw(frame(5, 3.0))
    assert panel.cloud.range.scale() == pytest.approx(before, rel=0.2)  # it glides, it does not jump
    qtbot.waitUntil(lambda: panel.cloud.range.scale() < before / 2.9, timeout=3000)
    panel.draw(frame(6, 1.0))
    qtbot.waitUntil(lambda: panel.cloud.range.scale() == pytest.approx(before), timeout=3000)


def test_every_point_is_inside_the_picture_wherever_the_cloud_goes():
    window, random = Range(), np.random.default_rng(1)
    window.resize(700, 300)
    points = random.normal(size=(200, 2))
    for _ in range(60):
        points = points * random.uniform(0.8, 1.3) + random.normal(scale=0.2, size=2)
        window.follow(points)
        window.glide(1.0)
        places = window.pixels(points)
        assert (places >= 0).all()
        assert (places <= [700, 300]).all()


def test_both_axes_have_the_same_scale():
    window = Range()
    window.resize(900, 200)
    window.follow(POINTS, at_once=True)
    places = window.pixels(POINTS)
    assert places[1, 0] - places[0, 0] == pytest.approx(places[0, 1] - places[2, 1])


def test_the_wheel_zooms_around_the_pointer_and_fit_brings_everything_back(panel, qtbot):
    scale, spot = panel.cloud.range.scale(), panel.cloud.places[1].copy()
    wheel(panel.cloud, *spot.tolist(), 240)
    panel.cloud.grab()
    assert panel.cloud.range.scale() > 1.2 * scale
    assert panel.cloud.places[1] == pytest.approx(spot)
    panel.draw(frame(4, 5.0))
    assert panel.cloud.range.scale() > 1.2 * scale  # the person's own view stays
    panel.draw(frame(5))
    qtbot.mouseClick(panel.fit, LEFT)
    assert panel.cloud.range.scale() == pytest.approx(scale)
    wheel(panel.cloud, 10, 10, -100000)
    assert panel.cloud.range.scale() >= 0.49 * scale
    qtbot.mouseDClick(panel.cloud, LEFT)
    assert not panel.cloud.range.free()


def test_dragging_and_keys_move_the_picture(panel, qtbot):
    before = panel.cloud.places[0].copy()
    qtbot.mousePress(panel.cloud, LEFT, pos=QPoint(100, 100))
    qtbot.mouseMove(panel.cloud, QPoint(130, 80))
    qtbot.mouseRelease(panel.cloud, LEFT, pos=QPoint(130, 80))
    panel.cloud.grab()
    assert panel.cloud.places[0] - before == pytest.approx([30, -20])
    qtbot.keyClick(panel.cloud, Qt.Key.Key_Left)
    panel.cloud.grab()
    assert panel.cloud.places[0] - before == pytest.approx([70, -20])
    scale = panel.cloud.range.scale()
    qtbot.keyClick(panel.cloud, Qt.Key.Key_Plus)
    assert panel.cloud.range.scale() > scale
    qtbot.keyClick(panel.cloud, Qt.Key.Key_Home)
    panel.cloud.grab()
    assert panel.cloud.places[0] == pytest.approx(before)


def test_zooming_in_labels_more_of_what_is_in_sight(panel):
    panel.draw(many())
    panel.cloud.grab()
    first = set(panel.cloud.picture.labelled)
    assert 20 < len(first) < 300
    assert 300 not in first
    for _ in range(12):
        wheel(panel.cloud, *panel.cloud.places[300].tolist(), 480)
    panel.cloud.grab()
    assert 300 in panel.cloud.picture.labelled


def test_labels_stay_while_the_cloud_trembles(panel):
    panel.draw(many())
    panel.cloud.grab()
    before = set(panel.cloud.picture.labelled)
    moved = many(step=2)
    moved.points[:] += np.random.default_rng(2).normal(scale=0.004, size=moved.points.shape)
    panel.draw(moved)
    panel.cloud.grab()
    assert len(before & set(panel.cloud.picture.labelled)) > 0.8 * len(before)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(1, 150), st.sampled_from([(300, 200), (720, 420)]))
def test_labels_never_overlap_and_never_leave_the_picture(seed, count, size):
    random = np.random.default_rng(seed)
    points = random.uniform(-20, 740, size=(count, 2))
    widths, everything = random.uniform(8, 90, size=count), np.ones(count, dtype=bool)
    chosen = place(points, np.full(count, 3.0), widths, 14.0, np.arange(count), everything, size)
    boxes = [(left, top, left + widths[index], top + 14.0) for index, left, top in chosen]
    for i, (a, b, c, d) in enumerate(boxes):
        assert a >= 0
        assert b >= 0
        assert c <= size[0] + 4
        assert d <= size[1] + 4
        assert all(c <= e or g <= a or d <= f or h <= b for e, f, g, h in boxes[:i])


@pytest.mark.parametrize("name", sorted(THEMES))
def test_points_are_drawn_in_the_colour_of_their_kind(panel, qapp, name):
    theme.apply(qapp, name)
    panel.retheme()
    image = panel.cloud.grab().toImage()
    for index in (1, 2, 3):
        wanted, seen = theme.colour(COLOURS[int(KINDS_OF[index])]), image.pixelColor(pixel(panel, index))
        assert max(abs(a - b) for a, b in zip(wanted.getRgb(), seen.getRgb(), strict=True)) < 30
    assert image.pixelColor(3, image.height() - 3).name() == QColor(theme.theme().window).name()


def test_other_tokens_start_a_new_picture(panel):
    wheel(panel.cloud, 50, 50, 480)
    panel.draw(many())
    assert not panel.cloud.range.free()
    assert "512 of 512 tokens shown" in panel.stamp.text()
    panel.draw(made(0, POINTS[:0], (), KINDS_OF[:0], np.zeros(0, np.int64), 0))
    assert panel.empty.isVisible()


def test_a_space_before_a_token_is_seen():
    assert written(" in") == "·in" != written("in")
    assert written("\n") == "⏎"
    assert written(" " * 7) == "␣×7"


def test_controls_have_names(panel):
    for control in (panel.search, panel.fit, panel.cloud, *panel.legend.buttons):
        assert control.accessibleName()
