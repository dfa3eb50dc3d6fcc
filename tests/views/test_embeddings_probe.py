"""What the embedding probe sees, against plain arithmetic done here in numpy."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.data.special import Marked
from playground.spec.experiment import Experiment, TaskSpec, TokenizerSpec
from playground.spec.model import Attention, CrossAttention, Embedding, Layer, Mlp, ModelSpec, Position
from playground.training.run import Run
from playground.transformer.taps import Taps
from playground.views.embeddings.frame import KINDS, MODALITIES, EmbeddingLook
from playground.views.embeddings.kinds import kind, modalities
from playground.views.embeddings.probe import EmbeddingProbe
from playground.views.embeddings.projection import aligned, on_axis, principal
from playground.views.subject import Subject, at_rest

STORY = "The cat sat on the mat, and the 3 dogs saw it.\n" * 40
LAYERS = (
    Layer(attention=Attention(heads=2, kv_heads=1), mlp=Mlp(d_mlp=12)),
    Layer(attention=Attention(heads=4), mlp=Mlp(d_mlp=12)),
)


def subject_of(folder, **model):
    path = folder / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    task = TaskSpec(text=str(path), tokenizer=TokenizerSpec(kind="characters"))
    run = Run.fresh(
        Experiment(model=ModelSpec(**{"d_model": 8, "n_ctx": 16, "decoder": LAYERS, **model}), task=task), device="cpu"
    )
    with torch.no_grad():
        if hasattr(run.trainer.model.position, "weight"):
            run.trainer.model.position.weight.normal_(generator=torch.Generator().manual_seed(1))
    return Subject(run.trainer.model, run.corpus, run.trainer.history, 7, torch.device("cpu"))


@pytest.fixture
def subject(tmp_path):
    return subject_of(tmp_path)


def weights_of(subject):
    return subject.model.embed.weight.detach().double().numpy()


def test_tokens_lie_on_their_principal_components(subject):
    weights, counts = weights_of(subject), subject.corpus.counts
    order = np.argsort(-counts, kind="stable")
    left, size, _ = np.linalg.svd(weights[order] - weights.mean(axis=0), full_matrices=False)
    for dims in (2, 3):
        frame = EmbeddingProbe().observe(subject, EmbeddingLook(dims=dims))
        np.testing.assert_allclose(np.abs(frame.points), np.abs(left[:, :dims] * size[:dims]), atol=1e-5)
        np.testing.assert_allclose(frame.explained, size[:dims] ** 2 / (size**2).sum(), atol=1e-5)
    np.testing.assert_array_equal(frame.counts, counts[order])
    np.testing.assert_array_equal(frame.keys, order)
    np.testing.assert_array_equal(frame.ids, order)
    assert set(frame.places.tolist()) == {-1}
    assert frame.tokens[0] == " "
    assert frame.total == len(frame.tokens) == len(weights)
    assert (frame.layout, frame.width, frame.step) == ("pca", 8, 7)


def test_frequent_tokens_are_preferred(subject):
    frame = EmbeddingProbe().observe(subject, EmbeddingLook(max_points=3))
    assert len(frame.points) == 3
    assert frame.counts.min() >= sorted(subject.corpus.counts)[-3]


def test_tokens_that_never_stand_in_the_text_are_shown_when_asked_for(subject):
    counts = subject.corpus.counts.copy()
    counts[5] = 0
    subject = replace(subject, corpus=replace(subject.corpus, counts=counts))
    seen = EmbeddingProbe().observe(subject, EmbeddingLook())
    everything = EmbeddingProbe().observe(subject, EmbeddingLook(unseen=True))
    assert 5 not in seen.keys
    assert 5 in everything.keys
    assert len(everything.keys) == len(seen.keys) + 1 == seen.total


def test_the_picture_stays_aligned_while_the_model_turns_underneath(subject):
    probe = EmbeddingProbe()
    before = probe.observe(subject, EmbeddingLook())
    weights = subject.model.embed.weight
    turn, _ = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(3)))
    with torch.no_grad():
        weights.copy_(-(weights @ turn) + 0.5)  # the same cloud, mirrored, turned and moved
    after = probe.observe(subject, EmbeddingLook())
    np.testing.assert_allclose(after.points, before.points, atol=1e-5)
    deep = probe.observe(subject, EmbeddingLook(dims=3))
    np.testing.assert_allclose(deep.points[:, :2], before.points, atol=1e-5)  # a third axis leaves the two as they were
    assert np.ptp(deep.points[:, 2]) > 0
    np.testing.assert_allclose(probe.observe(subject, EmbeddingLook()).points, before.points, atol=1e-5)


@given(st.floats(-4, 4), st.booleans(), st.integers(3, 30))
def test_alignment_undoes_any_turn_and_mirror(angle, mirror, count):
    before = np.random.default_rng(count).normal(size=(count, 2))
    before -= before.mean(axis=0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = before @ turn * ([1, -1] if mirror else [1, 1])
    np.testing.assert_allclose(aligned(moved, before), before, atol=1e-9)
    np.testing.assert_array_equal(aligned(moved, np.full_like(before, np.nan)), moved)


def test_a_model_narrower_than_the_picture():
    points, total = principal(torch.tensor([[1.0], [2.0], [3.0]]), 3)
    np.testing.assert_allclose(np.abs(points), [[1, 0, 0], [0, 0, 0], [1, 0, 0]])
    assert total == pytest.approx(2 / 3)


def test_neighbours_by_cosine_and_by_distance(subject):
    weights = weights_of(subject)
    with torch.no_grad():
        subject.model.embed.weight[4] = 0.0
    weights[4] = 0.0
    for key in (1, 4):
        near = EmbeddingProbe().observe(subject, EmbeddingLook(key=key, unseen=True)).near
        unit = weights / np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-30)
        cosines, away = unit @ unit[key], np.linalg.norm(weights - weights[key], axis=1)
        others = [i for i in range(len(weights)) if i != key]
        assert [k for k, _ in near.distance] == sorted(others, key=lambda i: away[i])[: len(near.distance)]
        assert [v for _, v in near.distance] == pytest.approx([away[k] for k, _ in near.distance], rel=1e-5)
        assert [v for _, v in near.cosine] == pytest.approx(sorted(cosines[others], reverse=True)[: len(near.cosine)], abs=1e-6)
        assert all(value == pytest.approx(cosines[k], abs=1e-6) for k, value in near.cosine)
        assert near.norm == pytest.approx(np.linalg.norm(weights[key]), rel=1e-5)
        assert (near.key, len(near.cosine)) == (key, min(24, len(others)))
    assert EmbeddingProbe().observe(subject, EmbeddingLook(key=10**6)).near is None


def test_two_tokens_make_an_axis(subject):
    weights = weights_of(subject)
    probe = EmbeddingProbe()
    frame = probe.observe(subject, EmbeddingLook(layout="axis", axis=(3, 7), dims=3))
    unit = (weights[7] - weights[3]) / np.linalg.norm(weights[7] - weights[3])
    along = (weights[frame.keys] - (weights[3] + weights[7]) / 2) @ unit
    np.testing.assert_allclose(frame.points[:, 0], along, atol=1e-5)
    centred = weights[frame.keys] - weights[frame.keys].mean(axis=0)
    rest = centred - np.outer(centred @ unit, unit)
    _, size, _ = np.linalg.svd(rest, full_matrices=False)
    np.testing.assert_allclose(frame.points[:, 1:].var(axis=0), size[:2] ** 2 / len(rest), rtol=1e-4)
    np.testing.assert_allclose(frame.explained[0], along.var() / centred.var(axis=0).sum(), rtol=1e-4)
    assert (frame.layout, frame.ends) == ("axis", (3, 7))
    half = EmbeddingProbe().observe(subject, EmbeddingLook(layout="axis", axis=(3, -1)))
    assert half.layout == "pca"
    same = EmbeddingProbe().observe(subject, EmbeddingLook(layout="axis", axis=(3, 3)))
    assert (same.layout, same.note) == ("pca", "The two tokens have the same vector; choose another pair.")
    with pytest.raises(ValueError, match="same vector"):
        on_axis(torch.ones(3, 4), 0, 2)


def test_positions_and_their_similarity(tmp_path):
    learned = subject_of(tmp_path)
    fixed = subject_of(tmp_path, embedding=Embedding(position=Position(kind="sinusoidal")))
    for subject, vectors in ((learned, learned.model.position.weight), (fixed, fixed.model.position.table)):
        frame = EmbeddingProbe().observe(subject, EmbeddingLook(space="positions", matrix=True))
        values = vectors.detach().double().numpy()
        unit = values / np.linalg.norm(values, axis=1, keepdims=True)
        np.testing.assert_allclose(frame.similarity, unit @ unit.T, atol=1e-6)
        assert frame.stride == 1
        assert frame.tokens == tuple(str(i) for i in range(1, 17))
        np.testing.assert_array_equal(frame.places, np.arange(16))
        assert frame.total == 16
    assert EmbeddingProbe().observe(learned, EmbeddingLook(space="positions")).similarity is None


def test_a_long_context_is_thinned_in_the_matrix_and_says_so(tmp_path):
    subject = subject_of(tmp_path, n_ctx=130)
    from playground.views.embeddings import probe

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe, "MATRIX", 50)
        frame = EmbeddingProbe().observe(subject, EmbeddingLook(space="positions", matrix=True))
    assert (frame.stride, frame.similarity.shape) == (3, (44, 44))
    assert len(frame.points) == 130


def test_without_position_vectors_it_says_what_there_is_instead(tmp_path):
    rotary = (Layer(attention=Attention(heads=2, position={"kind": "rotary"}), mlp=None),)
    plain = (Layer(attention=Attention(heads=2), mlp=None),)
    for layers, said in ((rotary, "(rotary) instead"), (plain, "cannot tell one place from another")):
        subject = subject_of(tmp_path, decoder=layers, embedding=Embedding(position=Position(kind="none")))
        frame = EmbeddingProbe().observe(subject, EmbeddingLook(space="positions", matrix=True))
        assert said in frame.note
        assert frame.points.shape == (0, 2)
        assert frame.total == 0


@pytest.mark.parametrize(
    "tap", ["embed", "final", "decoder.0.resid_mid", "decoder.1.mlp_post", "decoder.1.attn_out", "decoder.0.z"]
)
def test_any_tap_point_of_the_watched_text(subject, tap):
    look = EmbeddingLook(space="context", tap=tap, text="the cat sat", matrix=True)
    frame = EmbeddingProbe().observe(subject, look)
    ids = subject.corpus.tokenizer.encode("the cat sat")
    taps = Taps([tap])
    with at_rest(subject.model):
        subject.model(torch.as_tensor(ids)[None], taps=taps)
    value = taps.values[tap][0].double()
    vectors = (value.transpose(0, 1).flatten(1) if value.dim() == 3 else value).numpy()
    np.testing.assert_array_equal(frame.ids, ids)
    np.testing.assert_array_equal(frame.keys, np.arange(11))
    size = np.linalg.svd(vectors - vectors.mean(axis=0))[1]
    np.testing.assert_allclose(frame.points.var(axis=0) * 11, size[:2] ** 2, rtol=1e-3)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(frame.similarity, unit @ unit.T, atol=1e-5)
    assert (frame.tap, frame.width, frame.heads) == (tap, vectors.shape[1], 2 if tap == "decoder.0.z" else 0)
    assert {"decoder.0.q", "decoder.1.k", "decoder.0.v", "decoder.1.resid_pre", "decoder.0.mlp_pre"} <= set(frame.taps)
    assert not {"logits", "decoder.0.pattern"} & set(frame.taps)


def test_one_head_of_a_tap_point(subject):
    both, one = (EmbeddingProbe().observe(subject, EmbeddingLook(space="context", tap="decoder.0.q", head=h)) for h in (-1, 1))
    assert (both.width, one.width, both.heads, one.heads) == (8, 4, 2, 2)
    assert len(one.points) == 16


def test_an_unknown_tap_point_is_the_last_layer(subject):
    frame = EmbeddingProbe().observe(subject, EmbeddingLook(space="context", tap="decoder.9.resid_post"))
    assert frame.tap == "decoder.1.resid_post"
    assert frame.shortened == 0
    assert EmbeddingProbe().observe(subject, EmbeddingLook(space="context", text="cat " * 10)).shortened == 24


def test_encoder_and_decoder_have_texts_of_their_own(tmp_path):
    decoder = (Layer(attention=Attention(heads=2), cross=CrossAttention(heads=2), mlp=None),)
    subject = subject_of(
        tmp_path, encoder=(Layer(attention=Attention(heads=2, mask="bidirectional"), mlp=None),), decoder=decoder
    )
    probe = EmbeddingProbe()
    of_encoder = probe.observe(subject, EmbeddingLook(space="context", tap="encoder.0.resid_post"))
    of_decoder = probe.observe(subject, EmbeddingLook(space="context", tap="decoder.0.resid_post"))
    assert of_decoder.tokens[0] == "[bos]"
    assert "[bos]" not in of_encoder.tokens
    assert {"memory", "context_embed", "decoder.0.cross.q", "decoder.0.cross.k", "decoder.0.cross_out"} <= set(of_encoder.taps)
    assert probe.observe(subject, EmbeddingLook(space="context", tap="decoder.0.cross.k")).tokens == of_encoder.tokens
    assert of_decoder.modalities[0] == MODALITIES.index("special")


@pytest.mark.parametrize(
    ("token", "name"),
    [("the", "letters"), (" the", "letters"), ("The", "capitals"), ("42", "digits"), (" ", "space"), ("\n", "space"),
     (".", "punctuation"), (" +=", "punctuation"), ("(x", "letters"), ("�", "other"), ("", "other"), ("é", "letters"),
     ("Ψ", "capitals"), ("\x07", "other")],
)  # fmt: skip
def test_kinds(token, name):
    assert KINDS[kind(token)] == name


def test_the_table_has_a_row_for_each_point(subject):
    frame = EmbeddingProbe().observe(subject, EmbeddingLook(space="context", text="the", dims=3))
    columns, rows = frame.table()
    assert columns == ("token", "id", "place", "kind", "modality", "count", "x", "y", "z")
    token, _, place, kind_, modality, _, *point = list(rows)[1]
    assert (token, place, kind_, modality) == ("h", 2, "letters", "text")
    assert point == pytest.approx(frame.points[1].tolist())


def test_modalities_follow_the_tokenizer(subject):
    inner = subject.corpus.tokenizer
    assert modalities(inner, np.array([0, 1])).tolist() == [0, 0]
    assert modalities(Marked(inner), np.array([0, inner.vocab])).tolist() == [0, 1]
    names = ("text", "continuous", "discrete", "smell")
    several = SimpleNamespace(ranges=SimpleNamespace(modality=lambda token: names[token]))
    assert [MODALITIES[m] for m in modalities(several, np.arange(4))] == ["text", "continuous", "discrete", "other"]
