"""Every shipped model has a card, opens, trains, is watched and answers; its settings are those its card names."""

import pytest
import torch

from playground.places import shipped
from playground.spec import edit, toml
from playground.spec.cost import parameters as counted
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

MODELS = sorted(path.parent.name for path in shipped("models").glob("*/experiment.toml"))


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A text that every one can read: long enough, and quick to cut into pieces."""
    path = tmp_path_factory.mktemp("text") / "text.txt"
    lines = [f"{a} {b} {c}." for a in ("The cat", "A dog", "My bird") for b in ("sees", "hears", "finds") for c in "xyzuvw"]
    path.write_text("\n".join(lines * 60), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", MODELS)
def test_the_card_says_what_it_is_what_to_look_at_and_what_to_expect(name):
    card = (shipped("models") / name / "card.md").read_text(encoding="utf-8")
    assert card.startswith("# ")
    for heading in ("What it is", "Made by", "Expect", "Look at", "Try"):
        assert f"**{heading}**" in card, heading


@pytest.mark.parametrize("name", MODELS)
def test_it_opens_trains_is_watched_and_answers(name, text):
    experiment = toml.load(shipped("models") / name / "experiment.toml")
    small = experiment.task.tokenizer.model_copy(update={"vocab": 280})
    task = experiment.task.model_copy(update={"text": str(text), "tokenizer": small})
    experiment = experiment.model_copy(update={"task": task})
    if counted(experiment.model) > 10_000_000:  # in its shape, but on fewer tokens: a step on all of them takes seconds
        for path, value in (("model.n_ctx", 64), ("training.batch", 1), ("training.validation_windows", 2)):
            experiment = edit.replaced(experiment, path, value)
    run = Run.fresh(experiment, device="cpu")
    steps = run.trainer.steps()
    first, second = next(steps).loss, next(steps).loss
    assert torch.tensor([first, second, run.trainer.validate()]).isfinite().all()
    trainer = run.trainer
    subject = Subject(trainer.model, run.corpus, trainer.history, trainer.step, trainer.device)
    frame = AttentionProbe().observe(subject, AttentionLook())
    for each, pattern in zip(frame.names, frame.patterns, strict=True):
        queries, keys = frame.axes(each)
        assert pattern.shape[1:] == (len(queries), len(keys))
        assert abs(pattern.sum(-1) - 1).max() < 1e-5
    words, word = ("now reverse the row", "row") if experiment.task.generated else ("The cat sees", "cat")
    typed = AttentionProbe().observe(subject, AttentionLook(text=words))
    assert word in "".join(typed.context or typed.tokens)
    assert len(EmbeddingProbe().observe(subject, EmbeddingLook()).points)
    losses = TokensProbe().observe(subject, TokensLook()).losses
    assert (losses[~torch.from_numpy(losses.copy()).isnan().numpy()] > 0).all()
    said = answer(subject, Ask("The cat _ x." if run.experiment.objective == "masked" else words))
    assert said.choices
    assert sum(chance for _, chance in said.choices) <= 1 + 1e-5
