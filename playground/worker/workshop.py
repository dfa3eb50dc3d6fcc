"""The workshop: makes the runs that commands ask for, with progress and Cancel, and remembers those they replace."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from playground.spec.layers import Origins, then
from playground.training.branching import branch, twin
from playground.training.run import Run
from playground.worker.commands import Apply, Branch, Cancel, Command, Compare, OpenModel, Restart, Save, Step, Stop
from playground.worker.faults import fault
from playground.worker.longjob import Asked, Cancelled, Made, Tick, long_job
from playground.worker.mailbox import Fault, Mailbox
from playground.worker.past import Past

STAGED = "The weights go on; steps, schedule and optimiser begin again. Undo brings the model before back."
NEEDING = (Save, Step, Restart, OpenModel, Branch, Compare)
"""Commands that mean the model of the edit before them, so it has to be built."""


class Workshop:
    """Every method answers with what was made, or with None after it has put the reason into the mailbox."""

    def __init__(self, mailbox: Mailbox, backlog: deque[Command], fetch: Callable[[], None], busy: Callable[[], None]) -> None:
        """`fetch` brings new commands into the backlog; `busy` is called when a job turns out to be a long one."""
        self._mailbox, self._backlog, self._fetch, self._busy = mailbox, backlog, fetch, busy
        self._past, self._at = Past(), 0
        """What edits have replaced, and the number of the edit that led here."""
        self._origins: Origins | None = None
        """Where layers were, through edits that were overtaken by newer ones before they were built."""
        self.missing = Fault("There is no model to train yet.", "", "Open one first.")
        """Why there is no run; said again when somebody wants to train."""

    def apply(self, command: Apply, run: Run | None, device: str) -> Made | None:
        """Build the newest edit that is waiting; older ones need no answer."""
        origins = then(self._origins, command.origins)
        if self._superseded():
            self._origins = origins
            return None
        self._origins = None

        def make(progress: Tick, cancelled: Asked) -> Made:
            if run is None:
                return Run.fresh(command.experiment, device=device, progress=progress, cancelled=cancelled), "fresh", ""
            if (found := self._past.take(command.back)) is not None and found.trainer is not run.trainer:
                return found, "fresh", f"The weights of step {found.trainer.step:,} are back."
            if command.again:
                return run.read_again(progress, cancelled)
            if command.stage:
                return replace(run.stage(command.experiment), recording=run.recording.afresh()), "fresh", STAGED
            return run.apply(command.experiment, progress=progress, cancelled=cancelled, origins=origins)

        made = self._long("Changing the model", make, run, self._superseded, command.number)
        return made and self._replacing(run, made, command.number if command.back is None else command.back)

    def branch(self, command: Branch, run: Run) -> Made | None:
        """Go on from a recorded step."""

        def make(progress: Tick, cancelled: Asked) -> Made:
            made, kept = branch(run, command.step, progress, cancelled)
            return made, "branch", kept

        made = self._long("Going back", make, run, number=command.number)
        return made and self._replacing(run, made, command.number)

    def compare(self, command: Compare, run: Run) -> Run | None:
        """A second run: the first as it is or was, or what another experiment makes of it."""

        def make(progress: Tick, cancelled: Asked) -> Made:
            if command.step is not None and command.step < run.trainer.step:
                return branch(run, command.step, progress, cancelled)[0], "fresh", ""
            made = twin(run)
            if command.experiment is not None and command.experiment != run.experiment:
                made = made.apply(command.experiment, progress, cancelled)[0]
            return made, "fresh", ""

        made = self._long("Comparing", make, run)
        return made[0] if made is not None else None

    def open(self, command: OpenModel, run: Run | None, device: str) -> Made | None:
        """Load a model folder; nothing leads back from there."""

        def make(progress: Tick, cancelled: Asked) -> Made:
            return (
                Run.open(command.folder, device=device, text=command.text, progress=progress, cancelled=cancelled),
                "opened",
                "",
            )

        made = self._long("Opening the model", make, run)
        if made is not None:
            self._at = command.number
            self._past.forget()
        return made

    def _replacing(self, run: Run | None, made: Made, at: int) -> Made:
        """Remember the run that gives way to another."""
        if run is not None and made[0].trainer is not run.trainer:
            self._past.keep(self._at, run)
        self._at = at
        return made

    def _long(
        self,
        doing: str,
        make: Callable[[Tick, Asked], Made],
        run: Run | None,
        superseded: Asked = lambda: False,
        number: int | None = None,
    ) -> Made | None:
        """Do something that can take long, with progress and Cancel; None, and a Fault, when it came to nothing."""

        def cancelled() -> bool:
            self._fetch()
            return superseded() or any(isinstance(waiting, (Cancel, Stop)) for waiting in self._backlog)

        try:
            return long_job(self._mailbox, make, cancelled, self._busy)
        except Exception as error:
            if isinstance(error, Cancelled):
                said = Fault("Cancelled.", "", "Everything is as it was before.", number)
            else:
                said = fault(error, doing, number)
            if not (isinstance(error, Cancelled) and superseded()):
                self._mailbox.put_event(said)
            if run is None:
                self.missing = said
            return None

    def _superseded(self) -> bool:
        """Whether a newer Apply waits, with nothing before it that needs this one's model."""
        for command in self._backlog:
            if isinstance(command, Apply):
                return True
            if isinstance(command, NEEDING):
                return False
        return False
