"""The KV cache: keys and values of the tokens that were seen, so that the next one costs one token."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.transformer.gisting import GistMask, extended


class KVCache:
    """Keys and values of each attention by its tap prefix, (batch, kv heads, pos, d_head); `length` tokens so far.

    Those of cross-attention are the encoder's and never grow. Windows hide old keys, they do not drop them: a few bytes
    more, and the same numbers as without a cache. `first` is the place of the first token whose keys are still there, and
    `gist` says which of these are gist tokens, where that matters.
    """

    def __init__(self) -> None:
        self.length, self.first = 0, 0
        self.gist: GistMask | None = None
        self.memory: Tensor | None = None
        """What an encoder has made of the tokens whose keys and values these are (batch, pos, d_model), where that is kept."""
        self._stored: dict[str, tuple[Tensor, Tensor]] = {}

    def extend(self, name: str, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append the new keys and values and return all of them."""
        if name in self._stored:
            old_k, old_v = self._stored[name]
            k, v = torch.cat((old_k, k), dim=2), torch.cat((old_v, v), dim=2)
        self._stored[name] = (k, v)
        return k, v

    def keep(self, name: str, k: Tensor, v: Tensor) -> None:
        """Keep the keys and values of an encoder's output."""
        self._stored[name] = (k, v)

    def kept(self, name: str) -> tuple[Tensor, Tensor] | None:
        """Keys and values by name, or None where there are none yet."""
        return self._stored.get(name)

    def advance(self, count: int) -> None:
        """Count the tokens of a finished forward pass."""
        self.length += count

    def mark(self, gist: GistMask | None) -> GistMask | None:
        """Take in which of the new tokens are gist tokens, and return it for all keys."""
        self.gist = extended(self.gist, gist)
        return self.gist

    def cut(self, start: int, stop: int) -> KVCache:
        """Keys and values of the places start … stop - 1 alone, for tokens that come after place `length`.

        The places between `stop` and `length` have to be none. Raises ValueError where they are not, or were never kept.
        """
        if not self.first <= start < stop == self.length:
            raise ValueError(f"places {start} to {stop - 1} are not the last of those kept, {self.first} to {self.length - 1}")
        made, here = KVCache(), slice(start - self.first, stop - self.first)
        made.length, made.first = self.length, start
        made._stored = {name: (k[:, :, here].clone(), v[:, :, here].clone()) for name, (k, v) in self._stored.items()}
        if self.gist is not None:
            made.gist = GistMask(self.gist.flags[:, here], self.gist.negative)
        if self.memory is not None:
            made.memory = self.memory[:, here].clone()
        return made

    def repeated(self, count: int) -> KVCache:
        """The same for a batch of `count` sequences that all begin with what this one holds; the one here stays as it is."""
        made = KVCache()
        made.length, made.first = self.length, self.first
        made._stored = {
            name: (k.expand(count, -1, -1, -1), v.expand(count, -1, -1, -1)) for name, (k, v) in self._stored.items()
        }
        if self.gist is not None:
            made.gist = GistMask(self.gist.flags.expand(count, -1), self.gist.negative)
        if self.memory is not None:
            made.memory = self.memory.expand(count, -1, -1)
        return made

    def vectors(self) -> Tensor:
        """All keys and values of each sequence as one vector, (batch, numbers)."""
        return torch.cat([each.flatten(1) for both in self._stored.values() for each in both], dim=1)

    @property
    def nbytes(self) -> int:
        """Bytes of all keys and values."""
        return sum(each.numel() * each.element_size() for both in self._stored.values() for each in both)
