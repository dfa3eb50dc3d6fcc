"""The engine: the body of the one background thread, which alone touches the model."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from playground.spec.difference import changes, words
from playground.spec.intervention import Intervention, possible
from playground.training import checkpoint
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
    AskWays,
    Branch,
    Cancel,
    Command,
    Compare,
    Compress,
    Intervene,
    Narrate,
    OpenModel,
    Pause,
    Play,
    Restart,
    Save,
    Seek,
    Step,
    Stop,
    Watch,
)
from playground.worker.comparing import Comparing
from playground.worker.faults import fault
from playground.worker.longjob import Made
from playground.worker.looking import LookingBack
from playground.worker.machine import prepare, use_threads
from playground.worker.mailbox import Applied, Fault, Looking, Mailbox, Mode, Saved
from playground.worker.reporting import Reporter, left_out, line_of
from playground.worker.watching import Job, Watching
from playground.worker.workshop import Workshop

GAP_SECONDS = 0.02
"""How long pictures may hold up the next step before the rest waits for the gap after it."""


class Engine:
    """Answers commands in order, trains in between, and shows what is watched; no exception ends it, only Stop does."""

    def __init__(self, mailbox: Mailbox, device: str = "auto") -> None:
        self._mailbox, self._device = mailbox, device
        self._backlog: deque[Command] = deque()
        self._watching, self._reporter, self._looking = Watching(mailbox), Reporter(mailbox), LookingBack()
        self._comparing = Comparing(mailbox)
        self._workshop = Workshop(mailbox, self._backlog, self._fetch, lambda: self._publish("busy"))
        self._run: Run | None = None
        self._steps: Iterator[StepReport] | None = None
        self._playing = self._stopping = False
        self._interventions: tuple[Intervention, ...] = ()
        self._awaited = False
        """Whether the next step is the first of a model that has just been built."""
        self._answers: dict[type[Command], Callable[[Any], None]] = {
            Play: self._play, Pause: self._pause, Step: self._take, Restart: self._restart, Apply: self._apply,
            OpenModel: self._open, Save: self._save, Seek: self._seek, Branch: self._branch, Stop: self._stop,
            Narrate: self._narrate, Intervene: self._intervene, Compare: self._compare,
            Cancel: lambda command: None,  # it found nothing to cancel
        }  # fmt: skip

    def run(self) -> None:
        """The body of the thread; returns after Stop."""
        self._device, self._reporter.device = prepare(self._mailbox, self._device)
        self._publish()
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
        waiting = self._urgent() or self._comparing.urgent(training=self._playing)
        self._fetch(wait=not (self._playing or self._backlog or waiting))
        if self._backlog:
            command = self._backlog.popleft()
            self._answer(command)
            self._publish()
            if self._playing and isinstance(command, Seek):  # its pictures do not wait for another step
                self._look()
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
        elif (job := self._comparing.urgent(training=False)) is not None:
            self._comparing.paint(job)

    def _fetch(self, wait: bool = False) -> None:
        """Take everything from the inbox. What is to be seen changes at once, everything else waits its turn."""
        inbox = self._mailbox.inbox
        while wait or not inbox.empty():
            command = inbox.get()
            wait = False
            if isinstance(command, Watch) and command.beside:
                self._comparing.watch(command)
            elif isinstance(command, Watch):
                self._watching.watch(command.view, command.look)
            elif isinstance(command, Again):
                self._watching.again(command.view)
                self._comparing.watching.again(command.view)
            elif isinstance(command, Ask):
                self._watching.ask(command)
                self._comparing.ask(command)
            elif isinstance(command, AskWays):
                self._watching.ask_ways(command)
            elif isinstance(command, Compress):
                self._watching.compress(command)
            elif isinstance(command, Seek) and self._backlog and isinstance(self._backlog[-1], Seek):
                self._backlog[-1] = command  # a drag over the timeline: only where it has got to counts
            else:
                self._backlog.append(command)

    def _answer(self, command: Command) -> None:
        self._answers[type(command)](command)

    def _there(self) -> Run | None:
        """The run; where there is none, it is said why."""
        if self._run is None:
            self._mailbox.put_event(self._workshop.missing)
        return self._run

    # -- training -----------------------------------------------------------------------------------------------

    def _play(self, command: Play) -> None:
        if self._there() is not None and not self._playing:
            self._playing = True
            self._watching.started()
            self._comparing.watching.started()

    def _pause(self, command: Pause) -> None:
        self._playing = False

    def _stop(self, command: Stop) -> None:
        self._stopping = True

    def _take(self, command: Step) -> None:
        """Some steps and then a pause; another Pause, Play or Stop ends them early."""
        self._playing = False
        if self._there() is None:
            return
        for left in range(command.count, 0, -1):
            self._playing = True
            self._step()
            if not self._playing:  # it failed
                return
            self._fetch()
            while self._backlog and isinstance(self._backlog[0], Seek):  # looking back need not wait for the last of them
                self._answer(self._backlog.popleft())
            if any(isinstance(waiting, (Pause, Play, Stop)) for waiting in self._backlog):
                break
            if left > 1:
                self._look()
                if self._reporter.late():
                    self._publish()
        self._playing = False

    def _narrate(self, command: Narrate) -> None:
        """One step told in full."""
        self._playing = False
        if (run := self._there()) is None:
            return

        def take(steps: Iterator[StepReport]) -> StepReport:
            told = narrate(run.trainer, steps, wanted(run.trainer.model.spec).values())
            self._mailbox.put_frame("motion", story(run.trainer.model.spec, run.corpus, told))
            return told.report

        self._step(take)

    def _step(self, take: Callable[[Iterator[StepReport]], StepReport] = next) -> None:
        assert self._run is not None
        trainer = self._run.trainer
        if self._steps is None:
            self._steps = trainer.steps()
        try:
            self._reporter.step(take(self._steps))
        except Exception as error:
            self._playing = False
            self._steps = None
            # what is left of a step that broke off must not flow into the next one
            trainer.optimiser.zero_grad(set_to_none=True)
            self._mailbox.put_event(fault(error, "Training"))
            self._record(self._run, "")  # its batch has been drawn: training from before does not lead here any more
        else:
            self._record(self._run)
            self._comparing.step()

    def _record(self, run: Run, begins: str | None = None) -> None:
        """Keep the step if it is due, or (`begins`, a mark) because training does not lead to it."""
        try:
            if begins is None:
                self._watching.charge(run.recording.follow(run.trainer, run.corpus))
            else:
                run.recording.begin(run.trainer, run.corpus, begins)
        except Exception as error:  # whoever cannot look back can still train
            run.recording.off = True
            said = fault(error, "Recording this run")
            self._mailbox.put_event(replace(said, remedy="Training goes on; what is recorded so far stays."))

    def _look(self) -> None:
        """Pictures that cannot wait, then those that are due, within the budget."""
        start = time.perf_counter()
        while (job := self._urgent()) is not None:
            self._watching.run(job, self._subject())
            self._fetch()
            if self._backlog:  # dragged on: what would still be painted is of a step that is passed
                return
        while time.perf_counter() - start < GAP_SECONDS:
            if (job := self._watching.due(self._subject().step)) is None:
                break
            self._watching.run(job, self._subject())
        while (job := self._comparing.urgent(training=True) or self._comparing.due()) is not None:
            self._comparing.paint(job)
            if time.perf_counter() - start > GAP_SECONDS:
                return

    def _restart(self, command: Restart) -> None:
        if (run := self._there()) is None:
            return
        try:
            made = run.restart()
            self._comparing.restart(made)
        except Exception as error:
            self._mailbox.put_event(fault(error, "Starting again"))
        else:
            self._adopt((made, "fresh", "Training starts again from fresh weights."), number=0)

    def _compare(self, command: Compare) -> None:
        if command.off:
            self._comparing.end()
        elif (run := self._there()) is not None and (made := self._workshop.compare(command, run)) is not None:
            self._comparing.begin(made, run, standing=command.step is not None)

    def _save(self, command: Save) -> None:
        if (run := self._there()) is None:
            return
        try:
            checkpoint.save(command.folder, run)
        except Exception as error:
            said = fault(error, "Saving")
            if command.aside:
                said = Fault("The weights are not kept safe from a crash.", said.why, "Save the model now and then.")
            self._mailbox.put_event(said)
        else:
            self._mailbox.put_event(Saved(command.folder, command.aside))

    def _intervene(self, command: Intervene) -> None:
        self._interventions = command.interventions
        self._put_in_force()

    def _put_in_force(self) -> None:
        """Put the interventions in force on what trains and on what is looked at; those without their part there wait."""
        if self._run is None:
            return
        subject = self._subject()
        for model in {id(each): each for each in (self._run.trainer.model, subject.model)}.values():
            there = [each for each in self._interventions if possible(model.spec, each)]
            if not there and not model.edits:
                continue
            try:
                model.edits = edits_of(model, there, reader(replace(subject, model=model)))
            except Exception as error:
                self._mailbox.put_event(fault(error, "Intervening"))
            self._watching.model_changed(forget=False)

    # -- other runs, and other steps ----------------------------------------------------------------------------

    def _apply(self, command: Apply) -> None:
        if (made := self._workshop.apply(command, self._run, self._device)) is not None:
            self._adopt(made, command.number)

    def _open(self, command: OpenModel) -> None:
        if (made := self._workshop.open(command, self._run, self._device)) is not None:
            self._playing, self._interventions = False, ()
            self._adopt(made, command.number)

    def _branch(self, command: Branch) -> None:
        if (run := self._there()) is not None and (made := self._workshop.branch(command, run)) is not None:
            self._adopt(made, command.number)

    def _adopt(self, made: Made, number: int) -> None:
        """Go on with what a command has made, and say so."""
        run, change, kept = made
        before, self._awaited = self._run, change != "hot"
        if before is None or run.trainer is not before.trainer:
            self._steps = None
        self._publish()  # step reports of the run before come before the news
        self._run = run
        use_threads(run)
        if change != "hot":
            self._present(run, before, change)
            self._comparing.follow(run, change)
        self._put_in_force()
        self._mailbox.put_event(Applied(number, run.experiment, change, kept, run.name))
        if change not in ("hot", "graft"):
            self._mailbox.put_line(line_of(run))
        if (before is None or before.corpus is not run.corpus) and (left := left_out(run.corpus)) is not None:
            self._mailbox.put_event(left)

    def _present(self, run: Run, before: Run | None, change: str) -> None:
        """Another model trains: it is recorded from here, and it is what is looked at."""
        if change == "graft" and before is not None:
            self._record(run, words(changes(before.experiment, run.experiment), letters=60))
        elif not run.recording.steps():
            self._record(run, "")
        if self._looking.step is not None:
            self._mailbox.put_event(Looking(None, None, run.experiment))
        self._looking.forget()
        self._watching.model_changed(forget=change not in ("graft", "branch"))

    def _seek(self, command: Seek) -> None:
        if (run := self._there()) is None:
            return
        before = self._looking.spec(run)
        try:
            self._mailbox.put_event(self._looking.seek(command.step, run))
        except Exception as error:
            self._mailbox.put_event(fault(error, "Looking back"))
        else:
            self._watching.model_changed(forget=self._looking.spec(run) != before)
            self._put_in_force()

    # -- what is said -------------------------------------------------------------------------------------------

    def _urgent(self) -> Job | None:
        if self._run is None:
            return None
        within = GAP_SECONDS if self._playing and self._looking.passing() else math.inf
        return self._watching.urgent(self._subject().step, training=self._playing, within=within)

    def _subject(self) -> Subject:
        assert self._run is not None
        return self._looking.subject(self._run)

    def _publish(self, mode: Mode | None = None) -> None:
        """Say how it stands; without a `mode`, what follows from playing or not."""
        following: Mode = "starting" if self._run is None else "running" if self._playing else "paused"
        self._reporter.publish(mode or following, self._run, self._watching.share(), self._looking.step,
                               self._comparing.told(self._run))  # fmt: skip
