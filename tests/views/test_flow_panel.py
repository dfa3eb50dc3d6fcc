"""The flow panel: strips for known frames, in pixels, with a real mouse and keyboard, and warnings in words."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor

from playground.style import colourmaps, theme
from playground.views.flow.frame import BINS, MEASURES, FlowFrame, Row, Sign
from playground.views.flow.panel import PANEL

LEFT = Qt.MouseButton.LeftButton
PARTS = (Row("Embedding", "embedding"), Row("Layer 1 · attention", "attention"), Row("Layer 1 · MLP", "mlp"))
SIGN = Sign("38 % of the units of Layer 1 · MLP are dead.", "Lower the learning rate.")


def frame(step=30, signs=(), parts=PARTS):
    steps = np.array([10, 20, 30])
    values = {}
    for measure in MEASURES:
        if measure.histogram:
            made = np.zeros((3, len(parts), BINS), np.float32)
            made[..., 4] = 1.0  # all in one class
        else:
            low, high = measure.span
            made = np.full((3, len(parts)), (low + high) / 2 if measure.linear else math.sqrt(low * high), np.float32)
        values[measure.name] = made
    return FlowFrame(step, steps, {measure.name: parts for measure in MEASURES}, values, signs, 128)


@pytest.fixture
def panel(qtbot, qapp):
    theme.apply(qapp, "dark")
    made = PANEL()
    qtbot.addWidget(made)
    made.resize(720, 420)
    made.show()
    made.draw(frame())
    return made


def visible(panel):
    return [name for name, strips in panel.strips.items() if strips.isVisible()]


def test_before_the_first_frame_it_says_what_is_missing(qtbot):
    made = PANEL()
    qtbot.addWidget(made)
    made.show()
    assert made.empty.isVisible()
    made.draw(frame())
    assert not made.empty.isVisible()


def test_four_at_once_and_the_other_four(panel, qtbot):
    assert visible(panel) == ["stream", "activations", "entropy", "dead"]
    qtbot.mouseClick(panel.pages.buttons()[1], LEFT)
    assert visible(panel) == ["gradients", "gradient", "weights", "update"]
    assert panel.strips["update"].said(0) == "0.10 %"


def test_a_click_shows_one_large_and_escape_all_again(panel, qtbot):
    dead = panel.strips["dead"]
    small = dead.width()
    qtbot.mouseClick(dead, LEFT)
    assert visible(panel) == ["dead"]
    qtbot.waitUntil(lambda: dead.width() > 1.8 * small)
    assert panel.back.isVisible()
    qtbot.keyClick(dead, Qt.Key.Key_Escape)
    assert len(visible(panel)) == 4
    qtbot.keyClick(dead, Qt.Key.Key_Return)
    assert visible(panel) == ["dead"]
    qtbot.mouseClick(panel.back, LEFT)
    assert len(visible(panel)) == 4


def test_a_histogram_is_bright_in_its_class_and_nowhere_else(panel):
    strips = panel.strips["activations"]
    image, place, scale = strips.grab().toImage(), strips.strip(1), strips.devicePixelRatioF()
    x = int(place.center().x() * scale)

    def colour(bin_):
        return image.pixelColor(x, int((place.bottom() - (bin_ + 0.5) / BINS * place.height()) * scale))

    assert place.height() > BINS  # a class has a row of pixels
    assert colour(4) == QColor(*colourmaps.lookup()[255])
    assert colour(9) == colour(20) == QColor(*colourmaps.lookup()[0])


def test_a_value_is_as_high_as_its_scale_says(panel):
    strips = panel.strips["entropy"]
    assert strips.as_lines()
    np.testing.assert_allclose(strips.height_of(strips._values), 0.5)
    image, place, scale = strips.grab().toImage(), strips.strip(2), strips.devicePixelRatioF()
    x = int(place.center().x() * scale)
    above = image.pixelColor(x, int((place.top() + 0.2 * place.height()) * scale))
    below = image.pixelColor(x, int((place.bottom() - 0.2 * place.height()) * scale))
    line = image.pixelColor(x, round((place.bottom() - 1 - 0.5 * (place.height() - 2)) * scale))
    assert below.green() > above.green() + 15  # the green of an MLP
    assert line.green() > below.green()


def test_many_parts_in_little_room_are_colours(panel):
    parts = tuple(Row(f"Layer {at} · MLP", "mlp") for at in range(1, 61))
    panel.draw(frame(parts=parts))
    strips = panel.strips["dead"]
    assert not strips.as_lines()
    place, image = strips.strip(7), strips.grab().toImage()
    scale = strips.devicePixelRatioF()
    found = image.pixelColor(int(place.center().x() * scale), int(place.center().y() * scale))
    assert abs(found.green() - int(colourmaps.lookup()[127][1])) < 8


def test_the_mouse_is_told_part_step_and_value(panel, qtbot):
    strips = panel.strips["entropy"]
    place = strips.strip(1)
    qtbot.mouseMove(strips, place.center().toPoint())
    assert strips.tip(QPointF(place.left() + 2, place.center().y())) == "Layer 1 · attention, step 10: 50 %"
    assert strips.tip(QPointF(place.right() - 2, place.center().y())) == "Layer 1 · attention, step 30: 50 %"
    assert strips.tip(QPointF(2, 2)) == strips.measure.help


def test_warnings_are_said_and_go_away(panel):
    assert panel.mood.text() == "no sign of divergence"
    assert not panel._card.isVisible()
    panel.draw(frame(signs=(SIGN,) * 5))
    assert panel.mood.text() == "5 warnings"
    assert SIGN.text in panel.warnings.text()
    assert "and 2 more" in panel.warnings.text()
    assert panel.warnings.toolTip().count("Lower") == 5
    panel.draw(frame())
    assert not panel._card.isVisible()


@pytest.mark.parametrize("name", ["light", "contrast"])
def test_every_theme_and_a_model_without_mlps(panel, qapp, name):
    panel.draw(frame())
    before = panel.strips["entropy"].grab().toImage()
    theme.apply(qapp, name)
    panel.retheme()
    assert panel.strips["entropy"].grab().toImage() != before
    panel.draw(frame(parts=()))
    assert panel.strips["dead"].found(QPointF(120, 40)) is None
    panel.grab()
