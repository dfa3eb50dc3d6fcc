"""The application: Qt set up once, the window, the engine's thread, and a clean end."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from playground.style import theme
from playground.training import memory
from playground.ui.window import MainWindow
from playground.worker.commands import OpenModel, Play, Step, Stop
from playground.worker.mailbox import Fault, Mailbox, Status

STOP_SECONDS = 10.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wishes:
    """What the command line asks of the window."""

    model: Path
    text: str | None = None
    play: bool = False
    device: str = "auto"
    theme: str = "dark"
    size: tuple[int, int] | None = None
    screenshot: Path | None = None
    after_steps: int = 0
    view: str = "attention"
    """A view's name, or "all"."""


class EngineThread:
    """The worker thread; torch is imported inside it, so the window never waits for that."""

    def __init__(self, mailbox: Mailbox, device: str) -> None:
        self._mailbox, self._device = mailbox, device
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin."""
        memory.keep()  # only binds threads that have not begun
        self._thread.start()

    def stop(self) -> bool:
        """Ask for the end and wait for it; False when it did not come in time."""
        if self._thread.is_alive():
            self._mailbox.send(Stop())
            self._thread.join(STOP_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            from playground.worker.engine import Engine

            Engine(self._mailbox, self._device).run()
        except Exception as error:  # the window must hear of it, whatever it is
            log.exception("the engine ended")
            self._mailbox.put_status(Status(mode="stopped"))
            self._mailbox.put_event(Fault("Training cannot run.", f"{error}.", "“playground doctor” says what is missing."))


def collect_from_the_gui_thread(window: MainWindow) -> None:
    """Run Python's cyclic collector only here: in the training thread it could destroy Qt objects."""
    gc.disable()

    def spare_what_is_loaded() -> None:
        """Libraries never become garbage: without them a full collection takes milliseconds instead of a fifth of a second."""
        window.document.changed.disconnect(spare_what_is_loaded)
        gc.freeze()

    window.document.changed.connect(spare_what_is_loaded)
    for interval, generation in ((1_000, 0), (5_000, 1), (30_000, 2)):
        timer = QTimer(window)
        timer.timeout.connect(lambda generation=generation: gc.collect(generation))
        timer.start(interval)


def application() -> QApplication:
    """The one QApplication, with Qt's messages going to the log."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    qInstallMessageHandler(_on_qt_message)
    made = QApplication(sys.argv[:1])
    made.setApplicationName("Transformer Playground")
    made.setDesktopFileName("transformer-playground")
    return made


def run(wishes: Wishes) -> int:
    """Open the window and stay until it is closed; with a screenshot, render it and leave. Returns the exit status."""
    app = application()
    theme.apply(app, wishes.theme)
    mailbox = Mailbox()
    window = MainWindow(mailbox, remember=wishes.screenshot is None)
    window.resize(*(wishes.size or (1440, 900)))
    engine = EngineThread(mailbox, wishes.device)

    def begin() -> None:
        if os.environ.get("PLAYGROUND_REPORT_FIRST_PAINT"):
            sys.stdout.write(f"first paint {time.time()}\n")
            sys.stdout.flush()
            app.exit(0)
            return
        engine.start()
        mailbox.send(OpenModel(wishes.model, wishes.text, window.document.next_number()))
        window.prompt.ask()
        if wishes.after_steps:
            mailbox.send(Step(wishes.after_steps))
        elif wishes.play:
            mailbox.send(Play())

    window.painted.connect(begin)
    if wishes.view == "all":
        window.stage.toggle_all()
    else:
        window.stage.show_view(wishes.view)
    collect_from_the_gui_thread(window)
    camera = Camera(window, wishes) if wishes.screenshot else None
    window.show()
    status = app.exec()
    window.close()
    if not engine.stop():
        log.warning("the engine did not stop within %s s", STOP_SECONDS)
    return camera.status if camera is not None else status


class Camera:
    """Waits until enough steps were taken and everything on screen is of that moment, then saves a picture and leaves."""

    def __init__(self, window: MainWindow, wishes: Wishes) -> None:
        self._window, self._wishes = window, wishes
        self._settled = 0
        self._first: int | None = None
        self.status = 0
        self._timer = QTimer(window)
        self._timer.timeout.connect(self._look)
        self._timer.start(100)

    def _look(self) -> None:
        window = self._window
        if window.status.mode == "stopped" or (window.notice.faulty() and window.status.mode == "starting"):
            self._leave(1)
        if window.status.mode not in ("running", "paused"):
            return
        self._first = window.status.step if self._first is None else self._first  # weights may come with a step count
        if window.status.step < self._first + self._wishes.after_steps:
            return
        if window.status.mode == "running":
            if not self._settled:
                window.toggle_play()
            self._settled = 1
            return
        self._settled += 1
        if self._settled > 12:  # over a second at rest: every view and the answer have been drawn for this step
            assert self._wishes.screenshot is not None
            saved = window.grab().save(str(self._wishes.screenshot))
            if not saved:
                sys.stderr.write(
                    f"The picture could not be written to {self._wishes.screenshot}. Choose a folder you may write to.\n"
                )
            self._leave(0 if saved else 1)

    def _leave(self, status: int) -> None:
        if status and (said := self._window.notice.text()):
            sys.stderr.write(f"{said}\n")
        self.status = status
        self._timer.stop()
        QApplication.exit(status)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    if "propagateSizeHints" in message:  # what the offscreen platform says about every window
        return
    level = logging.ERROR if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg) else logging.WARNING
    log.log(logging.DEBUG if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) else level, "Qt: %s", message)
