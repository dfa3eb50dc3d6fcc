"""A token that one view points at is lit in all of them, and all of them look at the same text."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from playground.spec.experiment import Experiment, TaskSpec, TokenizerSpec
from playground.spec.layers import switched
from playground.spec.model import Attention, Layer, Mlp, ModelSpec
from playground.training.run import Run
from playground.ui.stage import Stage
from playground.views.lit import Lit
from playground.views.subject import Subject
from playground.views.table import VIEWS

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
STORY = "The cat sat on the mat, and the 3 dogs saw it.\n" * 40


def subject_of(tmp_path, architecture="decoder-only"):
    path = tmp_path / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    model = ModelSpec(d_model=8, n_ctx=32, decoder=(Layer(attention=Attention(heads=2), mlp=Mlp(d_mlp=12)),))
    task = TaskSpec(text=str(path), tokenizer=TokenizerSpec(kind="characters"))
    experiment = switched(Experiment(model=model, task=task), architecture).experiment
    run = Run.fresh(experiment, device="cpu")
    return Subject(run.trainer.model, run.corpus, run.trainer.history, 7, torch.device("cpu"))


def staged(qtbot, subject, *names):
    """A stage that shows the pictures of some views, one after the other."""
    stage = Stage()
    qtbot.addWidget(stage)
    stage.resize(900, 600)
    stage.show()
    stage.start()
    for name in names:
        stage.show_view(name)
        refresh(stage, subject, name)
    return stage


def refresh(stage, subject, name):
    probe = next(view for view in VIEWS if view.name == name).probe()()
    stage.draw({name: probe.observe(subject, stage.panels[name].look())})


def at_place(stage, place):
    """The token of the page that the other views read at a place."""
    return int(np.flatnonzero(stage.frames["tokens"].reads == place)[0])


def hover(widget, at):
    where = QPointF(at)
    event = QMouseEvent(QEvent.Type.MouseMove, where, QPointF(widget.mapToGlobal(at)), Qt.MouseButton.NoButton,
                        Qt.MouseButton.NoButton, NONE)  # fmt: skip
    QApplication.sendEvent(widget, event)


@pytest.fixture
def subject(tmp_path):
    return subject_of(tmp_path)


def test_a_token_that_is_hovered_is_lit_elsewhere_and_one_that_is_held_stays(qtbot, subject):
    stage = staged(qtbot, subject, "predictions", "embeddings", "tokens")
    chips, grid, cloud = stage.panels["tokens"].chips, stage.panels["predictions"].grid, stage.panels["embeddings"].cloud
    fourth, sixth = at_place(stage, 4), at_place(stage, 6)
    place = chips.place_of(fourth).center().toPoint()
    hover(chips, place)
    assert grid.lit == {4}
    id_ = stage.frames["tokens"].ids[fourth]
    assert stage.frames["embeddings"].ids[cloud.lit].tolist() == [id_]
    qtbot.mouseClick(chips, LEFT, pos=place)
    hover(chips, chips.place_of(sixth).center().toPoint())
    assert grid.lit == {6}
    QApplication.sendEvent(chips, QEvent(QEvent.Type.Leave))
    assert grid.lit == {4}, "what is held comes back"
    chips.setFocus()
    qtbot.keyClick(chips, Qt.Key.Key_Escape)
    assert not grid.lit
    assert not cloud.lit.any()


def test_a_prediction_lights_the_token_it_follows(qtbot, subject):
    stage = staged(qtbot, subject, "tokens", "predictions")
    chips, grid = stage.panels["tokens"].chips, stage.panels["predictions"].grid
    at = grid.place(1, 3).center().toPoint()
    hover(grid, at)
    assert chips.lit == {at_place(stage, 3)}
    qtbot.mouseClick(grid, LEFT, pos=at)
    hover(grid, QPoint(2, 2))
    assert chips.lit == {at_place(stage, 3)}
    qtbot.mouseClick(grid, LEFT, pos=at)
    hover(grid, QPoint(2, 2))
    assert chips.lit == set()


def test_a_token_beyond_what_the_others_read_is_found_by_its_id(qtbot, subject):
    stage = staged(qtbot, subject, "predictions", "tokens")
    frame, chips = stage.frames["tokens"], stage.panels["tokens"].chips
    beyond = 5 + next(at for at, place in enumerate(frame.reads[5:]) if place < 0)
    hover(chips, chips.place_of(beyond).center().toPoint())
    lit, read = stage.panels["predictions"].grid.lit, stage.frames["predictions"].reads
    assert lit == set(np.flatnonzero(read == frame.ids[beyond]).tolist())


def test_the_views_look_at_one_text(qtbot, subject):
    stage = staged(qtbot, subject, "predictions", "tokens")
    stage.panels["tokens"].edit.setText("the dog")
    assert stage.panels["predictions"].edit.text() == "the dog"
    stage.show_view("attention")
    assert stage.panels["attention"].look().text == "the dog"
    stage.show_view("predictions")
    refresh(stage, subject, "predictions")
    assert "".join(stage.frames["predictions"].tokens) == "the dog"


@pytest.mark.parametrize("typed", ["", "The cat sat"])
def test_places_agree_where_an_encoder_reads_first(qtbot, tmp_path, typed):
    subject = subject_of(tmp_path, "encoder-decoder")
    stage = staged(qtbot, subject, "tokens", "predictions", "embeddings")
    stage.panels["tokens"].edit.setText(typed)
    stage.panels["embeddings"].bar.space.set_value("context")
    look = replace(stage.panels["embeddings"].look(), space="context", text=typed)
    seen = next(view for view in VIEWS if view.name == "embeddings").probe()().observe(subject, look)
    for name in ("tokens", "predictions"):
        stage.show_view(name)
        refresh(stage, subject, name)
    tokens, predictions = stage.frames["tokens"], stage.frames["predictions"]
    for at, place in enumerate(tokens.reads):
        if place >= predictions.before:
            assert predictions.reads[place - predictions.before] == tokens.ids[at]
    assert seen.before == predictions.before
    assert (tokens.reads >= 0).sum() == (len(typed) or 32)
    if not typed:
        stage.light(Lit((predictions.before + 2,), ()), by="embeddings")
        assert stage.panels["predictions"].grid.lit == {2}
        assert stage.panels["tokens"].chips.lit == {int(np.flatnonzero(tokens.reads == predictions.before + 2)[0])}
