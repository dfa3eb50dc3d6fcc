"""The real window, offscreen, with a clock on its event loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from playground.places import model_folder

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QWidget


class OpenWindow:
    """The real window with every view shown, and what its event loop was doing while the model trained behind it."""

    def __init__(self, all_views: bool = True, size: tuple[int, int] = (1920, 1080)) -> None:
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
        self.mailbox = Mailbox()
        self.window = window = MainWindow(self.mailbox, remember=False)
        window.resize(*size)
        self._engine = EngineThread(self.mailbox, "cpu")
        if all_views:
            window.stage.toggle_all()
        collect_from_the_gui_thread(window)
        window.show()
        self._engine.start()
        self.mailbox.send(OpenModel(model_folder("gpt"), None, window.document.next_number()))
        window.prompt.ask()
        spin(lambda: window.status.mode == "paused" and bool(window.stage.panels), 120)
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

        window, wanted = self.window, self.window.status.step + 10
        window.timer.start()
        self.mailbox.send(Play())
        spin(lambda: window.status.step >= wanted, 120)
        self._clock.start()
        self._tick.start()
        first, start = window.status.step, time.perf_counter()
        spin(lambda: False, seconds)
        rate = (window.status.step - first) / (time.perf_counter() - start)
        self._tick.stop()
        self.mailbox.send(Pause())
        spin(lambda: window.status.mode == "paused", 30)
        window.timer.stop()
        return rate

    def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Turn the event loop until a condition holds, looking at it at every turn. Raises TimeoutError."""
        from PySide6.QtWidgets import QApplication

        start = time.perf_counter()
        while not condition():
            if time.perf_counter() - start > seconds:
                raise TimeoutError
            QApplication.processEvents()
            time.sleep(0.0005)

    def rest(self, seconds: float) -> None:
        """Turn the event loop for so long."""
        end = time.perf_counter() + seconds
        self.until(lambda: time.perf_counter() >= end, seconds + 1)

    def close(self) -> None:
        """End window and thread."""
        self.window.close()
        self._engine.stop()

    def _ticked(self) -> None:
        self.stalls.append(max(0.0, self._clock.nsecsElapsed() / 1e9 - 0.01))
        self._clock.restart()

    def _poll(self) -> None:
        start = time.perf_counter()
        self.window.poll()
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


def spin(until: Callable[[], bool], seconds: float) -> None:
    """Leave the event loop to itself until a condition holds, or for so long."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if until() else None)
    timer.start(50)
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
