"""The drawn schedule: what it says in words and under the pointer, where its line lies, and that it follows the form."""

from typing import get_args

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox

from playground.spec import edit
from playground.spec.experiment import Experiment
from playground.spec.training import TrainingSpec
from playground.style import theme
from playground.ui.inspector.form import Inspector
from playground.ui.inspector.schedule_curve import FALLS, ScheduleCurve, in_words

KINDS = get_args(TrainingSpec.model_fields["schedule"].annotation)


@pytest.fixture
def curve(qtbot):
    made = ScheduleCurve()
    made.resize(288, made.height())
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def lit(curve, x):
    """Where the line lies at x: the highest pixel in the accent colour, as a share of the way up to the top mark."""
    image, accent = curve.grab().toImage(), QColor(theme.theme().accent)
    area = curve._area()
    for y in range(int(area.top()) - 2, image.height()):
        found = image.pixelColor(x, y)
        if all(abs(a - b) < 40 for a, b in zip(found.getRgb()[:3], accent.getRgb()[:3], strict=True)):
            return (area.bottom() - y) / area.height()
    return None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "Up over 100 steps, then a half cosine to 1e-4"),
        ({"warmup": 0, "schedule": "linear", "lr_min": 0.0}, "A line to 0"),
        ({"schedule": "constant"}, "Up over 100 steps, then level"),
        ({"schedule": "step", "warmup": 0}, "× 0.5 every 500"),
        ({"schedule": "exponential"}, "Up over 100 steps, then × 0.5 over each 500"),
        ({"schedule": "wsd", "decay_share": 0.4}, "Up over 100 steps, level until 1,200, a line to 1e-4"),
    ],
)
def test_the_schedule_in_words(settings, words):
    assert in_words(TrainingSpec(**settings)) == words


def test_every_schedule_has_words():
    assert tuple(FALLS) == KINDS


def test_the_line_lies_where_the_rate_is(curve):
    curve.show_training(TrainingSpec(schedule="wsd", decay_share=0.5, warmup=0, lr=0.4, lr_min=0.0, steps=1000))
    area = curve._area()
    top = lit(curve, round(area.left() + 0.25 * area.width()))
    half = lit(curve, round(area.left() + 0.75 * area.width()))
    assert top == pytest.approx(1 / 1.08, abs=0.04)
    assert half == pytest.approx(0.5 / 1.08, abs=0.05)


def test_stairs_fall_upright(curve):
    curve.show_training(TrainingSpec(schedule="step", warmup=0, steps=4, step_every=2, lr_min=0.0))
    area = curve._area()
    left, right = (lit(curve, round(area.left() + share * area.width())) for share in (0.45, 0.55))
    assert left == pytest.approx(1 / 1.08, abs=0.04)
    assert right == pytest.approx(0.5 / 1.08, abs=0.04)


def test_the_pointer_reads_step_and_rates(qtbot, curve):
    curve.show_training(TrainingSpec(schedule="constant", optimiser="muon", warmup=0, lr=0.01, muon_lr=0.05, steps=1000))
    assert curve.text() == "Level"
    area = curve._area()
    qtbot.mouseMove(curve, QPoint(round(area.center().x()), round(area.center().y())))
    qtbot.waitUntil(lambda: curve.text().startswith("Step"))
    assert curve.text().split(" · ")[1:] == ["0.01", "Muon 0.05"]
    assert abs(int(curve.text().split()[1].replace(",", "")) - 500) <= 4
    curve.leaveEvent(None)
    assert curve.text() == "Level"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "settings",
    [
        {"steps": 1},
        {"steps": 10_000_000},
        {"warmup": 1_000_000},
        {"lr": 1e-9, "lr_min": 10.0},
        {"step_every": 1, "decay_share": 1.0},
    ],
)
def test_extremes_are_drawn(curve, kind, settings):
    curve.show_training(TrainingSpec(schedule=kind, **settings))
    assert not curve.grab().isNull()  # a warning of Qt's would fail this


def test_it_follows_the_form(qtbot):
    form = Inspector()
    form.resize(320, 760)
    qtbot.addWidget(form)
    now = [Experiment()]

    def on_edit(path, value):
        now[0] = edit.replaced(now[0], path, value)
        form.set_experiment(now[0], Experiment())

    form.edit_requested.connect(on_edit)
    form.set_experiment(now[0], now[0])
    form.tabs.setCurrentIndex(2)
    form.show()
    qtbot.waitExposed(form)
    assert form.rows["training.decay_share"].isHidden()
    combo = form.rows["training.schedule"].editor.controls()[-1]
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_End)
    assert now[0].training.schedule == "wsd"
    assert form.curve.text() == "Up over 100 steps, level until 1,600, a line to 1e-4" == form.curve.accessibleDescription()
    assert not form.rows["training.decay_share"].isHidden()
    assert form.rows["training.step_every"].isHidden()
    form.tabs.setCurrentIndex(0)
    assert form.curve is None
