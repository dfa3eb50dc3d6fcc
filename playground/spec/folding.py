"""How an experiment stands in a file: equal neighbouring layers as one table with `repeat`, absent parts as "none"."""

from __future__ import annotations

from typing import Any

import tomlkit

from playground.spec.check import Problem, SpecError
from playground.spec.experiment import Experiment
from playground.spec.model import ModelSpec

ABSENT = "none"
"""How an absent attention or MLP is written; optional numbers and cross-attention that are absent are left out."""
OPTIONAL_PARTS = ("attention", "mlp")
STACKS = ("encoder", "decoder")
MAX_REPEAT = 1024
_TABLES = {("model",), ("task",), ("training",)}
"""What is written as a table of its own; everything deeper is an inline table on one line."""

Plain = dict[str, Any]


def unfolded(layers: list[Any], path: str) -> list[Any]:
    """Layers with `repeat` taken out and absent parts as None; raises SpecError for an impossible `repeat`."""
    out: list[Any] = []
    for place, layer in enumerate(layers):
        if isinstance(layer, dict):
            repeat = repeat_of(layer, f"{path}[{place}].repeat")
            plain = {key: value for key, value in layer.items() if key != "repeat"}
            for key in (*OPTIONAL_PARTS, "cross"):
                if plain.get(key) == ABSENT:
                    plain[key] = None
            out += [plain] * repeat
        else:
            out.append(layer)
    return out


def repeat_of(layer: Plain, path: str = "repeat") -> int:
    """How many layers a table stands for; raises SpecError where that is no number from 1 to MAX_REPEAT."""
    repeat = layer.get("repeat", 1)
    if isinstance(repeat, bool) or not isinstance(repeat, int) or not 1 <= repeat <= MAX_REPEAT:
        shown = str(repeat).lower() if isinstance(repeat, bool) else repr(repeat)
        raise SpecError([Problem(path, f"should be a whole number from 1 to {MAX_REPEAT}, not {shown}")])
    return int(repeat)


def layers_of(model: ModelSpec, stack: str) -> list[Plain]:
    """Every layer of a stack as plain data, absent parts as they are written."""
    written: list[Plain] = _written([layer.model_dump() for layer in getattr(model, stack)])
    return written


def rest_of(experiment: Experiment) -> Plain:
    """The experiment without its stacks, as plain data."""
    data: Plain = _written(experiment.model_dump())
    for stack in STACKS:
        del data["model"][stack]
    return data


def folded(experiment: Experiment) -> Plain:
    """Plain data as it stands in a new file."""
    data = rest_of(experiment)
    model: Plain = data["model"]
    stacks = {stack: layers_of(experiment.model, stack) for stack in STACKS}
    if not stacks["decoder"]:
        model["decoder"] = []  # left out it would mean the default layers
    for stack, layers in stacks.items():
        runs: list[tuple[Plain, int]] = []
        for layer in layers:
            if runs and runs[-1][0] == layer and runs[-1][1] < MAX_REPEAT:
                runs[-1] = (layer, runs[-1][1] + 1)
            else:
                runs.append((layer, 1))
        if runs:
            model[stack] = [{"repeat": count, **layer} if count > 1 else layer for layer, count in runs]
    return data


def item(path: tuple[str, ...], value: Any) -> Any:
    """A value as tomlkit writes it: the tables of the file, lists of layers as [[tables]], all else on one line."""
    if isinstance(value, dict):
        made: Any = tomlkit.table() if path in _TABLES else tomlkit.inline_table()
        for key, inner in value.items():
            made.add(key, item((*path, key), inner))
        return made
    if isinstance(value, list) and value:
        array = tomlkit.aot()
        for layer in value:
            table = tomlkit.table()
            for key, inner in layer.items():
                table.add(key, item((*path, key), inner))
            array.append(table)
        return array
    return value


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: ABSENT if inner is None else _written(inner)
            for key, inner in value.items()
            if inner is not None or key in OPTIONAL_PARTS
        }
    if isinstance(value, list | tuple):
        return [_written(inner) for inner in value]
    return value
