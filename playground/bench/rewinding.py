"""How soon a recorded step is on screen, and whether memory stays flat, over a long run with every view open."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playground.places import model_folder

if TYPE_CHECKING:
    from playground.bench.window import OpenWindow

STEPS = int(os.environ.get("PLAYGROUND_BENCH_STEPS", "5000"))
JUMPS = 40
COUNTED = 256
"""Steps over which the cost of recording is taken."""
QUICK_BATCH = 4
"""The run is taken with small batches: neither what is recorded nor what is looked at depends on them."""


def measure() -> dict[str, float]:
    """Milliseconds from a jump to the first picture of attention (95th percentile), and how memory grows.

    The default model at its usual size trains `PLAYGROUND_BENCH_STEPS` (5,000) steps with every view open. Then it jumps to
    recorded steps at random, half of the times at rest and half while training goes on with its usual batches: the figure
    is the worse of the two percentiles. `rewind_all_ms_p95` is until the last of the views has followed. `rss_growth` is
    the share by which resident memory grew over the second half of the run, `recording_share` the part of the time of
    training without a window that recording takes.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from playground.bench.window import OpenWindow
    from playground.training import memory
    from playground.worker.commands import Pause, Play, Restart

    memory.keep()
    bench = OpenWindow()
    window = bench.window
    window.timer.start()
    bench.mailbox.send(Restart())
    bench.until(lambda: window.status.step == 0)
    usual = window.document.experiment.training.batch
    _set(bench, QUICK_BATCH)
    bench.mailbox.send(Play())
    bench.until(lambda: window.status.step >= STEPS // 2, 3600)
    half = _resident()
    bench.until(lambda: window.status.step >= STEPS, 3600)
    grown = _resident() / half - 1.0
    bench.mailbox.send(Pause())
    _set(bench, usual)
    bench.rest(1.0)
    places = random.Random(0)
    at_rest = [_jump(bench, places) for _ in range(JUMPS // 2)]
    bench.mailbox.send(Play())
    bench.rest(1.0)
    running = [_jump(bench, places) for _ in range(JUMPS // 2)]
    recorded = window.timeline.track.steps()
    bench.close()
    firsts, alls = ([[jump[which] for jump in part] for part in (at_rest, running)] for which in (0, 1))
    return {
        "rewind_ms_p95": round(1000 * max(map(_p95, firsts)), 1),
        "rewind_ms_median": round(1000 * statistics.median(sum(firsts, [])), 1),
        "rewind_all_ms_p95": round(1000 * max(map(_p95, alls)), 1),
        "rss_growth": round(grown, 4),
        "recorded_steps": len(recorded),
        "recording_share": round(_recording_share(), 5),
    }


def _set(bench: OpenWindow, batch: int) -> None:
    document = bench.window.document
    document.edit("training.batch", batch)
    bench.until(lambda: document.running.training.batch == batch)


def _jump(bench: OpenWindow, places: random.Random) -> tuple[float, float]:
    """Seconds until the attention of a recorded step has been painted, and until every view has followed."""
    from PySide6.QtWidgets import QApplication

    window = bench.window
    step = places.choice([step for step in window.timeline.track.steps() if step != window.rewinding.step])
    seen: dict[str, float] = {}
    draw = window.stage.draw

    def watched(frames):  # type: ignore[no-untyped-def]
        draw(frames)
        for name, frame in frames.items():
            if frame.step == step:
                seen.setdefault(name, 0.0)

    window.stage.draw = watched  # type: ignore[method-assign]
    start = time.perf_counter()
    window.timeline.sought.emit(step)
    while not all(seen.get(name) for name in window.stage.panels):
        QApplication.processEvents()  # what has just been drawn is painted in this turn or the next
        QApplication.processEvents()
        now = time.perf_counter() - start
        seen.update({name: now for name, at in seen.items() if not at})
        if now > 30:
            raise TimeoutError(f"no picture of step {step}: {sorted(seen)}")
        time.sleep(0.0005)
    window.stage.draw = draw  # type: ignore[method-assign]
    bench.rest(0.3)
    return seen["attention"], max(seen.values())


def _recording_share() -> float:
    from itertools import islice

    from playground.training.run import Run

    run = Run.open(model_folder("gpt"), device="cpu")
    run.recording.begin(run.trainer, run.corpus)
    took, start = 0.0, time.perf_counter()
    for _ in islice(run.trainer.steps(), COUNTED):
        took += run.recording.follow(run.trainer, run.corpus)
    return took / (time.perf_counter() - start)


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def _resident() -> float:
    """Bytes of memory this process holds; where /proc is missing, the most it ever held."""
    import resource

    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
