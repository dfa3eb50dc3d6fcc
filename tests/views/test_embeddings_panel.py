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
    return EmbeddingFrame(step, POINTS.copy() * scale, TOKENS, kinds, np.arange(7, 0, -1), (0.4, 0.2), total=20)


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
    assert panel.stamp.text() == "picture of step 3 · 7 of 20 tokens shown"
    panel.legend.buttons[KINDS.index("letters")].click()
    assert "4 of 20 tokens shown" in panel.stamp.text()
    assert not panel.cloud.shown()[0]


def test_a_token_is_named_with_its_count_and_its_neighbours(panel):
    name, often, near = panel.cloud.said(0)
    assert name == "“the”"
    assert often == "stands 7 times in the text"
    assert near.startswith("near in this picture: “mat”")
    assert 0 not in panel.cloud.neighbours(0)


def test_search_marks_what_it_finds(panel, qtbot):
    qtbot.keyClicks(panel.search, "AT")
    assert panel.stamp.text().startswith("2 found")
    assert panel.cloud.picture.found.tolist() == [False, True, False, False, False, False, True]


def test_hovering_somewhere_finds_a_token(panel, qtbot):
    seen = []
    panel.cloud.hovered.connect(seen.append)
    size = panel.cloud.size()
    for x in range(0, size.width(), 6):
        for y in range(0, size.height(), 12):
            qtbot.mouseMove(panel.cloud, QPoint(x, y))
            if seen:
                assert 0 <= seen[0] < len(TOKENS)
                return
    pytest.fail("no token was ever under the pointer")


def test_the_picture_changes_when_the_model_does(panel):
    before = panel.cloud.grab().toImage()
    moved = frame(4)
    moved.points[:, 0] *= -1
    panel.draw(moved)
    assert panel.cloud.grab().toImage() != before
    assert "step 4" in panel.stamp.text()


def test_zooming_and_fitting(panel, qtbot):
    before = panel.cloud.grab().toImage()
    event = QWheelEvent(
        QPointF(100, 100), QPointF(100, 100), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    panel.cloud.wheelEvent(event)
    assert panel.cloud.grab().toImage() != before
    qtbot.mouseClick(panel.fit, Qt.MouseButton.LeftButton)
    assert panel.cloud.grab().toImage() == before
    assert isinstance(panel.look(), EmbeddingLook)
