"""A real window with the default model behind it, offscreen, for the measurements beside this file."""

import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from playground.app import EngineThread, application, collect_from_the_gui_thread  # noqa: E402
from playground.places import model_folder  # noqa: E402
from playground.style import theme  # noqa: E402
from playground.ui.window import MainWindow  # noqa: E402
from playground.worker.commands import OpenModel  # noqa: E402
from playground.worker.mailbox import Mailbox  # noqa: E402


class Session:
    """Opens the window on a shipped model; `until` turns the event loop."""

    def __init__(self, model: str = "gpt") -> None:
        self.app = application()
        theme.apply(self.app, "dark")
        self.mailbox = Mailbox()
        self.window = MainWindow(self.mailbox, remember=False)
        self.window.resize(1440, 900)
        self.engine = EngineThread(self.mailbox, "cpu")
        collect_from_the_gui_thread(self.window)
        self.window.show()
        self.engine.start()
        self.mailbox.send(OpenModel(model_folder(model), None, self.window.document.next_number()))
        self.window.prompt.ask()
        self.until(lambda: self.window.status.mode == "paused" and bool(self.window.document.name), 60)

    def until(self, condition, seconds: float) -> float:
        """Seconds until the condition held; raises TimeoutError."""
        start = time.perf_counter()
        while not condition():
            if time.perf_counter() - start > seconds:
                raise TimeoutError
            self.app.processEvents()
            time.sleep(0.0005)
        return time.perf_counter() - start

    def close(self) -> None:
        """End window and thread."""
        self.window.close()
        self.engine.stop()
