"""What watching costs: training with the window open and every view shown, beside training without one."""

from __future__ import annotations

import os
import statistics
import threading
import time
from typing import TYPE_CHECKING

from playground.places import model_folder

if TYPE_CHECKING:
    from playground.training.run import Run

LIVE_ROUNDS = 10
LIVE_SECONDS = float(os.environ.get("PLAYGROUND_BENCH_SECONDS", "30"))


def measure() -> dict[str, float]:
    """Steps a second with the window open and every view shown, over those without one; stalls and frame times.

    Both are taken in turns, because the speed of a machine wanders: the ratio is the median over the rounds, each beside
    the mean of the two measurements around it. The window's timer stands still while it is not its turn.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from playground.bench.window import OpenWindow
    from playground.training import memory
    from playground.training.device import choose, choose_threads

    memory.keep()
    busy, free = (choose_threads(choose("cpu"), busy_window=windowed) for windowed in (True, False))
    run = _fresh_run()
    window = OpenWindow()
    alone, rates = [_headless(run, busy, LIVE_SECONDS / 2 / LIVE_ROUNDS)], []
    for _ in range(LIVE_ROUNDS):
        rates.append(window.train(LIVE_SECONDS / LIVE_ROUNDS))
        alone.append(_headless(run, busy, LIVE_SECONDS / 2 / LIVE_ROUNDS))
    ratio = statistics.median(rate / statistics.mean(alone[at : at + 2]) for at, rate in enumerate(rates))
    to_best = 1.0 if free == busy else min(1.0, statistics.median(alone) / _headless(run, free, LIVE_SECONDS / 6))
    window.close()
    frames = sorted(window.frames)
    return {
        "headless_steps_per_s": round(statistics.median(alone), 2),
        "live_steps_per_s": round(statistics.median(rates), 2),
        "ratio": round(ratio, 4),
        "ratio_to_best": round(ratio * to_best, 4),
        "stall_ms_max": round(max(window.stalls) * 1000, 2),
        "frame_ms_p99": round(frames[int(len(frames) * 0.99)] * 1000, 2),
    }


def _fresh_run() -> Run:
    from playground.training.run import Run

    return Run.open(model_folder("gpt"), device="cpu")


def _headless(run: Run, threads: int, seconds: float) -> float:
    """Steps a second in a thread of its own, as the engine has."""
    from playground.training.device import set_threads

    found: list[float] = []

    def job() -> None:
        set_threads(threads)
        steps = run.trainer.steps()
        for _ in range(5):
            next(steps)
        start, count = time.perf_counter(), 0
        while (now := time.perf_counter()) - start < seconds:
            next(steps)
            count += 1
        found.append(count / (now - start))

    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    return found[0]
