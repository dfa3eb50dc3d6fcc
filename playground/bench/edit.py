"""What an edit costs while it trains: until the first step of the new model, and for the window; and how the diagram moves."""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.bench.window import OpenWindow

EDITS, TALL, PANS = 40, 32, 240


def measure() -> dict[str, float]:
    """Milliseconds from an edit to the first step of the new model (95th percentile), the diagram's frames a second while
    32 different layers are panned and zoomed and the model trains (5th percentile), and the longest stall by an edit."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from playground.bench.window import OpenWindow
    from playground.training import memory
    from playground.worker.commands import Play

    memory.keep()
    bench = OpenWindow(all_views=False, size=(1440, 900))
    window = bench.window
    window.timer.start()
    bench.mailbox.send(Play())
    first = window.status.step + 30
    bench.until(lambda: window.status.step >= first)
    took, stalls = [], []
    for turn in range(EDITS):
        path, value = EDITED[turn % len(EDITED)]
        start = time.perf_counter()
        window.inspector.edit_requested.emit(path, value)
        stalls.append(time.perf_counter() - start)
        bench.until(lambda: window.document.running == window.document.experiment)
        step = window.status.step
        bench.until(lambda step=step: window.status.step > step)  # type: ignore[misc]
        took.append(time.perf_counter() - start)
        bench.rest(0.3)
    frames = _pan(bench)
    bench.close()
    return {
        "edit_to_step_ms_p95": round(1000 * _percentile(took, 0.95), 1),
        "edit_to_step_ms_median": round(1000 * statistics.median(took), 1),
        "diagram_fps_p5": round(1.0 / _percentile(frames, 0.95), 1),
        "stall_ms_max": round(1000 * max(stalls), 1),
    }


EDITED = (
    ("model.decoder[1].attention.heads", 8), ("model.decoder[1].attention.heads", 4), ("model.decoder[2].mlp.d_mlp", 320),
    ("model.decoder[2].mlp.d_mlp", 256), ("model.d_model", 112), ("model.d_model", 96), ("model.n_ctx", 48),
    ("model.n_ctx", 64),
)  # fmt: skip


def _pan(bench: OpenWindow) -> list[float]:
    """Seconds each frame of the diagram takes, while it is scrolled and zoomed over many layers."""
    from playground.spec import edit, layers

    window = bench.window
    now = window.document.experiment
    made = layers.inserted(now, [now.model.decoder[0]] * (TALL - len(now.model.decoder)), "decoder", 0).experiment
    for index in range(0, TALL, 2):  # no two neighbours are equal, so nothing folds
        made = edit.replaced(made, f"model.decoder[{index}].mlp.d_mlp", 64)
    window.document.replace(made, "32 layers")
    bench.until(lambda: len(window.document.running.model.decoder) == TALL)
    bench.rest(1.0)
    canvas, took = window.diagram.canvas, []
    bar = canvas.verticalScrollBar()
    for count in range(PANS):
        if count % 60 == 59:
            canvas.set_zoom((0, 2, 1)[count // 60 % 3])
        start = time.perf_counter()
        bar.setValue(round((bar.maximum() or 1) * (count % 60) / 60))
        canvas.viewport().repaint()
        took.append(time.perf_counter() - start)
        bench.rest(0.005)
    return took


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
