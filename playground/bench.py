"""The three measurements of the product: launch, train and live. Ratios come from one run, figures are medians."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.places import model_folder

if TYPE_CHECKING:
    from playground.training.run import Run

LAUNCHES = 7
ROUNDS, STEPS_A_ROUND = 9, 25
LIVE_SECONDS = float(os.environ.get("PLAYGROUND_BENCH_SECONDS", "30"))


def launch() -> dict[str, float]:
    """Seconds from the start of the process to the first painted window, beside those of `import torch` alone."""
    paints, imports = [], []
    for _ in range(LAUNCHES):
        imports.append(_seconds_of([sys.executable, "-c", "import torch"]))
        paints.append(_first_paint())
    paint, torch_alone = statistics.median(paints), statistics.median(imports)
    return {"first_paint_s": round(paint, 4), "import_torch_s": round(torch_alone, 4), "ratio": round(paint / torch_alone, 4)}


def _seconds_of(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _first_paint() -> float:
    environment = {**os.environ, "PLAYGROUND_REPORT_FIRST_PAINT": "1"}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    start = time.time()
    done = subprocess.run([sys.executable, "-m", "playground"], check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout.split()[2]) - start


def train() -> dict[str, float]:
    """Tokens a second of nanogpt-cpu in our trainer, beside a plain loop with the same threads; alternating rounds."""
    import torch

    from playground.plainloop import PlainLoop
    from playground.spec import toml
    from playground.training.device import choose, choose_threads, set_threads
    from playground.training.run import Run

    threads = choose_threads(choose("cpu"), busy_window=False)
    set_threads(threads)
    run = Run.fresh(toml.load(model_folder("nanogpt-cpu") / "experiment.toml"), device="cpu")
    training = run.experiment.training
    ours, plain = run.trainer.steps(), PlainLoop(run.corpus.train, run.corpus.tokenizer.vocab)
    per_step = training.batch * run.experiment.model.n_ctx
    fast, slow = [], []
    for turn in range(ROUNDS + 1):
        a = _rate(lambda: next(ours), STEPS_A_ROUND) * per_step
        b = _rate(plain.step, STEPS_A_ROUND) * per_step
        if turn:  # the first round warms up
            fast.append(a)
            slow.append(b)
    ratio = statistics.median(a / b for a, b in zip(fast, slow, strict=True))
    return {
        "tokens_per_s": round(statistics.median(fast), 1),
        "plain_tokens_per_s": round(statistics.median(slow), 1),
        "ratio": round(ratio, 4),
        "threads": torch.get_num_threads(),
    }


def _rate(step: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        step()
    return count / (time.perf_counter() - start)


@dataclass
class _Watch:
    """What the event loop was doing."""

    stalls: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)


def live() -> dict[str, float]:
    """Steps a second with the window open and every view shown, over those without a window; stalls and frame times."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from playground.training import memory
    from playground.training.device import choose, choose_threads

    memory.keep()
    busy = choose_threads(choose("cpu"), busy_window=True)
    run = _fresh_run()
    before = _headless(run, busy, LIVE_SECONDS / 3)
    rate, watch = _live(LIVE_SECONDS)
    after = _headless(run, busy, LIVE_SECONDS / 3)
    counts = {busy, choose_threads(choose("cpu"), busy_window=False)}
    alone = statistics.mean((before, after))
    best = max([alone, *(_headless(run, count, LIVE_SECONDS / 6) for count in counts - {busy})])
    frames = sorted(watch.frames)
    return {
        "headless_steps_per_s": round(alone, 2),
        "live_steps_per_s": round(rate, 2),
        "ratio": round(rate / alone, 4),
        "ratio_to_best": round(rate / best, 4),
        "stall_ms_max": round(max(watch.stalls) * 1000, 2),
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


def _live(seconds: float) -> tuple[float, _Watch]:
    from PySide6.QtCore import QElapsedTimer, Qt, QTimer

    from playground.app import EngineThread, application, collect_from_the_gui_thread
    from playground.style import theme
    from playground.ui.window import MainWindow
    from playground.worker.commands import OpenModel, Play
    from playground.worker.mailbox import Mailbox

    app = application()
    theme.apply(app, "dark")
    mailbox, watch = Mailbox(), _Watch()
    window = MainWindow(mailbox, remember=False)
    window.resize(1920, 1080)
    engine = EngineThread(mailbox, "cpu")
    window.stage.toggle_all()
    collect_from_the_gui_thread(window)
    window.show()
    engine.start()
    mailbox.send(OpenModel(model_folder("gpt"), None, window.document.next_number()))
    window.prompt.ask()
    mailbox.send(Play())
    _spin(app, lambda: window.status.step >= 30 and len(window.stage.panels) == 4, 120)
    _spin(app, lambda: False, 2)
    clock, tick = QElapsedTimer(), QTimer()
    tick.setTimerType(Qt.TimerType.PreciseTimer)
    clock.start()

    def ticked() -> None:
        watch.stalls.append(max(0.0, clock.nsecsElapsed() / 1e9 - 0.005))
        clock.restart()

    tick.timeout.connect(ticked)
    tick.start(5)
    polled = window.poll
    window.timer.timeout.disconnect()

    def poll() -> None:
        start = time.perf_counter()
        polled()
        QTimer.singleShot(0, lambda: watch.frames.append(time.perf_counter() - start))  # after the repaint this caused

    window.timer.timeout.connect(poll)
    first, start = window.status.step, time.perf_counter()
    _spin(app, lambda: False, seconds)
    rate = (window.status.step - first) / (time.perf_counter() - start)
    window.timer.stop()
    tick.stop()
    window.close()
    engine.stop()
    return rate, watch


def _spin(app: object, until: Callable[[], bool], seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if until() else None)
    timer.start(50)
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
