"""What a graft keeps, foreseen from two specs before it is done, and said in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from playground.spec.cost import parameters
from playground.spec.edit import change
from playground.spec.experiment import Experiment
from playground.spec.grafting.carry import Carry
from playground.spec.grafting.layers import plan_layer, silences
from playground.spec.grafting.plan import Plan
from playground.spec.grafting.words import label, listed, lost_parts, new_parts
from playground.spec.layers import Origins, moves
from playground.spec.model import Layer, ModelSpec, branches
from playground.spec.origins import settled


@dataclass(frozen=True)
class GraftReport:
    """What becomes of the old model's weights: of `total` numbers `kept` live on, in the new model or as part of a mean.

    `carries` say for each weight of the new model what it is made from. `identity` and `nearly` name the layers
    ("decoder.2") and branches ("decoder.2.mlp") that add nothing at first, or almost nothing; `new` and `lost` are other
    parts that begin afresh or have no place any more, in words. `both` is whether there are two stacks.
    """

    total: int
    kept: int
    carries: Mapping[str, Carry] = field(repr=False)
    identity: tuple[str, ...] = ()
    nearly: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    both: bool = False

    @property
    def sentence(self) -> str:
        """What happened, for people: "96 % of 812 k weights kept; layer 3 starts as the identity."."""
        return self._said("kept", "starts", "start", "dropped")

    @property
    def forecast(self) -> str:
        """The same before it is done."""
        return self._said("would be kept", "would start", "would start", "would be dropped")

    @property
    def added(self) -> int:
        """How many numbers of the new model come from none of the old."""
        return sum(carry.numel - carry.known for carry in self.carries.values())

    @property
    def whole(self) -> tuple[str, ...]:
        """The new weights all of whose numbers are old ones."""
        return tuple(name for name, carry in self.carries.items() if carry.known == carry.numel)

    @property
    def fresh(self) -> tuple[str, ...]:
        """The new weights none of whose numbers is an old one."""
        return tuple(name for name, carry in self.carries.items() if not carry.known)

    def _said(self, kept: str, starts: str, start: str, dropped: str) -> str:
        parts = [f"{_share(self.kept, self.total)} {kept}"]
        for names, how in ((self.identity, "as the identity"), (self.nearly, "nearly as the identity")):
            if names:
                shown = tuple(label(name, self.both) for name in names)
                parts.append(f"{listed(shown)} {starts if len(names) == 1 else start} {how}")
        if self.new:
            parts.append(f"new: {listed(self.new)}")
        if self.lost:
            parts.append(f"{dropped}: {listed(self.lost)}")
        return "; ".join(parts) + "."


def foretell(old: Experiment, new: Experiment, origins: Origins | None = None) -> str:
    """What an edit would cost, before it is done; empty for one that the next step simply uses."""
    kind = change(old, new)
    if kind == "fresh":
        return "Training would start again with fresh weights: tokens, task, seed or starting weights are others."
    return foresee(old.model, new.model, origins).forecast if kind == "graft" or moves(origins) else ""


def foresee(old: ModelSpec, new: ModelSpec, origins: Origins | None = None) -> GraftReport:
    """What a graft would do; origins that are not about these two models are guessed anew."""
    where, plan = settled(origins, old, new), Plan(old, new)
    plan.ends()
    for stack, layers in new.stacks.items():
        for index, (layer, origin) in enumerate(zip(layers, where[stack], strict=True)):
            before = _layer(old, origin.name) if origin is not None else None
            copied = origin is not None and origin.copy
            plan_layer(plan, f"{stack}.{index}", layer, origin.name if origin is not None else "", before, copied)
            _note_identity(plan, stack, index, None if copied else before)
    return _report(plan)


def _note_identity(plan: Plan, stack: str, index: int, old: Layer | None) -> None:
    """Note a layer, or the branches of a kept one, that add nothing at first."""
    layers = plan.new.stacks[stack]
    layer, name = layers[index], f"{stack}.{index}"
    added = [part for part, _ in branches(layer) if old is None or getattr(old, part) is None]
    if not added or not silences(layer.norm):
        return
    found = [name] if old is None else [f"{name}.{part}" for part in added]
    if layer.norm.place != "post" or layer.norm.kind == "none":
        plan.identity.extend(found)
        return
    behind = layers[index - 1].norm if index else plan.new.embedding.norm
    normed = behind.kind == layer.norm.kind and (not index or layers[index - 1].norm.place == "post")
    if normed or old is not None:  # a norm of what has just been normed changes little
        plan.nearly.extend(found)


def _report(plan: Plan) -> GraftReport:
    used: dict[str, int] = {}
    for carry in plan.carries.values():
        if carry.source:  # where several take from one weight, what they take is the same or part of it
            used[carry.source] = max(used.get(carry.source, 0), carry.used)
    return GraftReport(
        parameters(plan.old), sum(used.values()), plan.carries, tuple(plan.identity), tuple(plan.nearly),
        tuple(new_parts(plan)), tuple(lost_parts(plan.old, set(used))), len(plan.new.stacks) > 1,
    )  # fmt: skip


def _layer(model: ModelSpec, name: str) -> Layer:
    stack, index = name.split(".")
    layer: Layer = getattr(model, stack)[int(index)]
    return layer


def _share(kept: int, total: int) -> str:
    """How much of so many, never more than there is: "96 % of 812 k weights"."""
    whole = f"{total / 1e6:.1f} M" if total >= 1e6 else f"{total / 1e3:.0f} k" if total >= 1000 else str(total)
    if kept == total:
        return f"All {whole} weights"
    percent = 100 * kept // total
    return f"{f'{percent} %' if percent else 'Less than 1 %' if kept else 'None'} of {whole} weights"
