"""Grafting: weights carried by name and shape from one model to the next, with a report of what was kept."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from playground.spec.model import ModelSpec
from playground.transformer.model import Transformer, build


@dataclass(frozen=True)
class GraftReport:
    """The names of the weights that were carried over and of those that started anew."""

    kept: tuple[str, ...]
    fresh: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        total = len(self.kept) + len(self.fresh)
        if not self.fresh:
            return f"All {total} weights carried over."
        parts = sorted({_part(name) for name in self.fresh})
        shown = ", ".join(parts[:4]) + (f" and {len(parts) - 4} more" if len(parts) > 4 else "")
        return f"Kept {len(self.kept)} of {total} weights; new: {shown}."


@torch.no_grad()
def graft(old: Transformer, spec: ModelSpec, seed: int) -> tuple[Transformer, GraftReport]:
    """A model of `spec` with the weights of `old` wherever name and shape agree; `old` is left untouched."""
    new = build(spec, seed).to(old.embed.weight)
    source = dict(old.named_parameters())
    kept, fresh = [], []
    for name, parameter in new.named_parameters():
        if name in source and source[name].shape == parameter.shape:
            parameter.copy_(source[name])
            kept.append(name)
        else:
            fresh.append(name)
    return new, GraftReport(tuple(kept), tuple(fresh))


def _part(name: str) -> str:
    """ "decoder.2.attention.qkv.weight" as "decoder layer 3 attention"."""
    steps = name.split(".")
    if steps[1].isdigit():
        return f"{steps[0]} layer {int(steps[1]) + 1} {steps[2].rstrip('12')}"
    return {"embed": "token embedding", "position": "positions", "norm": "final norm", "unembed": "unembedding"}[steps[0]]
