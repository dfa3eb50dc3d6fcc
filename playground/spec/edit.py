"""Edits: every change makes a new Experiment, addressed by paths such as "model.decoder[2].attention.heads"."""

from __future__ import annotations

import re
from typing import Any, Literal

from playground.spec.check import Problem, SpecError, parse
from playground.spec.experiment import Experiment
from playground.spec.model import Layer
from playground.spec.record import Record, info

Kind = Literal["same", "hot", "graft", "fresh"]
_ORDER: tuple[Kind, ...] = ("same", "hot", "graft", "fresh")
_PART = re.compile(r"([A-Za-z_]\w*)|\[(\d+)\]")


def split(path: str) -> list[str | int]:
    """The steps of a path: names and indices."""
    steps: list[str | int] = []
    for part in path.split("."):
        found = [name if name else int(index) for name, index in _PART.findall(part)]
        if not found or "".join(f"[{s}]" if isinstance(s, int) else s for s in found) != part:
            raise SpecError([Problem(path, "this is not a path; one looks like model.decoder[2].attention.heads")])
        steps += found
    return steps


def get(experiment: Experiment, path: str) -> Any:
    """The value at a path; raises SpecError where there is none."""
    value: Any = experiment
    for step in split(path):
        try:
            value = value[step] if isinstance(step, int) else getattr(value, step)
        except (AttributeError, IndexError, TypeError):
            raise SpecError([Problem(path, "there is no such field")]) from None
    return value


def exists(experiment: Experiment, path: str) -> bool:
    """Whether there is something at a path, and not an absent part."""
    try:
        return get(experiment, path) is not None
    except SpecError:
        return False


def replaced(experiment: Experiment, path: str, value: Any) -> Experiment:
    """The experiment with another value at `path`; raises SpecError when that cannot be."""
    data = experiment.model_dump()
    steps = split(path)
    holder: Any = data
    for step in steps[:-1]:
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            raise SpecError([Problem(path, "there is no such field")]) from None
        if holder is None:
            raise SpecError([Problem(path, "that part is absent here; add it first")])
    last = steps[-1]
    if isinstance(last, int):
        if not isinstance(holder, tuple) or last >= len(holder):
            raise SpecError([Problem(path, "there is no such layer")])
        return replaced(experiment, path[: path.rindex("[")], (*holder[:last], _plain(value), *holder[last + 1 :]))
    holder[last] = _plain(value)
    return parse(data)


def inserted(experiment: Experiment, stack: str, index: int, layer: Layer) -> Experiment:
    """The experiment with a layer more."""
    layers = list(getattr(experiment.model, stack))
    layers.insert(index, layer)
    return _with_layers(experiment, stack, layers)


def removed(experiment: Experiment, stack: str, index: int) -> Experiment:
    """The experiment with a layer less; raises SpecError when none would be left."""
    layers = list(getattr(experiment.model, stack))
    del layers[index]
    return _with_layers(experiment, stack, layers)


def moved(experiment: Experiment, stack: str, index: int, to: int) -> Experiment:
    """The experiment with a layer at another place."""
    layers = list(getattr(experiment.model, stack))
    layers.insert(to, layers.pop(index))
    return _with_layers(experiment, stack, layers)


def change(old: Experiment, new: Experiment) -> Kind:
    """What it costs to go from one to the other: the dearest kind of change among the fields that differ."""
    return _change(old, new)


def _with_layers(experiment: Experiment, stack: str, layers: list[Layer]) -> Experiment:
    data = experiment.model_dump()
    data["model"][stack] = [layer.model_dump() for layer in layers]
    return parse(data)


def _change(old: Record, new: Record) -> Kind:
    worst: Kind = "same"
    for name in type(old).model_fields:
        one, other = getattr(old, name), getattr(new, name)
        if one == other:
            continue
        if isinstance(one, Record) and isinstance(other, Record):
            kind = _change(one, other)
        elif isinstance(one, tuple) and len(one) == len(other):
            kind = max((_change(a, b) for a, b in zip(one, other, strict=True)), key=_ORDER.index)
        else:
            about = info(type(old), name)
            kind = about.change if about is not None else "graft"
        worst = max(worst, kind, key=_ORDER.index)
    return worst


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, Record) else value
