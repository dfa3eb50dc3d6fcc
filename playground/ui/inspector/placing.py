"""Where a refusal is said: beside which field, in how many words, with which repairs that really repair; no Qt."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from playground.spec import edit
from playground.spec.check import Fix, Problem, SpecError, parse
from playground.spec.experiment import Experiment
from playground.spec.record import Record
from playground.ui.inspector.selection import generic, inside, layer_of

TOP = ""
"""The place of what belongs to no field on display."""


@dataclass(frozen=True)
class FixEach(Fix):
    """A repair that sets another value in each layer, where no single one suits them all."""

    edits: tuple[tuple[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """What the button says."""
        return f"{self.path.rsplit('.', 1)[-1]} = {', '.join(str(value) for _, value in self.edits)}"


@dataclass(frozen=True)
class Said:
    """One notice: its sentences and the repairs offered."""

    messages: tuple[str, ...]
    fixes: tuple[Fix, ...]


def applied(experiment: Experiment, edits: Mapping[str, Any]) -> Experiment:
    """The experiment with all the edits made at once; raises SpecError when that cannot be."""
    data = experiment.model_dump()
    for path, value in edits.items():
        _put(data, path, value)
    return parse(data)


def together(experiment: Experiment, edits: Mapping[str, Any]) -> Experiment | None:
    """The experiment with all the edits made at once, or None when they cannot be, even together."""
    try:
        return applied(experiment, edits)
    except SpecError:
        return None


def place(
    problems: Collection[Problem],
    shown: Collection[str],
    pending: Mapping[str, Any],
    edited: str = "",
    experiment: Experiment | None = None,
) -> dict[str, Said]:
    """Notices by the field they stand under (TOP for none): the field just edited, which caused it, or the problem's own.

    One edit may make every layer impossible; that is said once. With an edit pending, only repairs are offered that
    make the whole possible. Where several layers are shown, a row stands for the field in each of them.
    """
    found: dict[str, list[Problem]] = {}
    rows = {generic(path): path for path in shown} if pending else {}
    for problem in sorted(problems, key=lambda problem: not any(fix.path == edited for fix in problem.fixes)):
        own = problem.path if problem.path in shown else TOP
        if not own and problem.path in pending:
            own = rows.get(generic(problem.path), TOP)
        found.setdefault(edited if edited in shown else own, []).append(problem)
    return {at: _merged(at, group, pending, experiment) for at, group in found.items()}


def edits_of(fix: Fix, pending: Mapping[str, Any]) -> dict[str, Any]:
    """All that a repair sets: of a field in one of several layers that are being edited, the same in each of them."""
    if isinstance(fix, FixEach):
        return dict(fix.edits)
    layers = _layers(pending)
    if layer_of(fix.path) in layers and inside(fix.path):
        return {f"{layer}.{inside(fix.path)}": fix.value for layer in layers}
    return {fix.path: fix.value}


def _merged(at: str, group: list[Problem], pending: Mapping[str, Any], experiment: Experiment | None) -> Said:
    fixes = [fix for problem in group for fix in problem.fixes]
    if pending and experiment is not None:
        home = layer_of(at)
        if home in _layers(pending):  # all layers of an edit speak for the one whose row is shown
            fixes = [
                Fix(f"{home}.{inside(fix.path)}", fix.value) if layer_of(fix.path) in _layers(pending) else fix for fix in fixes
            ]
        fixes = [fix for fix in _once(fixes) if repair(experiment, pending, fix) is not None]
        if not fixes and len(_layers(pending)) > 1:
            fixes = _each(at, group, pending, experiment)
    if at != TOP:
        messages = list(dict.fromkeys(problem.message for problem in group))
    else:
        messages = list(dict.fromkeys(str(problem) for problem in group))
    more = len(messages) - 2
    if more > 0:
        messages = [*messages[:2], f"{more} more like {'this' if more == 1 else 'these'}"]
    return Said(tuple(sentence(message) for message in messages), tuple(_once(fixes)[:4]))


def _each(at: str, group: list[Problem], pending: Mapping[str, Any], experiment: Experiment) -> list[Fix]:
    """One repair that gives each layer the value that suits it, where there is such a one."""
    edits = {problem.fixes[0].path: problem.fixes[0].value for problem in group if problem.fixes}
    if together(experiment, {**pending, **edits}) is None:
        return []
    return [FixEach(at, None, tuple(edits.items()))]


def repair(experiment: Experiment, pending: Mapping[str, Any], fix: Fix) -> Experiment | None:
    """What a repair makes of the experiment, together with what was typed and refused; None when it would not help."""
    return together(experiment, {**pending, **edits_of(fix, pending)})


def sentence(text: str) -> str:
    """With a capital and a full stop, unless it starts with a path."""
    text = text.strip()
    if not text.startswith(("model.", "task.", "training.", "seed")):
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _once(fixes: list[Fix]) -> list[Fix]:
    return list(dict.fromkeys(fixes))


def _layers(pending: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(layer for path in pending if (layer := layer_of(path))))


def _put(data: Any, path: str, value: Any) -> None:
    """Set a value in nested dicts and tuples; tuples on the way become lists. Raises SpecError where there is no such place."""
    *steps, last = edit.split(path)
    for step in steps:
        if isinstance(data[step], tuple):
            data[step] = list(data[step])
        data = data[step]
        if data is None:
            raise SpecError([Problem(path, "that part is absent here; add it first")])
    data[last] = value.model_dump() if isinstance(value, Record) else value
