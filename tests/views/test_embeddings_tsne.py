"""t-SNE in its own process: what comes back, how it is given up, and that nobody waits for it."""

import io
import threading
import time

import numpy as np
import pytest
import torch

from playground.spec.experiment import Experiment, TaskSpec, TokenizerSpec
from playground.spec.model import Attention, Layer, Mlp, ModelSpec
from playground.training.run import Run
from playground.views.embeddings import tsne
from playground.views.embeddings.frame import EmbeddingLook
from playground.views.embeddings.probe import EmbeddingProbe
from playground.views.embeddings.tsne_job import TsneJob
from playground.views.subject import Subject
from playground.worker.commands import Again
from playground.worker.mailbox import Fault, Mailbox
from playground.worker.watching import Watching


def groups(each=20, width=60):
    """Three far apart from one another, (3 · each, width)."""
    random = np.random.default_rng(0)
    middles = random.normal(size=(3, 1, width)) * 3
    return (middles + random.normal(scale=0.1, size=(3, each, width))).reshape(3 * each, width).astype(np.float32)


def purity(points, each=20):
    """The share of points whose nearest neighbour is of their own group."""
    away = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(away, np.inf)
    return float((away.argmin(axis=1) // each == np.arange(len(points)) // each).mean())


@pytest.fixture
def subject(tmp_path):
    path = tmp_path / "story.txt"
    path.write_text("The cat sat on the mat, and the 3 dogs saw it.\n" * 40, encoding="utf-8")
    layers = (Layer(attention=Attention(heads=2), mlp=Mlp(d_mlp=12)),)
    task = TaskSpec(text=str(path), tokenizer=TokenizerSpec(kind="characters"))
    run = Run.fresh(Experiment(model=ModelSpec(d_model=8, n_ctx=16, decoder=layers), task=task), device="cpu")
    return Subject(run.trainer.model, run.corpus, run.trainer.history, 7, torch.device("cpu"))


def test_a_layout_keeps_groups_together_tells_progress_and_goes_on_from_a_start():
    out = io.BytesIO()
    points, divergence = tsne.lay_out(groups(), None, 2, out)
    assert purity(points) == 1.0
    said = out.getvalue().splitlines()
    assert len(said) > 5
    assert b'"share": 1.0' in said[-1]
    again, same = tsne.lay_out(groups(), points, 2, io.BytesIO())
    assert np.abs(again - points).max() < 0.5 * np.abs(points).max()
    assert same < divergence + 0.1


def test_vectors_are_reduced_to_their_principal_components_first():
    wide = groups(width=60)
    few = tsne.reduced(wide, 10)
    size = np.linalg.svd(wide - wide.mean(axis=0))[1][:10]
    np.testing.assert_allclose(np.linalg.norm(few, axis=0), size, rtol=1e-2)
    assert tsne.reduced(few) is few


def test_a_job_runs_beside_and_comes_back(qtbot):
    changes = []
    job = TsneJob(groups(), 2, None, lambda: changes.append(job.progress))
    assert job.points is None  # nobody has waited
    assert job.join(60)
    assert job.failed == ""
    assert purity(job.points) == 1.0
    assert job.divergence > 0
    shares = [change.share for change in changes[:-1]]
    assert shares == sorted(shares)
    assert changes[-1] is None


def test_a_job_can_be_given_up_at_once():
    changes = []
    job = TsneJob(np.random.default_rng(0).normal(size=(3000, 40)).astype(np.float32), 2, None, lambda: changes.append(1))
    time.sleep(0.3)
    start = time.perf_counter()
    job.cancel()
    assert time.perf_counter() - start < 0.1
    assert job.join(5)
    assert (job.points, job.progress, job._process.returncode is None) == (None, None, False)


def test_a_failure_is_told_in_words(monkeypatch):
    changed = threading.Event()
    monkeypatch.setattr("playground.views.embeddings.tsne_job.sys.executable", "/nowhere/python")
    job = TsneJob(groups(), 2, None, changed.set)
    assert changed.wait(10)
    assert "nowhere" in job.failed
    assert job.points is None
    assert job.join(5)


def test_the_probe_shows_principal_components_until_the_layout_is_there_and_keeps_it(subject):
    probe, called = EmbeddingProbe(), threading.Event()
    probe.call_again = called.set
    before = probe.observe(subject, EmbeddingLook(layout="tsne", run=1))
    assert (before.layout, before.progress.doing) == ("pca", "starting")
    frame = before
    while frame.progress is not None:
        assert called.wait(60)
        called.clear()
        frame = probe.observe(subject, EmbeddingLook(layout="tsne", run=1))
    assert (frame.layout, frame.layout_step, frame.explained) == ("tsne", 7, ())
    assert frame.divergence > 0
    assert len(frame.points) == len(frame.tokens)
    from dataclasses import replace

    later = probe.observe(replace(subject, step=9), EmbeddingLook(layout="tsne", run=1))
    np.testing.assert_allclose(later.points, frame.points, atol=1e-4)
    assert (later.step, later.layout_step, later.progress) == (9, 7, None)
    warm = probe.observe(subject, EmbeddingLook(layout="tsne", run=2))
    assert (warm.layout, warm.progress is not None) == ("tsne", True)  # the old one stays in sight
    given_up = probe.observe(subject, EmbeddingLook(layout="tsne", run=0))
    assert (given_up.layout, given_up.progress) == ("tsne", None)


def test_too_few_points_are_refused_in_words(subject):
    frame = EmbeddingProbe().observe(subject, EmbeddingLook(layout="tsne", run=1, max_points=3))
    assert (frame.layout, frame.note, frame.progress) == ("pca", "t-SNE needs at least 4 points.", None)


def test_a_probe_that_is_forgotten_ends_its_process(subject):
    probe = EmbeddingProbe()
    probe.observe(subject, EmbeddingLook(layout="tsne", run=1))
    job = probe._tsne._job
    del probe
    assert job.join(10)
    assert job.points is None


def test_a_probe_can_ask_for_another_picture(subject):
    mailbox = Mailbox()
    watching = Watching(mailbox)
    watching.watch("embeddings", EmbeddingLook())
    job = watching.urgent(7, training=False)
    watching.run(job, subject)
    assert watching.urgent(7, training=False) is None
    watching._probes["embeddings"].call_again()
    command = mailbox.inbox.get_nowait()
    assert command == Again("embeddings")
    watching.again(command.view)
    assert watching.urgent(7, training=False) is job
    watching.again("nobody looks at this")
    assert not [event for event in mailbox.take().events if isinstance(event, Fault)]
