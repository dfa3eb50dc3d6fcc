"""The loop, its checkpoints and runs: what is learned, what continues bit for bit, what is said when it goes wrong."""

import itertools
import math

import numpy as np
import pytest
import torch

from playground.data.errors import Cancelled, DataError
from playground.spec import edit, toml
from playground.spec.experiment import TrainingSpec
from playground.training import checkpoint, device
from playground.training.checkpoint import CheckpointError
from playground.training.history import History
from playground.training.report import StepReport
from playground.training.run import Run
from playground.training.schedule import learning_rate
from playground.training.trainer import Diverged


def take(run, count):
    return list(itertools.islice(run.trainer.steps(), count))


def weights(run):
    return {name: parameter.detach().clone() for name, parameter in run.trainer.model.named_parameters()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns_and_reports_every_step(experiment):
    run = Run.fresh(experiment, device="cpu")
    first = run.trainer.validate()
    reports = take(run, 60)
    assert abs(first / math.log(run.corpus.tokenizer.vocab) - 1) < 0.05
    assert [report.step for report in reports] == list(range(1, 61))
    assert [report.step for report in reports if report.validation is not None] == [10, 20, 30, 40, 50, 60]
    assert reports[-1].validation < 0.6 * first
    assert all(report.tokens_per_s > 0 and report.grad_norm > 0 for report in reports)
    assert run.trainer.history.loss.tolist() == [report.loss for report in reports]


def test_the_same_seed_gives_the_same_run(experiment):
    runs = [Run.fresh(experiment, device="cpu") for _ in range(2)]
    losses = [[report.loss for report in take(run, 5)] for run in runs]
    assert losses[0] == losses[1]
    torch.manual_seed(99)  # nobody else's random numbers matter
    other = Run.fresh(experiment, device="cpu")
    assert [report.loss for report in take(other, 5)] == losses[0]


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "auto"])
def test_a_resumed_run_continues_bit_for_bit(experiment, tmp_path, precision):
    experiment = edit.replaced(experiment, "training.precision", precision)
    whole, half = Run.fresh(experiment, device="cpu"), Run.fresh(experiment, device="cpu")
    device._faster.clear()
    take(half, 7)
    checkpoint.save(tmp_path / "half", half)
    whole.trainer.low = half.trainer.low  # what was measured once belongs to the run
    expected = [report.loss for report in take(whole, 14)]
    again = Run.open(tmp_path / "half", device="cpu")
    assert again.trainer.step == 7
    assert [report.loss for report in take(again, 7)] == expected[7:]
    assert same(weights(again), weights(whole))
    assert again.trainer.history.loss.tolist() == expected
    assert again.trainer.history.validation.tolist() == whole.trainer.history.validation.tolist()


def test_saving_twice_keeps_a_card_and_comments(experiment, tmp_path):
    run, folder = Run.fresh(experiment, device="cpu"), tmp_path / "kept"
    checkpoint.save(folder, run)
    (folder / "card.md").write_text("mine", encoding="utf-8")
    file = folder / "experiment.toml"
    file.write_text("# by hand\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    take(run, 1)
    checkpoint.save(folder, run)
    assert (folder / "card.md").read_text(encoding="utf-8") == "mine"
    assert "# by hand" in file.read_text(encoding="utf-8")
    assert Run.open(folder, device="cpu").trainer.step == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_full_disk_leaves_the_last_checkpoint_whole(experiment, tmp_path, monkeypatch):
    run, folder = Run.fresh(experiment, device="cpu"), tmp_path / "kept"
    checkpoint.save(folder, run)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    take(run, 1)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(CheckpointError, match="No space left.*untouched"):
        checkpoint.save(folder, run)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_saving_onto_a_file_is_refused(experiment, tmp_path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(CheckpointError, match="a file of that name"):
        checkpoint.save(tmp_path / "taken", Run.fresh(experiment, device="cpu"))
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "a file"


@pytest.mark.parametrize("name", ["model.safetensors", "state.safetensors", "tokenizer.json", "experiment.toml"])
@pytest.mark.parametrize("damage", ["cut", "empty", "noise"])
def test_damaged_checkpoints_are_refused_in_words(experiment, tmp_path, name, damage):
    run, folder = Run.fresh(experiment, device="cpu"), tmp_path / "kept"
    take(run, 1)
    checkpoint.save(folder, run)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes({"cut": content[: len(content) // 2], "empty": b"", "noise": b"\xff\xfe\x00" * 100}[damage])
    from playground.spec.check import SpecError

    if name == "experiment.toml" and damage == "empty":
        return  # an empty file is the default experiment, whose weights these are not; tested below
    with pytest.raises((CheckpointError, DataError, SpecError)) as caught:
        Run.open(folder, device="cpu")
    assert len(str(caught.value)) > 20


def test_weights_of_another_model_are_refused(experiment, tmp_path):
    checkpoint.save(tmp_path / "kept", Run.fresh(experiment, device="cpu"))
    toml.save(tmp_path / "kept" / "experiment.toml", edit.replaced(experiment, "model.d_model", 32))
    with pytest.raises(CheckpointError, match="not those of its experiment"):
        Run.open(tmp_path / "kept", device="cpu")


def test_half_precision_weights_without_state(experiment, tmp_path):
    run = Run.fresh(experiment, device="cpu")
    take(run, 30)
    checkpoint.save_weights(tmp_path / "small", run)
    again = Run.open(tmp_path / "small", device="cpu")
    assert again.trainer.step == 30
    assert abs(again.trainer.validate() - run.trainer.validate()) < 0.01
    assert next(again.trainer.model.parameters()).dtype == torch.float32


def test_divergence_is_said_and_the_weights_stay_good(experiment):
    run = Run.fresh(experiment, device="cpu")
    take(run, 2)
    before = weights(run)
    with torch.no_grad():
        run.trainer.model.decoder[0].mlp.up.bias[0] = math.inf
    with pytest.raises(Diverged, match="smaller learning rate"):
        take(run, 1)
    assert run.trainer.step == 2
    changed = {name for name, value in weights(run).items() if not torch.equal(value, before[name])}
    assert changed == {"decoder.0.mlp.up.bias"}


def test_hot_changes_are_used_by_the_next_step(experiment):
    run = Run.fresh(experiment, device="cpu")
    take(run, 2)
    changed, kind, _ = run.apply(edit.replaced(edit.replaced(run.experiment, "training.lr", 0.5), "training.warmup", 0))
    assert kind == "hot"
    assert take(changed, 1)[0].lr == pytest.approx(0.5, rel=0.01)
    changed, kind, _ = changed.apply(edit.replaced(changed.experiment, "training.batch", 3))
    assert kind == "hot"
    assert changed.trainer.batches.draw().tokens.shape == (3, 16)


def test_a_graft_goes_on_from_where_it_was(experiment):
    run = Run.fresh(experiment, device="cpu")
    take(run, 40)
    loss = run.trainer.validate()
    grafted, kind, said = run.apply(edit.replaced(run.experiment, "model.decoder[1].mlp.d_mlp", 48))
    assert kind == "graft"
    assert "weights kept" in said
    assert grafted.trainer.step == 40
    take(grafted, 10)
    assert grafted.trainer.validate() < loss + 0.5
    assert run.trainer.step == 40
    assert run.trainer.validate() == loss


def test_an_impossible_change_leaves_the_run_usable(experiment, tmp_path):
    run = Run.fresh(experiment, device="cpu")
    for path, value in (("task.text", str(tmp_path / "missing.txt")), ("model.n_ctx", 4096)):
        with pytest.raises(DataError):
            run.apply(edit.replaced(run.experiment, path, value))
    with pytest.raises(Cancelled):
        run.apply(edit.replaced(run.experiment, "task.tokenizer.kind", "bpe"), cancelled=lambda: True)
    assert len(take(run, 2)) == 2


def test_another_text_keeps_the_pieces_and_the_weights(experiment, tmp_path):
    pieces = edit.replaced(edit.replaced(experiment, "task.tokenizer.kind", "bpe"), "task.tokenizer.vocab", 280)
    run = Run.fresh(pieces, device="cpu")
    take(run, 5)
    checkpoint.save(tmp_path / "kept", run)
    other = tmp_path / "other.txt"
    other.write_text("a wholly different text about numbers and letters\n" * 100, encoding="utf-8")
    again = Run.open(tmp_path / "kept", device="cpu", text=str(other))
    assert same(weights(again), weights(run))
    assert again.corpus.name == "other.txt"
    assert again.trainer.step == 0


def test_restart_is_the_beginning_again(experiment):
    run = Run.fresh(experiment, device="cpu")
    start = weights(run)
    take(run, 3)
    again = run.restart()
    assert again.trainer.step == 0
    assert same(weights(again), start)


def test_the_schedule_rises_falls_and_stays():
    training = TrainingSpec(lr=1.0, lr_min=0.1, warmup=10, steps=110)
    rates = [learning_rate(training, step) for step in range(200)]
    assert rates[0] == pytest.approx(1 / 11)
    assert rates[10] == pytest.approx(1.0)
    assert rates[60] == pytest.approx(0.55)
    assert rates[110] == rates[199] == pytest.approx(0.1)
    assert learning_rate(TrainingSpec(schedule="constant", warmup=0), 10**6) == 1e-3


def test_devices_that_are_not_there_are_said_in_words():
    assert device.choose("cpu").type == "cpu"
    if not torch.accelerator.is_available():
        assert device.choose("auto").type == "cpu"
        with pytest.raises(device.DeviceError, match="not available"):
            device.choose("cuda")
    with pytest.raises(device.DeviceError, match="no device"):
        device.choose("abacus")
    assert device.choose_threads(torch.device("cpu"), busy_window=True) >= 1


def test_measuring_the_precision_changes_nothing(experiment):
    run = Run.fresh(experiment, device="cpu")
    before, state = weights(run), torch.get_rng_state()
    device._faster.clear()
    assert device.bfloat16_is_faster(run.trainer.model, 4, torch.device("cpu")) in (True, False)
    assert same(weights(run), before)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in run.trainer.model.parameters())


def test_history_grows_and_comes_back():
    history = History()
    for step in range(1, 600):
        history.add(StepReport(step, 1 / step, 0.1, 2.0, 3.0, validation=0.5 if step % 100 == 0 else None,
                               score=0.25 if step == 200 else None))  # fmt: skip
    assert len(history) == 599
    again = History.restored(*history.arrays())
    assert again.loss.tolist() == history.loss.tolist()
    assert again.validation_steps.tolist() == [100, 200, 300, 400, 500]
    assert again.scores[1] == 0.25
    assert np.isnan(again.scores[[0, 2, 3, 4]]).all()
    again.add(StepReport(600, 0.0, 0.1, 2.0, 3.0))
    assert len(history) == 599


def test_a_loss_that_stays_far_too_high_is_divergence(experiment):
    wild = edit.replaced(edit.replaced(experiment, "training.lr", 10.0), "training.clip", 0.0)
    run = Run.fresh(edit.replaced(wild, "training.steps", 1000), device="cpu")
    with pytest.raises(Diverged, match="smaller learning rate"):
        take(run, 400)


def test_a_loss_that_begins_high_is_none(experiment):
    run = Run.fresh(edit.replaced(experiment, "model.init.std", 1.0), device="cpu")
    assert take(run, 60)[0].loss > 2 * math.log(run.experiment.model.vocab)
