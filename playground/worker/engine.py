"""The engine: the body of the one background thread, which alone touches the model."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

import torch

from playground.spec.intervention import Intervention, possible
from playground.spec.layers import Origins, then
from playground.training import checkpoint
from playground.training.device import DeviceError, choose, choose_threads, describe, set_threads
from playground.training.narration import narrate
from playground.training.report import StepReport
from playground.training.run import Run
from playground.transformer.intervening import edits_of
from playground.views.effect.probe import reader
from playground.views.motion.probe import story, wanted
from playground.views.subject import Subject
from playground.worker.commands import (
    Again,
    Apply,
    Ask,
    Cancel,
    Command,
    Intervene,
    Narrate,
    OpenModel,
    Pause,
    Play,
    Restart,
    Save,
    Step,
    Stop,
    Watch,
)
from playground.worker.faults import fault
from playground.worker.longjob import Asked, Cancelled, Made, Tick, long_job
from playground.worker.mailbox import Applied, Fault, Mailbox, Mode, Saved
from playground.worker.past import Past
from playground.worker.reporting import Reporter, left_out
from playground.worker.watching import Job, Watching

LOOKED_AT = 4096
"""Validation tokens in one pass, for whoever looks at them."""
GAP_SECONDS = 0.02
"""How long pictures may hold up the next step before the rest waits for the gap after it."""


class Engine:
    """Answers commands in order, trains in between, and shows what is watched; no exception ends it, only Stop does."""

    def __init__(self, mailbox: Mailbox, device: str = "auto") -> None:
        self._mailbox, self._device = mailbox, device
        self._backlog: deque[Command] = deque()
        self._watching, self._reporter = Watching(mailbox), Reporter(mailbox)
        self._run: Run | None = None
        self._past, self._at = Past(), 0
        """What edits have replaced, and the number of the edit that led here."""
        self._interventions: tuple[Intervention, ...] = ()
        self._origins: Origins | None = None
        """Where layers were, through edits that were overtaken by newer ones before they were built."""
        self._steps: Iterator[StepReport] | None = None
        self._playing = self._stopping = False
        self._awaited = False
        """Whether the next step is the first of a model that has just been built."""
        self._missing = Fault("There is no model to train yet.", "", "Open one first.")
        """Why there is no run; said again when somebody wants to train."""

    def run(self) -> None:
        """The body of the thread; returns after Stop."""
        self._prepare()
        while not self._stopping:
            try:
                self._turn()
            except Exception as error:  # commands, steps and probes catch their own: this is the net under them
                self._playing = False
                self._mailbox.put_event(fault(error, "Training"))
        self._playing = False
        self._publish("stopped")

    # -- the loop -----------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        """One command, or one step with the pictures due, or one picture; sleeps when there is none of them."""
        job = self._urgent()
        self._fetch(wait=not (self._playing or self._backlog or job))
        if self._backlog:
            self._answer(self._backlog.popleft())
            self._publish()
        elif self._playing:
            self._step()
            if self._awaited:  # the first step of a new model is told before pictures are made of it
                self._awaited = False
                self._publish()
            self._look()
            if not self._playing or self._reporter.late():
                self._publish()
        elif (job := self._urgent()) is not None:  # again: what just came in may have ended or changed it
            self._watching.run(job, self._subject())

    def _fetch(self, wait: bool = False) -> None:
        """Take everything from the inbox. What is to be seen changes at once, everything else waits its turn."""
        inbox = self._mailbox.inbox
        while wait or not inbox.empty():
            command = inbox.get()
            wait = False
            if isinstance(command, Watch):
                self._watching.watch(command.view, command.look)
            elif isinstance(command, Again):
                self._watching.again(command.view)
            elif isinstance(command, Ask):
                self._watching.ask(command)
            else:
                self._backlog.append(command)

    def _answer(self, command: Command) -> None:
        if isinstance(command, Play):
            self._play()
        elif isinstance(command, Pause):
            self._playing = False
        elif isinstance(command, Step):
            self._take(command.count)
        elif isinstance(command, Narrate):
            self._narrate()
        elif isinstance(command, Restart):
            self._attempt("Starting again", self._restart)
        elif isinstance(command, Apply):
            self._apply(command)
        elif isinstance(command, Intervene):
            self._interventions = command.interventions
            self._attempt("Intervening", self._intervene)
        elif isinstance(command, OpenModel):
            self._open(command)
        elif isinstance(command, Save):
            self._attempt("Saving", lambda: self._save(command))
        elif isinstance(command, Stop):
            self._stopping = True
        else:  # a Cancel that found nothing to cancel
            assert isinstance(command, Cancel), command

    # -- training -----------------------------------------------------------------------------------------------

    def _play(self) -> None:
        if self._run is None:
            self._mailbox.put_event(self._missing)
        elif not self._playing:
            self._playing = True
            self._watching.started()

    def _take(self, count: int) -> None:
        """Some steps and then a pause; another Pause, Play or Stop ends them early."""
        self._playing = False
        if self._run is None:
            self._mailbox.put_event(self._missing)
            return
        for left in range(count, 0, -1):
            self._playing = True
            self._step()
            if not self._playing:  # it failed
                return
            self._fetch()
            if any(isinstance(command, (Pause, Play, Stop)) for command in self._backlog):
                break
            if left > 1:
                self._look()
                if self._reporter.late():
                    self._publish()
        self._playing = False

    def _narrate(self) -> None:
        """One step told in full."""
        self._playing = False
        if self._run is None:
            self._mailbox.put_event(self._missing)
            return
        run = self._run

        def take(steps: Iterator[StepReport]) -> StepReport:
            told = narrate(run.trainer, steps, wanted(run.trainer.model.spec).values())
            self._mailbox.put_frame("motion", story(run.trainer.model.spec, run.corpus, told))
            return told.report

        self._step(take)

    def _step(self, take: Callable[[Iterator[StepReport]], StepReport] = next) -> None:
        assert self._run is not None
        if self._steps is None:
            self._steps = self._run.trainer.steps()
        try:
            self._reporter.step(take(self._steps))
        except Exception as error:
            self._playing = False
            self._steps = None
            # what is left of a step that broke off must not flow into the next one
            self._run.trainer.optimiser.zero_grad(set_to_none=True)
            self._mailbox.put_event(fault(error, "Training"))

    def _look(self) -> None:
        """Pictures that cannot wait, then those that are due, within the budget."""
        start = time.perf_counter()
        while (job := self._urgent()) is not None:
            self._watching.run(job, self._subject())
        while time.perf_counter() - start < GAP_SECONDS:
            if (job := self._watching.due(self._subject().step)) is None:
                return
            self._watching.run(job, self._subject())

    def _restart(self) -> None:
        if self._run is None:
            self._mailbox.put_event(self._missing)
        else:
            self._adopt((self._run.restart(), "fresh", "Training starts again from fresh weights."), number=0)

    # -- long jobs ----------------------------------------------------------------------------------------------

    def _apply(self, command: Apply) -> None:
        """Build the newest edit that is waiting; older ones need no answer."""
        origins = then(self._origins, command.origins)
        if self._superseded():
            self._origins = origins
            return
        self._origins = None

        def make(progress: Tick, cancelled: Asked) -> Made:
            if self._run is None:
                fresh = Run.fresh(command.experiment, device=self._device, progress=progress, cancelled=cancelled)
                return fresh, "fresh", ""
            if (found := self._past.take(command.back)) is not None and found.trainer is not self._run.trainer:
                return found, "fresh", f"The weights of step {found.trainer.step:,} are back."
            if command.again:
                return self._run.read_again(progress, cancelled)
            return self._run.apply(command.experiment, progress=progress, cancelled=cancelled, origins=origins)

        made = self._long("Changing the model", make, self._superseded, command.number)
        if made is not None:
            if self._run is not None and made[0].trainer is not self._run.trainer:
                self._past.keep(self._at, self._run)
            self._at = command.number if command.back is None else command.back
            self._adopt(made, command.number)

    def _open(self, command: OpenModel) -> None:
        def make(progress: Tick, cancelled: Asked) -> Made:
            run = Run.open(command.folder, device=self._device, text=command.text, progress=progress, cancelled=cancelled)
            return run, "opened", ""

        made = self._long("Opening the model", make)
        if made is not None:
            self._playing, self._at = False, command.number
            self._past.forget()
            self._interventions = ()
            self._adopt(made, command.number)

    def _long(
        self,
        doing: str,
        make: Callable[[Tick, Asked], Made],
        superseded: Asked = lambda: False,
        number: int | None = None,
    ) -> Made | None:
        """Do something that can take long, with progress and Cancel; None, and a Fault, when it came to nothing."""

        def cancelled() -> bool:
            self._fetch()
            return superseded() or any(isinstance(waiting, (Cancel, Stop)) for waiting in self._backlog)

        try:
            return long_job(self._mailbox, make, cancelled, lambda: self._publish("busy"))
        except Exception as error:
            if isinstance(error, Cancelled):
                said = Fault("Cancelled.", "", "Everything is as it was before.", number)
            else:
                said = fault(error, doing, number)
            if not (isinstance(error, Cancelled) and superseded()):
                self._mailbox.put_event(said)
            if self._run is None:
                self._missing = said
            return None

    def _superseded(self) -> bool:
        """Whether a newer Apply waits, with nothing before it that needs this one's model."""
        for command in self._backlog:
            if isinstance(command, Apply):
                return True
            if isinstance(command, (Save, Step, Restart, OpenModel)):
                return False
        return False

    def _adopt(self, made: Made, number: int) -> None:
        """Go on with what a command has made, and say so."""
        run, change, kept = made
        if self._run is None or run.trainer is not self._run.trainer:
            self._steps = None
        self._publish()  # step reports of the run before come before the news
        corpus = run.corpus
        new_text = self._run is None or self._run.corpus is not corpus
        self._run, self._awaited = run, change != "hot"
        self._use_threads(run)
        self._attempt("Intervening", self._intervene)
        if change != "hot":
            self._watching.model_changed(forget=change != "graft")
        self._mailbox.put_event(Applied(number, run.experiment, change, kept, run.name))
        if new_text and (left := left_out(corpus)) is not None:
            self._mailbox.put_event(left)

    def _intervene(self) -> None:
        """Put the interventions in force on the model that there is; those it has no part for wait."""
        if self._run is None:
            return
        model = self._run.trainer.model
        there = [each for each in self._interventions if possible(model.spec, each)]
        if there or model.edits:
            model.edits = edits_of(model, there, reader(self._subject()))
            self._watching.model_changed(forget=False)

    def _save(self, command: Save) -> None:
        if self._run is None:
            self._mailbox.put_event(self._missing)
            return
        try:
            checkpoint.save(command.folder, self._run)
        except Exception as error:
            if not command.aside:
                raise
            why = fault(error, "Saving").why
            self._mailbox.put_event(Fault("The weights are not kept safe from a crash.", why, "Save the model now and then."))
            return
        self._mailbox.put_event(Saved(command.folder, command.aside))

    # -- what is said -------------------------------------------------------------------------------------------

    def _attempt(self, doing: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            self._mailbox.put_event(fault(error, doing))

    def _prepare(self) -> None:
        """Choose device and threads before torch does anything; a device that is not there is said once."""
        try:
            device = choose(self._device)
        except DeviceError as error:
            self._device = "auto"
            device = choose("auto")
            remedy = f"{error.remedy} {describe(device)} is used instead.".strip()
            self._mailbox.put_event(Fault(error.what, error.why, remedy))
        set_threads(choose_threads(device, busy_window=True))
        self._reporter.device = describe(device)
        self._publish()

    def _use_threads(self, run: Run) -> None:
        parameters = sum(parameter.numel() for parameter in run.trainer.model.parameters())
        wanted = choose_threads(run.device, busy_window=True, parameters=parameters)
        if wanted != torch.get_num_threads():
            set_threads(wanted)

    def _urgent(self) -> Job | None:
        if self._run is None:
            return None
        return self._watching.urgent(self._run.trainer.step, training=self._playing)

    def _subject(self) -> Subject:
        assert self._run is not None
        trainer = self._run.trainer
        return Subject(
            trainer.model, self._run.corpus, trainer.history, trainer.step, trainer.device, trainer.floor,
            lambda count: trainer.batches.fixed(count, LOOKED_AT), self._interventions, trainer.gradients(),
        )  # fmt: skip

    def _publish(self, mode: Mode | None = None) -> None:
        """Say how it stands; without a `mode`, what follows from playing or not."""
        following: Mode = "starting" if self._run is None else "running" if self._playing else "paused"
        self._reporter.publish(mode or following, self._run, self._watching.share())
