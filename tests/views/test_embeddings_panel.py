"""The embeddings panel: what it shows of how many, what hovering and searching say."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from playground.style import theme
from playground.views.embeddings.frame import KINDS, EmbeddingFrame, EmbeddingLook
from playground.views.embeddings.panel import PANEL

TOKENS = ("the", " cat", "Dog", "7", "\n", "…", "mat")
POINTS = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [1, 1], [0.05, 0.05]], dtype=np.float32)


def frame(step=3, scale=1.0):
    kinds = np.array([0, 0, 1, 2, 3, 5, 0], dtype=np.uint8)
    return EmbeddingFrame(step, POINTS * scale, TOKENS, kinds, np.arange(7, 0, -1), (0.4, 0.2), total=20)


@pytest.fixture
def panel(qtbot, qapp):
    theme.apply(qapp, "dark")
    made = PANEL()
    qtbot.addWidget(made)
    made.resize(720, 420)
    made.show()
    made.draw(frame())
    made.grab()
    return made


def test_it_says_how_many_of_how_many(panel):
    assert panel.count.text() == "7 of 20 tokens shown"
    assert "step 3" in panel.stamp.text()
    assert "40%" in panel.axes.text()
    panel.kinds[KINDS.index("letters")].click()
    assert panel.count.text() == "4 of 20 tokens shown"
    assert not panel.cloud.shown()[0]


def test_hovering_names_a_token_and_its_neighbours(panel, qtbot):
    place = panel.cloud._places[0]
    with qtbot.waitSignal(panel.cloud.hovered):
        qtbot.mouseMove(panel.cloud, QPoint(*map(round, place)))
    assert panel.cloud.hover in (0, 6)
    assert panel.cloud.neighbours(0)[0] == 6
    assert 0 not in panel.cloud.neighbours(0)


def test_search_marks_what_it_finds(panel, qtbot):
    qtbot.keyClicks(panel.search, "AT")
    assert panel.count.text().startswith("2 found")
    assert panel.cloud.found.tolist() == [False, True, False, False, False, False, True]


def test_the_range_stays_while_the_cloud_hardly_grows(panel):
    before = panel.cloud._extent.copy()
    panel.draw(frame(4, 1.05))
    assert (panel.cloud._extent == before).all()
    panel.draw(frame(5, 3.0))
    assert (panel.cloud._extent > before).all()


def test_zooming_and_fitting(panel, qtbot):
    event = QWheelEvent(
        QPointF(100, 100), QPointF(100, 100), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    panel.cloud.wheelEvent(event)
    assert panel.cloud._zoom > 1.2
    qtbot.mouseClick(panel.fit, Qt.MouseButton.LeftButton)
    assert panel.cloud._zoom == 1.0


def test_points_are_drawn_in_the_colour_of_their_kind(panel):
    image = panel.cloud.grab().toImage()
    x, y = map(round, panel.cloud._places[2])
    assert image.pixelColor(x, y).name() != theme.theme().window
    assert isinstance(panel.look(), EmbeddingLook)
