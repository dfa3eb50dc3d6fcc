"""Saving when things go wrong halfway: what was there stays, and what is somebody else's is left alone."""

import itertools
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from playground.data.tokenizer import Tokenizer
from playground.training import checkpoint, folder
from playground.training.checkpoint import CheckpointError
from playground.training.run import Run


@pytest.fixture
def saved(experiment, tmp_path):
    """A run of one step, saved, and one step further."""
    run = Run.fresh(experiment, device="cpu")
    next(run.trainer.steps())
    checkpoint.save(tmp_path / "kept", run)
    next(run.trainer.steps())
    return run, tmp_path / "kept"


def contents(place):
    return {path.name: path.read_bytes() for path in place.iterdir()}


def hidden(place):
    return [path.name for path in place.iterdir() if path.name.startswith(".")]


def full(*arguments, **named):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("moment", ["experiment", "tokenizer", "state", "flush", "exchange"])
def test_a_disk_that_fills_up_at_any_moment(saved, monkeypatch, moment):
    run, target = saved
    before = contents(target)
    if moment == "experiment":
        monkeypatch.setattr(checkpoint.toml, "save", full)
    elif moment == "tokenizer":
        monkeypatch.setattr(type(run.corpus.tokenizer), "save", full)
    elif moment == "state":
        real = checkpoint.save_file
        monkeypatch.setattr(
            checkpoint, "save_file", lambda w, to, *about: full() if to.name == "state.safetensors" else real(w, to, *about)
        )
    elif moment == "flush":
        monkeypatch.setattr(folder.os, "fsync", full)
        monkeypatch.setattr(checkpoint.toml, "save", lambda path, experiment: path.write_text("x", encoding="utf-8"))
    else:
        monkeypatch.setattr(folder, "_exchange", full)
    with pytest.raises(CheckpointError, match="No space left on device; what was there before is untouched"):
        checkpoint.save(target, run)
    assert contents(target) == before
    assert hidden(target.parent) == []
    monkeypatch.undo()
    assert Run.open(target, device="cpu").trainer.step == 1
    checkpoint.save(target, run)
    assert Run.open(target, device="cpu").trainer.step == 2


@pytest.mark.parametrize("at_once", [True, False])
def test_folders_change_places(saved, monkeypatch, at_once):
    run, target = saved
    if not at_once:
        monkeypatch.setattr(folder, "_exchanged_at_once", lambda one, other: False)
    checkpoint.save(target, run)
    assert Run.open(target, device="cpu").trainer.step == 2
    assert hidden(target.parent) == []


@pytest.mark.parametrize("failing", [2, 3])
def test_renames_that_fail_never_lose_the_old_checkpoint(saved, monkeypatch, failing):
    """The second rename fails: the first is undone. Undoing fails as well: the person hears where the old one lies."""
    run, target = saved
    before, real, count = contents(target), Path.rename, itertools.count(1)

    def rename(path, to):
        if 2 <= next(count) <= failing:
            raise OSError(5, "Input/output error")
        return real(path, to)

    monkeypatch.setattr(folder, "_exchanged_at_once", lambda one, other: False)
    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(CheckpointError) as caught:
        checkpoint.save(target, run)
    monkeypatch.undo()
    if failing == 2:
        assert "untouched" in str(caught.value)
        assert contents(target) == before
        assert hidden(target.parent) == []
    else:
        aside = next(path for path in target.parent.iterdir() if path.name.endswith("-old"))
        assert str(aside) in str(caught.value)
        assert contents(aside) == before


def test_a_folder_of_other_things_is_refused_and_left_alone(saved, tmp_path):
    run, _ = saved
    other = tmp_path / "documents"
    other.mkdir()
    (other / "model.safetensors").write_bytes(b"another program's")
    with pytest.raises(CheckpointError, match="other things in it"):
        checkpoint.save(other, run)
    assert contents(other) == {"model.safetensors": b"another program's"}
    empty = tmp_path / "empty"
    empty.mkdir()
    checkpoint.save(empty, run)
    assert Run.open(empty, device="cpu").trainer.step == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_whatever_else_lies_in_a_checkpoint_is_carried_over(saved):
    run, target = saved
    (target / "pictures").mkdir()
    (target / "pictures" / "a.png").write_bytes(b"picture")
    (target / "away").symlink_to("nowhere")
    os.mkfifo(target / "pipe")
    checkpoint.save(target, run)
    assert (target / "pictures" / "a.png").read_bytes() == b"picture"
    assert (target / "away").is_symlink()
    assert (target / "pipe").exists()
    assert Run.open(target, device="cpu").trainer.step == 2


def test_what_cannot_be_carried_over_is_not_thrown_away(saved, monkeypatch):
    run, target = saved
    (target / "card.md").write_text("mine", encoding="utf-8")
    real = Path.rename
    monkeypatch.setattr(Path, "rename", lambda path, to: full() if path.name == "card.md" else real(path, to))
    with pytest.raises(CheckpointError, match="what was there before now lies in"):
        checkpoint.save(target, run)
    monkeypatch.undo()
    (aside,) = hidden(target.parent)
    assert (target.parent / aside / "card.md").read_text(encoding="utf-8") == "mine"
    assert Run.open(target, device="cpu").trainer.step == 2


def test_saving_through_a_link_keeps_the_link(saved):
    run, target = saved
    link = target.with_name("link")
    link.symlink_to(target)
    checkpoint.save(link, run)
    assert link.is_symlink()
    assert Run.open(target, device="cpu").trainer.step == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("decoder.0.mlp.up.weight/exp_avg", torch.zeros(3)),
        ("decoder.0.mlp.up.weight/exp_avg_sq", torch.zeros(32, 16, dtype=torch.float64)),
        ("decoder.0.mlp.up.weight/step", torch.zeros(2)),
        ("decoder.0.mlp.up.weight/exp_avg", None),
        ("dropout", torch.zeros(3, dtype=torch.uint8)),
        ("batches", torch.zeros(3, dtype=torch.uint8)),
        ("history", torch.zeros(10, 7, dtype=torch.float64)),
        ("validations", torch.zeros(4, dtype=torch.float64)),
        ("step", torch.zeros(2)),
        ("low", None),
    ],
)
def test_a_state_that_does_not_fit_is_refused_before_it_is_used(saved, key, value):
    _, target = saved
    state = {name: tensor.clone() for name, tensor in load_file(target / "state.safetensors").items()}
    assert state.pop(key) is not None
    save_file(state if value is None else {**state, key: value}, target / "state.safetensors")
    with pytest.raises(CheckpointError, match=r"cannot be used.*Delete state\.safetensors"):
        Run.open(target, device="cpu")
    (target / "state.safetensors").unlink()
    assert Run.open(target, device="cpu").trainer.step == 1  # the weights know how many steps made them


def test_an_open_run_does_not_depend_on_its_files(saved):
    """Memory of the optimiser is copied: a mapped file that shrinks would end the process."""
    _, target = saved
    run = Run.open(target, device="cpu")
    for path in target.iterdir():
        os.truncate(path, 0)
    assert next(run.trainer.steps()).step == 2


def test_the_tokenizer_comes_back(saved):
    run, target = saved
    again = Run.open(target, device="cpu").corpus.tokenizer
    assert isinstance(again, Tokenizer)
    assert again.identity == run.corpus.tokenizer.identity


def test_weights_alone_remember_how_many_steps_made_them(experiment, tmp_path):
    run = Run.fresh(experiment, device="cpu")
    steps = run.trainer.steps()
    for _ in range(3):
        next(steps)
    checkpoint.save_weights(tmp_path / "light", run)
    again = Run.open(tmp_path / "light", device="cpu")
    assert again.trainer.step == 3
    report = next(again.trainer.steps())
    assert (report.step, report.lr) == (4, next(steps).lr)
    assert again.restart().trainer.step == 0
