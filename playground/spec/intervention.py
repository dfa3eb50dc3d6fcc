"""Interventions: changes to what a model computes, not to its weights - a part silenced, an edge forbidden, a patch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from playground.spec.attention import AttentionHeads
from playground.spec.layers import Origins, place_of
from playground.spec.model import Layer, ModelSpec

Kind = Literal["scale", "keep", "patch", "forbid"]
PARTS = {"attention": "attention", "cross": "cross-attention", "mlp": "MLP"}


@dataclass(frozen=True)
class Intervention:
    """One change, in force in training and when the model is looked at, until it is taken back.

    `path` names a layer, or its attention, cross-attention or MLP; `head` one head of an attention, counted from 0.
    "scale" multiplies what that adds to the stream by `factor`; 0 silences it. "keep" silences every other head. "patch"
    puts in what the part makes of `prompt`, place by place from the beginning. "forbid" hides the key at place `key` from
    the query at place `query`, both counted from 0, of one head or of all.
    """

    path: str
    kind: Kind = "scale"
    head: int | None = None
    factor: float = 0.0
    prompt: str = ""
    query: int = 0
    key: int = 0

    @property
    def sentence(self) -> str:
        """What it does, for people: "Layer 2 · head 3 silenced"."""
        where = name(self.path, self.head)
        if self.kind == "scale":
            return f"{where} silenced" if self.factor == 0 else f"{where} × {self.factor:g}"
        if self.kind == "keep":
            return f"{where} alone"
        if self.kind == "patch":
            shown = self.prompt if len(self.prompt) <= 24 else self.prompt[:23] + "…"
            return f"{where} as for “{shown}”"
        return f"{where}: token {self.query + 1} may not look at {self.key + 1}"


def name(path: str, head: int | None = None) -> str:
    """A part in words: "Layer 2 · MLP", "Encoder layer 1 · head 3"."""
    place = place_of(path)
    if place is None:
        return path
    part = path.partition("].")[2]
    layer = f"{'Encoder layer' if place[0] == 'encoder' else 'Layer'} {place[1] + 1}"
    if head is not None:
        crossing = "cross-attention " if part == "cross" else ""
        return f"{layer} · {crossing}head {head + 1}"
    return f"{layer} · {PARTS[part]}" if part else layer


def possible(model: ModelSpec, wanted: Intervention) -> bool:
    """Whether the model has the part, and the head, that an intervention speaks of."""
    place = place_of(wanted.path)
    layers = model.stacks.get(place[0], ()) if place is not None else ()
    if place is None or place[1] >= len(layers):
        return False
    part = wanted.path.partition("].")[2]
    found: Layer | AttentionHeads | object | None = getattr(layers[place[1]], part) if part else layers[place[1]]
    if wanted.head is not None or wanted.kind in ("keep", "forbid"):
        return isinstance(found, AttentionHeads) and (wanted.head is None or wanted.head < found.heads)
    return found is not None


def carried(interventions: Sequence[Intervention], origins: Origins | None) -> tuple[Intervention, ...]:
    """The interventions where their layers are now; those of layers that are gone go too. A copy of a layer is free."""
    if origins is None:
        return tuple(interventions)
    now = {
        origin.name: f"model.{stack}[{index}]"
        for stack, found in origins.items()
        for index, origin in enumerate(found)
        if origin is not None and not origin.copy
    }
    made = []
    for each in interventions:
        place = place_of(each.path)
        if place is not None and (layer := now.get(f"{place[0]}.{place[1]}")) is not None:
            rest = each.path.partition("].")[2]
            made.append(replace(each, path=f"{layer}.{rest}" if rest else layer))
    return tuple(made)
