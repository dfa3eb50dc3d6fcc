"""Edits: every change makes a new Experiment, addressed by paths such as "model.decoder[2].attention.heads"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from playground.spec.check import Problem, SpecError, parse
from playground.spec.experiment import Experiment
from playground.spec.model import Layer, ModelSpec
from playground.spec.record import Record, info

Kind = Literal["same", "hot", "graft", "fresh"]
_ORDER: tuple[Kind, ...] = ("same", "hot", "graft", "fresh")
_PART = re.compile(r"([A-Za-z_]\w*)((?:\[\d+\])*)")


def split(path: str) -> list[str | int]:
    """The steps of a path: names and indices; raises SpecError for what is no path."""
    steps: list[str | int] = []
    for part in path.split("."):
        found = _PART.fullmatch(part)
        if found is None:
            raise SpecError([Problem(path, "this is not a path; one looks like model.decoder[2].attention.heads")])
        steps += [found[1], *map(int, re.findall(r"\d+", found[2]))]
    return steps


def get(experiment: Experiment, path: str) -> Any:
    """The value at a path, None for an absent part; raises SpecError where there is no such place."""
    value: Any = experiment
    for step in split(path):
        value = _step(value, step, path)
    return value


def exists(experiment: Experiment, path: str) -> bool:
    """Whether there is something at a path, and not an absent part."""
    try:
        return get(experiment, path) is not None
    except SpecError:
        return False


def replaced(experiment: Experiment, path: str, value: Any) -> Experiment:
    """The experiment with another value at `path`, a record or a list of records too; raises SpecError when that cannot be."""
    return replaced_all(experiment, ((path, value),))


def replaced_all(experiment: Experiment, edits: Iterable[tuple[str, Any]]) -> Experiment:
    """The experiment with other values at several paths at once; raises SpecError when that cannot be."""
    data: Any = _plain(experiment)
    for path, value in edits:
        get(experiment, path)  # says what is wrong with the path
        *steps, last = split(path)
        holder = data
        for step in steps:
            holder = holder[step]
        holder[last] = _plain(value)
    return parse(data)


def inserted(experiment: Experiment, stack: str, index: int, layer: Layer) -> Experiment:
    """The experiment with a layer more, before layer `index` or at the end; raises SpecError when that cannot be."""
    layers = _stack(experiment, stack, index, more=1)
    layers.insert(index, layer)
    return replaced(experiment, f"model.{stack}", layers)


def removed(experiment: Experiment, stack: str, index: int) -> Experiment:
    """The experiment with a layer less; raises SpecError when none would be left or there is no such layer."""
    layers = _stack(experiment, stack, index)
    del layers[index]
    return replaced(experiment, f"model.{stack}", layers)


def moved(experiment: Experiment, stack: str, index: int, to: int) -> Experiment:
    """The experiment with layer `index` as layer `to`; raises SpecError when there is no such layer or place."""
    layers = _stack(experiment, stack, index)
    _stack(experiment, stack, to)
    layers.insert(to, layers.pop(index))
    return replaced(experiment, f"model.{stack}", layers)


def change(old: Experiment, new: Experiment) -> Kind:
    """What it costs to go from one to the other: the dearest kind of change among the fields that differ."""
    return _change(old, new)


def first_attention(model: ModelSpec) -> str:
    """The path of the first attention part, of the decoder where there is one; of the embedding where there is none."""
    found = (
        f"model.{stack}[{index}].attention"
        for stack in ("decoder", "encoder")
        for index, layer in enumerate(model.stacks.get(stack, ()))
        if layer.attention
    )
    return next(found, "model.embedding")


def _step(value: Any, step: str | int, path: str) -> Any:
    """One step further along a path."""
    if value is None:
        raise SpecError([Problem(path, "that part is absent here; add it first")])
    if isinstance(step, int):
        if not isinstance(value, tuple):
            raise SpecError([Problem(path, f"[{step}] picks a layer, and there are none to pick from here")])
        if step >= len(value):
            raise SpecError([Problem(path, _no_layer(step, len(value)))])
        return value[step]
    if isinstance(value, Record) and step in type(value).model_fields:
        return getattr(value, step)
    if isinstance(value, tuple):
        raise SpecError([Problem(path, "this needs the number of a layer, as in model.decoder[0]")])
    known = f"; known here are {', '.join(type(value).model_fields)}" if isinstance(value, Record) else ""
    raise SpecError([Problem(path, f"there is no such field{known}")])


def _no_layer(index: int, count: int) -> str:
    return f"there is no layer {index}; there are {count}, counted from 0"


def _stack(experiment: Experiment, stack: str, index: int, more: int = 0) -> list[Layer]:
    """A stack's layers as a list; raises SpecError where `index` lies outside, which may be `more` longer."""
    layers = get(experiment, f"model.{stack}")
    if not isinstance(layers, tuple):
        raise SpecError([Problem(f"model.{stack}", "this is no stack of layers; encoder and decoder are")])
    if not 0 <= index < len(layers) + more:
        raise SpecError([Problem(f"model.{stack}[{index}]", _no_layer(index, len(layers)))])
    return list(layers)


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
    """Records as dicts and tuples as lists, all the way down."""
    if isinstance(value, Record):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
