"""Carrying one weight from a model to another of a different shape: which of its rows and columns come from where."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

Axis = Tensor | None
"""Where each place of a new axis comes from, int64 (new, group): the mean over a group of old places; -1 where it is new.
None for an axis that is as it was."""


def overlap(old: int, new: int) -> Axis:
    """The first places stay, what lies behind is new or gone."""
    if old == new:
        return None
    places = torch.arange(new)
    return torch.where(places < old, places, -1)[:, None]


def grouped(old: int, new: int) -> Axis:
    """Heads for keys and values: fewer are the means of those that they replace, more are copies (Ainslie et al. 2023)."""
    if old == new:
        return None
    if old % new == 0:
        return torch.arange(old).view(new, old // new)
    return (torch.arange(new) * old // new)[:, None] if new % old == 0 else overlap(old, new)


def spread(heads: Axis, old: tuple[int, int], new: tuple[int, int]) -> Axis:
    """An axis of heads with their features, each (heads, d_head), from one of heads alone; features overlap."""
    if heads is None and old == new:
        return None
    source = torch.arange(new[0])[:, None] if heads is None else heads  # (heads, group)
    features = torch.arange(new[1])
    made = source[:, None, :] * old[1] + features[None, :, None]  # (heads, d_head, group)
    made = torch.where((source[:, None, :] < 0) | (features[None, :, None] >= old[1]), -1, made)
    return made.flatten(0, 1)


def joined(parts: list[tuple[Axis, int, int]]) -> Axis:
    """Axes that stand one behind another, each with its old and its new length."""
    if all(axis is None and old == new for axis, old, new in parts):
        return None
    wide = max(1 if axis is None else axis.shape[1] for axis, _, _ in parts)
    made, before = [], 0
    for axis, old, new in parts:
        source = torch.arange(new)[:, None] if axis is None else axis
        source = source.repeat_interleave(wide // source.shape[1], dim=1)
        made.append(torch.where(source < 0, -1, source + before))
        before += old
    return torch.cat(made)


@dataclass(frozen=True)
class Carry:
    """A weight made from the old one called `source`. New places are freshly drawn, or 0 on the axes in `zero`; new rows of
    an embedding are the mean of the others where `mean` is set."""

    source: str
    axes: tuple[Axis, ...] = ()
    zero: tuple[int, ...] = ()
    mean: bool = False

    def onto(self, old: Tensor, fresh: Tensor) -> Tensor:
        """The new weight, of the shape of `fresh`, which gives the values of new places. Raises ValueError for other shapes."""
        made, known = self._taken(old, fresh)
        for axis in self.zero:
            made = torch.where(_along(self._new(axis, fresh), axis, fresh.dim()), 0.0, made)
        if self.mean:
            made = torch.where(_along(self._new(0, fresh), 0, fresh.dim()), old.mean(0), made) if _wide(old, fresh) else made
        return made

    def memory(self, old: Tensor, like: Tensor) -> Tensor:
        """What an optimiser remembers of it: carried where the weight is, 0 where it is new."""
        return self._taken(old, torch.zeros_like(like))[0]

    def kept(self, fresh: Tensor) -> int:
        """How many of the new weight's numbers come from the old one."""
        count = 1
        for axis in range(fresh.dim()):
            count *= fresh.shape[axis] - int(self._new(axis, fresh).sum())
        return count

    def _taken(self, old: Tensor, fresh: Tensor) -> tuple[Tensor, Tensor]:
        made, known = old, torch.ones((), dtype=torch.bool)
        for dim, axis in enumerate(self.axes):
            if axis is not None:
                picked = made.index_select(dim, axis.clamp(min=0).flatten().to(old.device))
                apart = (*picked.shape[:dim], *axis.shape, *picked.shape[dim + 1 :])
                made = picked.reshape(apart).mean(dim + 1) if axis.shape[1] > 1 else picked
                known = known & ~_along(self._new(dim, fresh), dim, fresh.dim())
        if made.shape != fresh.shape:
            raise ValueError(f"{self.source} of shape {tuple(old.shape)} cannot become {tuple(fresh.shape)}")
        return torch.where(known.to(made.device), made.to(fresh.dtype), fresh), known

    def _new(self, dim: int, fresh: Tensor) -> Tensor:
        axis = self.axes[dim] if dim < len(self.axes) else None
        return torch.zeros(fresh.shape[dim], dtype=torch.bool) if axis is None else axis[:, 0] < 0


def _wide(old: Tensor, fresh: Tensor) -> bool:
    return old.shape[1:] == fresh.shape[1:]


def _along(values: Tensor, dim: int, dims: int) -> Tensor:
    """Values (n,) as an axis of a tensor of so many dimensions."""
    return values.view([-1 if each == dim else 1 for each in range(dims)])
