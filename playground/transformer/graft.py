"""Grafting: the weights of one model in another of a different shape, and a report of what was kept."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.spec.layers import Origins
from playground.spec.model import Layer, ModelSpec
from playground.transformer.carry import Carry
from playground.transformer.model import OUT, Transformer, build
from playground.transformer.plan import plan


@dataclass(frozen=True)
class GraftReport:
    """Which new weights were made from which old ones (by name), and how many numbers of all were kept."""

    carries: dict[str, Carry]
    kept: int
    total: int
    identity: tuple[str, ...]
    """New layers, by name ("decoder.2"), that start as the identity."""
    nearly: bool = False
    """Whether their norms stand after the sum, so that they are only nearly the identity."""

    @property
    def sentence(self) -> str:
        """What happened, for people: 96 % of 812 K weights kept; layer 3 starts as the identity."""
        whole = f"{self.total / 1e6:.1f} M" if self.total >= 1e6 else f"{self.total / 1e3:.0f} K"
        share = 100 * self.kept / max(1, self.total)
        said = f"All {whole} weights kept" if self.kept == self.total else f"{_percent(share)} of {whole} weights kept"
        if not self.identity:
            return f"{said}."
        layers = " and ".join(_layer(name) for name in self.identity[:3]) + (" and others" if len(self.identity) > 3 else "")
        start = "starts" if len(self.identity) == 1 else "start"
        return f"{said}; {layers} {start} {'nearly ' if self.nearly else ''}as the identity."


@torch.no_grad()
def graft(old: Transformer, spec: ModelSpec, seed: int, origins: Origins | None = None) -> tuple[Transformer, GraftReport]:
    """A model of `spec` with the weights of `old` wherever they have a place; `old` is left untouched.

    `origins` say where its layers were; without them they are taken to be where they are. See `plan` for what is exact.
    """
    new = build(spec, seed).to(old.embed.weight)
    made = plan(old.spec, spec, origins)
    source = dict(old.named_parameters())
    carries: dict[str, Carry] = {}
    kept = total = 0
    for name, parameter in new.named_parameters():
        total += parameter.numel()
        carry = made.carries.get(name)
        if carry is not None and carry.source in source and _fits(carry, source[carry.source], parameter):
            parameter.copy_(carry.onto(source[carry.source], parameter))
            carries[name] = carry
            kept += carry.kept(parameter)
        elif name.rpartition(".")[0] in made.ones:
            parameter.fill_(1.0 if name.endswith("bias") else 0.0)
        if name.removesuffix(".bias") in made.unbiased:
            parameter.zero_()
        if name.endswith((*OUT, *(each.replace("weight", "bias") for each in OUT))) and _within(name, made.silent):
            parameter.zero_()
    nearly = any(_spec_of(spec, name).norm.place == "post" for name in made.fresh_layers)
    return new, GraftReport(carries, kept, total, tuple(made.fresh_layers), nearly)


def _fits(carry: Carry, old: Tensor, new: Tensor) -> bool:
    """Whether the axes lead from one shape to the other; they do not where a part changed its kind."""
    if old.dim() != new.dim():
        return False
    for dim in range(new.dim()):
        axis = carry.axes[dim] if dim < len(carry.axes) else None
        length = old.shape[dim] if axis is None else axis.shape[0]
        if length != new.shape[dim] or (axis is not None and len(axis) and int(axis.max()) >= old.shape[dim]):
            return False
    return True


def _within(name: str, branches: list[str]) -> bool:
    return any(name.startswith(f"{branch}.") for branch in branches)


def _spec_of(spec: ModelSpec, name: str) -> Layer:
    stack, _, index = name.partition(".")
    found: Layer = getattr(spec, stack)[int(index)]
    return found


def _layer(name: str) -> str:
    """ "decoder.2" is layer 3."""
    stack, _, index = name.partition(".")
    return f"{'encoder ' if stack == 'encoder' else ''}layer {int(index) + 1}"


def _percent(share: float) -> str:
    return "99.9 %" if 99.9 <= share < 100 else f"{share:.0f} %" if share < 99 else f"{share:.1f} %"
