"""Which keys each query may see: masks, windows, prefixes, padding and gists of one pass, made once for all its layers."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.transformer.gisting import GistMask


class Sight:
    """What is the same for every layer of a pass: where the queries start, and what of each sequence is real.

    A query always sees itself, so no row of a pattern is ever empty, whatever is padding.
    """

    def __init__(
        self, start: int = 0, lengths: Tensor | None = None, prefix: Tensor | None = None, gist: GistMask | None = None,
        first: int = 0, segments: Tensor | None = None,
    ) -> None:  # fmt: skip
        """`lengths` (batch,) real tokens of each sequence, `prefix` (batch,) tokens that see each other in prefix masks.

        `gist` are the gist tokens among the keys. `first` is where the first key stands: a cache may have lost older ones.
        Tokens of different `segments` (batch, pos) never see each other; for whole sequences only, so not with a cache.
        """
        self.start, self.lengths, self.prefix, self.gist, self.first = start, lengths, prefix, gist, first
        self.segments = segments
        self._made: dict[tuple[str, int | None, int, int, torch.dtype], Tensor | None] = {}

    def plain(self, mask: str, window: int | None, keys: int) -> bool:
        """Whether the mask alone says everything: nothing is padding, behind a gist or in another segment, and the window
        holds all keys."""
        if self.lengths is not None or self.gist is not None or self.segments is not None:
            return False
        return (window is None or window >= keys) and (mask != "prefix" or self.prefix is None)

    def added(self, mask: str, window: int | None, queries: int, keys: int, like: Tensor) -> Tensor | None:
        """What is added to scores: -inf where a key is hidden, else 0; (query, key) or (batch, 1, query, key).

        None where every key is seen. It is not kept between passes: for the whole context it would cost n_ctx² numbers.
        """
        key = (mask, window, queries, keys, like.dtype)
        if key not in self._made:
            hidden = self.hidden(mask, window, queries, keys, like.device)
            zeros = None if hidden is None else like.new_zeros(hidden.shape)
            self._made[key] = None if zeros is None or hidden is None else zeros.masked_fill_(hidden, -torch.inf)
        return self._made[key]

    def hidden(self, mask: str, window: int | None, queries: int, keys: int, device: torch.device) -> Tensor | None:
        """Which keys are hidden, bool (query, key) or (batch, 1, query, key); None where none is."""
        place = torch.arange(self.start, self.start + queries, device=device)[:, None]  # (query, 1)
        key = torch.arange(self.first, self.first + keys, device=device)  # (key,)
        found: Tensor | None = None
        if mask != "bidirectional":
            found = key > place
            if mask == "prefix" and self.prefix is not None:
                found = found & (key >= self.prefix[:, None, None, None])
        if window is not None and window < keys:
            far = (key <= place - window) | (key >= place + window)
            found = far if found is None else found | far
        if self.lengths is not None:
            padding = (key >= self.lengths[:, None, None, None]) & (key != place)
            found = padding if found is None else found | padding
        if self.gist is not None:
            behind = self.gist.hidden(queries)
            found = behind if found is None else found | behind
        if self.segments is not None:
            other = self.segments[:, None, :, None] != self.segments[:, None, None, :]  # (batch, 1, query, key)
            found = other if found is None else found | other
        return found


def across(lengths: Tensor | None, gist: GistMask | None, keys: int, like: Tensor) -> Tensor | None:
    """What cross-attention adds to scores where the encoder's sequences are padded, or an instruction stands before a gist.

    (batch, 1, 1, key), or None where all of it is seen. Of a sequence with nothing real the first place is seen, so that no
    row of a pattern is empty.
    """
    real = None if lengths is None else lengths.clamp(min=1)[:, None, None, None]
    hidden = None if real is None else torch.arange(keys, device=like.device) >= real
    if gist is not None:
        hidden = gist.hidden_behind() if hidden is None else hidden | gist.hidden_behind()
    return None if hidden is None else like.new_zeros(hidden.shape).masked_fill_(hidden, -torch.inf)
