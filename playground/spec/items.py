"""The items of a shared string: what differs from a preset as short words, and how they are put back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from playground.spec.aligning import Origin, differing, origins
from playground.spec.experiment import Experiment
from playground.spec.folding import STACKS, Plain
from playground.spec.modalities import Modalities
from playground.spec.model import Attention, CrossAttention, Mlp
from playground.spec.packing import impossible, too_much
from playground.spec.record import Record

MAX_LAYERS = 512
MAX_ITEMS = 2000
MAX_FIELDS = 65_536
"""Fields of layers that one string may set, or a few letters would keep the program busy for seconds."""
SETTLED = ("model.vocab", "task.text")
"""What a string never says."""
_NEW: dict[str, type[Record]] = {"attention": Attention, "cross": CrossAttention, "mlp": Mlp, "modalities": Modalities}
_LAYER = re.compile(r"([ed])(?:(\d{1,3})(?:-(\d{1,3}))?)?\.([a-z_.]+)", re.ASCII)
_RUN = re.compile(r"([ed])(\d{1,3})(?:-(\d{1,3})|x(\d{1,3}))?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_REAL = re.compile(r"-?\d{1,18}(\.\d{1,24})?(e-?\d{1,3})?", re.ASCII)
_WORD = re.compile(r"[a-z0-9_-]{1,40}")


def items(base: Experiment, made: Experiment) -> list[str]:
    """What differs, in the order in which it is put back; raises ShareError where that is too much."""
    if any(len(layers) > MAX_LAYERS for layers in made.model.stacks.values()):
        raise too_much()
    found = list(_items(base, made))
    if len(found) > MAX_ITEMS:
        raise too_much()
    return found


def applied(base: Experiment, items: tuple[str, ...]) -> Plain:
    """The plain data of the preset with the items put in, not yet checked; raises ShareError for what is no item."""
    if len(items) > MAX_ITEMS:
        raise impossible("It says far too much.")
    data = base.model_dump()
    model: Plain = data["model"]
    was = {stack: getattr(base.model, stack) for stack in STACKS}
    for stack in STACKS:
        model[stack] = [layer.model_dump() for layer in was[stack]]
    fields = 0
    for item in items:
        where, mark, said = item.partition("~")
        if not mark:
            raise impossible("One of its items has no value.")
        if where in STACKS:
            model[where] = [layer.model_dump() for layer in _arranged(was, said)]
        elif found := _LAYER.fullmatch(where):
            layers = model["encoder" if found[1] == "e" else "decoder"]
            first, last = int(found[2] or 1), int(found[3] or found[2] or len(layers))
            if not 1 <= first <= last <= len(layers):
                raise impossible("It changes a layer that is not there.")
            fields += last - first + 1
            if fields > MAX_FIELDS:
                raise impossible("It says far too much.")
            for layer in layers[first - 1 : last]:
                _put(layer, found[4], said)
        elif where in SETTLED:
            raise impossible("It sets what no string may set.")
        else:
            _put(data, where, said)
    return data


def _items(base: Experiment, made: Experiment) -> Iterator[str]:
    """What differs, in the order in which it is put back."""
    aligned = origins(base.model, made.model)
    for stack, found in aligned.items():
        if found != [Origin(stack, index, "kept") for index in range(len(getattr(base.model, stack)))]:
            yield f"{stack}~{'.'.join(_runs(found))}"
    bare = {"model": base.model.model_copy(update={stack: getattr(made.model, stack) for stack in STACKS})}
    for path, old, new in differing(base.model_copy(update=bare), made):
        if path not in SETTLED:
            yield from (f"{where}~{value}" for where, value in _said(path, old, new))
    for stack, found in aligned.items():
        layers = getattr(made.model, stack)
        groups: dict[tuple[str, str], list[int]] = {}
        for place, (origin, layer) in enumerate(zip(found, layers, strict=True)):
            for path, old, new in differing(getattr(base.model, origin.stack)[origin.index], layer):
                for said in _said(path, old, new):
                    groups.setdefault(said, []).append(place)
        for (path, value), places in sorted(groups.items(), key=lambda group: group[0][1] != "new"):
            for where in _ranges(places, len(layers)):
                yield f"{stack[0]}{where}.{path}~{value}"


def _said(path: str, old: Any, new: Any) -> Iterator[tuple[str, str]]:
    """(path, value) as they stand in a string; a part that was added brings the fields that are not its defaults."""
    if isinstance(new, Record):
        yield path, "new"
        for inner, one, other in differing(type(new)(), new, path):
            yield from _said(inner, one, other)
    elif isinstance(new, bool) or new is None:
        yield path, {True: "true", False: "false", None: ""}[new]
    elif isinstance(new, float):
        short = re.sub(r"e([+-]?)0*(\d)", r"e\1\2", repr(new)).replace("e+", "e")
        yield path, short.removesuffix(".0")
    else:
        yield path, str(new)


def _runs(found: list[Origin]) -> Iterator[str]:
    """Where layers come from, as runs: d1-4 is four in a row, d4x2 one of them twice."""
    start = 0
    while start < len(found):
        first = found[start]
        end = same = start + 1
        while same < len(found) and found[same].stack == first.stack and found[same].index == first.index:
            same += 1
        while end < len(found) and (found[end].stack, found[end].index) == (first.stack, first.index + end - start):
            end += 1
        name = f"{first.stack[0]}{first.index + 1}"
        yield f"{name}x{same - start}" if same > end else f"{name}-{first.index + end - start}" if end > start + 1 else name
        start = max(same, end)


def _ranges(places: list[int], count: int) -> Iterator[str]:
    """Numbers of layers as ranges, counted from 1; nothing for all of them."""
    if len(places) == count:
        yield ""
        return
    starts = [place for at, place in enumerate(places) if at == 0 or places[at - 1] != place - 1]
    for start in starts:
        end = start
        while end + 1 in places:
            end += 1
        yield f"{start + 1}-{end + 1}" if end > start else f"{start + 1}"


def _arranged(was: dict[str, tuple[Any, ...]], said: str) -> list[Any]:
    """The layers that runs such as d1-3.d3x2 stand for."""
    made: list[Any] = []
    for run in said.split(".") if said else ():
        found = _RUN.fullmatch(run)
        if found is None:
            raise impossible("Its list of layers cannot be read.")
        layers = was["encoder" if found[1] == "e" else "decoder"]
        first, last = int(found[2]), int(found[3] or found[2])
        if not 1 <= first <= last <= len(layers):
            raise impossible("It is made of layers that its preset does not have.")
        made += layers[first - 1 : last] * int(found[4] or 1)
        if len(made) > MAX_LAYERS:
            raise impossible(f"It has more than {MAX_LAYERS} layers.")
    return made


def _put(holder: Any, path: str, said: str) -> None:
    """Set one field of plain data; whether the value can be is for the check to say."""
    *steps, last = path.split(".")
    for step in steps:
        holder = holder.get(step) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or last not in holder:
        raise impossible(f"There is no field “{path[:40]}”.")
    if said == "new" and last in _NEW:
        holder[last] = _NEW[last]().model_dump()
    else:
        holder[last] = _value(said)


def _value(said: str) -> bool | int | float | str | None:
    if said in ("", "true", "false"):
        return {"": None, "true": True, "false": False}[said]
    if _WHOLE.fullmatch(said):
        return int(said)
    if _REAL.fullmatch(said):
        return float(said)
    if _WORD.fullmatch(said):
        return said
    raise impossible("One of its values cannot be read.")
