"""Experiments as TOML and back without loss: equal neighbouring layers fold into `repeat`, comments of people survive."""

from __future__ import annotations

import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from playground.spec.check import Problem, SpecError, parse
from playground.spec.experiment import Experiment

ABSENT = "none"
"""How an absent attention or MLP is written; optional numbers that are absent are left out."""
_STACKS = ("encoder", "decoder")
_TABLES = {(), ("model",), ("task",), ("training",)}
"""What is written as a table of its own; everything deeper is an inline table on one line."""


def load(path: Path) -> Experiment:
    """Read an experiment; raises SpecError with the place and the reason."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SpecError([Problem(str(path), "this is not UTF-8 text; save it as UTF-8")]) from None
    except OSError as error:
        raise SpecError([Problem(str(path), f"cannot be read: {error.strerror or error}")]) from None
    return loads(text)


def loads(text: str) -> Experiment:
    """An experiment from TOML text; missing fields take their defaults."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError([Problem("experiment.toml", f"this is not TOML: {error}; mend that line")]) from None
    model = data.get("model")
    if isinstance(model, dict):
        for stack in _STACKS:
            if isinstance(model.get(stack), list):
                model[stack] = _unfolded(model[stack], f"model.{stack}")
    return parse(data)


def dumps(experiment: Experiment) -> str:
    """The experiment as TOML text, every field written out."""
    document = tomlkit.document()
    for key, value in _folded(experiment).items():
        document.add(key, _item((key,), value))
    return tomlkit.dumps(document)


def save(path: Path, experiment: Experiment) -> None:
    """Write atomically; in a file that a person has edited, comments and order stay where the structure is the same."""
    text = dumps(experiment)
    if path.is_file():
        try:
            document = tomlkit.parse(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            pass  # an unreadable file has no comments worth keeping
        else:
            _update(document, _folded(experiment), ())
            kept = tomlkit.dumps(document)
            text = kept if _same(kept, experiment) else text
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".experiment", suffix=".toml")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)  # mkstemp keeps what it makes to its owner
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _same(text: str, experiment: Experiment) -> bool:
    try:
        return loads(text) == experiment
    except SpecError:
        return False


def _unfolded(layers: list[Any], path: str) -> list[Any]:
    """Layers with `repeat` taken out and absent parts as None."""
    out: list[Any] = []
    for place, layer in enumerate(layers):
        if not isinstance(layer, dict):
            out.append(layer)
            continue
        plain = {key: None if key in ("attention", "mlp") and value == ABSENT else value for key, value in layer.items()}
        repeat = plain.pop("repeat", 1)
        if isinstance(repeat, bool) or not isinstance(repeat, int) or not 1 <= repeat <= 1024:
            raise SpecError([Problem(f"{path}[{place}].repeat", f"should be a whole number from 1 to 1024, not {repeat!r}")])
        out += [plain] * repeat
    return out


def _folded(experiment: Experiment) -> dict[str, Any]:
    """Plain data as it stands in the file."""
    data: dict[str, Any] = _written(experiment.model_dump())
    for stack in _STACKS:
        runs: list[dict[str, Any]] = []
        for layer in data["model"].pop(stack):
            if runs and {key: value for key, value in runs[-1].items() if key != "repeat"} == layer:
                runs[-1]["repeat"] = runs[-1].get("repeat", 1) + 1
            else:
                runs.append(dict(layer))
        if runs:
            data["model"][stack] = [{"repeat": run["repeat"], **run} if "repeat" in run else run for run in runs]
    return data


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: ABSENT if inner is None else _written(inner)
            for key, inner in value.items()
            if inner is not None or key in ("attention", "mlp")
        }
    if isinstance(value, list | tuple):
        return [_written(inner) for inner in value]
    return value


def _item(path: tuple[str, ...], value: Any) -> Any:
    if isinstance(value, dict):
        made: Any = tomlkit.table() if path in _TABLES else tomlkit.inline_table()
        for key, inner in value.items():
            made.add(key, _item((*path, key), inner))
        return made
    if isinstance(value, list):
        array = tomlkit.aot()
        for layer in value:
            table = tomlkit.table()
            for key, inner in layer.items():
                table.add(key, _item((*path, key), inner))
            array.append(table)
        return array
    return value


def _update(old: Any, new: dict[str, Any], path: tuple[str, ...]) -> None:
    """Bring a parsed document to `new`, touching only what differs."""
    for key in [key for key in old if key not in new]:
        del old[key]
    for key, value in new.items():
        here = old.get(key)
        if isinstance(value, dict) and isinstance(here, dict):
            _update(here, value, (*path, key))
        elif isinstance(value, list) and isinstance(here, AoT) and len(here) == len(value):
            for table, layer in zip(here, value, strict=True):
                assert isinstance(table, Table)
                _update(table, layer, (*path, key))
        elif here is None or _plain(here) != value:
            old[key] = _item((*path, key), value)


def _plain(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item
