"""The masks of gist tokens (Mu, Li & Goodman 2023, §3.1): who sees an instruction, and who only what it was compressed to."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class GistMask:
    """Where gist tokens stand in some sequences, and whether what comes behind them sees them or, as a control, nothing.

    `flags` bool (batch, key) are the gist tokens among all keys of a pass; in a sequence without one nothing is hidden.
    With the causal mask it is that of a decoder, alone an encoder's.
    """

    flags: Tensor
    negative: bool = False

    def hidden(self, queries: int) -> Tensor:
        """Which keys the last `queries` of the tokens do not see, bool (batch, 1, query, key); each sees itself."""
        before, behind = self._sides()
        early = before[:, -queries:, None]  # (batch, query, 1): the instruction and the gist tokens see one another
        return torch.where(early, ~before[:, None], behind[:, None])[:, None]

    def hidden_behind(self) -> Tensor:
        """Which keys a decoder does not see that reads these tokens from behind: bool (batch, 1, 1, key)."""
        return self._sides()[1][:, None, None]

    def _sides(self) -> tuple[Tensor, Tensor]:
        """What stands no later than the last gist token, and what is hidden from all that is later, both (batch, key)."""
        before = self.flags.flip(1).cumsum(1).flip(1) > 0
        hidden = before if self.negative else (self.flags.cumsum(1) == 0) & self.flags.any(dim=1, keepdim=True)
        return before, hidden


def make_mask(kind: str, gist: int, tokens: Tensor) -> GistMask | None:
    """The mask of tokens (batch, key), or None where nothing is ever hidden: none, and the positive control."""
    if kind not in ("gist", "negative"):
        return None
    return GistMask(tokens == gist, kind == "negative")


def extended(old: GistMask | None, new: GistMask | None) -> GistMask | None:
    """The mask of some tokens and those behind them; both are of one kind."""
    if old is None or new is None:
        return new if old is None else old
    return GistMask(torch.cat((old.flags, new.flags), dim=1), new.negative)
