"""How fast embeddings are looked at: 10,000 of them projected, aligned and drawn, and 50,000 panned."""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.views.embeddings.panel import EmbeddingsPanel
    from playground.views.subject import Subject

WIDTH = 128
"""Entries of each vector."""
SIZE = 1280, 720
"""Pixels of the panel."""
ROUNDS = 30


def measure() -> dict[str, float]:
    """Pictures a second of 10,000 embeddings, from the moving weights to the repainted window, and repaints a second of
    50,000 under the dragging mouse; both by the median of the rounds."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from playground.app import application
    from playground.style import theme

    theme.apply(application(), "dark")
    return {"embeddings_10k_per_s": round(_live(10_000), 2), "pan_50k_fps": round(_pan(50_000), 2)}


def _live(count: int) -> float:
    """The vectors move at random from picture to picture, as by training."""
    import torch

    from playground.views.embeddings.frame import EmbeddingLook
    from playground.views.embeddings.probe import EmbeddingProbe

    subject, probe, panel = _subject(count), EmbeddingProbe(), _panel()
    random, took = torch.Generator().manual_seed(0), []
    weights = subject.model.embed.weight
    for _ in range(ROUNDS + 3):
        with torch.no_grad():
            weights.add_(torch.randn(weights.shape, generator=random), alpha=0.005)
        start = time.perf_counter()
        panel.draw(probe.observe(subject, EmbeddingLook()))
        panel.cloud.repaint()
        took.append(time.perf_counter() - start)
    assert panel.cloud.shown().sum() == count
    panel.close()
    return 1 / statistics.median(took[3:])


def _pan(count: int) -> float:
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent

    from playground.views.embeddings.frame import EmbeddingLook
    from playground.views.embeddings.probe import EmbeddingProbe

    panel = _panel()
    panel.draw(EmbeddingProbe().observe(_subject(count), EmbeddingLook()))
    panel.cloud.repaint()
    assert panel.cloud.shown().sum() == count
    cloud, left, none = panel.cloud, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier

    def event(kind: QEvent.Type, at: QPointF) -> QMouseEvent:
        return QMouseEvent(kind, at, at, left, left, none)

    took, place = [], float(cloud.places[0, 0])
    cloud.mousePressEvent(event(QEvent.Type.MouseButtonPress, QPointF(300, 200)))
    for moved in range(ROUNDS + 3):
        start = time.perf_counter()
        cloud.mouseMoveEvent(event(QEvent.Type.MouseMove, QPointF(300 + 5 * moved, 200 + 2 * moved)))
        cloud.repaint()
        took.append(time.perf_counter() - start)
    assert round(cloud.places[0, 0] - place) == 5 * (ROUNDS + 2), "it was not repainted"
    panel.close()
    return 1 / statistics.median(took[3:])


def _panel() -> EmbeddingsPanel:
    from PySide6.QtWidgets import QApplication

    from playground.views.embeddings.panel import EmbeddingsPanel

    panel = EmbeddingsPanel()
    panel.resize(*SIZE)
    panel.show()
    QApplication.processEvents()
    return panel


def _subject(count: int) -> Subject:
    """A model that knows `count` tokens, spread over ten groups, each token as frequent as its place in the list says."""
    import numpy as np
    import torch

    from playground.data.corpus import Corpus
    from playground.data.tokenizer import Bytes
    from playground.spec.model import Layer, Mlp, ModelSpec
    from playground.training.history import History
    from playground.transformer.model import build
    from playground.views.subject import Subject

    class Numbered(Bytes):
        """Tokens that are named by their numbers."""

        def pieces(self, ids):  # type: ignore[no-untyped-def]
            return [f"{'Tt'[int(i) % 2]}{i}" for i in ids]

    spec = ModelSpec(d_model=WIDTH, n_ctx=8, vocab=count, decoder=(Layer(attention=None, mlp=Mlp(d_mlp=8)),))
    model = build(spec, 0)
    random = torch.Generator().manual_seed(1)
    middles = torch.randn(10, WIDTH, generator=random)
    with torch.no_grad():
        model.embed.weight.copy_(middles.repeat(count // 10, 1) + torch.randn(count, WIDTH, generator=random))
    text = torch.zeros(16, dtype=torch.int64)
    counts = 1 + np.int64(1e6) // (1 + np.arange(count))
    return Subject(model, Corpus("numbers", Numbered(), text, text, 1.0, counts), History(), 0, torch.device("cpu"))
