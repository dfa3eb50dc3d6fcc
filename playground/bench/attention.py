"""How fast attention is looked at while a model trains: 12 × 12 heads at 128 tokens, and one head at 512."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.training.run import Run
    from playground.views.attention.frame import AttentionLook
    from playground.views.subject import Subject

SIZE = 1280, 720
"""Pixels of the panel."""
ROUNDS = 20


def measure() -> dict[str, float]:
    """Fresh pictures a second, from the weights to the repainted panel, by the median of the rounds; meanwhile another
    thread trains the shipped GPT."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from playground.app import application
    from playground.style import theme
    from playground.training.device import set_threads
    from playground.views.attention.frame import AttentionLook

    theme.apply(application(), "dark")
    set_threads(1)
    with _training():
        all_heads = _rate(128, AttentionLook(max_tokens=128), "model")
        one_head = _rate(512, AttentionLook(max_tokens=512, only="decoder.5"), "head")
    return {"heads_12x12_128_per_s": round(all_heads, 2), "head_512_per_s": round(one_head, 2)}


def _rate(n_ctx: int, look: AttentionLook, zoom: str) -> float:
    """Pictures a second of a model with 12 layers of 12 heads."""
    from PySide6.QtWidgets import QApplication

    from playground.views.attention.panel import AttentionPanel
    from playground.views.attention.probe import AttentionProbe

    subject, probe, panel, took = _subject(n_ctx), AttentionProbe(), AttentionPanel(), []
    panel.resize(*SIZE)
    panel.show()
    panel.draw(probe.observe(subject, look))
    panel.go(zoom)
    QApplication.processEvents()
    shown = panel.model.gallery if zoom == "model" else panel.matrix
    for _ in range(ROUNDS + 3):
        start = time.perf_counter()
        frame = probe.observe(subject, look)
        panel.draw(frame)
        shown.repaint()
        took.append(time.perf_counter() - start)
        QApplication.processEvents()
    assert len(frame.tokens) == n_ctx, "the text is shorter than the context"
    assert shown.isVisible()
    panel.close()
    return 1 / statistics.median(took[3:])


def _subject(n_ctx: int) -> Subject:
    from playground.spec.experiment import Experiment, TaskSpec
    from playground.spec.model import Attention, Layer, Mlp, ModelSpec
    from playground.training.run import Run
    from playground.worker.looking import present

    layer = Layer(attention=Attention(heads=12), mlp=Mlp(d_mlp=256))
    model = ModelSpec(d_model=192, n_ctx=n_ctx, decoder=(layer,) * 12)
    return present(Run.fresh(Experiment(model=model, task=TaskSpec()), device="cpu"))


@contextmanager
def _training() -> Iterator[None]:
    """Inside the block a thread trains."""
    from playground.places import model_folder
    from playground.training.run import Run

    run, ended = Run.open(model_folder("gpt"), device="cpu"), threading.Event()
    thread = threading.Thread(target=_train, args=(run, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _train(run: Run, ended: threading.Event) -> None:
    steps = run.trainer.steps()
    while not ended.is_set():
        next(steps)
