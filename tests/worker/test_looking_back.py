"""Looking back and going on from there, with a running engine: views and answers of recorded steps, branches, faults."""

import math

import numpy as np
import pytest
import torch

from playground.spec import edit
from playground.training import recording as recordings
from playground.training.trainer import Trainer
from playground.views.attention.frame import AttentionLook
from playground.views.embeddings.frame import EmbeddingLook
from playground.worker.commands import Apply, Ask, Branch, OpenModel, Pause, Play, Restart, Save, Seek, Step, Watch
from playground.worker.mailbox import Applied, Looking


@pytest.fixture(autouse=True)
def even_strides(monkeypatch):
    """However slow the machine is, the stride stays as it is."""
    monkeypatch.setattr(Trainer, "seconds_per_step", math.inf)


@pytest.fixture
def watched(ready):
    """Two views and the prompt, after 40 steps."""
    ready.send(Watch("attention", AttentionLook()), Watch("embeddings", EmbeddingLook()), Ask("the cat", length=8), Step(40))
    all_at(ready, 40)
    return ready


def all_at(client, step):
    return client.wait(
        lambda: (
            client.frames and client.answers and {f.step for f in client.frames.values()} | {client.answers[-1].step} == {step}
        )
    )


def patterns(client):
    return [np.array(each) for each in client.frames["attention"].patterns]


def weights(client):
    return {name: value.detach().clone() for name, value in client.engine._run.trainer.model.named_parameters()}


def looked(client, step):
    return client.wait(lambda: next((e for e in client.events if isinstance(e, Looking) and e.step == step), None))


def test_every_view_and_the_answer_are_of_the_step_that_is_looked_at(ready):
    ready.send(Watch("attention", AttentionLook()), Watch("embeddings", EmbeddingLook()), Ask("the cat", length=8), Step(16))
    all_at(ready, 16)
    then, said = patterns(ready), ready.answers[-1].choices
    ready.send(Step(24))
    all_at(ready, 40)
    now = patterns(ready)
    ready.send(Seek(16))
    all_at(ready, 16)
    assert all(np.array_equal(one, other) for one, other in zip(patterns(ready), then, strict=True))
    assert ready.answers[-1].choices == said
    assert (ready.status.looking, ready.status.step, ready.status.mode) == (16, 40, "paused")
    ready.send(Seek(None))
    all_at(ready, 40)
    assert all(np.array_equal(one, other) for one, other in zip(patterns(ready), now, strict=True))
    assert ready.status.looking is None


def test_a_step_that_is_not_recorded_gives_the_nearest_and_says_so(watched):
    watched.send(Seek(19))
    found = looked(watched, 16)
    assert (found.asked, found.experiment) == (19, watched.experiment)
    watched.send(Seek(1000))
    assert looked(watched, None).asked == 1000


def test_training_goes_on_untouched_while_the_past_is_looked_at(watched, start, tiny):
    watched.send(Play())
    watched.wait(lambda: watched.status.step > 60)
    watched.send(Seek(8))
    all_at(watched, 8)
    at = watched.status.step
    watched.wait(lambda: watched.status.step > at + 20)
    assert {f.step for f in watched.frames.values()} == {8}
    watched.send(Seek(32), Pause())
    watched.wait(lambda: watched.status.mode == "paused" and watched.status.looking == 32)
    step, losses = watched.status.step, [report.loss for report in watched.reports]
    alone = start()
    alone.send(Apply(tiny, 1), Step(step))
    alone.wait(lambda: alone.status.step == step)
    assert [report.loss for report in alone.reports] == losses
    assert all(torch.equal(value, weights(alone)[name]) for name, value in weights(watched).items())


def test_of_a_drag_only_the_last_place_is_shown(watched):
    watched.send(*(Seek(step) for step in (1, 2, 4, 8, 16, 32, 24)))
    all_at(watched, 24)
    assert len([e for e in watched.events if isinstance(e, Looking)]) < 7


def test_a_branch_repeats_the_run_and_undo_brings_the_other_back(watched):
    watched.send(Step(40))
    watched.wait(lambda: watched.status.step == 80)
    losses, end = [report.loss for report in watched.reports], weights(watched)
    watched.send(Seek(56), Branch(56, 2))
    applied = watched.applied(2)
    assert (applied.change, applied.experiment) == ("branch", watched.experiment)
    watched.wait(lambda: watched.status.step == 56 and watched.status.looking is None)
    assert looked(watched, None)
    watched.reports.clear()
    watched.send(Step(24))
    watched.wait(lambda: watched.status.step == 80)
    assert [report.loss for report in watched.reports] == losses[56:]
    assert all(torch.equal(value, end[name]) for name, value in weights(watched).items())
    watched.send(Apply(edit.replaced(watched.experiment, "training.lr", 0.02), 3), Step(8))
    watched.wait(lambda: watched.status.step == 88)
    watched.send(Apply(watched.experiment, 4, back=1))
    assert "step 80 are back" in watched.applied(4).kept
    watched.wait(lambda: watched.status.step == 80)
    assert all(torch.equal(value, end[name]) for name, value in weights(watched).items())


def test_the_timeline_hears_what_is_recorded_and_where_a_line_begins(ready):
    lines, told = [], []
    poll = ready.mailbox.take

    def take():
        letters = poll()
        told.extend([letters.recorded] if letters.recorded else [])
        lines.extend([letters.line] if letters.line else [])
        return letters

    ready.mailbox.take = take
    ready.send(Step(64))
    ready.wait(lambda: told and told[-1].steps[-1] == 64)
    assert told[-1].steps[:5] == (0, 1, 2, 4, 8)
    assert 0 < told[-1].memory < told[-1].memory_budget
    ready.send(Apply(edit.replaced(ready.experiment, "model.decoder[1].attention.heads", 4), 2), Step(16))
    ready.wait(lambda: told[-1].steps[-1] == 80)
    ((step, mark),) = told[-1].marks
    assert step == 64
    assert "heads 2 → 4" in mark
    ready.send(Branch(32, 3))
    ready.wait(lambda: told[-1].steps[-1] == 32)
    assert (lines[-1].first, lines[-1].steps[-1]) == (0, 32)
    assert ready.applied(3).experiment == ready.experiment, "the architecture of then"


def test_looking_across_a_graft_shows_the_earlier_architecture(watched):
    watched.send(Apply(edit.replaced(watched.experiment, "model.decoder[1].attention.heads", 4), 2), Step(8))
    all_at(watched, 48)
    assert patterns(watched)[1].shape[0] == 4
    watched.send(Seek(24))
    all_at(watched, 24)
    assert patterns(watched)[1].shape[0] == 2
    assert looked(watched, 24).experiment == watched.experiment
    watched.send(Apply(edit.replaced(watched.experiment, "model.d_model", 32), 3))
    watched.applied(3)
    all_at(watched, 48)
    watched.send(Seek(24))
    all_at(watched, 24)
    assert watched.faults() == []


@pytest.mark.parametrize("what", ["restart", "open", "graft", "fresh"])
def test_another_run_ends_the_look_back(watched, tmp_path, what):
    watched.send(Save(tmp_path / "kept"), Seek(8))
    all_at(watched, 8)
    other = edit.replaced(watched.experiment, "model.decoder[1].attention.heads", 1)
    command = {
        "restart": Restart(),
        "open": OpenModel(tmp_path / "kept", number=2),
        "graft": Apply(other, 2),
        "fresh": Apply(edit.replaced(watched.experiment, "seed", 3), 2),
    }[what]
    watched.send(command)
    all_at(watched, 0 if what in ("restart", "fresh") else 40)
    assert watched.status.looking is None
    assert watched.faults() == []


def test_a_hot_change_leaves_the_look_back_alone(watched):
    watched.send(Seek(8))
    all_at(watched, 8)
    watched.send(Apply(edit.replaced(watched.experiment, "training.lr", 0.02), 2))
    assert watched.applied(2).change == "hot"
    watched.idle(0.2)
    assert watched.status.looking == 8


def test_a_branch_while_an_edit_waits_goes_on_from_what_the_edit_has_left(watched):
    watched.send(Apply(edit.replaced(watched.experiment, "model.decoder[1].attention.heads", 4), 2), Branch(24, 3))
    assert watched.applied(3).experiment == watched.experiment
    assert [e.number for e in watched.events if isinstance(e, Applied)] == [1, 2, 3]
    watched.wait(lambda: watched.status.step == 24)


def test_a_model_too_large_to_be_recorded_has_only_a_present(ready):
    recording = ready.engine._run.recording
    recording.snapshots.clear()
    recording.off = True
    ready.send(Step(3))
    ready.wait(lambda: ready.status.step == 3)
    ready.send(Seek(1), Branch(1, 2))
    assert "too large" in str(ready.fault())
    assert "Nothing of this run has been recorded" in str(ready.fault())
    assert ready.status.looking is None


def test_before_there_is_a_model_it_is_said(client):
    client.send(Seek(3))
    assert "no model" in str(client.fault())
    client.send(Branch(3, 1))
    assert "no model" in str(client.fault())


def test_a_recording_that_fails_stops_and_training_goes_on(ready, monkeypatch):
    def full(*arguments, **named):
        raise MemoryError

    monkeypatch.setattr(recordings.Recording, "_take", full)
    ready.send(Step(20))
    ready.wait(lambda: ready.status.step == 20)
    assert "more memory" in str(ready.fault())
    assert ready.faults() == []
    assert ready.engine._run.recording.off
