"""What the four probes see in a tiny model, against plain arithmetic done here."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.spec.experiment import Experiment, TaskSpec, TokenizerSpec
from playground.spec.model import Attention, Layer, Mlp, ModelSpec
from playground.training.history import History
from playground.training.report import StepReport
from playground.training.run import Run
from playground.views.attention.frame import AttentionLook
from playground.views.attention.probe import AttentionProbe
from playground.views.curves.frame import CurvesLook
from playground.views.curves.probe import CurvesProbe, extremes
from playground.views.subject import Subject, at_rest, read_only
from playground.views.table import VIEWS
from playground.views.tokens.frame import TokensLook
from playground.views.tokens.probe import TokensProbe

STORY = "The cat sat on the mat, and the 3 dogs saw it.\n" * 40


@pytest.fixture
def subject(tmp_path):
    path = tmp_path / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    layers = (
        Layer(attention=Attention(heads=2, kv_heads=1, dropout=0.3), mlp=None),
        Layer(attention=None, mlp=Mlp(d_mlp=12)),
        Layer(attention=Attention(heads=4), mlp=Mlp(d_mlp=12)),
    )
    task = TaskSpec(text=str(path), tokenizer=TokenizerSpec(kind="characters"))
    run = Run.fresh(Experiment(model=ModelSpec(d_model=8, n_ctx=16, decoder=layers), task=task), device="cpu")
    trainer = run.trainer
    return Subject(trainer.model, run.corpus, trainer.history, 7, torch.device("cpu"))


def test_the_table_names_probes_that_exist():
    assert [type(view.probe()()).__name__ for view in VIEWS if view.live] == [
        "AttentionProbe", "EmbeddingProbe", "PredictionsProbe", "CurvesProbe", "FlowProbe", "WorldProbe", "TokensProbe", "GaugesProbe",
        "EffectProbe",
    ]  # fmt: skip


def test_attention_shows_the_validation_text_when_none_is_given(subject):
    frame = AttentionProbe().observe(subject, AttentionLook())
    assert frame.step == 7
    assert frame.names == ("decoder.0", "decoder.2")
    assert [p.shape for p in frame.patterns] == [(2, 16, 16), (4, 16, 16)]
    assert "".join(frame.tokens) == subject.corpus.tokenizer.decode(subject.corpus.validation[:16])
    assert frame.causal == (True, True)
    assert frame.shortened == 0


def test_attention_patterns_are_distributions_over_the_past(subject):
    for pattern in AttentionProbe().observe(subject, AttentionLook("the cat")).patterns:
        np.testing.assert_allclose(pattern.sum(axis=-1), 1, atol=1e-5)
        assert not np.triu(pattern, 1).any()
        assert pattern.dtype == np.float32


def test_attention_says_how_much_of_a_text_did_not_fit(subject):
    frame = AttentionProbe().observe(subject, AttentionLook("the cat sat on the mat"))
    assert (len(frame.tokens), frame.shortened) == (16, 6)
    frame = AttentionProbe().observe(subject, AttentionLook("the cat", max_tokens=3))
    assert (frame.tokens, frame.shortened) == (("t", "h", "e"), 4)


def test_attention_leaves_model_and_random_numbers_as_they_were(subject):
    subject.model.train()
    state = torch.get_rng_state()
    first = AttentionProbe().observe(subject, AttentionLook("the cat"))
    again = AttentionProbe().observe(subject, AttentionLook("the cat"))
    np.testing.assert_array_equal(first.patterns[0], again.patterns[0])  # no dropout
    assert subject.model.training
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.grad is None for p in subject.model.parameters())


def test_at_rest_gives_the_mode_back_after_a_failure(subject):
    subject.model.train()
    modes = []

    def breaks_off():
        with at_rest(subject.model):
            modes.append(subject.model.training)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert modes == [False]
    assert subject.model.training


def test_read_only_is_a_copy():
    source = torch.arange(3.0)
    copied = read_only(source)
    source[0] = 9
    assert copied[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        copied[0] = 1


def test_token_losses_are_those_of_the_model(subject):
    frame = TokensProbe().observe(subject, TokensLook(start=5, max_tokens=40))
    ids = subject.corpus.validation[5:45].long()
    np.testing.assert_array_equal(frame.ids, ids)
    assert "".join(frame.tokens) == subject.corpus.tokenizer.decode(ids)
    assert np.isnan(frame.losses[0])
    with at_rest(subject.model):
        for place in (1, 9, 16, 17, 32, 33, 39):
            start = (place - 1) // 16 * 16  # the window in which this token is predicted
            chances = subject.model(ids[None, start:place])[0, -1].softmax(-1)
            assert frame.losses[place] == pytest.approx(-float(chances[ids[place]].log()), rel=1e-4)
    assert (frame.tokenizer, frame.vocab) == ("characters", subject.corpus.tokenizer.vocab)
    assert frame.train_tokens + frame.validation_tokens == len(STORY)


@pytest.mark.parametrize(("text", "count"), [("t", 1), ("th", 2), ("the cat sat on the", 18), ("the cat sat on t", 16)])
def test_tokens_of_a_given_text(subject, text, count):
    frame = TokensProbe().observe(subject, TokensLook(text=text))
    assert "".join(frame.tokens) == text
    assert np.isnan(frame.losses).sum() == 1
    assert len(frame.losses) == count


def test_tokens_beyond_the_end_show_the_end(subject):
    frame = TokensProbe().observe(subject, TokensLook(start=10**9, max_tokens=20))
    np.testing.assert_array_equal(frame.ids, subject.corpus.validation[-20:])


def history_of(losses):
    made = History()
    for step, loss in enumerate(losses, 1):
        made.add(
            StepReport(step, loss, 0.1, 1.0 + (step == 500), 1000.0 - 900 * (step == 700), 2.0 if step % 100 == 0 else None)
        )
    return made


def test_curves_keep_spikes_and_the_last_point(subject):
    losses = np.linspace(3, 1, 5000)
    losses[1234], losses[4321], losses[4998] = 9.0, 0.1, 7.0
    frame = CurvesProbe().observe(
        Subject(subject.model, subject.corpus, history_of(losses), 5000, subject.device), CurvesLook(max_points=100)
    )
    assert len(frame.steps) <= 100
    assert {9.0, 0.1, 7.0} <= set(frame.loss)
    assert (frame.steps[0], frame.steps[-1]) == (1, 5000)
    assert 2.0 in frame.grad_norm
    assert 100.0 in frame.tokens_per_s
    assert len(frame.lr_steps) == len(frame.lr) == len(frame.grad_norm) <= 100
    assert len(frame.validation) == len(frame.validation_steps) == 50
    assert frame.bytes_per_token == subject.corpus.bytes_per_token


def test_curves_of_a_run_that_has_not_begun(subject):
    frame = CurvesProbe().observe(subject, CurvesLook())
    assert len(frame.steps) == len(frame.lr_steps) == len(frame.validation) == 0


@given(st.integers(0, 700), st.integers(2, 200), st.integers(1, 3), st.integers(0, 2**31))
def test_extremes(count, max_points, lines, seed):
    values = [np.random.default_rng(seed + i).normal(size=count) for i in range(lines)]
    kept = extremes(values, max_points)
    assert len(kept) <= max_points
    assert (np.diff(kept) > 0).all()
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)
    if count <= max_points:
        assert len(kept) == count
    elif max_points >= 2 + 2 * lines:
        for line in values:
            assert {line.argmin(), line.argmax()} <= set(kept)
