"""The document: the experiment being edited, its undo stack, and what the engine has made of it."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from playground.spec import edit
from playground.spec.check import Problem, SpecError
from playground.spec.difference import changes, name, words
from playground.spec.experiment import Experiment
from playground.spec.intervention import Intervention, carried
from playground.spec.layers import Origins, backwards, moves
from playground.ui import files
from playground.worker.commands import Apply, Branch, Intervene
from playground.worker.mailbox import Applied, Mailbox

MERGED_WITHIN = 1.0
"""Seconds between two edits of one field that are still one step, such as those of a slider that is dragged."""


class Document(QObject):
    """Holds one Experiment at a time; every change makes a new one, goes to the engine and can be undone."""

    changed = Signal()
    intervened = Signal()
    """Other interventions are in force."""
    refused = Signal()
    """The last edit cannot be; `problems` says why."""

    def __init__(self, mailbox: Mailbox, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox = mailbox
        self._number = 0
        self._silent = self.rejecting = False
        self.state = 0
        """The number of the edit that led here."""
        self.experiment = Experiment()
        self.preset = self.experiment
        self.name = ""
        self.running = self.experiment
        """The experiment as the engine last confirmed it."""
        self.interventions: tuple[Intervention, ...] = ()
        """What is changed in the running model besides; part of the undo history, but not of what is saved."""
        self.problems: list[Problem] = []
        self.stack = QUndoStack(self)

    def edit(self, path: str, value: Any) -> bool:
        """Change one field; False, and `refused`, when that cannot be."""
        return self.edit_all(((path, value),))

    def edit_all(self, edits: tuple[tuple[str, Any], ...]) -> bool:
        """Change several fields as one step; False, and `refused`, when that cannot be."""
        try:
            experiment = edit.replaced_all(self.experiment, edits)
        except SpecError as error:
            self.problems = error.problems
            self.refused.emit()
            return False
        return self.replace(experiment, named(self.experiment, experiment), "|".join(path for path, _ in edits))

    def replace(self, experiment: Experiment, text: str, merge: str = "", origins: Origins | None = None) -> bool:
        """Make `experiment` the document, as one step of undo; steps in a row with the same `merge` become one.

        `origins` say which layers its layers were, where that is known.
        """
        if experiment == self.experiment and not moves(origins):
            return False
        self.problems = []
        after = carried(self.interventions, origins)
        self.stack.push(_Replace(self, (self.experiment, self.interventions), (experiment, after), text, merge, origins))
        return True

    def intervene(self, interventions: tuple[Intervention, ...], text: str) -> None:
        """Let these interventions be in force, as one step of undo."""
        if interventions != self.interventions:
            now = self.experiment
            self.stack.push(_Replace(self, (now, self.interventions), (now, interventions), text, "", None))

    def branch(self, step: int, experiment: Experiment) -> int:
        """Go on from a recorded step, at which this was the experiment, as one step of undo; the number of the answer."""
        self.problems = []
        old, new = (self.experiment, self.interventions), (experiment, self.interventions)
        self.stack.push(_Replace(self, old, new, f"Continue from step {step:,}", "", None, step))
        return self.state

    def stage(self, experiment: Experiment, text: str) -> int:
        """Go on to another stage of training with the weights as they are, as one step of undo; the number of the answer."""
        self.problems = []
        old, new = (self.experiment, self.interventions), (experiment, self.interventions)
        self.stack.push(_Replace(self, old, new, text, "", None, stage=True))
        return self.state

    def read_again(self) -> int:
        """Ask for the text to be read anew; the number of the answer."""
        number = self.next_number()
        self._mailbox.send(Apply(self.experiment, number, again=True))
        return number

    def opened(self, applied: Applied) -> None:
        """Another model has been opened: a new document with an empty history."""
        self.experiment = self.preset = self.running = applied.experiment
        self.name, self.state = applied.name, applied.number
        self.problems = []
        self.stack.clear()
        self._lay(())
        self.changed.emit()

    def begin(self, experiment: Experiment, name: str) -> None:
        """Another document that comes from nowhere, with an empty history; it goes to the engine."""
        self.preset, self.name, self.problems = experiment, name, []
        self.stack.clear()
        self._lay(())
        self._put(experiment, None, None)

    def title(self, letters: int = 60) -> str:
        """The model's name, and how it differs from what was opened: "GPT (heads 4 → 8)"."""
        differs = self.difference(letters)
        return files.title(self.name) + (f" ({differs})" if differs else "")

    def difference(self, letters: int = 60) -> str:
        """What distinguishes the experiment from what was opened, in words; empty where nothing does."""
        return words(changes(self.preset, self.experiment), letters=letters)

    def call(self, name: str) -> None:
        """Give the model another name."""
        self.name = name
        self.changed.emit()

    def settled(self, applied: Applied) -> None:
        """The engine runs an edit; the vocabulary may have followed the text."""
        self.running = applied.experiment
        if applied.number == self._number and applied.experiment != self.experiment:
            self.experiment = applied.experiment
            self.changed.emit()

    def rejected(self, number: int) -> None:
        """The engine could not do an edit and kept what it had; so does the document."""
        if number != self._number or not self.stack.canUndo():
            return
        self._silent = self.rejecting = True
        self.stack.undo()
        self._silent = self.rejecting = False
        self.experiment = self.running
        self.changed.emit()

    def next_number(self) -> int:
        """A number for a command that the engine answers."""
        self._number += 1
        return self._number

    def _lay(self, interventions: tuple[Intervention, ...]) -> None:
        """Make these the interventions."""
        if interventions != self.interventions:
            self.interventions = interventions
            self._mailbox.send(Intervene(interventions))
            self.intervened.emit()

    def _put(
        self, experiment: Experiment, origins: Origins | None, back: int | None, branch: int | None = None, stage: bool = False
    ) -> None:
        """Make an experiment the document and send it; `back` is the edit that had led to it before, `branch` the recorded
        step that it goes on from; a `stage` goes on with the weights alone."""
        self.experiment = experiment
        number = self._number if self._silent else self.next_number()
        self.state = number if back is None else back
        if not self._silent:
            again = branch is None or back is not None
            apply = Apply(experiment, number, origins, back, stage=stage and back is None)
            self._mailbox.send(apply if again else Branch(branch or 0, number))
        self.changed.emit()


def named(old: Experiment, new: Experiment) -> str:
    """An edit in a few words: Layer 2: heads 4 → 8."""
    found = changes(old, new)
    return name(found[0]) if len(found) == 1 else words(found)


State = tuple[Experiment, tuple[Intervention, ...]]


class _Replace(QUndoCommand):
    """One step of undo: experiment and interventions before and after."""

    def __init__(
        self,
        document: Document,
        old: State,
        new: State,
        text: str,
        merge: str,
        origins: Origins | None,
        branch: int | None = None,
        stage: bool = False,
    ) -> None:
        super().__init__(text)
        self._document, self._old, self._new, self._merge, self._origins = document, old, new, merge, origins
        self._branch, self._stage, self._when = branch, stage, time.monotonic()
        self._from, self._to = document.state, -1
        """The edits that led to the old and to the new, the latter once it has been done."""

    def id(self) -> int:
        """Edits of one field in a row, such as a dragged slider, are one step."""
        return hash(self._merge) % (2**31 - 1) if self._merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802 (Qt's name)
        """Take the later edit of the same field into this one."""
        if not isinstance(other, _Replace) or other._merge != self._merge or other._when - self._when > MERGED_WITHIN:
            return False
        self._when = other._when
        self._new, self._to = other._new, other._to
        self.setText(named(self._old[0], self._new[0]))
        self.setObsolete(self._new == self._old)
        return True

    def redo(self) -> None:
        """Apply; the second time this brings back what the first had made."""
        document = self._document
        if self._moves():
            document._put(self._new[0], self._origins, self._to if self._to >= 0 else None, self._branch, self._stage)
            self._to = document.state
        document._lay(self._new[1])

    def undo(self) -> None:
        """Bring the one before back; what was refused cannot be done again."""
        document = self._document
        self.setObsolete(document.rejecting)
        if self._moves():
            document._put(self._old[0], backwards(self._origins), self._from)
        document._lay(self._old[1])

    def _moves(self) -> bool:
        """Whether the engine has anything to build for it; interventions alone need nothing built."""
        return self._new[0] != self._old[0] or self._branch is not None or moves(self._origins)
