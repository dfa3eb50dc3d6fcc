"""Own pairs from the file to the answer: every architecture learns from a table, and what cannot be used is named."""

import json
import subprocess
import sys

import pytest
import torch

from playground.data.errors import Cancelled, DataError
from playground.spec import edit
from playground.spec.check import parse
from playground.training import checkpoint
from playground.training.run import Run
from playground.views.subject import Subject
from playground.worker.answer import answer
from playground.worker.commands import Ask
from tests.test_questions import STACKS

WORDS = ("red", "green", "blue", "black", "white", "grey", "pink")


@pytest.fixture
def table(tmp_path):
    """49 pairs, a line that is none, and one too long for a context of 32."""
    rows = [f"{one} {two}\t{two.upper()}" for one in WORDS for two in WORDS]
    path = tmp_path / "colours.tsv"
    path.write_text("\n".join(["no tab here", *rows, "x" * 50 + "\ty"]) + "\n", encoding="utf-8")
    return path


def experiment(table, architecture="encoder-decoder", n_ctx=32, **training):
    model = {"d_model": 16, "n_ctx": n_ctx, **STACKS[architecture]}
    task = {"kind": "pairs", "text": str(table), "tokenizer": {"kind": "characters"}, "validation": 0.2}
    return parse({"model": model, "task": task, "training": {"batch": 8, **training}, "seed": 3})


@pytest.mark.parametrize("architecture", STACKS)
def test_it_trains_is_scored_and_answered(table, architecture):
    run = Run.fresh(experiment(table, architecture), device="cpu")
    trainer = run.trainer
    steps = trainer.steps()
    assert torch.tensor([next(steps).loss, next(steps).loss, trainer.validate()]).isfinite().all()
    assert 0.0 <= trainer.score <= 1.0
    assert trainer.floor is None
    subject = Subject(trainer.model, run.corpus, trainer.history, trainer.step, trainer.device)
    assert answer(subject, Ask("red blue")).choices
    sources = {run.corpus.tokenizer.decode(row[:n].tolist()) for part in (run.corpus.examples.train,
               run.corpus.examples.validation) for row, n in zip(part.source, part.source_lengths, strict=True)}  # fmt: skip
    assert sources == {f"{one} {two}" for one in WORDS for two in WORDS}


def test_lines_that_cannot_be_used_are_named_in_order(table):
    corpus = Run.fresh(experiment(table), device="cpu").corpus
    assert corpus.refused == 2
    assert [(each.line, each.reason.split(":")[0]) for each in corpus.unusable] == [(1, "one column"), (51, "too long")]
    assert "takes 50 tokens, and the context has 32" in corpus.unusable[1].reason


def test_another_context_has_room_for_other_pairs_and_keeps_the_weights(table):
    run = Run.fresh(experiment(table), device="cpu")
    wider, kind, _ = run.apply(edit.replaced(run.experiment, "model.n_ctx", 64))
    assert (kind, wider.corpus.refused) == ("graft", 1)
    assert torch.equal(wider.trainer.model.embed.weight, run.trainer.model.embed.weight)
    assert torch.isfinite(torch.tensor(next(wider.trainer.steps()).loss))
    with pytest.raises(DataError, match="The shortest takes 7 tokens. Use a context of 7 or more"):
        run.apply(edit.replaced(run.experiment, "model.n_ctx", 5))


def test_it_is_learned_and_held_out_pairs_are_answered(table):
    wide = {"attention": {"heads": 4, "position": {"kind": "rotary"}}, "mlp": {"d_mlp": 128}}
    full = {"attention": {"heads": 4, "mask": "bidirectional", "position": {"kind": "rotary"}}, "mlp": {"d_mlp": 128}}
    training = {"steps": 300, "batch": 32, "lr": 4e-3, "warmup": 20, "validate_every": 300}
    spec = experiment(table, **training)
    model = spec.model.model_dump() | {"d_model": 64, "encoder": [full], "decoder": [wide | {"cross": {"heads": 4}}]}
    run = Run.fresh(parse({**spec.model_dump(), "model": model}), device="cpu")
    for report in run.trainer.steps():
        if report.step == 300:
            break
    assert report.score > 0.7
    subject = Subject(run.trainer.model, run.corpus, run.trainer.history, 300, run.trainer.device)
    assert answer(subject, Ask("pink grey", temperature=0.0)).continuation.strip() == "GREY"


def test_it_is_saved_and_opened_again_and_goes_on_alike(table, tmp_path):
    run = Run.fresh(experiment(table), device="cpu")
    steps = run.trainer.steps()
    next(steps)
    checkpoint.save(tmp_path / "model", run)
    assert next(Run.open(tmp_path / "model", device="cpu").trainer.steps()).loss == next(steps).loss


def test_cancel_and_what_is_no_table(table, tmp_path):
    told = []
    with pytest.raises(Cancelled):
        Run.fresh(experiment(table), device="cpu", cancelled=lambda: "Cutting" in (told or [""])[-1],
                  progress=lambda job, share: told.append(job))  # fmt: skip
    assert any(job.startswith("Cutting colours.tsv") for job in told)
    with pytest.raises(DataError, match="no pairs"):
        Run.fresh(experiment("python-docs"), device="cpu")
    (tmp_path / "story.txt").write_text("once upon a time\n" * 5, encoding="utf-8")
    with pytest.raises(DataError, match="no pair that can be used"):
        Run.fresh(experiment(tmp_path / "story.txt"), device="cpu")


def test_the_command_line_trains_on_pairs_and_names_the_lines(table, tmp_path):
    command = [sys.executable, "-m", "playground", "train", "edt", "--text", str(table), "--set", "task.kind=pairs",
               "--set", "task.tokenizer.kind=characters", "--set", "model.n_ctx=32", "--steps", "2", "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "colours.tsv, line 1: one column" in done.stderr
    assert "2 lines of colours.tsv cannot be used." in done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["event"] == "done"
    assert 0.0 <= last["score"] <= 1.0
