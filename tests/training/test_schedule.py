"""Every schedule at its ends and joints, worked out by hand."""

import math
from typing import get_args

import pytest

from playground.spec import edit
from playground.spec.experiment import Experiment, TrainingSpec
from playground.spec.record import means
from playground.training.schedule import SCHEDULES, joints, learning_rate

KINDS = get_args(TrainingSpec.model_fields["schedule"].annotation)


def rates(at, **settings):
    training = TrainingSpec(**{"lr": 1.0, "lr_min": 0.1, "warmup": 10, "steps": 110, **settings})
    return [learning_rate(training, step) for step in at]


def test_every_schedule_has_its_row():
    assert tuple(SCHEDULES) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_all_warm_up_in_the_same_line_and_reach_the_top_where_it_ends(kind):
    assert rates([0, 1, 9, 10], schedule=kind) == [1 / 11, 2 / 11, 10 / 11, 1.0]
    assert rates([0], schedule=kind, warmup=0) == [1.0]


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("constant", {}, {10: 1.0, 110: 1.0, 10**6: 1.0}),
        ("linear", {}, {10: 1.0, 11: 0.991, 35: 0.775, 60: 0.55, 109: 0.109, 110: 0.1, 10**6: 0.1}),
        ("linear", {"lr_min": 0.0}, {60: 0.5, 109: 0.01, 110: 0.0}),
        ("cosine", {}, {10: 1.0, 35: 0.1 + 0.45 * (1 + math.sqrt(0.5)), 60: 0.55, 110: 0.1, 10**6: 0.1}),
        ("step", {"step_every": 20}, {29: 1.0, 30: 0.5, 49: 0.5, 50: 0.25, 70: 0.125, 89: 0.125, 90: 0.1, 10**6: 0.1}),
        ("step", {"step_every": 30, "step_factor": 0.1, "lr_min": 0.0}, {39: 1.0, 40: 0.1, 70: 0.01, 100: 1e-3, 130: 1e-4}),
        ("exponential", {"step_every": 20}, {10: 1.0, 20: math.sqrt(0.5), 30: 0.5, 50: 0.25, 90: 0.1, 10**6: 0.1}),
        ("exponential", {"step_every": 20, "lr_min": 0.0}, {90: 1 / 16, 110: 1 / 32, 10**6: 0.0}),
        ("wsd", {"decay_share": 0.5}, {54: 1.0, 55: 1.0, 56: 1 - 0.9 / 55, 109: 0.1 + 0.9 / 55, 110: 0.1, 10**6: 0.1}),
        ("wsd", {"decay_share": 1.0, "steps": 20}, {10: 1.0, 15: 0.55, 20: 0.1}),  # the warm-up reaches into the decay
    ],
)
def test_ends_and_joints(kind, settings, expected):
    assert rates(expected, schedule=kind, **settings) == pytest.approx(list(expected.values()), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("kind", ["linear", "cosine", "wsd"])
def test_the_ends_are_exact(kind):
    settings = {"schedule": kind, "lr": 3e-3, "lr_min": 7e-5, "warmup": 3, "steps": 10}
    assert rates([3, 10, 11], **settings) == [3e-3, 7e-5, 7e-5]


@pytest.mark.parametrize("kind", KINDS)
def test_after_the_warm_up_no_rate_rises(kind):
    found = rates(range(10, 300), schedule=kind, step_every=7, decay_share=0.3)
    assert all(later <= earlier for earlier, later in zip(found, found[1:], strict=False))


@pytest.mark.parametrize("kind", ["linear", "cosine", "wsd"])
def test_a_warm_up_longer_than_the_run_ends_at_the_lowest(kind):
    found = rates(range(20), schedule=kind, steps=5)
    assert found[:10] == pytest.approx([(step + 1) / 11 for step in range(10)])
    assert found[10:] == [0.1] * 10


@pytest.mark.parametrize("kind", ["step", "exponential"])
def test_a_floor_above_the_rate_raises_nothing(kind):
    assert set(rates(range(10, 50), schedule=kind, lr_min=5.0)) == {1.0}


def test_stairs_touch_the_exponential_where_they_begin():
    starts = range(10, 110, 20)
    stairs, curve = (rates(starts, schedule=kind, step_every=20, lr_min=0.0) for kind in ("step", "exponential"))
    assert stairs == pytest.approx(curve)


def test_joints_are_where_the_curve_bends():
    assert joints(TrainingSpec(warmup=10, steps=110)) == (0, 10, 110)
    assert joints(TrainingSpec(warmup=10, steps=100, schedule="wsd", decay_share=0.7)) == (0, 10, 30, 100)
    assert joints(TrainingSpec(warmup=10, steps=5)) == (0, 5)


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("constant", set()),
        ("linear", {"lr_min"}),
        ("cosine", {"lr_min"}),
        ("step", {"lr_min", "step_every", "step_factor"}),
        ("exponential", {"lr_min", "step_every", "step_factor"}),
        ("wsd", {"lr_min", "decay_share"}),
    ],
)
def test_a_schedule_needs_its_own_fields_only(kind, needed):
    training = TrainingSpec(schedule=kind)
    assert {name for name in ("lr_min", "decay_share", "step_every", "step_factor") if means(training, name)} == needed


def test_a_schedule_is_changed_while_it_runs():
    start = Experiment()
    for kind in KINDS:
        if kind != start.training.schedule:
            assert edit.change(start, edit.replaced(start, "training.schedule", kind)) == "hot"
