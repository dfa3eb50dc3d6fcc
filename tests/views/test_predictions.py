"""The logit lens against the model's own last lines, and what its panel draws of known frames."""

import math

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt

from playground.spec.experiment import Experiment, TaskSpec, TokenizerSpec, TrainingSpec
from playground.spec.layers import switched
from playground.style import theme
from playground.training.run import Run
from playground.views.predictions.frame import PredictionsFrame, PredictionsLook
from playground.views.predictions.panel import PredictionsPanel
from playground.views.predictions.panel_grid import RANK, TRUTH
from playground.views.predictions.probe import HIDDEN, PredictionsProbe
from playground.views.subject import Subject, at_rest, reading

STORY = "The cat sat on the mat, and the 3 dogs saw it.\n" * 40


def subject(tmp_path, architecture="decoder-only", kind="text"):
    path = tmp_path / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    task = TaskSpec(kind=kind, text=str(path), tokenizer=TokenizerSpec(kind="characters"))
    experiment = switched(Experiment(task=task, training=TrainingSpec(batch=4, warmup=0)), architecture).experiment
    run = Run.fresh(experiment, device="cpu")
    for _, _report in zip(range(3), run.trainer.steps(), strict=False):
        pass
    return Subject(run.trainer.model, run.corpus, run.trainer.history, 3, torch.device("cpu"))


@pytest.mark.parametrize("architecture", ["decoder-only", "encoder-decoder"])
def test_the_lens_reads_the_stream_out_after_every_layer(tmp_path, architecture):
    seen = subject(tmp_path, architecture)
    model = seen.model
    frame = PredictionsProbe().observe(seen, PredictionsLook(max_tokens=20, top=5))
    read = reading(seen, "", 20)
    streams = []
    hooks = [layer.register_forward_hook(lambda module, given, out: streams.append(out[0])) for layer in model.decoder]
    with at_rest(model):
        logits = read.logits(seen)[0]
        end = model.unembed(model.norm(torch.stack(streams))).softmax(-1)
    for hook in hooks:
        hook.remove()
    assert len(frame.rows) == len(model.decoder) + 1
    best, ids = end.topk(5)
    assert np.allclose(frame.chances[1:], best.numpy(), atol=1e-6)
    assert np.array_equal(frame.ids[1:], ids.numpy())
    output = logits.softmax(-1)
    right = torch.as_tensor(read.ids[1:])
    assert np.allclose(frame.truth[-1, :-1], output[:-1].gather(-1, right[:, None])[:, 0].numpy(), atol=1e-6)
    assert math.isnan(frame.truth[-1, -1])
    order = (-output[:-1]).argsort(-1)
    places = (order == right[:, None]).int().argmax(-1) + 1
    assert np.array_equal(frame.ranks[-1, :-1], places.numpy())
    assert np.allclose(frame.growth[-1], output.max(-1).values.numpy(), atol=1e-6)
    assert frame.answers[0] == seen.corpus.tokenizer.pieces([int(read.ids[1])])[0]
    assert all(not array.flags.writeable for array in (frame.ids, frame.chances, frame.truth, frame.ranks, frame.growth))


def test_an_encoder_is_asked_for_what_is_hidden_from_it(tmp_path):
    seen = subject(tmp_path, "encoder-only")
    frame = PredictionsProbe().observe(seen, PredictionsLook(text="the cat sat on the mat and the", max_tokens=30))
    hidden = [index for index, token in enumerate(frame.tokens) if token == ""]
    assert hidden == list(range(HIDDEN // 2, len(frame.tokens), HIDDEN))
    assert [frame.answers[index] for index in hidden] == ["the cat sat on the mat and the"[index] for index in hidden]
    assert np.isnan(frame.truth[:, [index for index in range(len(frame.tokens)) if index not in hidden]]).all()
    assert (frame.ranks[:, hidden] > 0).all()


def test_a_question_of_a_task_has_its_answer(tmp_path):
    seen = subject(tmp_path, "encoder-only", "reverse")
    frame = PredictionsProbe().observe(seen, PredictionsLook())
    assert any(frame.answers)
    columns, rows = frame.table()
    first = next(rows)
    assert len(first) == len(columns)


def frame(rows=3, tokens=4, step=5) -> PredictionsFrame:
    ids = np.tile(np.arange(2, dtype=np.int32), (rows, tokens, 1))
    chances = np.zeros((rows, tokens, 2), np.float32)
    chances[..., 0] = np.linspace(0.0, 1.0, rows)[:, None]
    truth = np.full((rows, tokens), 0.5, np.float32)
    truth[:, -1] = np.nan
    ranks = np.ones((rows, tokens), np.int32)
    ranks[0] = 100
    ranks[:, -1] = 0
    return PredictionsFrame(
        step, ("a",) * tokens, ("b",) * (tokens - 1) + ("",), ("embedding", *(f"layer {i}" for i in range(1, rows))),
        ids, chances, {0: "x", 1: "y"}, truth, ranks, chances[..., 0], 100, np.arange(tokens),
    )  # fmt: skip


@pytest.fixture
def panel(qtbot):
    made = PredictionsPanel()
    made.resize(720, 420)
    qtbot.addWidget(made)
    made.draw(frame())
    made.show()
    qtbot.waitExposed(made)
    return made


def centre(panel, row, position) -> QPoint:
    return panel.grid.place(row, position).center().toPoint()


def test_colours_follow_the_choice(panel, qtbot):
    grid = panel.grid
    picture = grid.grab().toImage()
    corner = [grid.place(row, 0).topLeft().toPoint() + QPoint(3, 3) for row in range(3)]
    dark, _, bright = (picture.pixelColor(at) for at in corner)
    assert dark == theme.colour("window")
    assert bright != dark
    qtbot.mouseClick(panel.colouring.buttons()[1], Qt.MouseButton.LeftButton)
    assert grid.colouring == TRUTH
    assert grid.strength(0, 0) == 0.5
    assert math.isnan(grid.strength(0, 3))
    qtbot.mouseClick(panel.colouring.buttons()[2], Qt.MouseButton.LeftButton)
    assert grid.colouring == RANK
    assert grid.strength(0, 0) == 0.0
    assert grid.strength(1, 0) == 1.0


def test_hover_previews_click_locks_escape_releases(panel, qtbot):
    qtbot.mouseMove(panel.grid, centre(panel, 1, 2))
    assert panel.grid.cell() == (1, 2)
    assert "layer 1" in panel.likeliest.caption
    qtbot.mouseClick(panel.grid, Qt.MouseButton.LeftButton, pos=centre(panel, 1, 2))
    panel.grid.leaveEvent(None)
    assert panel.grid.cell() == (1, 2)
    assert panel.growth.row == 1
    qtbot.keyClick(panel.grid, Qt.Key.Key_Down)
    assert panel.grid.locked == (2, 2)
    assert "output" in panel.likeliest.caption
    panel.draw(frame(step=6))
    assert panel.grid.locked == (2, 2)
    qtbot.keyClick(panel.grid, Qt.Key.Key_Escape)
    assert panel.grid.cell() is None
    panel.draw(frame(rows=2, tokens=2))  # a smaller model: nothing points beyond it
    assert not panel.grid.grab().isNull()


def test_a_text_is_asked_for_after_a_pause(panel, qtbot):
    with qtbot.waitSignal(panel.look_changed):
        qtbot.keyClicks(panel.edit, "dog")
    assert panel.look() == PredictionsLook("dog")
