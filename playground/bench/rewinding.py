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
    from playground.views.frames import Frame

STEPS = int(os.environ.get("PLAYGROUND_BENCH_STEPS", "5000"))
JUMPS = 40
LONGEST, LONGEST_JUMP_MS = 3600.0, 30_000
"""Seconds of a part of the run, and milliseconds of a jump, after which the measurement gives up."""
COUNTED = 256
"""Steps over which the cost of recording is taken."""
QUICK_BATCH = 4
"""The run is taken with small batches: neither what is recorded nor what is looked at depends on them."""


def measure() -> dict[str, float]:
    """Milliseconds from a jump to the first picture of the model (95th percentile), and how memory grows.

    The default model at its usual size trains `PLAYGROUND_BENCH_STEPS` (5,000) steps with every view open. Then it jumps to
    recorded steps at random, half of the times at rest and half while training goes on with its usual batches: the figure
    is the worse of the two percentiles. `rewind_every_view_ms_p95` is until the last of them has followed. `rss_growth` is
    the share by which resident memory grew over the last quarter of the run, when the budget of what is recorded is used
    up; `recording_share` is the part of the time of training without a window that recording takes.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from playground.bench.window import OpenWindow, spin
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
    spin(lambda: window.status.step >= STEPS * 3 // 4, LONGEST)
    full = _resident()
    spin(lambda: window.status.step >= STEPS, LONGEST)
    grown = _resident() / full - 1.0
    bench.mailbox.send(Pause())
    _set(bench, usual)
    spin(lambda: False, 1.0)
    places = random.Random(0)
    at_rest = [_jump(bench, places) for _ in range(JUMPS // 2)]
    bench.mailbox.send(Play())
    spin(lambda: False, 1.0)
    running = [_jump(bench, places) for _ in range(JUMPS // 2)]
    recorded = window.timeline.track.steps()
    bench.close()
    rest, run = (_p95([first for first, _ in jumps]) for jumps in (at_rest, running))
    return {
        "rewind_ms_p95": round(1000 * max(rest, run), 1),
        "rewind_at_rest_ms_p95": round(1000 * rest, 1),
        "rewind_at_rest_ms_median": round(1000 * statistics.median(first for first, _ in at_rest), 1),
        "rewind_training_ms_p95": round(1000 * run, 1),
        "rewind_training_ms_median": round(1000 * statistics.median(first for first, _ in running), 1),
        "rewind_every_view_ms_p95": round(1000 * max(_p95([last for _, last in jumps]) for jumps in (at_rest, running)), 1),
        "rss_growth": round(grown, 4),
        "recorded_steps": len(recorded),
        "recording_share": round(_recording_share(), 5),
    }


def _set(bench: OpenWindow, batch: int) -> None:
    document = bench.window.document
    document.edit("training.batch", batch)
    bench.until(lambda: document.running.training.batch == batch)


def _jump(bench: OpenWindow, places: random.Random) -> tuple[float, float]:
    """Seconds until the first view has painted the model of a recorded step (the curves do not show it), and until all have."""
    from PySide6.QtCore import QEventLoop, QTimer

    from playground.bench.window import spin

    window, loop = bench.window, QEventLoop()
    step = places.choice([step for step in window.timeline.track.steps() if step != window.rewinding.step])
    seen: dict[str, float] = {}
    draw, wanted = window.stage.draw, set(window.stage.panels)

    def painted(name: str) -> None:
        seen.setdefault(name, time.perf_counter() - start)
        if seen.keys() == wanted:
            loop.quit()

    def watched(frames: dict[str, Frame]) -> None:
        draw(frames)
        for name, frame in frames.items():
            if frame.step == step:  # it is painted before the next turn of the event loop
                QTimer.singleShot(0, lambda name=name: painted(name))

    window.stage.draw = watched  # type: ignore[method-assign]
    guard = QTimer(singleShot=True)
    guard.timeout.connect(loop.quit)
    guard.start(LONGEST_JUMP_MS)
    start = time.perf_counter()
    window.timeline.sought.emit(step)
    loop.exec()
    window.stage.draw = draw  # type: ignore[method-assign]
    if seen.keys() != wanted and step not in window.timeline.track.steps():
        return _jump(bench, places)  # training went on, and the step was dropped before it was asked for
    if seen.keys() != wanted:
        raise TimeoutError(f"no picture of step {step} by {sorted(wanted - seen.keys())}")
    spin(lambda: False, 0.3)
    return min(at for name, at in seen.items() if name != "curves"), max(seen.values())


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
