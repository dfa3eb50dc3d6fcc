"""A real window with a real engine behind it, on a small model and a small text."""

import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from playground.spec import toml
from playground.spec.check import parse
from playground.style import theme
from playground.ui.window import MainWindow
from playground.worker.commands import OpenModel, Stop
from playground.worker.mailbox import Mailbox

VERSE = "the cat sat on the mat and the dog sat on the log\n"


@pytest.fixture(autouse=True)
def dark(qapp):
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # or the windows of earlier tests are styled again and again
    theme.apply(qapp, "dark")


def write_model(folder: Path, text: Path) -> Path:
    folder.mkdir()
    layer = {"attention": {"heads": 2}, "mlp": {"d_mlp": 32}}
    experiment = parse(
        {
            "model": {"d_model": 16, "n_ctx": 16, "decoder": [layer, layer]},
            "task": {"text": str(text), "tokenizer": {"kind": "characters"}},
            "training": {"batch": 4, "validation_windows": 4, "validate_every": 20, "warmup": 5, "precision": "float32"},
        }
    )
    toml.save(folder / "experiment.toml", experiment)
    return folder


class Desk:
    """The window, its mailbox and the thread behind it."""

    def __init__(self, qtbot, folder: Path) -> None:
        from playground.worker.engine import Engine

        self.qtbot, self.mailbox = qtbot, Mailbox()
        self.window = MainWindow(self.mailbox, remember=False)
        qtbot.addWidget(self.window)
        self.window.resize(1280, 720)
        self.thread = threading.Thread(target=Engine(self.mailbox, "cpu").run, name="engine", daemon=True)
        with qtbot.waitExposed(self.window):
            self.window.show()
        self.until(lambda: bool(self.window.stage.panels))
        self.thread.start()
        self.mailbox.send(OpenModel(folder, None, self.window.document.next_number()))
        self.window.prompt.ask()
        self.until(lambda: self.window.status.mode == "paused" and self.window.document.name == folder.name)

    def until(self, condition, seconds=20.0) -> None:
        self.qtbot.waitUntil(condition, timeout=int(seconds * 1000))

    def steps_on(self, count=3) -> None:
        """Wait until training has gone on by some steps."""
        start = self.window.status.step
        self.until(lambda: self.window.status.step >= start + count)

    def idle(self, seconds=0.3) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.01)

    def close(self) -> None:
        self.window.close()
        self.mailbox.send(Stop())
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "verse.txt"
    path.write_text(VERSE * 100, encoding="utf-8")
    return path


@pytest.fixture
def desk(qtbot, tmp_path, text):
    made = Desk(qtbot, write_model(tmp_path / "small", text))
    yield made
    made.close()


@pytest.fixture
def remembering(desk, monkeypatch):
    """The desk, as it is for a person: with questions, recent files and recovery."""
    desk.window.keeper._remembers = True
    answers = []
    monkeypatch.setattr(
        "playground.ui.unsaved.ask", lambda parent, title, before, what: answers.pop(0) if answers else "discard"
    )
    desk.answers = answers
    yield desk
    desk.window.keeper._remembers = False
