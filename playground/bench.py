"""The three measurements of the product: launch, train and live. Ratios come from one run, figures are medians."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from playground.places import model_folder

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QWidget

    from playground.training.run import Run

LAUNCHES = 7
ROUNDS, STEPS_A_ROUND = 9, 25
LIVE_ROUNDS = 10
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


def live() -> dict[str, float]:
    """Steps a second with the window open and every view shown, over those without one; stalls and frame times.

    Both are taken in turns, because the speed of a machine wanders: the ratio is the median over the rounds, each beside
    the mean of the two measurements around it. The window's timer stands still while it is not its turn.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from playground.training import memory
    from playground.training.device import choose, choose_threads

    memory.keep()
    busy, free = (choose_threads(choose("cpu"), busy_window=windowed) for windowed in (True, False))
    run = _fresh_run()
    window = _Window()
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


class _Window:
    """The real window with every view shown, and what its event loop was doing while the model trained behind it."""

    def __init__(self) -> None:
        from PySide6.QtCore import QElapsedTimer, Qt, QTimer

        from playground.app import EngineThread, application, collect_from_the_gui_thread
        from playground.style import theme
        from playground.ui.window import MainWindow
        from playground.worker.commands import OpenModel
        from playground.worker.mailbox import Mailbox

        application()
        theme.apply(application(), "dark")
        self.stalls: list[float] = []
        self.frames: list[float] = []
        self._mailbox = Mailbox()
        self._window = window = MainWindow(self._mailbox, remember=False)
        window.resize(1920, 1080)
        self._engine = EngineThread(self._mailbox, "cpu")
        window.stage.toggle_all()
        collect_from_the_gui_thread(window)
        window.show()
        self._engine.start()
        self._mailbox.send(OpenModel(model_folder("gpt"), None, window.document.next_number()))
        window.prompt.ask()
        _spin(lambda: window.status.mode == "paused" and len(window.stage.panels) == 4, 120)
        self._watch = _repaints(window, self._painted)
        self._preparing = 0.0
        window.timer.timeout.disconnect()
        window.timer.timeout.connect(self._poll)
        self._clock, self._tick = QElapsedTimer(), QTimer()
        self._tick.setTimerType(Qt.TimerType.PreciseTimer)
        self._tick.setInterval(10)
        self._tick.timeout.connect(self._ticked)

    def train(self, seconds: float) -> float:
        """Train for so long, all views open; steps a second."""
        from playground.worker.commands import Pause, Play

        window, wanted = self._window, self._window.status.step + 10
        window.timer.start()
        self._mailbox.send(Play())
        _spin(lambda: window.status.step >= wanted, 120)
        self._clock.start()
        self._tick.start()
        first, start = window.status.step, time.perf_counter()
        _spin(lambda: False, seconds)
        rate = (window.status.step - first) / (time.perf_counter() - start)
        self._tick.stop()
        self._mailbox.send(Pause())
        _spin(lambda: window.status.mode == "paused", 30)
        window.timer.stop()
        return rate

    def close(self) -> None:
        """End window and thread."""
        self._window.close()
        self._engine.stop()

    def _ticked(self) -> None:
        self.stalls.append(max(0.0, self._clock.nsecsElapsed() / 1e9 - 0.01))
        self._clock.restart()

    def _poll(self) -> None:
        start = time.perf_counter()
        self._window.poll()
        self._preparing = time.perf_counter() - start

    def _painted(self) -> None:
        """A frame is what prepared it and the repaint that follows now; the next turn of the event loop ends it."""
        from PySide6.QtCore import QTimer

        if self._tick.isActive():
            start, before, self._preparing = time.perf_counter(), self._preparing, 0.0
            QTimer.singleShot(0, lambda: self.frames.append(before + time.perf_counter() - start))


def _repaints(window: QWidget, call: Callable[[], None]) -> QObject:
    """Calls back at each repaint of the window; only the events of the window itself pass through here."""
    from PySide6.QtCore import QEvent, QObject

    class Filter(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
            if event.type() == QEvent.Type.UpdateRequest:
                call()
            return False

    made = Filter(window)
    window.installEventFilter(made)
    return made


def _spin(until: Callable[[], bool], seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if until() else None)
    timer.start(50)
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
