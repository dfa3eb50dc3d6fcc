"""Rearranging layers: insert, remove, move, duplicate, paste and switch the architecture, and where each layer came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from playground.spec import edit
from playground.spec.attention import Attention, AttentionHeads, CrossAttention
from playground.spec.experiment import Experiment
from playground.spec.mlp import Mlp
from playground.spec.model import Architecture, Layer, ModelSpec

Place = tuple[str, int]
"""A stack, "encoder" or "decoder", and the index of a layer in it."""
STACKS = ("encoder", "decoder")


@dataclass(frozen=True)
class Origin:
    """The layer that a layer was, by its name before ("decoder.2"); a `copy` exists beside it and starts as the identity."""

    name: str
    copy: bool = False


Origins = dict[str, tuple[Origin | None, ...]]
"""For each stack where its layers were before, None for a layer that is new."""


@dataclass(frozen=True)
class Rearranged:
    """An experiment with other stacks, where its layers were, and the `places` that the gesture was about."""

    experiment: Experiment
    origins: Origins
    places: tuple[Place, ...]


@dataclass(frozen=True)
class _Kept:
    """A layer with its past, while stacks are taken apart."""

    layer: Layer
    origin: Origin | None
    chosen: bool = False


_Stacks = dict[str, list[_Kept]]


def place_of(path: str) -> Place | None:
    """The layer that a path names or lies in: "model.decoder[2].mlp" is ("decoder", 2); None outside the stacks."""
    head = path.split(".")[1] if path.startswith("model.") else ""
    name, _, index = head.partition("[")
    return (name, int(index.rstrip("]"))) if name in STACKS and index else None


def path_of(place: Place) -> str:
    """The path of a layer."""
    return f"model.{place[0]}[{place[1]}]"


def removed(experiment: Experiment, places: Iterable[Place]) -> Rearranged:
    """Without some layers. Raises SpecError where none would be left."""
    gone, stacks = set(places), _taken_apart(experiment)
    left: _Stacks = {stack: [kept for index, kept in enumerate(layers) if (stack, index) not in gone]
                     for stack, layers in stacks.items()}  # fmt: skip
    made = _joined(experiment, left)
    first = min(gone, default=("decoder", 0))
    length = len(left[first[0]])
    return Rearranged(made.experiment, made.origins, ((first[0], min(first[1], length - 1)),) if length else ())


def inserted(experiment: Experiment, layers: Sequence[Layer], stack: str, index: int) -> Rearranged:
    """With new layers before layer `index` of a stack, fitted to it. Raises SpecError where that cannot be."""
    stacks = _taken_apart(experiment)
    model = experiment.model
    stacks[stack][index:index] = [_Kept(fitted(layer, stack, model), None, True) for layer in layers]
    return _joined(experiment, stacks)


def duplicated(experiment: Experiment, places: Iterable[Place]) -> Rearranged:
    """With a copy of each of some layers behind it; copies start as the identity."""
    wanted, stacks = set(places), _taken_apart(experiment)
    made: _Stacks = {}
    for stack, layers in stacks.items():
        made[stack] = []
        for index, kept in enumerate(layers):
            made[stack].append(kept)
            if (stack, index) in wanted:
                made[stack].append(_Kept(kept.layer, Origin(f"{stack}.{index}", copy=True), True))
    return _joined(experiment, made)


def moved(experiment: Experiment, places: Iterable[Place], stack: str, index: int, copy: bool = False) -> Rearranged:
    """With some layers before layer `index` of a stack, in the order that they had; `copy` leaves the originals."""
    wanted, stacks = sorted(set(places), key=lambda place: (STACKS.index(place[0]), place[1])), _taken_apart(experiment)
    model = experiment.model
    carried = []
    for place in wanted:
        kept = stacks[place[0]][place[1]]
        layer = kept.layer if place[0] == stack else fitted(kept.layer, stack, model)
        carried.append(_Kept(layer, Origin(f"{place[0]}.{place[1]}", copy), True))
    gone = set() if copy else set(wanted)
    made: _Stacks = {}
    for name, layers in stacks.items():
        made[name] = []
        for at, kept in enumerate(layers):
            made[name] += carried if (name, at) == (stack, index) else []
            made[name] += [] if (name, at) in gone else [kept]
        made[name] += carried if name == stack and index >= len(layers) else []
    return _joined(experiment, made)


def switched(experiment: Experiment, architecture: Architecture) -> Rearranged:
    """Another architecture of the same layers: a GPT's become a BERT's with the mask lifted.

    An encoder that was not there begins as a copy of the decoder, and the other way round; a decoder beside an encoder
    gets cross-attention with the heads of its own attention.
    """
    now = experiment.model.architecture
    stacks = _taken_apart(experiment)
    source = "decoder" if stacks["decoder"] else "encoder"
    if architecture == now:
        return _joined(experiment, stacks)
    made: _Stacks = {"encoder": [], "decoder": []}
    if architecture == "encoder-only":
        kept = stacks["encoder"] or stacks["decoder"]
        made["encoder"] = [_Kept(_alone(each.layer, "encoder"), each.origin) for each in kept]
    elif architecture == "decoder-only":
        made["decoder"] = [_Kept(_alone(each.layer, "decoder"), each.origin) for each in stacks[source]]
    else:
        made["encoder"] = [_Kept(_alone(each.layer, "encoder"), each.origin) for each in stacks[source]]
        made["decoder"] = [_Kept(_crossed(_alone(each.layer, "decoder")), each.origin) for each in stacks[source]]
    task = experiment.task.model_copy(update={"objective": "auto"})  # what was asked of the old may mean nothing to the new
    experiment = experiment.model_copy(update={"task": task})
    return _joined(experiment, made)


def then(first: Origins | None, second: Origins | None) -> Origins | None:
    """Where layers were before two rearrangements, one after the other; None stands for one that moved nothing."""
    if first is None or second is None:
        return second if first is None else first
    return _settled({stack: tuple(_before(first, origin) for origin in layers) for stack, layers in second.items()})


def moves(origins: Origins | None) -> bool:
    """Whether any layer is not where it was."""
    return any(origin is None or origin.copy or origin.name != f"{stack}.{index}"
               for stack, layers in (origins or {}).items() for index, origin in enumerate(layers))  # fmt: skip


def backwards(origins: Origins | None) -> Origins | None:
    """The way back: where the layers before had gone to; those that were taken out come from nowhere."""
    if origins is None:
        return None
    went = {origin.name: f"{stack}.{index}" for stack, layers in origins.items()
            for index, origin in enumerate(layers) if origin is not None and not origin.copy}  # fmt: skip
    made: Origins = {}
    for stack in STACKS:
        last = max((int(name.partition(".")[2]) for name in went if name.startswith(stack)), default=-1)
        names = [f"{stack}.{index}" for index in range(last + 1)]
        made[stack] = tuple(Origin(went[name]) if name in went else None for name in names)
    return made


def _before(first: Origins, origin: Origin | None) -> Origin | None:
    if origin is None:
        return None
    stack, _, index = origin.name.partition(".")
    found = first[stack][int(index)]
    return None if found is None else Origin(found.name, found.copy or origin.copy)


def _settled(origins: Origins) -> Origins:
    """A copy is one only as long as its original is there; alone, it has taken the other's place."""
    firsts = {origin.name for layers in origins.values() for origin in layers if origin is not None and not origin.copy}
    made: Origins = {}
    for stack, layers in origins.items():
        made[stack] = ()
        for origin in layers:
            alone = origin is not None and origin.copy and origin.name not in firsts
            made[stack] += (Origin(origin.name) if alone and origin is not None else origin,)
            firsts |= {origin.name} if origin is not None else set()
    return made


def fitted(layer: Layer, stack: str, model: ModelSpec) -> Layer:
    """A layer as it can stand in a stack: masks as the stack has them, cross-attention only where there is an encoder."""
    if stack == "encoder":
        return _alone(layer, "encoder")
    masks = {other.attention.mask for other in model.decoder if other.attention is not None}
    alone = _alone(layer, "decoder", masks)
    both = model.architecture == "encoder-decoder"
    return alone.model_copy(update={"cross": layer.cross}) if both else alone


def _alone(layer: Layer, stack: str, masks: Iterable[str] = ()) -> Layer:
    """A layer without cross-attention, with a mask that its stack can have."""
    attention = layer.attention
    if attention is not None:
        usual = "bidirectional" if stack == "encoder" else "causal"
        fits = attention.mask in masks or (attention.mask == usual)
        attention = attention if fits else attention.model_copy(update={"mask": usual})
    changed = layer.model_copy(update={"attention": attention, "cross": None})
    return changed if changed.attention or changed.mlp else changed.model_copy(update={"mlp": Mlp()})


def _crossed(layer: Layer) -> Layer:
    if layer.cross is not None:
        return layer
    heads = layer.attention or AttentionHeads()
    same = {name: getattr(heads, name) for name in CrossAttention.model_fields if name in type(heads).model_fields}
    return layer.model_copy(update={"cross": CrossAttention(**same)})


def _taken_apart(experiment: Experiment) -> _Stacks:
    return {stack: [_Kept(layer, Origin(f"{stack}.{index}")) for index, layer in enumerate(getattr(experiment.model, stack))]
            for stack in STACKS}  # fmt: skip


def _joined(experiment: Experiment, stacks: _Stacks) -> Rearranged:
    """The experiment with these stacks; raises SpecError where that cannot be."""
    update = {stack: tuple(kept.layer for kept in layers) for stack, layers in stacks.items()}
    made = edit.replaced(experiment, "model", experiment.model.model_copy(update=update))
    origins = {stack: tuple(kept.origin for kept in layers) for stack, layers in stacks.items()}
    places = tuple((stack, index) for stack, layers in stacks.items() for index, kept in enumerate(layers) if kept.chosen)
    return Rearranged(made, origins, places)


def _attention_only(layer: Layer) -> Layer:
    return layer.model_copy(update={"attention": layer.attention or Attention(), "mlp": None})


def _mlp_only(layer: Layer) -> Layer:
    return layer.model_copy(update={"attention": None, "cross": None, "mlp": layer.mlp or Mlp()})


def _experts(layer: Layer) -> Layer:
    mlp = layer.mlp or Mlp()
    return layer.model_copy(update={"mlp": mlp.model_copy(update={"experts": 4, "top_k": 2})})


RECIPES: dict[str, tuple[str, str, Callable[[Layer], Layer]]] = {
    "layer": ("Layer", "A layer like its neighbour", lambda layer: layer),
    "attention": ("Attention only", "A layer without an MLP: tokens look at each other, and nothing else", _attention_only),
    "mlp": ("MLP only", "A layer without attention: each token by itself", _mlp_only),
    "cross": ("Cross-attention", "A decoder's layer that also looks at what the encoder made", _crossed),
    "experts": ("Experts", "A mixture of four experts, of which two work on each token", _experts),
}
"""New layers to pick from: title, help, and what they make of their neighbour."""


def from_recipe(experiment: Experiment, recipe: str, stack: str, index: int) -> Rearranged:
    """With a new layer of a recipe before layer `index` of a stack, made after the layer before it."""
    layers = getattr(experiment.model, stack) or experiment.model.decoder or experiment.model.encoder
    neighbour = layers[max(0, min(index, len(layers)) - 1)]
    return inserted(experiment, [RECIPES[recipe][2](neighbour)], stack, index)
