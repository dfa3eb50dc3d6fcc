"""Where a refusal is said: beside which field, in how many words, with which repairs that really repair; no Qt."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from playground.spec import edit
from playground.spec.check import Fix, Problem, SpecError
from playground.spec.experiment import Experiment
from playground.spec.model import ModelSpec
from playground.spec.record import Record

TOP = ""
"""The place of what belongs to no field on display."""


@dataclass(frozen=True)
class Said:
    """One notice: its sentences and the repairs offered."""

    messages: tuple[str, ...]
    fixes: tuple[Fix, ...]


def together(experiment: Experiment, edits: Mapping[str, Any]) -> tuple[str, Any] | None:
    """One request (path, value) that makes all the edits at once, or None when they cannot be, even together."""
    if len(edits) == 1:
        ((path, value),) = edits.items()
        try:
            edit.replaced(experiment, path, value)
        except SpecError:
            return None
        return path, value
    if not all(path.startswith("model.") for path in edits):
        return None
    data = experiment.model_dump()
    try:
        for path, value in edits.items():
            _put(data, edit.split(path), value)
        model: ModelSpec = edit.replaced(experiment, "model", data["model"]).model
    except (SpecError, LookupError):
        return None
    return "model", model


def place(
    problems: Collection[Problem],
    shown: Collection[str],
    pending: Mapping[str, Any],
    edited: str = "",
    experiment: Experiment | None = None,
) -> dict[str, Said]:
    """Notices by the field they stand under (TOP for none): the field just edited, which caused it, or the problem's own.

    One edit may make every layer impossible; that is said once. With an edit pending, only repairs are offered that
    make the whole possible.
    """
    found: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: not any(fix.path == edited for fix in problem.fixes)):
        at = edited if edited in shown else problem.path if problem.path in shown else TOP
        found.setdefault(at, []).append(problem)
    return {at: _merged(at, group, pending, experiment) for at, group in found.items()}


def _merged(at: str, group: list[Problem], pending: Mapping[str, Any], experiment: Experiment | None) -> Said:
    fixes = list(dict.fromkeys(fix for problem in group for fix in problem.fixes))
    if pending and experiment is not None:
        fixes = [fix for fix in fixes if repair(experiment, pending, fix) is not None]
    if at != TOP:
        messages = list(dict.fromkeys(problem.message for problem in group))
    else:
        messages = list(dict.fromkeys(str(problem) for problem in group))
    more = len(messages) - 2
    if more > 0:
        messages = [*messages[:2], f"{more} more like {'this' if more == 1 else 'these'}"]
    return Said(tuple(sentence(message) for message in messages), tuple(fixes[:4]))


def repair(experiment: Experiment, pending: Mapping[str, Any], fix: Fix) -> tuple[str, Any] | None:
    """The request that a repair stands for, together with what was typed and refused; None when it would not help."""
    return together(experiment, {**pending, fix.path: fix.value})


def sentence(text: str) -> str:
    """With a capital and a full stop, unless it starts with a path."""
    text = text.strip()
    if not text.startswith(("model.", "task.", "training.", "seed")):
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _put(data: Any, steps: list[str | int], value: Any) -> None:
    """Set a value in nested dicts and tuples; tuples on the way become lists."""
    for step in steps[:-1]:
        if isinstance(data[step], tuple):
            data[step] = list(data[step])
        data = data[step]
        if data is None:
            raise LookupError(step)
    data[steps[-1]] = value.model_dump() if isinstance(value, Record) else value
