"""Interventions on the running model: each becomes an edit at a tap point, for training and for looking alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from playground.spec.intervention import Intervention
from playground.spec.layers import place_of
from playground.spec.model import branches
from playground.transformer.model import Transformer
from playground.transformer.taps import Edit, Taps

OUTPUTS = {"attention": "attn_out", "cross": "cross_out", "mlp": "mlp_out"}
Read = Callable[[str, Taps], object]
"""Runs the model on a prompt with taps; whoever knows the tokenizer gives it."""


def edits_of(model: Transformer, wanted: Iterable[Intervention], read: Read | None = None) -> dict[str, Edit]:
    """The edits by tap point; several at one point are done in order. Patches need `read`.

    Every intervention has to be possible on this model.
    """
    made: dict[str, Edit] = {}
    for each in wanted:
        for tap, edit in _edits(model, each, read):
            made[tap] = _both(made[tap], edit) if tap in made else edit
    return made


@contextmanager
def edited(model: Transformer, edits: Mapping[str, Edit]) -> Iterator[None]:
    """Inside the block these edits are in force, and no others."""
    before, model.edits = model.edits, dict(edits)
    try:
        yield
    finally:
        model.edits = before


def _edits(model: Transformer, wanted: Intervention, read: Read | None) -> Iterator[tuple[str, Edit]]:
    place = place_of(wanted.path)
    assert place is not None
    layer, part = f"{place[0]}.{place[1]}", wanted.path.partition("].")[2]
    attention = f"{layer}.cross" if part == "cross" else layer
    if wanted.kind == "forbid":
        yield f"{attention}.scores", _hidden(wanted)
        return
    if wanted.head is not None:
        tap = f"{attention}.z"
        yield tap, _headed(wanted, _seen(model, tap, wanted, read) if wanted.kind == "patch" else None)
        return
    names = [part] if part else [name for name, _ in branches(model.spec.stacks[place[0]][place[1]])]
    for name in names:
        tap = f"{layer}.{OUTPUTS[name]}"
        yield tap, _patched(_seen(model, tap, wanted, read)) if wanted.kind == "patch" else _scaled(wanted.factor)


def _both(first: Edit, second: Edit) -> Edit:
    return lambda value: second(first(value))


def _scaled(factor: float) -> Edit:
    return lambda value: value * factor


def _headed(wanted: Intervention, seen: Tensor | None) -> Edit:
    """On z (batch, heads, pos, d_head): one head scaled, kept alone or patched."""

    def edit(z: Tensor) -> Tensor:
        assert wanted.head is not None
        own = torch.arange(z.shape[1], device=z.device)[:, None, None].eq(wanted.head)
        if wanted.kind == "patch":
            assert seen is not None
            return torch.where(own, _over(z, seen.to(z.dtype)), z)
        inside, outside = (1.0, 0.0) if wanted.kind == "keep" else (wanted.factor, 1.0)
        return z * (own.to(z.dtype) * (inside - outside) + outside)

    return edit


def _patched(seen: Tensor) -> Edit:
    return lambda value: _over(value, seen.to(value.dtype))


def _over(value: Tensor, seen: Tensor) -> Tensor:
    """`value` (batch, …, pos, width) with its first places as in `seen` (1, …, pos, width)."""
    count = min(value.shape[-2], seen.shape[-2])
    front = seen[..., :count, :].expand(*value.shape[:-2], count, value.shape[-1])
    return torch.cat((front, value[..., count:, :]), dim=-2)


def _hidden(wanted: Intervention) -> Edit:
    """On scores (batch, heads, query, key). With a cache the last queries alone are there, so rows count from the end."""

    def edit(scores: Tensor) -> Tensor:
        queries, keys = scores.shape[-2:]
        row = wanted.query - max(0, keys - queries)
        if not (0 <= row < queries and wanted.key < keys):
            return scores
        hidden = torch.zeros_like(scores[0], dtype=torch.bool)
        hidden[slice(None) if wanted.head is None else wanted.head, row, wanted.key] = True
        made = scores.masked_fill(hidden, -torch.inf)
        # a query with no key left would be no number: it looks as it did
        return torch.where(made.isneginf().all(-1, keepdim=True), scores, made)

    return edit


def _seen(model: Transformer, tap: str, wanted: Intervention, read: Read | None) -> Tensor:
    """What a tap point holds for another prompt, without any intervention."""
    if read is None:
        raise ValueError("a patch needs something that reads its prompt")
    taps = Taps([tap])
    with edited(model, {}):
        read(wanted.prompt, taps)
    return taps.values[tap].detach().clone()
