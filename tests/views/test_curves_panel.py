"""The curves panel, used with mouse and keys; and the numbers behind the lines."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QPushButton

from playground.style import theme
from playground.views.curves.frame import CurvesFrame, CurvesLook
from playground.views.curves.panel import PANEL, CurvesPanel
from playground.views.curves.points import nearest, short, smoothed, thinned, ticks


def frame(count=400, validations=4, bytes_per_token=2.0):
    steps = np.arange(1.0, count + 1)
    loss = 2.0 + 4.0 * np.exp(-steps / 60) + 0.05 * np.sin(steps * 7)
    at = np.linspace(0, count, validations) if validations else np.zeros(0)
    lr, speed, validation = np.full(count, 1e-3), 30_000 + 10 * steps, 2.5 + np.exp(-at / 60)
    return CurvesFrame(count, steps, loss, steps, lr, speed, 1 / steps, at, validation, bytes_per_token)


EMPTY = CurvesFrame(0, *[np.zeros(0)] * 8, 1.0)


@pytest.fixture
def panel(qtbot, qapp):
    theme.apply(qapp, "dark")
    made = CurvesPanel()
    qtbot.addWidget(made)
    made.resize(720, 420)
    made.show()
    qtbot.waitExposed(made)
    return made


def button(panel, text):
    return next(made for made in panel.findChildren(QPushButton) if made.text() == text)


def point(panel, step, y=3.0):
    box = panel.loss.getViewBox()
    return panel.loss.mapFromScene(box.mapViewToScene(QPointF(step, y)))


def move(qtbot, widget, at):
    qtbot.mouseMove(widget, at + QPoint(1, 0))
    qtbot.mouseMove(widget, at)
    QApplication.processEvents()


# -- numbers ------------------------------------------------------------------------------------------------------


def test_smoothing_is_free_of_the_start():
    assert smoothed(np.full(5, 3.0), 0.9) == pytest.approx(np.full(5, 3.0))
    values = np.array([1.0, 0.0, 0.0])
    weights = np.array([0.1 * 0.9**2, 0.1 * 0.9, 0.1])
    assert smoothed(values, 0.9)[2] == pytest.approx((weights * values).sum() / weights.sum())
    assert math.isfinite(smoothed(np.array([1.0, math.nan, 2.0]), 0.9)[2])


def test_thinning_keeps_peaks_and_the_end():
    values = np.zeros(5000)
    values[1234], values[4321] = 9.0, -9.0
    kept = thinned(np.arange(5000.0), values, 100)
    assert len(kept) <= 104
    assert {1234, 4321, 4999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert thinned(np.arange(3.0), np.ones(3), 100).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (0.0006, "6e-4"), (0.00012, "1.2e-4"), (1200, "1,200"), (31_000, "31k"), (1.5e6, "1.5M")],
)
def test_short_numbers(value, text):
    assert short(value) == text


def test_nearest_and_ticks():
    steps = np.array([1.0, 5.0, 9.0])
    assert [nearest(steps, step) for step in (0, 2, 4, 8, 99)] == [0, 0, 1, 2, 2]
    assert nearest(np.array([7.0]), 3.0) == 0
    assert ticks(0, 0.001, 3) == [0, 0.0005, 0.001]
    assert ticks(1.0, 1.0, 3) == []
    assert all(len(ticks(0.37, high, 3)) <= 3 for high in np.linspace(0.4, 900, 50))


# -- the panel ----------------------------------------------------------------------------------------------------


def test_before_anything_was_trained(panel):
    assert PANEL is CurvesPanel
    assert panel.look() == CurvesLook()
    assert panel.empty.title.text() == "Press Play: the loss appears here"
    panel.draw(EMPTY)
    assert panel.empty.isVisible()
    panel.draw(frame())
    assert not panel.empty.isVisible()
    panel.draw(EMPTY)
    assert panel.empty.isVisible()


def test_lines_are_named_at_their_ends_with_their_values(panel):
    shown = frame()
    panel.draw(shown)
    labels = panel.loss.end_labels()
    assert [label.split(" ", 1)[1] for label in labels] == ["validation", "smoothed, 0.9", "training"]
    assert float(labels[0].split()[0]) == pytest.approx(shown.validation[-1], abs=6e-4)
    assert float(labels[2].split()[0]) == pytest.approx(shown.loss[-1], abs=6e-4)
    tops = sorted(item.pos().y() for item, _, _ in panel.loss._ends)
    assert min(np.diff(tops)) >= 10  # they never cover each other
    assert panel.stamp.text() == "picture of step 400"
    assert "nats per token" in panel.loss.accessibleDescription()


def test_the_unit_changes_the_lines(panel, qtbot):
    shown = frame(bytes_per_token=2.0)
    panel.draw(shown)
    qtbot.mouseClick(button(panel, "bits per byte"), Qt.MouseButton.LeftButton)
    bits = shown.validation[-1] / math.log(2) / 2.0
    assert panel.loss.end_labels()[0] == f"{bits:.3f} validation"
    assert panel._validation.getData()[1][-1] == pytest.approx(bits)
    qtbot.mouseClick(button(panel, "nats per token"), Qt.MouseButton.LeftButton)
    assert panel._validation.getData()[1][-1] == pytest.approx(shown.validation[-1])


def test_the_cursor_reads_every_plot(panel, qtbot):
    shown = frame()
    panel.draw(shown)
    QApplication.processEvents()
    assert not panel.card.isVisible()
    move(qtbot, panel.loss.viewport(), point(panel, 200))
    assert panel.card.isVisible()
    step = int(panel.card.text().split("step ")[1].split("<")[0])
    assert abs(step - 200) <= 2
    assert f"{shown.loss[step - 1]:.3f}" in panel.card.text()
    assert panel.small["tokens_per_s"].text() == short(float(f"{30_000 + 10 * step:.3g}"))
    assert panel.loss.cursor.isVisible()
    panel.draw(frame(401))
    assert panel.card.isVisible()  # a new picture does not take the reading away
    move(qtbot, panel.loss.viewport(), QPoint(2, 2))
    assert not panel.card.isVisible()
    assert panel.small["tokens_per_s"].text() == "34k"


def test_pointing_at_a_small_plot_reads_the_same_step(panel, qtbot):
    panel.draw(frame())
    QApplication.processEvents()
    small = panel.small["lr"]
    area = small._area()
    low, high = small._span
    x = area.left() + (100 - low) / (high - low) * area.width()
    move(qtbot, small, QPoint(round(x), round(area.center().y())))
    assert panel.card.isVisible()
    assert abs(int(panel.card.text().split("step ")[1].split("<")[0]) - 100) <= 3


def test_zoom_stays_until_fit_or_a_double_click(panel, qtbot):
    panel.draw(frame())
    QApplication.processEvents()
    for undo in (
        lambda: qtbot.mouseClick(button(panel, "Fit"), Qt.MouseButton.LeftButton),
        lambda: qtbot.mouseDClick(panel.loss.viewport(), Qt.MouseButton.LeftButton, pos=point(panel, 120)),
    ):
        panel.loss.setXRange(100, 150, padding=0)
        panel.draw(frame(500))
        QApplication.processEvents()
        assert panel.loss.getViewBox().viewRange()[0] == [100, 150]
        assert panel.small["lr"]._span == (100, 150)
        undo()
        QApplication.processEvents()
        low, high = panel.loss.getViewBox().viewRange()[0]
        assert low <= 1
        assert high >= 500


def test_logarithmic_steps_leave_out_step_zero(panel, qtbot):
    panel.draw(frame())
    qtbot.mouseClick(button(panel, "log steps"), Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert panel.loss.getViewBox().viewRange()[0][1] < 3.5
    assert panel._validation.getOriginalDataset()[0].min() >= 1
    axis = panel.loss.getAxis("bottom")
    assert axis.tickStrings([-1.0, 0.0, 0.3, 1.0, 3.0], 1.0, 1.0) == ["", "1", "", "10", "1,000"]
    move(qtbot, panel.loss.viewport(), point(panel, 2.0))
    assert abs(int(panel.card.text().split("step ")[1].split("<")[0]) - 100) <= 3


def test_one_point_can_be_seen(panel):
    panel.draw(frame(1, validations=0))
    accent = QColor(theme.theme().accent)
    for widget in (panel.loss, panel.small["lr"]):
        image = widget.grab().toImage()
        seen = {image.pixel(x, y) for x in range(image.width()) for y in range(0, image.height())}
        assert accent.rgb() in seen


def test_menus_and_auto_button_are_gone(panel):
    assert not panel.loss.getViewBox().menuEnabled()
    assert panel.loss.getPlotItem().buttonsHidden


def test_changing_the_theme_changes_pens_fonts_and_ground(panel, qapp):
    panel.draw(frame())
    theme.apply(qapp, "light", 1.5)
    panel.retheme()
    light = theme.theme()
    assert panel._smoothed.opts["pen"].color() == QColor(light.accent)
    assert panel._validation.opts["pen"].width() == 2
    assert panel.loss.getAxis("left").style["tickFont"].pointSizeF() == pytest.approx(theme.points(0.85))
    assert panel.grab().toImage().pixelColor(3, 200) == QColor(light.window)
    assert panel.loss.grab().toImage().pixelColor(panel.loss.width() // 2, 20) == QColor(light.window)
    theme.apply(qapp, "dark")


def test_every_control_has_a_name(panel):
    panel.draw(frame())
    for made in panel.findChildren(QPushButton):
        assert made.accessibleName()
    assert panel.loss.accessibleName() == "Loss"
    assert {small.accessibleName() for small in panel.small.values()} == {
        "Learning rate", "Tokens / s", "Gradient norm", "Answered right, %"
    }  # fmt: skip


@pytest.mark.parametrize("size", [(300, 180), (352, 210), (520, 420), (1250, 700)])
def test_every_size_is_possible(panel, size):
    panel.resize(*size)
    panel.draw(frame())
    QApplication.processEvents()
    assert (panel.width(), panel.height()) == size
    assert panel.loss.getViewBox().width() > 100
    assert panel.small["grad_norm"].isVisible() is (size[0] >= 560)
    assert panel.units.isVisible() is (size[0] >= 480)


def test_a_task_shows_its_score_and_the_least_loss_that_is_possible(panel):
    shown = frame(validations=4)
    assert panel.small["scores"].isHidden()
    task = replace(shown, scores=np.array([np.nan, 0.25, 0.5, 0.75]), floor=1.5)
    panel.draw(task)
    assert not panel.small["scores"].isHidden()
    assert panel.small["scores"].text() == "75"
    assert "1.500 least possible" in panel.loss.end_labels()
    panel.draw(shown)
    assert panel.small["scores"].isHidden()
    assert not any("possible" in label for label in panel.loss.end_labels())


def test_a_run_that_gives_way_stays_as_a_named_line(panel, qtbot):
    panel.name_run("heads 4 → 8")
    panel.draw(frame(300))
    panel.name_run("as wide again")
    panel.draw(frame(320))  # the same run goes on, with another name from here
    assert panel.runs.kept == []
    assert panel.forget.isHidden()
    panel.draw(frame(20))  # another run has begun
    assert [kept.name for kept in panel.runs.kept] == ["as wide again"]
    assert any("as wide again" in text for text in panel.loss.end_labels())
    assert not panel.forget.isHidden()
    for count in (15, 14, 13, 12, 11):
        panel.name_run(f"run {count}")
        panel.draw(frame(count))
    assert len(panel.runs.kept) == 4
    qtbot.mouseClick(panel.forget, Qt.MouseButton.LeftButton)
    assert panel.runs.kept == []
    assert not any("run" in text for text in panel.loss.end_labels())


def test_the_loss_on_a_logarithmic_axis(panel, qtbot):
    panel.draw(frame())
    qtbot.mouseClick(button(panel, "log loss"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.loss.getViewBox().viewRange()[1][1] < 1)
    low, high = panel.loss.getViewBox().viewRange()[1]
    assert math.log10(2.0) - 0.1 < low < high < math.log10(6.5) + 0.1
    assert any(text.startswith("2.") for text in panel.loss.end_labels())
    qtbot.mouseClick(button(panel, "log steps"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.loss.getViewBox().viewRange()[0][1] < 3)
    assert panel.loss.getViewBox().viewRange()[1][1] < 1
