"""Several domains in one batch: shares, weights, segments and patches, the same from the same seed."""

import numpy as np
import pytest
import torch

from playground.data.batch import IGNORE
from playground.data.domainfeed import DomainsFeed, apportioned
from playground.data.errors import DataError
from playground.data.modalities.tokens import Domained
from playground.data.tokenizer import Bytes
from playground.data.worlds import WORLDS
from playground.data.worlds.library import load_domains
from playground.data.worlds.streams import MADE
from playground.spec import edit
from playground.spec.check import SpecError, parse
from playground.spec.domains import NAMES, Shares, Weights
from playground.spec.modalities import Modalities
from playground.spec.share import shareable

NONE = dict.fromkeys(NAMES, 0.0)


def experiment(n_ctx=72, batch=10, prompts=0.25, weight=None, **share):
    share = share or {"text": 1.0}
    return parse({
        "model": {"n_ctx": n_ctx, "d_model": 32, "embedding": {"modalities": {"bins": 64}}, "decoder": [{}]},
        "task": {"kind": "domains", "tokenizer": {"kind": "bytes"},
                 "domains": {"share": NONE | share, "weight": weight or {}, "prompts": prompts}},
        "training": {"batch": batch},
    })  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    monkeypatch.setattr("playground.data.worlds.demonstrations.cache", lambda: tmp_path)
    monkeypatch.setattr("playground.data.worlds.pictures.POOL", 1500)
    for world in WORLDS.values():
        monkeypatch.setattr(world, "demonstrated", 600, raising=False)


def feed(made, seed=0):
    corpus = load_domains(made)
    generator = torch.Generator().manual_seed(seed)
    model, training = made.model, made.training
    return corpus, DomainsFeed(
        corpus.library, made.task.domains, model.n_ctx, training.batch, generator, torch.device("cpu")
    )  # fmt: skip


def test_the_spec_names_every_domain():
    assert set(NAMES) == {"text", *WORLDS, *MADE} == set(Shares.model_fields) == set(Weights.model_fields)


def test_a_batch_has_each_domain_in_its_share_and_each_loss_its_weight():
    made = experiment(batch=8, text=2.0, captions=1.0, paint=1.0, pendulum=3.0, grid=1.0, weight={"pendulum": 2.0, "text": 0.5})
    corpus, batches = feed(made)
    batch = batches.draw()
    ranges = corpus.tokenizer.ranges
    assert batch.tokens.shape == batch.targets.shape == batch.local.shape == batch.segments.shape == (8, 72)
    assert (batch.targets[:2] != IGNORE).all()  # text comes first, and all of it is asked for
    asked = (batch.targets >= ranges.bins) & (batch.targets < ranges.separator)
    assert asked.any(dim=1).sum() == 3  # only the pendulum has continuous actions
    assert (batch.tokens[asked] == ranges.separator).all()
    assert batch.weights.sum().item() == pytest.approx(1.0)
    # 2 of 0.5 + 1 + 1 + 2 + 1
    assert batch.weights[asked].sum().item() == pytest.approx(2.0 / 5.5)
    assert batch.weights[:2].sum().item() == pytest.approx(0.5 / 5.5)
    assert (batch.weights[batch.targets == IGNORE] == 0).all()


def test_patches_stand_where_the_padding_is_and_are_random_in_training_only():
    corpus, batches = feed(experiment(captions=1.0, text=1.0))
    one, two = batches.draw(), batches.draw()
    padding = corpus.tokenizer.ranges.padding
    assert (one.tokens[one.patch_at[:, 0], one.patch_at[:, 1]] == padding).all()
    assert len(one.patch_at) == (one.tokens == padding).sum() == len(one.patches)
    assert one.patch_places.unique().numel() > 20
    assert not torch.equal(one.patch_places, two.patch_places[: len(one.patch_places)])
    (_, text), (name, held) = batches.held(8)
    assert text.patches is None
    assert name == "captions"
    assert held.patch_places.unique().tolist() == [32, 96]  # the means of 0 … 63 and 64 … 127, rounded to even
    part = one.rows(4, 10)
    assert (part.tokens[part.patch_at[:, 0], part.patch_at[:, 1]] == padding).all()
    assert len(one.rows(0, 4).patches) + len(part.patches) == len(one.patches)


def test_the_same_seed_gives_the_same_batches_and_held_out_ones_never_change():
    made = experiment(text=1.0, cartpole=1.0, grid=1.0, captions=1.0)
    one, two = feed(made)[1], feed(made)[1]
    for _ in range(3):
        a, b = one.draw(), two.draw()
        for name, value in (a.reads | {"tokens": a.tokens, "targets": a.targets}).items():
            if value is not None:
                assert torch.equal(value, (b.reads | {"tokens": b.tokens, "targets": b.targets})[name]), name
    for a, b in zip(one.fixed(12, 100), two.fixed(12, 100), strict=True):
        assert torch.equal(a.tokens, b.tokens)


def test_shares_that_do_not_come_out_even_are_kept_on_average():
    generator = torch.Generator().manual_seed(0)
    counts = [apportioned({"a": 1.0, "b": 2.0, "c": 0.5}, 5, generator) for _ in range(2000)]
    assert all(sum(count.values()) == 5 for count in counts)
    for name, share in (("a", 1.0), ("b", 2.0), ("c", 0.5)):
        assert sum(count[name] for count in counts) / 2000 == pytest.approx(5 * share / 3.5, abs=0.05)
    assert apportioned({"a": 2.0, "b": 3.0}, 5, generator) == {"a": 2, "b": 3}


def test_a_context_too_short_for_a_picture_says_which_would_do():
    with pytest.raises(DataError, match=r"“Captions to digits” does not fit into a context of 40.*Use a context of 69"):
        load_domains(experiment(n_ctx=40, paint=1.0))


def test_ids_have_names_and_text_stays_text():
    both = Domained(Bytes(), Modalities(bins=4, discrete=3))
    assert both.pieces([65, 256, 258, 259, 262, 263, 264]) == ["A", "#0", "#2", "-0.75", "+0.75", "[sep]", "[pad]"]
    assert both.decode([72, 105, 256, 263]) == "Hi#0 [sep]"
    assert both.encode("Hi").tolist() == [72, 105]


def test_own_images_and_episodes_are_domains_too(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    for index in range(12):
        (folder / f"{index}.pgm").write_bytes(b"P5 20 10 255\n" + bytes([index * 20] * 200))
    (folder / "captions.csv").write_text("\n".join(f"{index}.pgm,shade {index}" for index in range(12)))
    steps = np.arange(40)
    np.savez(tmp_path / "e.npz", observations=steps[:, None] / 7, actions=steps % 3, episode=steps // 10)
    made = experiment(batch=4)
    paths = {"pictures": str(folder), "episodes": str(tmp_path / "e.npz")}
    share = NONE | {"pictures": 1.0, "episodes": 1.0}
    made = parse(made.model_dump() | {"task": made.task.model_dump() | {"domains": {"share": share, **paths}}})
    corpus, batches = feed(made)
    batch = batches.draw()
    ranges = corpus.tokenizer.ranges
    said = bytes(token for token in batch.targets[batch.targets != IGNORE].tolist() if token < 256).decode()
    assert "shade " in said
    actions = batch.targets[(batch.targets >= ranges.discrete) & (batch.targets < ranges.discrete + 3)]
    assert len(actions) > 10
    assert batch.patches.shape[1:] == (1, 4, 4)
    held = dict(batches.held(8))
    assert set(held) == {"pictures", "episodes"}
    kept = shareable(made)
    assert str(tmp_path) not in kept.model_dump_json()
    assert kept.task.domains.share.text == 1.0


def test_own_things_without_a_path_are_asked_for():
    with pytest.raises(SpecError, match="nothing says where they are; give a path"):
        experiment(pictures=1.0)


def test_smoothing_is_refused_where_bins_have_bells_of_their_own():
    with pytest.raises(SpecError) as caught:
        edit.replaced(experiment(), "training.label_smoothing", 0.1)
    (problem,) = caught.value.problems
    assert problem.path == "training.label_smoothing"
    assert problem.fixes[0].value == 0.0
