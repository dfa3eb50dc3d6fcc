"""What is kept of a person's work: recent folders and texts, the question before changes go, and recovery after a crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from playground.places import shipped
from playground.ui import files, unsaved
from playground.ui.recent import Recent
from playground.ui.recovery import Recovered, Recovery
from playground.worker.commands import Save
from playground.worker.mailbox import Fault

if TYPE_CHECKING:
    from playground.ui.window import MainWindow

EVERY_MS = 2000
"""How often it is looked whether there is something to write aside."""


class Keeper:
    """Without `remember` nothing is written and nothing asked, as in tests and for pictures."""

    def __init__(self, window: MainWindow, remember: bool) -> None:
        self._window, self._remembers = window, remember
        self.recent, self._recovery = Recent(), Recovery()
        self.folder: Path | None = None
        """Where the model lies that is open, if it is one of the person's own."""
        self._then: Callable[[], object] | None = None
        self._timer = QTimer(window)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Offer what a crash has left, and look after what comes."""
        if not self._remembers:
            return
        self._timer.start()
        if (found := self._recovery.found()) is not None:
            self._window.notice.offer(found.sentence, "Bring it back", lambda: self._bring_back(found))

    def opened(self, folder: Path) -> None:
        """A model was opened from a folder."""
        own = shipped("models") not in folder.absolute().parents
        self.folder = folder if own else None
        if self._remembers and own:
            self.recent.add(folder)

    def learned(self, path: str) -> None:
        """A text or table was opened."""
        if self._remembers and Path(path).is_file():
            self.recent.add(Path(path))

    def saved(self, folder: Path) -> None:
        """Everything lies safely in a folder; what has waited for that goes on."""
        self.folder = folder
        self._window.document.stack.setClean()
        if self._remembers:
            self.recent.add(folder)
            self._recovery.forget()
        then, self._then = self._then, None
        if then is not None:
            then()

    def failed(self) -> None:
        """It could not be saved, so what has waited for that does not happen."""
        self._then = None

    def may_go(self, before: str, then: Callable[[], object]) -> bool:
        """Whether what is open may go now. Where it has changes the person is asked; if they are to be saved first, `then`
        is called when they are."""
        document = self._window.document
        if not self._remembers or document.stack.isClean():
            return True
        answer = unsaved.ask(self._window, files.title(document.name), before)
        if answer == "discard":
            self._recovery.forget()
            return True
        target = (self.folder or files.choose_target(self._window)) if answer == "save" else None
        if target is not None:
            self._then = then
            self._window.mailbox.send(Save(target))
        return False

    def close(self) -> None:
        """A clean end: there is nothing to recover."""
        self._timer.stop()
        if self._remembers:
            self._recovery.forget()

    def _look(self) -> None:
        document = self._window.document
        if document.stack.isClean():
            return
        before = self._recovery.problem
        self._recovery.remember(document.experiment, files.title(document.name), self.folder)
        if self._recovery.problem and self._recovery.problem != before:
            self._window.notice.fault(Fault(self._recovery.problem))

    def _bring_back(self, found: Recovered) -> None:
        self._window.document.replace(found.experiment, "Bring back what was not saved")
        self._recovery.drop(found)
