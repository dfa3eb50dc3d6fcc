"""A batch: what the model reads and what it should say, in one form for every architecture and objective."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

IGNORE = -100
"""A target that no loss is taken of; what torch's cross-entropy leaves out by default."""


@dataclass(frozen=True)
class Batch:
    """Token ids, all int64.

    `tokens` and `targets` are (batch, pos): what the decoder (or the only stack) reads, and for each place the token that
    should be predicted there, or IGNORE. `context` (batch, context) is what an encoder beside a decoder reads. `lengths`
    and `context_lengths` (batch,) say how many places are real where the model could see padding; `prefix` (batch,) how
    many tokens see each other in prefix masks.
    """

    tokens: Tensor
    targets: Tensor
    context: Tensor | None = None
    lengths: Tensor | None = None
    context_lengths: Tensor | None = None
    prefix: Tensor | None = None
    local: Tensor | None = None
    """Of several domains: where each token stands in its timestep, (batch, pos); the next four belong to it."""
    segments: Tensor | None = None
    """(batch, pos): tokens see only those of their own segment."""
    patches: Tensor | None = None
    """Image patches, float32 (n, colours, side, side)."""
    patch_at: Tensor | None = None
    """(n, 2): the row and place where each patch stands."""
    patch_places: Tensor | None = None
    """(n, 2): the intervals of row and column where it lies on its image."""
    weights: Tensor | None = None
    """How much each target counts, float32 (batch, pos), 1 in all; without them all count alike."""

    @property
    def reads(self) -> dict[str, Tensor | None]:
        """What the model takes beside the tokens, by the names of its arguments."""
        return {
            "context": self.context,
            "lengths": self.lengths,
            "context_lengths": self.context_lengths,
            "prefix": self.prefix,
            "local": self.local,
            "segments": self.segments,
            "patches": self.patches,
            "patch_at": self.patch_at,
            "patch_places": self.patch_places,
        }

    def parts(self, count: int) -> list[Batch]:
        """The same in `count` parts of nearly the same size."""
        sizes = [len(part) for part in self.tokens.tensor_split(count)]
        ends = [sum(sizes[: at + 1]) for at in range(count)]
        return [self.rows(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    def rows(self, start: int, stop: int) -> Batch:
        """Some of the sequences."""
        found = {
            name: None if value is None else value[start:stop]
            for name, value in (self.reads | {"weights": self.weights}).items()
        }
        if self.patch_at is not None and self.patches is not None and self.patch_places is not None:
            here = (self.patch_at[:, 0] >= start) & (self.patch_at[:, 0] < stop)
            moved = self.patch_at[here] - self.patch_at.new_tensor([start, 0])
            found |= {"patches": self.patches[here], "patch_at": moved, "patch_places": self.patch_places[here]}
        return Batch(self.tokens[start:stop], self.targets[start:stop], **found)
