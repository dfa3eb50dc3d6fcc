"""Experiments as TOML and back without loss: equal neighbouring layers fold into `repeat`, comments of people survive.

An absent attention or MLP is written `attention = "none"`; an absent optional number (kv_heads, d_head) is left out.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError

from playground.spec.check import Problem, SpecError, parse
from playground.spec.experiment import Experiment
from playground.spec.folding import STACKS, folded, item, layers_of, unfolded
from playground.spec.keeping import rewritten
from playground.spec.model import Layer, ModelSpec
from playground.spec.wording import refusal


def load(path: Path) -> Experiment:
    """Read an experiment; raises SpecError with the place and the reason, for a file that cannot be read as well."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SpecError([Problem(str(path), "this is not UTF-8 text; save it as UTF-8")]) from None
    except OSError as error:
        raise SpecError([Problem(str(path), f"this cannot be read: {error.strerror or error}")]) from None
    return loads(text, str(path))


def loads(text: str, place: str = "experiment.toml") -> Experiment:
    """An experiment from TOML text; missing fields take their defaults.

    Raises SpecError: with the line, as a problem of `place`, where it is not TOML, else with the path of every field
    that cannot be; layers are counted after `repeat` is taken apart.
    """
    return parse(_data(text, place))


def _data(text: str, place: str) -> dict[str, Any]:
    """TOML text as plain data, with each layer by itself."""
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise SpecError([Problem(place, "this is nested too deeply; an experiment has four levels at most")]) from None
    except ValueError as error:  # TOMLDecodeError, or a number with thousands of digits
        raise SpecError([Problem(place, _not_toml(str(error), text))]) from None
    model = data.get("model")
    if isinstance(model, dict):
        for stack in STACKS:
            if isinstance(model.get(stack), list):
                model[stack] = unfolded(model[stack], f"model.{stack}")
    return data


def dumps_layers(layers: Sequence[Layer], stack: str = "decoder") -> str:
    """Layers alone as TOML text, as they would stand in an experiment; for the clipboard."""
    document = tomlkit.document()
    model = tomlkit.table(is_super_table=True)
    alone = ModelSpec(decoder=()).model_copy(update={"encoder": (), "decoder": (), stack: tuple(layers)})
    model.add(stack, item(("model", stack), layers_of(alone, stack)))
    document.add("model", model)
    return tomlkit.dumps(document)


def loads_layers(text: str) -> tuple[Layer, ...]:
    """The layers of a text as `dumps_layers` or an experiment's file has them; raises SpecError where there are none."""
    model = _data(text, "the clipboard").get("model")
    stacks = [model.get(stack) for stack in STACKS] if isinstance(model, dict) else []
    plain = [layer for stack in stacks if isinstance(stack, list) for layer in stack]
    if not plain:
        raise SpecError([Problem("the clipboard", "there are no layers in it; copy some first, or a [[model.decoder]] table")])
    try:
        return tuple(Layer.model_validate(layer) for layer in plain)
    except ValidationError as error:
        raise SpecError([Problem(*refusal(each)) for each in error.errors()]) from None


def dumps(experiment: Experiment) -> str:
    """The experiment as TOML text, every field written out."""
    document = tomlkit.document()
    for key, value in folded(experiment).items():
        document.add(key, item((key,), value))
    return tomlkit.dumps(document)


def save(path: Path, experiment: Experiment) -> None:
    """Write atomically; in a file that a person has edited only what differs is touched, so comments and order stay.

    Raises OSError where that cannot be written; the file that was there is then as it was.
    """
    path = path.resolve()  # through a link, to the file itself
    text = _kept(path, experiment) or dumps(experiment)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _kept(path: Path, experiment: Experiment) -> str | None:
    """The text of the file at `path`, changed to say `experiment`; None where there is none that can be."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        changed = rewritten(text, loads(text), experiment)
        return changed if loads(changed) == experiment else None
    except (OSError, ValueError):  # absent, not UTF-8, not an experiment: no comments worth keeping
        return None


def _not_toml(reason: str, text: str) -> str:
    """What is wrong and in which line, as a sentence."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", reason, re.DOTALL)
    if found is None:
        return f"this is not TOML: {reason[:1].lower()}{reason[1:]}"
    line = found[2] or str(max(1, len(text.splitlines())))
    where = f"column {found[3]}" if found[3] else "the text ends there"
    return f"line {line} is not TOML: {found[1][:1].lower()}{found[1][1:]} ({where}); mend that line"
