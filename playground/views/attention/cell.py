"""Works one weight of attention out in full, from the tap points of a forward pass (Algorithm 4 for one query and one key)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from playground.transformer.attention import Attention, Heads
from playground.transformer.model import Transformer
from playground.views.attention.frame import Cell
from playground.views.subject import read_only

PARTS = ("q", "k", "v", "scores", "pattern", "z")


def parts(name: str) -> tuple[str, ...]:
    """The tap points that one weight of an attention needs, by its tap prefix."""
    return tuple(f"{name}.{part}" for part in PARTS)


def worked_out(model: Transformer, seen: Mapping[str, Tensor], place: tuple[str, int, int, int]) -> Cell | None:
    """The weight at (tap prefix, head, query, key), from what its tap points hold; None where there is none."""
    name, head, query, key = place
    q, k, v, scores, pattern, z = (seen[tap][0].float() for tap in parts(name))  # (heads, …)
    if not (0 <= head < len(q) and 0 <= query < q.shape[1] and 0 <= key < k.shape[1]):
        return None
    module = module_of(model, name)
    group = head * len(k) // len(q)  # several query heads may share keys and values
    mine, its = q[head, query], k[group, key]
    dot = float(mine @ its)
    scaled = dot * module.scale
    scaled = module.soft_cap * math.tanh(scaled / module.soft_cap) if module.soft_cap else scaled
    score, weight, whole = float(scores[head, query, key]), float(pattern[head, query, key]), z[head, query]
    masked = math.isinf(score) and score < 0
    brought = weight * v[group, key]
    length = float(whole @ whole)
    return Cell(
        place=place,
        q=read_only(mine, np.float32), k=read_only(its, np.float32), v=read_only(v[group, key], np.float32),
        dot=dot, turned=dot - _unturned(module, mine, query, its, key), scale=module.scale, cap=float(module.soft_cap or 0.0),
        scaled=scaled, bias=0.0 if masked else score - scaled, masked=masked, score=score, weight=weight,
        row=read_only(pattern[head, query], np.float32), z=read_only(whole, np.float32),
        brought=float(brought @ whole) / length if length else 0.0,
        position=model_position(model, name),
    )  # fmt: skip


def module_of(model: Transformer, name: str) -> Heads:
    """The attention with a tap prefix."""
    return next(module for module in model.modules() if isinstance(module, Heads) and module.name == name)


def model_position(model: Transformer, name: str) -> str:
    """Which kind of position works inside this attention: none, rotary, alibi or t5."""
    stack, index, *cross = name.split(".")
    attention = getattr(model.spec, stack)[int(index)].attention
    return "none" if cross or attention is None else str(attention.position.kind)


def _unturned(module: Heads, q: Tensor, query: int, k: Tensor, key: int) -> float:
    """The product of query and key as it would be without their rotation; NaN where there is none to take back."""
    rotary = module.rotary if isinstance(module, Attention) else None
    if rotary is None or (isinstance(module, Attention) and module.normed_after):
        return math.nan
    with torch.no_grad():
        return float(rotary.back(q, query) @ rotary.back(k, key))
