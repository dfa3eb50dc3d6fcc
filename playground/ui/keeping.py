"""What is kept of a person's work: recent folders and texts, the question before changes go, and recovery after a crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from playground.places import shipped
from playground.spec import cost
from playground.spec.experiment import Experiment
from playground.ui import files, unsaved
from playground.ui.recent import Recent
from playground.ui.recovery import Recovered, Recovery
from playground.worker.commands import OpenModel, Save
from playground.worker.mailbox import Fault

if TYPE_CHECKING:
    from playground.ui.window import MainWindow

EVERY_MS = 2000
"""How often it is looked whether there is something to write aside."""
WORTH_SECONDS = 60.0
"""So much training is worth a question before it is lost, and a copy aside of so much more."""
LARGEST = 30_000_000
"""Parameters of a model whose weights are still written aside now and then: some 360 MB with what the optimiser keeps."""


class Keeper:
    """Without `remember` nothing is written and nothing asked, as in tests and for pictures."""

    def __init__(self, window: MainWindow, remember: bool) -> None:
        self._window, self._remembers = window, remember
        self.recent, self._recovery = Recent(), Recovery()
        self.folder: Path | None = None
        """Where the model lies that is open, if it is one of the person's own."""
        self._then: Callable[[], object] | None = None
        self._trained = self._aside_at = 0.0
        """Seconds of training that are not saved, and how many of them there were at the last copy aside."""
        self._returning: Recovered | None = None
        self._saving: Experiment | None = None
        """What a folder is being written with."""
        self._writing = False
        """A copy aside is on its way; where one fails, no other is asked for."""
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
        self._begin(folder if own else None)
        if self._remembers and own:
            self.recent.add(folder)

    def unnamed(self) -> None:
        """What is open has no place of its own any more."""
        self._begin(None)

    def learned(self, path: str) -> None:
        """A text or table was opened."""
        if self._remembers and Path(path).is_file():
            self.recent.add(Path(path))

    def save(self, folder: Path) -> None:
        """Have model and training state written."""
        self._saving = self._window.document.experiment
        self._window.mailbox.send(Save(folder))

    def saved(self, folder: Path) -> None:
        """Everything lies safely in a folder; what has waited for that goes on."""
        self._begin(folder)
        stack = self._window.document.stack
        if self._saving == self._window.document.experiment:
            stack.setClean()
        else:  # it was changed while it was being written
            stack.resetClean()
        self._window.filing.saved(folder)
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
        if not self._remembers or not self._unsaved():
            return True
        trained = "" if self._trained < WORTH_SECONDS else f"{max(1, round(self._trained / 60))} min of training"
        what = " and ".join(filter(None, ("" if document.stack.isClean() else "changes", trained)))
        answer = unsaved.ask(self._window, files.title(document.name), before, what)
        if answer == "discard":
            self._recovery.forget()
            return True
        target = (self.folder or files.choose_target(self._window)) if answer == "save" else None
        if target is not None:
            self._then = then
            self.save(target)
        return False

    def close(self) -> None:
        """A clean end: there is nothing to recover."""
        self._timer.stop()
        if self._remembers:
            self._recovery.forget()

    def set_aside(self) -> None:
        """The weights lie aside."""
        self._writing, self._aside_at = False, self._trained

    def _begin(self, folder: Path | None) -> None:
        """Everything up to here is safe, or gone."""
        self.folder = folder
        self._trained = self._aside_at = 0.0

    def _unsaved(self) -> bool:
        return not self._window.document.stack.isClean() or self._trained >= WORTH_SECONDS

    def _look(self) -> None:
        document = self._window.document
        if self._window.status.mode == "running":
            self._trained += EVERY_MS / 1000
        if not self._unsaved():
            return
        before = self._recovery.problem
        self._recovery.remember(document.experiment, files.title(document.name), self.folder)
        if self._recovery.problem and self._recovery.problem != before:
            self._window.notice.fault(Fault(self._recovery.problem))
        due = self._trained - self._aside_at >= WORTH_SECONDS and not self._writing
        if due and (weights := self._recovery.weights) and cost.parameters(document.running.model) <= LARGEST:
            self._writing = True
            self._window.mailbox.send(Save(weights, aside=True))

    def _bring_back(self, found: Recovered) -> None:
        """The experiment as it was; with its weights where they were written aside."""
        if found.weights is None:
            self._window.document.replace(found.experiment, "Bring back what was not saved")
            self._recovery.drop(found)
            return
        self._returning = found
        self._window.mailbox.send(OpenModel(found.weights, None, self._window.document.next_number()))

    def returned(self) -> bool:
        """A model was opened: whether it is the one that a crash had left, which is then as it was, and not saved."""
        found, self._returning = self._returning, None
        if found is None:
            return False
        document = self._window.document
        self._begin(found.folder)
        document.preset = document.experiment
        document.call(found.name)
        if not document.replace(found.experiment, "Bring back what was not saved"):
            document.stack.resetClean()
        self._trained = WORTH_SECONDS
        self._recovery.drop(found)
        return True
