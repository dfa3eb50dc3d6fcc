"""Training without a window: the job behind `playground train`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from playground.data.corpus import Corpus
from playground.data.text import DataError
from playground.spec import edit
from playground.spec.check import SpecError
from playground.training import checkpoint
from playground.training.checkpoint import CheckpointError
from playground.training.device import DeviceError, choose_threads
from playground.training.run import Run
from playground.training.trainer import Diverged

REPORTS_PER_SECOND = 4.0
LISTED = 10
"""Lines of a table that are named one by one."""


def train(
    folder: Path,
    *,
    text: str | None,
    changes: list[tuple[str, Any]],
    steps: int | None,
    device: str,
    out: Path | None,
    weights_only: bool,
    resume: bool,
    as_json: bool,
) -> int:
    """Train the model in `folder` and print what happens; returns the exit status."""
    say = _Json() if as_json else _Words()
    try:
        if out is not None:
            checkpoint.make_sure(out)  # now, and not when hours of training are over
        run = _prepared(folder, text, changes, steps, device, resume)
        if resume and run.trainer.step == 0:
            print(f"{folder} has no weights that fit this text; training starts from step 0.", file=sys.stderr)
        elif resume and not (folder / checkpoint.STATE).is_file():
            print(f"{folder} has weights and no training state; the optimiser starts anew.", file=sys.stderr)
        _say_left_out(run.corpus)
        say.started(run)
        try:
            validation, seconds = _loop(run, say, run.experiment.training.steps if steps is None else steps, resume)
        except KeyboardInterrupt:
            if out is not None:
                checkpoint.save(out, run)
                print(f"Stopped at step {run.trainer.step:,}; saved to {out}, “--resume {out}” goes on.", file=sys.stderr)
            raise
        if out is not None:
            checkpoint.save_weights(out, run) if weights_only else checkpoint.save(out, run)
        say.done(run, validation, seconds)
    except (DataError, CheckpointError, DeviceError) as error:
        print(" ".join(filter(None, (error.what, error.why, error.remedy))), file=sys.stderr)
        return 2
    except SpecError as error:
        print(error, file=sys.stderr)
        return 2
    except Diverged as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _prepared(
    folder: Path, text: str | None, changes: list[tuple[str, Any]], steps: int | None, device: str, resume: bool
) -> Run:
    """The run as asked for. A resumed one keeps weights and state, any other starts fresh from its experiment."""
    from playground.spec import toml
    from playground.training.device import choose, set_threads

    set_threads(choose_threads(choose(device), busy_window=False))
    if resume:
        run = Run.open(folder, device=device, text=text)
        experiment = run.experiment
    else:
        experiment = toml.load(folder / "experiment.toml")
        if text is not None:
            experiment = edit.replaced(experiment, "task.text", text)
    for path, value in changes:
        experiment = edit.replaced(experiment, path, value)
    if steps is not None and not resume and not any(path == "training.steps" for path, _ in changes):
        experiment = edit.replaced(experiment, "training.steps", steps)
    if not resume:
        return Run.fresh(experiment, device=device, name=folder.name)
    return run.apply(experiment)[0] if experiment != run.experiment else run


def _loop(run: Run, say: _Json | _Words, steps: int, resume: bool) -> tuple[float, float]:
    """Take `steps` steps (a resumed run: until step `steps` is reached); returns last validation loss and seconds."""
    start, spoke, validation, validated = time.perf_counter(), 0.0, float("nan"), -1
    trainer = run.trainer
    if trainer.step < steps:
        for report in trainer.steps():
            now = time.perf_counter()
            if as_said := (now - spoke > 1 / REPORTS_PER_SECOND or report.step >= steps):
                spoke = now
            if as_said or say.every:
                say.step(report)
            if report.validation is not None:
                validation, validated = report.validation, report.step
                say.validation(report.step, validation, report.score, trainer.by_domain)
            if report.step >= steps:
                break
    seconds = time.perf_counter() - start
    if validated != trainer.step:
        validation = trainer.validate()
        say.validation(trainer.step, validation, trainer.score, trainer.by_domain)
    return validation, seconds


def _say_left_out(corpus: Corpus) -> None:
    """Which lines of a table cannot be used, on the error stream: the first few, and how many there are."""
    for each in corpus.unusable[:LISTED]:
        print(f"{corpus.name}, line {each.line:,}: {each.reason}", file=sys.stderr)
    if corpus.refused:
        more = f", {corpus.refused - LISTED:,} more than shown" if corpus.refused > LISTED else ""
        print(f"{corpus.refused:,} lines of {corpus.name} cannot be used{more}.", file=sys.stderr)


class _Json:
    """One JSON object a line."""

    every = True

    def started(self, run: Run) -> None:
        """Nothing: the contract begins with steps."""

    def step(self, report: Any) -> None:
        """A step."""
        self._line(event="step", step=report.step, loss=report.loss, tokens_per_s=round(report.tokens_per_s, 1))

    def validation(self, step: int, loss: float, score: float | None, domains: dict[str, float]) -> None:
        """A validation."""
        more: dict[str, Any] = {} if score is None else {"score": score}
        self._line(event="validation", step=step, loss=loss, **more, **({"domains": domains} if domains else {}))

    def done(self, run: Run, validation: float, seconds: float) -> None:
        """The end."""
        parameters = sum(p.numel() for p in run.trainer.model.parameters())
        score = {} if run.trainer.score is None else {"score": run.trainer.score}
        if run.trainer.floor is not None:
            score["floor"] = run.trainer.floor
        figures = {"val_loss": validation, "seconds": round(seconds, 3), "parameters": parameters, **score}
        domains = {"domains": run.trainer.by_domain} if run.trainer.by_domain else {}
        self._line(event="done", steps=run.trainer.step, **figures, **domains)

    def _line(self, **values: Any) -> None:
        print(json.dumps(values), flush=True)


class _Words:
    """Lines for a person, a few a second."""

    every = False

    def started(self, run: Run) -> None:
        """What is trained on what."""
        parameters = sum(p.numel() for p in run.trainer.model.parameters())
        print(f"{parameters:,} parameters on {run.corpus.name}, vocabulary {run.corpus.tokenizer.vocab:,}", flush=True)
        if (floor := run.trainer.floor) is not None:
            print(f"no model gets below {floor:.4f} nats per token", flush=True)

    def step(self, report: Any) -> None:
        """A step."""
        end = "\r" if sys.stdout.isatty() else "\n"
        print(f"step {report.step:,}  loss {report.loss:.3f}  {report.tokens_per_s:,.0f} tokens/s", end=end, flush=True)

    def validation(self, step: int, loss: float, score: float | None, domains: dict[str, float]) -> None:
        """A validation."""
        right = "" if score is None else f", {score:.1%} answered without a mistake"
        each = f" ({', '.join(f'{name} {loss:.3f}' for name, loss in domains.items())})" if domains else ""
        print(f"step {step:,}  validation {loss:.4f} nats per token{right}{each}", flush=True)

    def done(self, run: Run, validation: float, seconds: float) -> None:
        """The end."""
        print(f"done: {run.trainer.step:,} steps in {seconds:.1f} s, validation {validation:.4f}", flush=True)
