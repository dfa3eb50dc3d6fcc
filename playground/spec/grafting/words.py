"""Parts of models in words, for what a graft says: which ones are new, which have no place any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from playground.spec.grafting.plan import Plan
from playground.spec.layers import STACKS
from playground.spec.model import ModelSpec, branches

_SHOWN = 4
"""How many parts a sentence names."""
_ENDS = {
    "embed": "token embedding", "position": "positions", "embed_norm": "norm of the embedding",
    "encoder_norm": "norm of the encoder", "hidden": "hidden layer at the end", "norm": "final norm",
    "unembed": "unembedding",
}  # fmt: skip
_PARTS = {"attention": "attention", "cross": "cross-attention", "mlp": "MLP"}
_PIECES = {"gate": "gate", "up": "gate", "sink": "sink", "router": "router", "distance": "distances", "q_norm": "QK norm",
           "k_norm": "QK norm"}  # fmt: skip
"""What can be new in a part that was there; where a gate is added, the curve stays with the old matrix."""


def label(name: str, both: bool) -> str:
    """ "decoder.2" as people say it: "layer 3", or "decoder layer 3" where there are two stacks; "decoder.2.mlp" too."""
    stack, index, *part = name.split(".")
    where = f"{stack} layer {int(index) + 1}" if both else f"layer {int(index) + 1}"
    return f"{where} {_PARTS[part[0]]}" if part else where


def listed(parts: Collection[str]) -> str:
    """ "a, b and c"; the first few of many."""
    shown = list(parts)
    if len(shown) > _SHOWN:
        return f"{', '.join(shown[:_SHOWN])} and {len(shown) - _SHOWN} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def new_parts(plan: Plan) -> Iterator[str]:
    """What begins afresh, layers and branches that begin as the identity apart."""
    silent = (*plan.identity, *plan.nearly)
    found: dict[str, list[str]] = {}
    for name, carry in plan.carries.items():
        if carry.known or _within(name, silent):
            continue
        where, what = _piece(plan, name)
        layers = found.setdefault(what, [])
        if where not in layers:
            layers.append(where)
    return _gathered(found, len(plan.new.stacks) > 1)


def lost_parts(old: ModelSpec, used: Collection[str]) -> Iterator[str]:
    """Layers, and branches of kept ones, that none of the weights in use is from."""
    found: dict[str, list[str]] = {}
    for stack, layers in old.stacks.items():
        for index, layer in enumerate(layers):
            name = f"{stack}.{index}"
            gone = [part for part, _ in branches(layer) if not any(one.startswith(f"{name}.{part}.") for one in used)]
            for what in [""] if len(gone) == len(branches(layer)) else [_PARTS[part] for part in gone]:
                found.setdefault(what, []).append(name)
    return _gathered(found, len(old.stacks) > 1)


def _gathered(found: dict[str, list[str]], both: bool) -> Iterator[str]:
    """What is the same in several layers as one."""
    for what, layers in found.items():
        if what and len(layers) > 1:
            yield f"{what} of {len(layers)} layers"
        else:
            yield from (f"{label(layer, both)} {what}".strip() if layer else what for layer in layers)


def _piece(plan: Plan, weight: str) -> tuple[str, str]:
    """The layer of a new weight, or "", and what it belongs to: the whole part where all of it is new."""
    stack, *rest = weight.split(".")
    if stack not in STACKS:
        was_there = any(carry.known for name, carry in plan.carries.items() if name.startswith(f"{stack}."))
        return "", f"{_ENDS[stack]} biases" if was_there else _ENDS[stack]
    layer, part = f"{stack}.{rest[0]}", rest[1]
    was_there = any(carry.known for name, carry in plan.carries.items() if name.startswith(f"{layer}.{part}."))
    if part not in _PARTS:
        return layer, "norm biases" if was_there else "norms"
    if not was_there:
        return layer, _PARTS[part]
    pieces = [_PIECES[step] for step in rest[2:] if step in _PIECES and (step != "up" or rest[-1] == "weight")]
    return layer, pieces[0] if pieces else "biases"


def _within(weight: str, parts: Collection[str]) -> bool:
    """Whether a weight belongs to one of these layers or branches, or is a norm beside one."""
    layer = ".".join(weight.split(".")[:2])
    beside = ".norm" in weight and any(part.startswith(f"{layer}.") for part in parts)
    return beside or any(weight.startswith(f"{part}.") for part in parts)
