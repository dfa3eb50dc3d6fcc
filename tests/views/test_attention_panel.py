"""The attention panel, used with mouse and keys; and the scores on patterns whose answers are known."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLineEdit

from playground.style import colourmaps, theme
from playground.views.attention import scores
from playground.views.attention.frame import AttentionFrame, AttentionLook
from playground.views.attention.panel import PANEL, AttentionPanel
from playground.views.attention.panel_mosaic import resampled, tiled
from playground.views.attention.panel_names import layer_title

WORDS = ("The", " val", "ue", " of", " the", " obj", "ect", ",", " the", " obj")


def previous(n):
    pattern = np.eye(n, k=-1, dtype=np.float32)
    pattern[0, 0] = 1.0
    return pattern


def uniform(n):
    pattern = np.tri(n, dtype=np.float32)
    return pattern / pattern.sum(-1, keepdims=True)


def first(n):
    pattern = np.zeros((n, n), dtype=np.float32)
    pattern[:, 0] = 1.0
    return pattern


def frame(heads=(2, 3, 1), tokens=WORDS, step=1238, shortened=0, names=None):
    kinds = (previous, uniform, first)
    patterns = tuple(
        np.stack([kinds[(head + row) % 3](len(tokens)) for head in range(count)]) for row, count in enumerate(heads)
    )
    names = names or tuple(f"decoder.{2 * row}" for row in range(len(heads)))  # every second layer has no attention
    return AttentionFrame(step, tokens, names, patterns, (True,) * len(heads), shortened)


@pytest.fixture
def panel(qtbot, qapp):
    theme.apply(qapp, "dark")
    made = AttentionPanel()
    qtbot.addWidget(made)
    made.resize(720, 420)
    made.show()
    qtbot.waitExposed(made)
    return made


def head_at(panel, row, head):
    return panel.mosaic.cell_rect(row, head).center().toPoint()


def cell_at(panel, query, key):
    area = panel.matrix.area()
    step = area.width() / len(panel._frame.tokens)
    return QPointF(area.left() + (key + 0.5) * step, area.top() + (query + 0.5) * step).toPoint()


def move(qtbot, widget, point):
    """A mouse that really moves: Qt drops a move to where it already is."""
    qtbot.mouseMove(widget, point + QPoint(1, 1))
    qtbot.mouseMove(widget, point)
    QApplication.processEvents()


# -- scores -------------------------------------------------------------------------------------------------------


def test_scores_of_pure_heads():
    found = scores.score(previous(10), WORDS)
    assert (found.previous, found.diagonal, found.entropy) == (1.0, 0.0, 0.0)
    assert found.first == pytest.approx(1 / 9)  # only the second token's previous token is the first
    assert scores.score(first(10), WORDS).first == 1.0
    assert scores.score(np.eye(10), WORDS).diagonal == 1.0
    assert scores.score(uniform(10), WORDS).entropy == pytest.approx(np.mean([math.log(n) for n in range(2, 11)]))


def test_induction_is_attention_to_what_followed_before():
    pattern = np.eye(10)
    pattern[8], pattern[9] = np.eye(10)[5], 0.25 * np.eye(10)[6] + 0.75 * np.eye(10)[0]  # " the" → " obj", " obj" → "ect"
    assert scores.induction(pattern, WORDS) == pytest.approx((1.0 + 0.25) / 2)
    assert math.isnan(scores.induction(np.eye(3), ("a", "b", "c")))


def test_one_token_has_no_scores():
    assert math.isnan(scores.score(np.ones((1, 1)), ("a",)).entropy)


@pytest.mark.parametrize(
    ("query", "key", "said"),
    [
        (3, 3, "itself"),
        (8, 5, "the token after the earlier “ the”"),
        (3, 2, "the token before"),
        (8, 4, "the same token, earlier"),
        (6, 0, "the first token"),
        (6, 2, "4 tokens back"),
        (2, 3, "the next token"),
        (2, 6, "4 tokens ahead"),
    ],
)
def test_relation(query, key, said):
    assert scores.relation(WORDS, query, key) == said


# -- pixels -------------------------------------------------------------------------------------------------------


def test_thin_lines_survive_being_made_small():
    small = resampled(previous(64), 20)
    assert small.shape == (20, 20)
    assert (small.max(1) == 1.0).all()
    assert np.array_equal(resampled(previous(4), 8)[::2, ::2], previous(4))


def test_the_mosaic_is_ragged_and_leaves_the_future_empty():
    shown = frame((2, 3))
    image = tiled(shown.patterns, shown.causal, 40, 5, theme.theme())
    assert image.shape == (85, 135, 4)
    assert image[20, 110, 3] == 0  # the first layer has no third head
    assert image[65, 110, 3] == 255
    assert np.array_equal(image[10, 30], colourmaps.empty(theme.theme()))  # beyond the diagonal
    assert np.array_equal(image[30, 26], colourmaps.lookup()[255])  # query 7 of a previous-token head looks at key 6
    assert image[0, 0, 3] < 255  # the corners are round


def test_the_chosen_head_is_framed_with_the_accent(panel):
    panel.draw(frame())
    panel.select("decoder.2", 2)
    rect = panel.mosaic.cell_rect(1, 2)
    image = panel.mosaic.grab().toImage()
    assert image.pixelColor(int(rect.center().x()), int(rect.top()) - 2) == QColor(theme.theme().accent)
    other = panel.mosaic.cell_rect(1, 1)
    assert image.pixelColor(int(other.center().x()), int(other.top()) - 2) == QColor(theme.theme().window)


def test_the_matrix_shows_the_weight_on_the_fixed_scale(panel):
    panel.draw(frame())
    panel.select("decoder.0", 0)
    image = panel.matrix.grab().toImage()
    seen = image.pixelColor(cell_at(panel, 4, 3))
    assert (seen.red(), seen.green(), seen.blue()) == tuple(int(c) for c in colourmaps.lookup()[255][:3])
    assert image.pixelColor(cell_at(panel, 3, 7)) == QColor(theme.theme().raised)


# -- what the person does -----------------------------------------------------------------------------------------


def test_before_the_first_frame_it_says_what_will_come(panel):
    assert PANEL is AttentionPanel
    assert panel.empty.isVisible()
    assert not panel.matrix.isVisible()
    panel.draw(frame())
    assert not panel.empty.isVisible()
    assert panel.matrix.isVisible()


def test_a_model_without_attention_is_told_so(panel):
    panel.draw(AttentionFrame(3, WORDS, (), (), ()))
    assert panel.empty.title.text() == "No layer attends"


def test_hover_previews_and_leaves_again(panel, qtbot):
    panel.draw(frame())
    panel.select("decoder.0", 0)
    assert panel.title.text() == "Layer 1 · head 1"
    move(qtbot, panel.mosaic, head_at(panel, 1, 2))
    assert panel.shown() == ("decoder.2", 2)
    assert panel.title.text() == "Layer 3 · head 3"
    assert panel.selected() == ("decoder.0", 0)
    move(qtbot, panel.mosaic, QPoint(2, 2))
    assert panel.shown() == ("decoder.0", 0)


def test_a_click_chooses_and_locks_and_escape_releases(panel, qtbot):
    panel.draw(frame())
    with qtbot.waitSignal(panel.head_chosen) as caught:
        qtbot.mouseClick(panel.mosaic, Qt.MouseButton.LeftButton, pos=head_at(panel, 1, 1))
    assert caught.args == ["decoder.2", 1]
    assert panel.hint.text() == "locked · Esc releases"
    move(qtbot, panel.mosaic, head_at(panel, 0, 0))
    assert panel.shown() == ("decoder.2", 1)
    qtbot.keyClick(panel.mosaic, Qt.Key.Key_Escape)
    assert panel.hint.text() == "click locks"
    move(qtbot, panel.mosaic, head_at(panel, 0, 1))
    assert panel.shown() == ("decoder.0", 1)


def test_the_arrow_keys_walk_over_ragged_layers(panel, qtbot):
    panel.draw(frame())
    panel.select("decoder.2", 2)
    seen = []
    panel.head_chosen.connect(lambda name, head: seen.append((name, head)))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(panel.mosaic, key)
    assert seen == [("decoder.4", 0), ("decoder.2", 0), ("decoder.2", 2), ("decoder.2", 1)]
    assert panel.mosaic.accessibleDescription() == "Layer 3 · head 2"


def test_keyboard_focus_can_be_seen(panel, qtbot):
    panel.draw(frame())
    panel.select("decoder.0", 0)
    panel.field.setFocus()
    before = panel.mosaic.grab().toImage()
    panel.mosaic.setFocus()
    QApplication.processEvents()
    assert panel.mosaic.hasFocus()
    assert panel.mosaic.grab().toImage() != before


def test_select_emits_nothing_and_waits_for_its_layer(panel):
    seen = []
    panel.head_chosen.connect(lambda name, head: seen.append(name))
    panel.select("decoder.4")
    panel.draw(frame((2, 3)))
    assert panel.selected() == ("decoder.0", 0)
    panel.draw(frame((2, 3, 1)))
    assert panel.selected() == ("decoder.4", 0)
    assert seen == []


def test_a_chosen_head_that_is_gone_gives_way_to_the_nearest(panel, qtbot):
    panel.draw(frame((2, 3)))
    panel.select("decoder.2", 2)
    move(qtbot, panel.mosaic, head_at(panel, 1, 2))
    panel.draw(frame((2, 1)))
    assert panel.shown() == ("decoder.2", 0)
    assert panel.grab().width() == 720


def test_the_card_reads_a_cell(panel, qtbot):
    panel.draw(frame())
    panel.select("decoder.0", 0)
    move(qtbot, panel.matrix, cell_at(panel, 3, 2))
    assert panel.matrix.card() == ("“ of” → “ue”", "1.00", "the token before")
    assert panel.matrix.accessibleDescription() == "“ of” → “ue” 1.00 the token before"
    lit = panel.matrix.grab().toImage()
    qtbot.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=cell_at(panel, 3, 2))
    move(qtbot, panel.matrix, QPoint(1, panel.matrix.height() - 2))
    assert panel.matrix.cell == (3, 2)  # held
    panel.draw(frame(step=1239))
    assert panel.matrix.cell == (3, 2)
    qtbot.keyClick(panel.matrix, Qt.Key.Key_Right)
    assert panel.matrix.cell == (3, 3)
    qtbot.keyClick(panel.matrix, Qt.Key.Key_Escape)
    assert panel.matrix.cell is None
    assert panel.matrix.grab().toImage() != lit


def test_a_token_label_reads_the_strongest_cell_of_its_row(panel, qtbot):
    panel.draw(frame())
    panel.select("decoder.0", 0)
    move(qtbot, panel.matrix, QPoint(20, cell_at(panel, 6, 0).y()))
    assert panel.matrix.cell == (6, 5)


def test_the_future_is_called_hidden(panel, qtbot):
    panel.draw(frame())
    move(qtbot, panel.matrix, cell_at(panel, 2, 6))
    assert panel.matrix.card()[1:] == ("–", "in the future: the mask hides it")


def test_the_stamp_tells_step_heads_and_what_is_missing(panel):
    panel.draw(frame(shortened=12))
    assert panel.stamp.text() == "picture of step 1,238 · 6 of 6 heads"
    assert panel.note.isVisible()
    assert panel.note.text() == "12 tokens not shown: there is room for 10"
    panel.draw(frame())
    assert not panel.note.isVisible()


def test_the_words_about_a_head(panel):
    panel.draw(frame())
    panel.select("decoder.0", 0)
    for part in ("Layer 1 · head 1", ">entropy, nats<", ">1.00<", ">first token<", ">0.11<", ">itself<"):
        assert part in panel.text.text()


def test_names_are_thinned_and_it_says_so(panel):
    panel.draw(frame(tokens=WORDS))
    assert panel.matrix.thinned() == ""
    panel.draw(frame(tokens=tuple(f" w{i}" for i in range(64))))
    rows, columns = panel.matrix.every()
    assert columns >= rows > 1
    assert panel.matrix.thinned() in panel.text.text()
    assert "token named" in panel.text.text()


def test_typing_asks_once_and_only_after_a_rest(panel, qtbot):
    panel.draw(frame())
    field = panel.findChild(QLineEdit)
    assert field.accessibleName() == "Text to look at"
    seen = []
    panel.look_changed.connect(lambda: seen.append(panel.look()))
    qtbot.keyClicks(field, "The cat")
    assert seen == []
    qtbot.waitUntil(lambda: bool(seen), timeout=2000)
    qtbot.wait(300)
    assert seen == [AttentionLook(text="The cat")]
    qtbot.keyClicks(field, "s")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert seen[1:] == [AttentionLook(text="The cats")]


def test_changing_the_theme_repaints_everything(panel, qapp):
    panel.draw(frame())
    dark = panel.grab().toImage()
    theme.apply(qapp, "light")
    panel.retheme()
    light = panel.matrix.grab().toImage()
    assert light.pixelColor(cell_at(panel, 2, 8)) == QColor(theme.theme().raised)
    assert panel.grab().toImage() != dark
    theme.apply(qapp, "dark")


@pytest.mark.parametrize("size", [(300, 180), (352, 210), (660, 420), (1250, 700)])
def test_everything_stays_inside_at_every_size(panel, size):
    panel.resize(*size)
    panel.draw(frame((4, 8, 2), tokens=tuple(f" word{i}" for i in range(64)), shortened=3))
    QApplication.processEvents()
    assert (panel.width(), panel.height()) == size
    for widget in (panel.mosaic, panel.matrix, panel.title, panel.stamp):
        corner = widget.mapTo(panel, QPoint(widget.width(), widget.height()))
        assert corner.x() <= size[0]
        assert corner.y() <= size[1]
    last = panel.mosaic.cell_rect(1, 7)
    assert last.right() <= panel.mosaic.width()
    assert panel.matrix.area().right() <= panel.matrix.width()
    assert panel.matrix.area().width() > 60


def test_layers_of_several_stacks_are_told_apart():
    names = ("encoder.0", "decoder.0")
    assert layer_title("encoder.0", names) == "Encoder layer 1"
    assert layer_title("decoder.4", ("decoder.4",)) == "Layer 5"
