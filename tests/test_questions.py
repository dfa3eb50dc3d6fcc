"""Generated tasks from the spec to the window: every task with every architecture trains, is scored, watched and answered."""

import pytest
import torch

from playground.data.errors import DataError
from playground.data.questions import floor
from playground.data.tasks import TASKS
from playground.data.tokenizer import load_tokenizer
from playground.spec import edit
from playground.spec.check import parse
from playground.spec.experiment import DOMAINS, GENERATED, OWN, Experiment
from playground.training import checkpoint
from playground.training.run import Run
from playground.views.attention.frame import AttentionLook
from playground.views.attention.probe import AttentionProbe
from playground.views.embeddings.frame import EmbeddingLook
from playground.views.embeddings.probe import EmbeddingProbe
from playground.views.subject import Subject
from playground.views.tokens.frame import TokensLook
from playground.views.tokens.probe import TokensProbe
from playground.worker.answer import answer
from playground.worker.commands import Ask

FULL = {"attention": {"heads": 2, "mask": "bidirectional"}, "mlp": {"d_mlp": 32}}
CAUSAL = {"attention": {"heads": 2}, "mlp": {"d_mlp": 32}}
STACKS = {
    "decoder-only": {"decoder": [CAUSAL]},
    "encoder-only": {"encoder": [FULL], "decoder": []},
    "encoder-decoder": {"encoder": [FULL], "decoder": [CAUSAL | {"cross": {"heads": 2}}]},
}


def experiment(kind, architecture, **training) -> Experiment:
    model = {"d_model": 16, "n_ctx": 160, **STACKS[architecture]}
    return parse({"model": model, "task": {"kind": kind, "examples": 60}, "training": {"batch": 4, **training}, "seed": 3})


def test_the_spec_names_every_task():
    assert set(GENERATED) == set(TASKS)
    assert {*GENERATED, *OWN, DOMAINS} == set(type(Experiment().task).model_fields["kind"].annotation.__args__)


@pytest.mark.parametrize("architecture", STACKS)
@pytest.mark.parametrize("kind", sorted(TASKS))
def test_it_trains_is_scored_watched_and_answered(kind, architecture):
    run = Run.fresh(experiment(kind, architecture), device="cpu")
    trainer = run.trainer
    steps = trainer.steps()
    assert torch.tensor([next(steps).loss, next(steps).loss, trainer.validate()]).isfinite().all()
    assert 0.0 <= trainer.score <= 1.0
    subject = Subject(trainer.model, run.corpus, trainer.history, trainer.step, trainer.device)
    frame = AttentionProbe().observe(subject, AttentionLook(max_tokens=160))
    for name, pattern in zip(frame.names, frame.patterns, strict=True):
        queries, keys = frame.axes(name)
        assert pattern.shape[1:] == (len(queries), len(keys))
    assert len(EmbeddingProbe().observe(subject, EmbeddingLook()).points)
    assert len(TokensProbe().observe(subject, TokensLook()).losses)
    task = TASKS[kind]
    source, length, target, said = (column[0] for column in run.corpus.examples.validation)
    asked = task.show((source[:length] if len(source) else target[: said // 2]).tolist())
    made = answer(subject, Ask(asked))
    assert made.choices
    assert AttentionProbe().observe(subject, AttentionLook(text=asked)).patterns


@pytest.mark.parametrize(("kind", "architecture", "steps"), [("copy", "decoder-only", 250), ("sort", "encoder-decoder", 250)])
def test_what_is_easy_is_learned_and_answered_without_a_mistake(kind, architecture, steps):
    wide = {"attention": {"heads": 4, "position": {"kind": "rotary"}}, "mlp": {"d_mlp": 128}}
    full = {"attention": {"heads": 4, "mask": "bidirectional"}, "mlp": {"d_mlp": 128}}
    stacks = {"decoder": [wide, wide]}
    if architecture == "encoder-decoder":
        stacks = {"encoder": [full], "decoder": [wide | {"cross": {"heads": 4}}]}
    training = {"steps": steps, "batch": 64, "lr": 4e-3, "warmup": 20, "validate_every": steps}
    spec = {"model": {"d_model": 64, "n_ctx": 48, **stacks}, "task": {"kind": kind}, "training": training}
    run = Run.fresh(parse(spec), device="cpu")
    for report in run.trainer.steps():
        if report.step == steps:
            break
    assert report.score > 0.9
    subject = Subject(run.trainer.model, run.corpus, run.trainer.history, steps, run.trainer.device)
    rows = zip(*(column[:40] for column in run.corpus.examples.validation), strict=True)
    right = 0
    for source, s, target, t in rows:
        asked, expected = (TASKS[kind].show(ids.tolist()) for ids in (source[:s], target[:t]))
        right += answer(subject, Ask(asked, temperature=0.0)).continuation == expected
    assert right >= 34  # the score of the forward pass is that of generation


def test_a_task_is_saved_and_opened_again(tmp_path):
    run = Run.fresh(experiment("reverse", "decoder-only"), device="cpu")
    steps = run.trainer.steps()
    next(steps)
    checkpoint.save(tmp_path / "model", run)
    again = Run.open(tmp_path / "model", device="cpu")
    assert again.corpus.tokenizer.identity == load_tokenizer(tmp_path / "model").identity
    assert next(again.trainer.steps()).loss == next(steps).loss


def test_from_a_text_to_a_task_and_back():
    run = Run.fresh(experiment("copy", "decoder-only"), device="cpu")
    other = run.experiment.model_copy(update={"task": run.experiment.task.model_copy(update={"kind": "sort"})})
    changed, kind, _ = run.apply(other)
    assert kind == "fresh"
    assert changed.corpus.name == "Sort"
    assert changed.experiment.model.vocab == 6


def test_a_question_that_does_not_fit_is_said_with_what_would():
    small = experiment("sort", "decoder-only")
    small = small.model_copy(update={"model": small.model.model_copy(update={"n_ctx": 8})})
    with pytest.raises(DataError, match="context of 13 or more"):
        Run.fresh(small, device="cpu")


def test_the_least_loss_follows_from_task_and_objective():
    markov, masked = experiment("markov", "decoder-only"), experiment("markov", "encoder-only")
    assert floor(markov) == TASKS["markov"].floor() > 0.5
    assert floor(masked) == TASKS["markov"].masked_floor(0.15)
    assert floor(edit.replaced(masked, "task.mask_rule", "bert")) is None
    assert floor(experiment("sort", "encoder-only")) == floor(experiment("sort", "decoder-only")) == 0.0
    assert floor(Experiment()) is None
    assert Run.fresh(markov, device="cpu").trainer.floor == floor(markov)
