"""The three zooms of the attention panel by mouse and key; scores on hand-built heads; lines, overlays, means and totals."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from playground.views.attention import scores
from playground.views.attention.frame import AttentionFrame
from playground.views.attention.panel import AttentionPanel
from playground.views.attention.panel_arcs import FAINTEST, MOST, Arcs
from playground.views.attention.panel_matrix import laid_over, margins
from playground.views.lit import Lit

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
WORDS = tuple("abcdabcd")


def previous_head(count):
    """Each token looks at the one before."""
    pattern = np.eye(count, k=-1, dtype=np.float32)
    pattern[0, 0] = 1.0
    return pattern


def induction_head(tokens):
    """Each token that stood before looks at what followed it then, the others at the first."""
    pattern = np.zeros((len(tokens), len(tokens)), np.float32)
    for query, token in enumerate(tokens):
        before = [at for at in range(query) if tokens[at] == token]
        pattern[query, before[-1] + 1 if before else 0] = 1.0
    return pattern


def uniform(count):
    pattern = np.tri(count, dtype=np.float32)
    return pattern / pattern.sum(-1, keepdims=True)


def frame(step=3, context=()):
    layers = (
        np.stack([uniform(8), previous_head(8)]),
        np.stack([induction_head(WORDS), uniform(8), np.eye(8, dtype=np.float32)]),
    )
    ids = np.array([ord(word) for word in WORDS])
    return AttentionFrame(step, WORDS, ("decoder.0", "decoder.2"), layers, (True, True), context=context, ids=ids, room=512)


@pytest.fixture
def panel(qtbot):
    made = AttentionPanel()
    qtbot.addWidget(made)
    made.resize(760, 460)
    made.show()
    qtbot.waitExposed(made)
    made.draw(frame())
    return made


def at_head(page, row, head):
    return page.cell_rect(row, head).center().toPoint()


def at_cell(panel, query, key):
    area = panel.matrix.area()
    step = area.width() / 8
    return QPoint(int(area.left() + (key + 0.5) * step), int(area.top() + (query + 0.5) * step))


def button(segments, text):
    return next(each for each in segments.buttons() if each.text() == text)


# -- scores -------------------------------------------------------------------------------------------------------


def test_hand_built_heads_have_score_one():
    found = scores.table(np.stack([previous_head(8), induction_head(WORDS)]), WORDS)
    column = {kind: at for at, kind in enumerate(scores.KINDS)}
    assert found[0, column["previous"]] == 1.0
    assert found[1, column["induction"]] == 1.0
    assert found[0, column["entropy"]] == 0.0
    assert found[0, column["induction"]] == 0.0


def test_the_table_is_the_scores_of_each_head():
    patterns = np.random.default_rng(1).dirichlet(np.ones(8), (5, 8)).astype(np.float32)
    found = scores.table(patterns, WORDS)
    for head, pattern in enumerate(patterns):
        single = scores.score(pattern, WORDS)
        np.testing.assert_allclose(found[head], [getattr(single, kind) for kind in scores.KINDS], rtol=1e-6)
    over_source = scores.table(patterns, WORDS, tuple("wxyzwxyz"))
    assert np.isfinite(over_source[:, [0, 3]]).all()
    assert np.isnan(over_source[:, [1, 2, 4]]).all()


# -- the model ----------------------------------------------------------------------------------------------------


def test_all_heads_with_their_score_sorted_and_one_to_go_nearer_to(panel, qtbot):
    qtbot.mouseClick(button(panel.zoom, "Model"), LEFT)
    gallery = panel.model.gallery
    assert gallery.isVisible()
    assert not panel.matrix.isVisible()
    assert "induction: 3·1 (1.00)" in panel.model.telling.text()
    assert "previous token: 1·2 (1.00)" in panel.model.telling.text()
    qtbot.mouseClick(button(panel.model.score, "Previous"), LEFT)
    assert gallery.values[0, 1] == 1.0
    assert gallery.means()[0] == pytest.approx((1.0 + gallery.values[0, 0]) / 2)
    qtbot.mouseClick(panel.model.sort, LEFT)
    assert gallery.order[0] == (0, 1)
    first, others = gallery.cell_rect(0, 1), [gallery.cell_rect(row, head) for row, head in gallery.order[1:]]
    assert all((first.top(), first.left()) <= (rect.top(), rect.left()) for rect in others)
    assert all(rect.right() <= gallery.width() and rect.bottom() <= gallery.height() for rect in (first, *others))
    with qtbot.waitSignal(panel.head_chosen) as caught:
        qtbot.mouseClick(gallery, LEFT, pos=at_head(gallery, 0, 1))
    assert caught.args == ["decoder.0", 1]
    assert panel.zoom.value() == "head"
    qtbot.waitUntil(panel.matrix.isVisible)


def test_arrow_keys_follow_the_sorted_order(panel, qtbot):
    panel.go("model")
    panel.model.sort.setChecked(True)
    gallery = panel.model.gallery
    panel.select(*{0: "decoder.0", 1: "decoder.2"}[gallery.order[0][0]].split("#"), gallery.order[0][1])
    qtbot.keyClick(gallery, Qt.Key.Key_Right)
    row, head = gallery.order[1]
    assert panel.selected() == (("decoder.0", "decoder.2")[row], head)


def test_the_tiles_show_the_patterns(panel):
    panel.go("model")
    gallery = panel.model.gallery
    image, rect = gallery.grab().toImage(), gallery.cell_rect(0, 1)
    on = image.pixelColor(int(rect.left() + rect.width() * 2.5 / 8), int(rect.top() + rect.height() * 3.5 / 8))
    off = image.pixelColor(int(rect.left() + rect.width() * 0.5 / 8), int(rect.top() + rect.height() * 5.5 / 8))
    assert on.lightness() > off.lightness() + 60


# -- the head -----------------------------------------------------------------------------------------------------


def test_heads_are_laid_over_each_other_in_their_colours(panel, qtbot):
    panel.select("decoder.0", 1)
    plain = panel.matrix.grab().toImage()
    qtbot.mouseClick(panel.mosaic, LEFT, CONTROL, at_head(panel.mosaic, 1, 0))
    assert panel.matrix.grab().toImage() != plain
    assert "1·2" in panel.text.text()
    assert "3·1" in panel.text.text()
    qtbot.mouseClick(panel.mosaic, LEFT, CONTROL, at_head(panel.mosaic, 1, 0))
    assert panel.matrix.grab().toImage() == plain


def test_laid_over_colours_are_those_of_the_heads_that_look():
    one, other = np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)
    one[0, 0], other[1, 1] = 1.0, 1.0
    made = laid_over(((one, "#ff0000"), (other, "#0000ff")), QColor("#101010"))
    assert made[0, 0].tolist() == [255, 0, 0, 255]
    assert made[1, 1].tolist() == [0, 0, 255, 255]
    assert made[0, 1].tolist() == [16, 16, 16, 255]


def test_means_of_a_layer_and_of_all(panel):
    panel.select("decoder.2", 0)
    panel.more.means["layer"].trigger()
    expected = frame().patterns[1].mean(0)
    np.testing.assert_allclose(panel.matrix._pattern, expected)
    assert panel.title.text() == "Layer 3 · mean"
    panel.more.means["all"].trigger()
    np.testing.assert_allclose(panel.matrix._pattern, np.concatenate(frame().patterns).mean(0))
    panel.more.means["one"].trigger()
    np.testing.assert_allclose(panel.matrix._pattern, frame().patterns[1][0])


def test_totals_of_keys_and_spread_of_queries(panel):
    received, spread = margins(uniform(8), causal=True)
    np.testing.assert_allclose(spread, [0.0, *[1.0] * 7], atol=1e-6)
    assert received[0] == pytest.approx(np.mean(1 / np.arange(1, 9)))
    assert received[7] == pytest.approx(1 / 8)
    before = panel.matrix.area()
    panel.more.totals.trigger()
    assert panel.matrix.area().bottom() < before.bottom()
    assert panel.matrix.grab().width() == panel.matrix.width()


def test_lines_of_one_query_at_a_time(panel, qtbot):
    panel.select("decoder.2", 0)
    qtbot.mouseClick(button(panel.shape, "Lines"), LEFT)
    arcs = panel.arcs
    assert arcs.isVisible()
    assert not panel.matrix.isVisible()
    arcs.grab()
    assert arcs.drawn == 8
    arcs.setFocus()
    qtbot.mouseClick(arcs, LEFT, pos=arcs.place(5, key=False).toPoint())
    arcs.grab()
    assert (arcs.query, arcs.drawn) == (5, 1)
    assert "looks most at c" in arcs.accessibleDescription()
    qtbot.keyClick(arcs, Qt.Key.Key_Down)
    assert arcs.query == 6
    qtbot.keyClick(arcs, Qt.Key.Key_Escape)
    assert arcs.query == -1


def test_the_strongest_lines_are_drawn_and_the_others_counted(qtbot):
    arcs = Arcs()
    qtbot.addWidget(arcs)
    arcs.resize(400, 400)
    pattern = np.full((60, 60), 2 * FAINTEST, np.float32)
    pattern[3, 4] = 0.9
    arcs.draw(pattern, ("x",) * 60, ("y",) * 60)
    queries, keys, weights = arcs._lines()
    assert len(weights) == MOST
    assert arcs.left_out == 3600 - MOST
    assert (queries[-1], keys[-1]) == (3, 4)


# -- the cell -----------------------------------------------------------------------------------------------------


def test_a_double_click_works_a_cell_out_and_escape_leads_back(panel, qtbot):
    panel.select("decoder.2", 1)
    seen = []
    panel.look_changed.connect(lambda: seen.append(panel.look().cell))
    qtbot.mouseDClick(panel.matrix, LEFT, pos=at_cell(panel, 6, 2))
    assert panel.zoom.value() == "cell"
    assert seen[-1] == ("decoder.2", 1, 6, 2)
    assert panel.cell.isVisible()
    qtbot.keyClick(panel.cell, Qt.Key.Key_Up)
    assert seen[-1] == ("decoder.2", 1, 5, 2)
    qtbot.keyClick(panel.cell, Qt.Key.Key_Escape)
    assert panel.zoom.value() == "head"
    assert seen[-1] is None
    qtbot.waitUntil(lambda: not panel.flight.isVisible(), timeout=2000)


def test_enter_works_out_what_is_held(panel, qtbot):
    panel.matrix.setFocus()
    panel.matrix.hold((4, 1))
    qtbot.keyClick(panel.matrix, Qt.Key.Key_Return)
    assert panel.look().cell == ("decoder.0", 0, 4, 1)


def test_something_flies_from_zoom_to_zoom(panel, qtbot):
    panel.go("model")
    qtbot.waitUntil(lambda: not panel.flight.isVisible(), timeout=2000)
    panel.go("head")
    assert panel.flight.isVisible()
    start = panel.flight.place()
    qtbot.waitUntil(lambda: panel.flight.place().width() > start.width() * 1.5, timeout=2000)
    qtbot.waitUntil(lambda: not panel.flight.isVisible(), timeout=2000)


# -- others -------------------------------------------------------------------------------------------------------


def test_query_and_key_light_up_elsewhere_and_others_here(panel, qtbot):
    caught = []
    panel.lit.connect(caught.append)
    qtbot.mouseMove(panel.matrix, at_cell(panel, 5, 2) + QPoint(1, 1))
    qtbot.mouseMove(panel.matrix, at_cell(panel, 5, 2))
    QApplication.processEvents()
    assert caught[-1] == Lit((5, 2), (ord("b"), ord("c")), False)
    qtbot.mouseClick(panel.matrix, LEFT, pos=at_cell(panel, 5, 2))
    assert caught[-1].locked
    panel.show_lit(Lit((), (ord("b"),)))
    assert panel.matrix.lit == (frozenset({1, 5}), frozenset({1, 5}))
    panel.show_lit(Lit((3,)))
    assert panel.matrix.lit == (frozenset({3}), frozenset({3}))


def test_places_count_what_an_encoder_reads_first(panel):
    panel.draw(frame(context=tuple("xyz")))
    panel.show_lit(Lit((3 + 4,)))
    assert panel.matrix.lit[0] == {4}


def test_a_long_text_asks_for_the_attention_that_is_shown_alone(panel):
    panel.select("decoder.2", 1)
    panel.more.lengths[512].trigger()
    assert (panel.look().max_tokens, panel.look().only) == (512, "decoder.2")
    panel.go("model")
    assert panel.look().only == ""


def test_menus_are_asked_for_heads_and_edges(panel, qtbot):
    asked = []
    panel.menu_wanted.connect(lambda *given: asked.append(given[:3]))
    panel.mosaic.menu_wanted.emit(1, 2, QPoint())
    panel.matrix.hold((4, 1))
    panel.matrix.menu_wanted.emit(QPoint())
    assert asked == [("decoder.2", 2, None), ("decoder.0", 0, (4, 1))]
