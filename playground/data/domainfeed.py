"""Batches of several domains at once, in the shares that the person sets, with every token's modality beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from playground.data.batch import IGNORE, Batch
from playground.data.feeds import Feed
from playground.data.modalities.windows import Shelf, Windows
from playground.data.worlds.library import Library
from playground.spec.domains import NAMES, Domains
from playground.spec.record import Record


class DomainsFeed(Feed):
    """Windows of every domain that has a share (Reed et al. 2022, §2.3), text first."""

    def __init__(
        self, library: Library, domains: Domains, n_ctx: int, batch: int, generator: torch.Generator, device: torch.device
    ) -> None:
        """Raises DataError where a domain that is new to the mix cannot be had."""
        self.batch, self.generator, self.device, self.domains = batch, generator, device, domains
        self._shares = _given(domains.share)
        self._shelves = {name: library.shelves(name, n_ctx) for name in self._shares}

    def draw(self) -> Batch:
        """A random batch; each domain's loss is its own mean, and those are added by weight."""
        rows = apportioned(self._shares, self.batch, self.generator)
        found: list[tuple[str, Shelf, Windows]] = []
        for name, count in rows.items():
            if count:
                shelf = self._shelves[name][0]
                made = shelf.draw(count, self.generator, self.domains.prompts, self.domains.from_end)
                found.append((name, shelf, made))
        return self._batch(found, self.generator)

    def fixed(self, count: int, at_once: int) -> Iterator[Batch]:
        """About `count` held-out windows in all, as many of each domain, the same ones every time."""
        for _, batch in self.held(count):
            yield batch

    def held(self, count: int) -> Iterator[tuple[str, Batch]]:
        """The same with the name of each domain; patches lie at their mean positions. One batch a domain."""
        each = max(1, count // len(self._shelves))
        for name, (_, shelf) in self._shelves.items():
            yield name, self._batch([(name, shelf, shelf.spread(min(each, len(shelf))))], None)

    def _batch(self, found: list[tuple[str, Shelf, Windows]], generator: torch.Generator | None) -> Batch:
        windows = [windows for _, _, windows in found]
        tokens, targets, local, segments = (
            torch.cat([getattr(each, name) for each in windows]) for name in ("tokens", "targets", "local", "segments")
        )
        weights = torch.cat([self._weighed(name, each.targets) for name, _, each in found])
        patches = _patches(found, generator)
        pixels, at, places = patches if patches is not None else (None, None, None)
        columns = (tokens, targets, local, segments, weights / weights.sum().clamp_min(1e-9))
        tokens, targets, local, segments, weights = (column.to(self.device) for column in columns)
        pixels, at, places = (None if column is None else column.to(self.device) for column in (pixels, at, places))
        return Batch(
            tokens, targets, local=local, segments=segments, patches=pixels, patch_at=at, patch_places=places, weights=weights
        )

    def _weighed(self, name: str, targets: Tensor) -> Tensor:
        """The domain's weight, shared evenly by its targets, (row, pos)."""
        asked = (targets != IGNORE).float()
        weight = float(getattr(self.domains.weight, name))
        return asked * (weight / asked.sum().clamp_min(1.0))


def apportioned(shares: Mapping[str, float], rows: int, generator: torch.Generator) -> dict[str, int]:
    """How many of so many rows each domain has; what does not come out even falls now to one, now to another."""
    total, found, before = sum(shares.values()), {}, 0
    offset, sum_ = float(torch.rand(1, generator=generator)), 0.0
    for name, share in shares.items():
        sum_ += share * rows / total
        upto = int(sum_ + offset) if sum_ < rows - 1e-9 else rows
        found[name] = min(upto, rows) - before
        before = min(upto, rows)
    return found


def _given(shares: Record) -> dict[str, float]:
    return {name: float(getattr(shares, name)) for name in NAMES if getattr(shares, name)}


def _patches(found: list[tuple[str, Shelf, Windows]], generator: torch.Generator | None) -> tuple[Tensor, ...] | None:
    """Pixels (n, colours, side, side), row and place of each (n, 2), and its intervals (n, 2); None where there are none.

    With a generator each patch takes a random one of the intervals that it covers, without the mean of them (Reed et al.
    2022, appendix C).
    """
    pixels, at, places, row = [], [], [], 0
    for _, shelf, windows in found:
        stream = shelf.stream
        if windows.patches is not None and stream.pixels is not None and stream.covered is not None:
            where = (windows.patches >= 0).nonzero()  # (n, 2)
            which = windows.patches[where[:, 0], where[:, 1]]
            ends = torch.from_numpy(stream.covered)[which].view(-1, 2, 2)  # (n, row and column, first and last)
            if generator is None:
                chosen = ends.float().mean(dim=-1).round().long()
            else:
                share = torch.rand(len(where), 2, generator=generator)
                chosen = ends[..., 0] + (share * (ends[..., 1] - ends[..., 0] + 1)).long()
            pixels.append(torch.from_numpy(stream.pixels)[which])
            at.append(where + torch.tensor([row, 0]))
            places.append(chosen)
        row += len(windows.tokens)
    return (torch.cat(pixels), torch.cat(at), torch.cat(places)) if pixels else None
