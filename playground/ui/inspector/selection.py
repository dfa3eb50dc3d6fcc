"""What is shown when several parts are selected: what they have in common, which paths one row stands for; no Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playground.spec import cost, edit
from playground.spec.experiment import Experiment
from playground.ui.inspector import fields

_LAYER = re.compile(r"(model\.(?:decoder|encoder)\[(\d+)\])(?:\.(.+))?$")
NAMED = 4
"""More layers than this are counted, not listed."""
Pairs = tuple[tuple[str, Any], ...]


def layer_of(path: str) -> str:
    """The layer that a path lies in, or nothing: "model.decoder[2]"."""
    found = _LAYER.match(path)
    return found[1] if found else ""


def inside(path: str) -> str:
    """The rest of a path behind its layer: "attention.heads"; nothing for a layer or a path outside of layers."""
    found = _LAYER.match(path)
    return (found[3] or "") if found else ""


def generic(path: str) -> str:
    """A path without the number of its layer: the same for the same field of every layer."""
    return f"layer.{inside(path)}" if layer_of(path) else path


def common(experiment: Experiment, paths: Sequence[str]) -> tuple[str, ...]:
    """What can be shown of several parts together: parts of one kind, else their layers, else nothing.

    The place of an absent part stands for its layer. The result is in the order of the model.
    """
    there: list[str] = []
    for path in paths:
        while path and not edit.exists(experiment, path) and "." in path:
            path = path.rpartition(".")[0]
        if path not in ("", "model", *there):
            there.append(path)
    if len(there) <= 1:
        return tuple(there)
    if not all(layer_of(path) for path in there):
        return ()
    if len({inside(path) for path in there}) > 1:
        there = list(dict.fromkeys(layer_of(path) for path in there))
    order = [layer for layer, _ in cost.each_layer(experiment.model)]
    return tuple(sorted(there, key=lambda path: order.index(layer_of(path))))


def spread(path: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The paths that a row stands for: the same field in every layer of the selection."""
    layers = [layer_of(part) for part in paths]
    if len(paths) < 2 or layer_of(path) not in layers:
        return (path,)
    return tuple(f"{layer}.{inside(path)}" if inside(path) else layer for layer in layers)


def everywhere(experiment: Experiment, path: str, stack: str = "") -> tuple[str, ...]:
    """The same field in every layer, of one stack or of both, that has the part it belongs to."""
    rest = inside(path)
    part, _, name = rest.rpartition(".")
    found = []
    for layer, _ in cost.each_layer(experiment.model):
        if stack and not layer.startswith(f"model.{stack}"):
            continue
        if rest == "cross" and layer.startswith("model.encoder"):
            continue  # an encoder has no other sequence to look at
        if name and edit.exists(experiment, f"{layer}.{part}" if part else layer):
            found.append(f"{layer}.{rest}")
    return tuple(found)


def caption(paths: Sequence[str], both: bool = False) -> str:
    """What is shown, in words: "Layer 3 · MLP", "Layers 1, 3 · attention", "4 layers"; `both` where there are two stacks."""
    if len(paths) == 1:
        return fields.title(paths[0], both)
    kind = inside(paths[0])
    named = f" · {fields.PARTS.get(kind, kind)}" if kind else ""
    if not kind or len(paths) > NAMED:
        return f"{len(paths)} layers{named}"
    stacks = {
        name: [str(int(path.partition("[")[2].partition("]")[0]) + 1) for path in paths if path.startswith(f"model.{name}")]
        for name in ("encoder", "decoder")
    }
    if stacks["encoder"] and stacks["decoder"]:
        return f"Encoder {', '.join(stacks['encoder'])}, decoder {', '.join(stacks['decoder'])}{named}"
    if stacks["encoder"]:
        return f"Encoder layers {', '.join(stacks['encoder'])}{named}"
    return f"{'Decoder layers' if both else 'Layers'} {', '.join(stacks['decoder'])}{named}"


@dataclass(frozen=True)
class Seen:
    """What one row shows: the value and what counts of it, whether several differ, and the way back to the preset.

    `back` is empty where nothing differs from the preset; `preset` is what all go back to, where that is one value.
    """

    value: Any
    effective: Any
    mixed: bool
    back: Pairs
    preset: Any
    one_preset: bool
    needed: bool


def seen(experiment: Experiment, preset: Experiment, field: fields.Field, targets: Sequence[str]) -> Seen:
    """What the row of `field` shows of the values at `targets`; what means nothing in a layer does not count."""
    counted = [path for path in targets if fields.needed(experiment, path)]
    values = [(fields.read(experiment, path), fields.effective(experiment, path)) for path in counted or targets[:1]]
    if field.kind == "part":
        mixed = len({value is None for value, _ in values}) > 1
    else:
        mixed = any(value != values[0] for value in values)
    pairs: list[tuple[str, Any]] = []
    for path in counted:
        value = fields.read(experiment, path)
        old = fields.preset_value(preset, path, value)
        same = (value is None) == (old is None) if field.kind == "part" else value == old
        if not same:
            pairs.append((path, old))
    first = pairs[0][1] if pairs else None
    one = all(value == first for _, value in pairs)
    return Seen(*values[0], mixed, tuple(pairs), first, one, bool(counted))
