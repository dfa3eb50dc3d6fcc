"""The engine in a real thread with a tiny model: training, editing, saving, opening."""

import time

import numpy as np

from playground.spec import edit
from playground.worker.commands import (
    Apply,
    Ask,
    OpenModel,
    Pause,
    Play,
    Restart,
    Save,
    Step,
    Stop,
    Watch,
)
from playground.worker.mailbox import Applied, Saved


def test_first_apply_starts_fresh_and_settles_the_vocabulary(ready, text_file):
    letters = len(set(text_file.read_text()))
    assert ready.experiment.model.vocab == letters
    assert ready.events[0].change == "fresh"
    assert (ready.status.step, ready.status.loss, ready.status.validation) == (0, None, None)
    assert ready.status.parameters > 16 * letters
    assert ready.status.device.startswith("CPU")
    assert ready.status.threads >= 1


def test_play_reports_every_step_once_and_pause_stops(ready):
    ready.send(Play())
    ready.wait(lambda: ready.status.step > 60)
    assert ready.status.mode == "running"
    assert ready.status.tokens_per_s > 0
    ready.send(Pause())
    ready.wait(lambda: ready.status.mode == "paused")
    assert [report.step for report in ready.reports] == list(range(1, ready.status.step + 1))
    assert ready.reports[-1].loss < ready.reports[0].loss
    assert ready.status.validation == [r.validation for r in ready.reports if r.validation is not None][-1]
    assert ready.status.tokens_per_s == 0 == ready.status.watching
    before = ready.status.step
    ready.idle(0.1)
    assert ready.status.step == before


def test_step_takes_exactly_that_many_and_pauses(ready):
    ready.send(Step())
    ready.wait(lambda: ready.status.step == 1)
    ready.send(Step(5), Step())
    ready.wait(lambda: ready.status.step == 7)
    ready.idle(0.1)
    assert (ready.status.step, ready.status.mode) == (7, "paused")
    assert [report.step for report in ready.reports] == list(range(1, 8))


def test_pause_ends_a_long_row_of_steps(ready):
    ready.send(Step(1_000_000))
    ready.wait(lambda: ready.status.mode == "running" and ready.status.step > 5)
    ready.send(Pause())
    ready.wait(lambda: ready.status.mode == "paused")
    assert ready.status.step < 1_000_000


def test_commands_are_answered_in_order(ready, tmp_path):
    ready.send(Step(3), Save(tmp_path / "three"), Step(2), Save(tmp_path / "five"))
    ready.wait(lambda: [e.folder.name for e in ready.events if isinstance(e, Saved)] == ["three", "five"])
    ready.send(OpenModel(tmp_path / "three", number=2))
    ready.applied(2)
    ready.wait(lambda: ready.status.step == 3)


def test_restart_repeats_the_same_run(ready):
    ready.send(Step(4))
    ready.wait(lambda: ready.status.step == 4)
    first = [report.loss for report in ready.reports]
    ready.reports.clear()
    ready.send(Restart())
    ready.wait(lambda: ready.status.step == 0)
    ready.send(Step(4))
    ready.wait(lambda: ready.status.step == 4)
    assert [report.loss for report in ready.reports] == first


def test_hot_edit_keeps_training_and_the_weights(ready):
    ready.send(Step(3))
    ready.wait(lambda: ready.status.step == 3)
    ready.send(Apply(edit.replaced(ready.experiment, "training.schedule", "constant"), 2), Step())
    assert ready.applied(2).change == "hot"
    ready.send(Apply(edit.replaced(ready.applied(2).experiment, "training.lr", 0.5), 3), Step(5))
    assert ready.applied(3).change == "hot"
    ready.wait(lambda: ready.status.step == 9)
    assert ready.reports[-1].lr == 0.5
    assert [report.step for report in ready.reports] == list(range(1, 10))


def test_graft_while_playing_goes_on_from_the_same_step(ready):
    ready.send(Play())
    ready.wait(lambda: ready.status.step > 10)
    ready.send(Apply(edit.replaced(ready.experiment, "model.decoder[1].attention.heads", 4), 2))
    applied = ready.applied(2)
    assert applied.change == "graft"
    assert applied.kept
    at = ready.status.step
    ready.wait(lambda: ready.status.step > at + 10)
    assert ready.status.mode == "running"
    assert [report.step for report in ready.reports] == list(range(1, len(ready.reports) + 1))


def test_from_an_edit_of_the_heads_to_the_first_step_is_quick(ready):
    ready.send(Play())
    ready.wait(lambda: ready.status.step > 10)
    start = time.perf_counter()
    ready.send(Apply(edit.replaced(ready.experiment, "model.decoder[0].attention.heads", 1), 2))
    ready.applied(2)
    at = ready.status.step
    ready.wait(lambda: ready.status.step > at)
    assert time.perf_counter() - start < 1.0


def test_a_graft_does_not_measure_again_whether_bfloat16_is_faster(ready):
    ready.send(Apply(edit.replaced(ready.experiment, "training.precision", "auto"), 2), Step())
    applied = ready.applied(2)
    ready.wait(lambda: ready.status.step == 1)
    measured = ready.engine._run.trainer.low
    assert measured is not None
    ready.send(Apply(edit.replaced(applied.experiment, "model.decoder[0].attention.heads", 1), 3))
    ready.applied(3)
    assert ready.engine._run.trainer.low is measured


def test_fresh_edit_while_playing_goes_on_playing_and_undo_brings_the_weights_back(ready):
    ready.send(Step(30), Play())
    ready.wait(lambda: ready.status.step > 30)
    ready.send(Apply(edit.replaced(ready.experiment, "seed", 5), 2))
    assert ready.applied(2).change == "fresh"
    ready.reports.clear()
    ready.wait(lambda: ready.status.step > 0 and ready.reports and ready.reports[0].step < 30)
    assert ready.status.mode == "running"
    ready.send(Pause(), Apply(ready.experiment, 3, back=1))
    assert "back" in ready.applied(3).kept
    ready.wait(lambda: ready.status.mode == "paused" and ready.status.step >= 30)


def test_only_the_newest_of_several_edits_is_built(ready):
    heads = [edit.replaced(ready.experiment, "model.decoder[0].attention.heads", count) for count in (1, 4, 8)]
    ready.send(Step(200), *(Apply(experiment, 2 + i) for i, experiment in enumerate(heads)))
    assert ready.applied(4).experiment == heads[-1]
    assert not [e for e in ready.events if isinstance(e, Applied) and e.number in (2, 3)]


def test_an_edit_is_built_when_a_save_between_needs_it(ready, tmp_path):
    one, two = (edit.replaced(ready.experiment, "model.decoder[0].attention.heads", count) for count in (1, 4))
    ready.send(Step(100), Apply(one, 2), Save(tmp_path / "one"), Apply(two, 3))
    ready.applied(3)
    assert ready.applied(2).experiment == one
    ready.send(OpenModel(tmp_path / "one", number=4))
    assert ready.applied(4).experiment == one


def test_save_and_open_go_on_where_it_was(ready, start, tmp_path):
    ready.send(Step(6), Save(tmp_path / "kept"), Step(3))
    ready.wait(lambda: ready.status.step == 9)
    other = start()
    other.send(OpenModel(tmp_path / "kept", number=7))
    applied = other.applied(7)
    assert (applied.change, applied.name, applied.experiment) == ("opened", "kept", ready.experiment)
    other.wait(lambda: other.status.mode == "paused" and other.status.step == 6)
    other.send(Step(3))
    other.wait(lambda: other.status.step == 9)
    np.testing.assert_array_equal([r.loss for r in other.reports], [r.loss for r in ready.reports[-3:]])


def test_opening_pauses(ready, tmp_path):
    ready.send(Save(tmp_path / "kept"), Play())
    ready.wait(lambda: ready.status.step > 3)
    ready.send(OpenModel(tmp_path / "kept", number=2))
    ready.applied(2)
    ready.wait(lambda: ready.status.mode == "paused" and ready.status.step == 0)


def test_stop_in_the_middle_of_training_is_prompt(ready):
    from playground.views.attention.frame import AttentionLook

    ready.send(Watch("attention", AttentionLook()), Ask("the cat"), Play())
    ready.wait(lambda: ready.status.step > 5)
    start = time.perf_counter()
    ready.send(Stop())
    ready.thread.join(2)
    assert not ready.thread.is_alive()
    assert time.perf_counter() - start < 2
    ready.wait(lambda: ready.status.mode == "stopped")


def test_an_idle_engine_uses_no_processor(ready):
    from playground.views.attention.frame import AttentionLook

    ready.send(Watch("attention", AttentionLook()), Ask("the cat"))
    ready.wait(lambda: "attention" in ready.frames and ready.answers)
    time.sleep(0.2)
    start = time.process_time()
    time.sleep(1.0)
    assert time.process_time() - start < 0.05
