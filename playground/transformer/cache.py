"""The KV cache: keys and values of the tokens that were seen, so that the next one costs one token."""

from __future__ import annotations

import torch
from torch import Tensor


class KVCache:
    """Keys and values of each attention by its tap prefix, (batch, kv heads, pos, d_head); `length` tokens so far.

    Those of cross-attention are the encoder's and never grow. Windows hide old keys, they do not drop them: a few bytes
    more, and the same numbers as without a cache.
    """

    def __init__(self) -> None:
        self.length = 0
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
