"""What goes wrong is said, and the engine goes on with what it had."""

import pytest
import torch

from playground.spec import edit
from playground.views.attention.frame import AttentionLook
from playground.views.attention.probe import AttentionProbe
from playground.views.curves.frame import CurvesLook
from playground.views.frames import Look
from playground.worker.commands import Apply, Ask, Cancel, OpenModel, Play, Restart, Save, Step, Stop, Watch
from playground.worker.faults import fault, out_of_memory
from playground.worker.mailbox import Applied, Saved


def still_trains(client):
    at = client.status.step
    client.send(Step())
    client.wait(lambda: client.status.step == at + 1 and client.status.mode == "paused")


def test_a_missing_text_keeps_the_run_and_names_the_edit(ready):
    ready.send(Apply(edit.replaced(ready.experiment, "task.text", "/nowhere/at/all.txt"), 9))
    said = ready.fault()
    assert said.number == 9
    assert "/nowhere/at/all.txt" in said.what
    assert said.remedy
    still_trains(ready)


def test_a_failed_edit_while_playing_goes_on_playing(ready):
    ready.send(Play())
    ready.wait(lambda: ready.status.step > 3)
    ready.send(Apply(edit.replaced(ready.experiment, "task.text", "/nowhere/at/all.txt"), 9))
    ready.fault()
    at = ready.status.step
    ready.wait(lambda: ready.status.step > at + 5 and ready.status.mode == "running")


def test_a_context_longer_than_the_text_is_refused(ready):
    ready.send(Apply(edit.replaced(ready.experiment, "model.n_ctx", 4096), 2))
    assert ready.fault().number == 2
    still_trains(ready)


@pytest.mark.parametrize("breakage", ["missing", "not toml", "truncated weights", "broken tokenizer"])
def test_a_broken_model_folder_keeps_the_run(ready, tmp_path, breakage):
    folder = tmp_path / "broken"
    ready.send(Step(2), Save(folder))
    ready.wait(lambda: any(isinstance(e, Saved) for e in ready.events))
    if breakage == "missing":
        folder.rename(tmp_path / "elsewhere")
    elif breakage == "not toml":
        (folder / "experiment.toml").write_text("[model\n")
    elif breakage == "truncated weights":
        whole = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    else:
        (folder / "tokenizer.json").write_text("{}")
    ready.send(OpenModel(folder, number=5))
    said = ready.fault()
    assert said.what
    assert said.number is None
    assert ready.status.step == 2
    still_trains(ready)


def test_saving_where_nothing_can_be_written(ready, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    ready.send(Save(blocked / "inside"))
    assert "saved" in ready.fault().what
    still_trains(ready)


def test_divergence_pauses_and_keeps_good_weights(ready):
    settings = {"lr": 10.0, "warmup": 0, "clip": 0.0, "schedule": "constant"}
    experiment = ready.experiment
    for name, value in settings.items():
        experiment = edit.replaced(experiment, f"training.{name}", value)
    experiment = edit.replaced(experiment, "model.init.std", 2.0)
    ready.send(Apply(experiment, 2), Step(3))
    ready.wait(lambda: ready.status.step == 3)
    poison(ready)
    ready.send(Play())
    said = ready.fault()
    assert "diverged" in str(said)
    ready.wait(lambda: ready.status.mode == "paused")
    ready.send(Ask("the dog"))  # weights whose loss is not a number have no answer, which is no second fault
    ready.wait(lambda: ready.answers and "smaller" in ready.answers[-1].note)
    assert not ready.faults()
    ready.send(Restart())
    ready.wait(lambda: ready.status.step == 0)


def poison(client):
    """Make the next loss NaN, as overflowing activations would, whatever this machine's arithmetic."""
    model = client.engine._run.trainer.model
    with torch.no_grad():
        model.embed.weight.fill_(float("nan"))


def test_without_a_model_play_says_why(client, tmp_path):
    client.send(Play())
    assert "no model" in client.fault().what
    client.send(OpenModel(tmp_path / "nothing"))
    first = client.fault()
    for command in (Play(), Step(), Restart(), Save(tmp_path / "x")):
        client.send(command)
        assert client.fault() == first
    assert client.status.mode == "starting"


def test_an_unknown_device_is_said_and_the_processor_used(start, tiny):
    client = start("abacus")
    assert "abacus" in client.fault().what
    client.send(Apply(tiny, 1))
    client.applied(1)
    still_trains(client)


def test_a_failing_probe_is_said_once_and_the_others_go_on(ready, monkeypatch):
    def fails(self, subject, look):
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(AttentionProbe, "observe", fails)
    ready.send(Watch("attention", AttentionLook()), Watch("curves", CurvesLook()))
    assert "attention" in ready.fault().what
    for _ in range(3):
        still_trains(ready)
    ready.send(Play())
    ready.idle(0.7)
    assert not ready.faults()
    assert ready.frames["curves"].step > 3
    monkeypatch.undo()
    ready.send(Watch("attention", AttentionLook(max_tokens=5)))
    ready.wait(lambda: "attention" in ready.frames)


def test_a_view_that_does_not_exist_is_said(ready):
    ready.send(Watch("tea leaves", Look()))
    assert "tea leaves" in ready.fault().what
    still_trains(ready)


def test_memory_running_out_in_a_step_pauses_with_its_own_sentence(ready, monkeypatch):
    from playground.training.trainer import Trainer

    def fails(self, *args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 PiB")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_loss", fails)
        ready.send(Play())
        said = ready.fault()
        assert "memory" in said.what
        assert "smaller" in said.remedy
        ready.wait(lambda: ready.status.mode == "paused")
    still_trains(ready)


def test_memory_on_the_processor_is_recognised():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60)
    assert out_of_memory(caught.value)
    assert not out_of_memory(RuntimeError("shapes do not match"))
    assert "memory" in fault(MemoryError(), "Opening the model").what


def test_cancel_without_a_job_does_nothing(ready):
    ready.send(Cancel(), Cancel(), Apply(edit.replaced(ready.experiment, "seed", 3), 2))
    assert ready.applied(2).change == "fresh"
    assert not ready.faults()


@pytest.fixture
def long_job(ready, monkeypatch, tmp_path):
    """An edit that learns pieces for ever, under way."""
    from playground.data import corpus

    def for_ever(source, kind, vocab, progress, cancelled):
        import time

        while True:
            progress("Learning pieces", None)
            if cancelled():
                raise corpus.Cancelled
            time.sleep(0.01)

    monkeypatch.setattr(corpus, "learn_pieces", for_ever)
    experiment = edit.replaced(ready.experiment, "task.tokenizer.kind", "bpe")
    ready.send(Step(2), Apply(experiment, 2))
    ready.wait(lambda: ready.progress and ready.status.mode == "busy")
    return ready


def test_cancel_ends_a_long_job_and_keeps_the_run(long_job):
    long_job.send(Cancel())
    said = long_job.fault()
    assert (said.what, said.number) == ("Cancelled.", 2)
    long_job.wait(lambda: long_job.progress[-1].done and long_job.status.mode == "paused")
    assert long_job.status.step == 2
    still_trains(long_job)


def test_a_newer_edit_replaces_a_long_job_without_a_word(long_job):
    long_job.send(Apply(edit.replaced(long_job.experiment, "training.lr", 0.002), 3))
    assert long_job.applied(3).change == "hot"
    assert not long_job.faults()
    assert 2 not in [e.number for e in long_job.events if isinstance(e, Applied)]


def test_stop_ends_a_long_job(long_job):
    long_job.send(Stop())
    long_job.thread.join(2)
    assert not long_job.thread.is_alive()


def test_really_learning_pieces_shows_progress_and_can_be_cancelled(ready, tmp_path):
    path = tmp_path / "long.txt"
    words = [f"{a}{b}{c}" for a in "bcdfgklm" for b in ("a", "ei", "ou") for c in "nprst"]
    path.write_text("\n".join(" ".join(words[(i * k) % len(words)] for k in range(1, 40)) for i in range(4000)))
    experiment = edit.replaced(ready.experiment, "task.text", str(path))
    experiment = edit.replaced(experiment, "task.tokenizer.kind", "unigram")
    ready.send(Apply(experiment, 2))
    ready.wait(lambda: any("Learning" in p.job for p in ready.progress))
    ready.send(Cancel())
    assert ready.fault().what == "Cancelled."
    still_trains(ready)
