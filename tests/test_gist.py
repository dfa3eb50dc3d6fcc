"""Gist tokens from the experiment to the answer: base, gist and controls train, are grafted, saved, scored and asked."""

import math

import pytest
import torch

from playground.data.batch import IGNORE
from playground.data.errors import DataError
from playground.data.questions import floor
from playground.spec import edit, share
from playground.spec.check import SpecError, parse
from playground.spec.experiment import Experiment
from playground.training import checkpoint
from playground.training.run import Run
from playground.views.subject import Subject
from playground.worker.answer import answer
from playground.worker.commands import Ask
from tests.test_questions import STACKS


def experiment(mask="gist", architecture="decoder-only", tokens=1, n_ctx=48, **task) -> Experiment:
    model = {"d_model": 16, "n_ctx": n_ctx, "gist": {"mask": mask, "tokens": tokens}, **STACKS[architecture]}
    told = {"kind": "instructions", "examples": 60, **task}
    return parse({"model": model, "task": told, "training": {"batch": 6, "validation_windows": 30}, "seed": 3})


@pytest.mark.parametrize("architecture", STACKS)
@pytest.mark.parametrize("mask", ["none", "positive", "gist", "negative"])
def test_it_trains_is_scored_by_split_and_answered(mask, architecture):
    run = Run.fresh(experiment(mask, architecture, word_drop=0.1), device="cpu")
    trainer = run.trainer
    steps = trainer.steps()
    assert torch.tensor([next(steps).loss, next(steps).loss, trainer.validate()]).isfinite().all()
    assert list(trainer.scores) == ["seen", "unseen_phrasing", "unseen_combination"]
    assert math.isclose(sum(trainer.scores.values()) / 3, trainer.score, abs_tol=1e-6)
    subject = Subject(trainer.model, run.corpus, trainer.history, trainer.step, trainer.device)
    assert ("[gist]" in answer(subject, Ask("1 2 3 4")).suggestion) == (mask != "none")
    assert answer(subject, Ask(answer(subject, Ask("1")).suggestion)).choices


def test_the_loss_is_of_the_answer_alone_and_the_controls_read_the_same():
    batches = [Run.fresh(experiment(mask), device="cpu").trainer.batches.draw() for mask in ("positive", "gist", "negative")]
    for batch in batches:
        assert torch.equal(batch.tokens, batches[0].tokens)
        assert ((batch.targets != IGNORE).sum(dim=1) == 5).all()  # four digits and eos
        assert (batch.targets[:, :31] == IGNORE).all()


@pytest.mark.parametrize("tied", [True, False])
def test_a_trained_model_gets_gist_tokens_whose_row_is_the_mean_of_the_others(tied):
    run = Run.fresh(edit.replaced(experiment("none"), "model.unembedding.tied", tied), device="cpu")
    next(run.trainer.steps())
    graft, kind, _ = run.apply(edit.replaced(run.experiment, "model.gist.mask", "gist"))
    old, new = run.trainer.model, graft.trainer.model
    assert kind == "graft"
    assert graft.trainer.step == 1
    assert graft.experiment.model.vocab == run.experiment.model.vocab + 1
    for before, after in ((old.embed, new.embed), (old.unembed, new.unembed)):
        assert torch.equal(after.weight[:-1], before.weight)
        assert (after.weight[-1] - before.weight.mean(0)).abs().max() < 1e-6
    assert (graft.corpus.examples.train.source == new.spec.gist_token).sum() == 60
    more, kind, _ = graft.apply(edit.replaced(graft.experiment, "model.gist.tokens", 4))
    assert (kind, more.corpus.examples.train.source.shape[1]) == ("graft", 34)
    assert torch.equal(more.trainer.model.embed.weight, new.embed.weight)
    for each in (graft, more):
        assert math.isfinite(next(each.trainer.steps()).loss)


def test_from_the_positive_control_to_gist_only_the_mask_changes():
    run = Run.fresh(experiment("positive"), device="cpu")
    next(run.trainer.steps())
    graft, kind, _ = run.apply(edit.replaced(run.experiment, "model.gist.mask", "gist"))
    assert kind == "graft"
    assert graft.corpus.examples is run.corpus.examples
    old, new = run.trainer.model.eval(), graft.trainer.model.eval()
    row = run.corpus.examples.train.source[:2]
    assert torch.equal(old(row[:, :27]), new(row[:, :27]))
    assert not torch.allclose(old(row), new(row))


def test_a_stage_keeps_the_weights_and_begins_anew_in_all_else():
    run = Run.fresh(experiment("positive"), device="cpu")
    next(run.trainer.steps())
    made = run.stage(edit.replaced(run.experiment, "model.gist.mask", "gist"))
    assert (made.trainer.step, run.trainer.step) == (0, 1)
    assert made.experiment.model.gist.mask == made.trainer.model.spec.gist.mask == "gist"
    assert len(made.trainer.optimiser.state) == 0 < len(run.trainer.optimiser.state)
    for old, new in zip(run.trainer.model.parameters(), made.trainer.model.parameters(), strict=True):
        assert torch.equal(old, new)


def test_first_weights_by_fan_in_and_the_embedding_factor():
    changes = [("model.init.fan_in", True), ("model.init.embedding_factor", 25.0), ("model.init.std", 0.02),
               ("model.d_model", 64), ("model.unembedding.tied", False)]  # fmt: skip
    made = Run.fresh(edit.replaced_all(experiment(), changes), device="cpu").trainer.model
    assert made.embed.weight.std().item() == pytest.approx(0.5, rel=0.05)
    assert made.unembed.weight.std().item() == pytest.approx(0.02, rel=0.05)
    layer = made.decoder[0]
    assert layer.attention.qkv.weight.std().item() == pytest.approx(1 / 8, rel=0.05)
    assert layer.attention.out.weight.std().item() == pytest.approx(1 / 8 / 2**0.5, rel=0.05)  # two branches


def test_word_drop_is_hot():
    run = Run.fresh(experiment(), device="cpu")
    steps = run.trainer.steps()
    next(steps)
    same, kind, _ = run.apply(edit.replaced(run.experiment, "task.word_drop", 0.9))
    assert kind == "hot"
    batch = same.trainer.batches.draw()
    assert (batch.tokens[:, :26] == same.corpus.tokenizer.mask).float().mean() > 0.7
    assert math.isfinite(next(steps).loss)


def test_it_is_saved_opened_and_goes_on_alike(tmp_path):
    run = Run.fresh(experiment(tokens=2, word_drop=0.1), device="cpu")
    steps = run.trainer.steps()
    next(steps)
    checkpoint.save(tmp_path / "model", run)
    assert next(Run.open(tmp_path / "model", device="cpu").trainer.steps()).loss == next(steps).loss


def test_what_cannot_be_is_said():
    with pytest.raises(SpecError, match="this task has none") as caught:
        edit.replaced(Experiment(), "model.gist.mask", "gist")
    assert [fix.value for fix in caught.value.problems[0].fixes] == ["none", "instructions"]
    with pytest.raises(DataError, match="Use a context of 43 or more"):
        Run.fresh(experiment(tokens=8, n_ctx=40), device="cpu")


def test_the_inspector_has_no_heading_for_gist_tokens_where_there_are_no_instructions(qtbot):
    from playground.style.widgets import Caption
    from playground.ui.inspector.form import Inspector

    form = Inspector()
    qtbot.addWidget(form)
    form.resize(304, 900)
    form.show()
    shown = {}
    for name, made in (("text", Experiment()), ("instructions", experiment())):
        form.set_experiment(made, made)
        form.tabs.setCurrentIndex(1)
        shown[name] = {each.text().lower() for each in form.findChildren(Caption) if each.isVisibleTo(form)}
    assert {"gist tokens"} == shown["instructions"] - shown["text"]
    assert {"text"} == shown["text"] - shown["instructions"]


def test_no_floor_is_claimed_for_the_negative_control():
    assert floor(experiment("gist")) == 0.0
    assert floor(experiment("negative")) is None


def test_a_shared_string_says_it_and_leaves_it_out_with_the_persons_table(tmp_path):
    base, made = experiment("none"), experiment("gist", tokens=2, word_drop=0.5)
    assert share.from_string(share.to_string(made, "base", base), lambda name: base)[1] == made
    own = edit.replaced_all(made, [("task.kind", "triples"), ("task.text", str(tmp_path / "own.tsv"))])
    got = share.from_string(share.to_string(own, "base", base), lambda name: base)[1]
    assert (got.task.kind, got.model.gist.mask) == ("text", "none")


@pytest.fixture
def table(tmp_path):
    """Instruction, input and answer, 42 times; one line without an input, and three that cannot be used."""
    rows = ["instruction\tinput\tanswer", "only\ttwo", "say it loud\t\t!"]
    rows += [
        f"{say} it\t{word}\t{word.upper() if say == 'shout' else word[::-1]}"
        for say in ("shout", "turn")
        for word in ("red", "green", "blue", "black", "white", "grey", "pink")
        for _ in "abc"
    ]
    path = tmp_path / "orders.tsv"
    path.write_text("\n".join([*rows, "shout it\t" + "x" * 50 + "\ty"]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("mask", ["none", "gist"])
@pytest.mark.parametrize("architecture", STACKS)
def test_a_table_of_ones_own_trains_and_its_left_out_lines_are_named(table, architecture, mask):
    own = {"kind": "triples", "text": str(table), "tokenizer": {"kind": "characters"}, "validation": 0.3}
    run = Run.fresh(experiment(mask, architecture, tokens=2, **own), device="cpu")
    assert [(each.line, each.reason.split(":")[0]) for each in run.corpus.unusable] == [
        (1, "the names of the columns"), (2, "two columns"), (46, "too long")
    ]  # fmt: skip
    steps = run.trainer.steps()
    assert torch.tensor([next(steps).loss, run.trainer.validate()]).isfinite().all()
    part = run.corpus.examples.train
    texts = {run.corpus.tokenizer.decode(row[:n].tolist()) for row, n in zip(part.source, part.source_lengths, strict=True)}
    between = "\n" if mask == "none" else " [gist]  [gist] "
    assert any(text.startswith(f"turn it{between}") for text in texts)
    assert {text.split("it")[0] for text in texts} <= {"turn ", "shout ", "say "}
