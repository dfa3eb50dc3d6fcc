"""Random windows over the episodes of a stream, some of them behind a prompt from another episode of the same task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.data.batch import IGNORE
from playground.data.modalities.stream import NO_EPISODE, NO_PATCH, NOWHERE, Stream


@dataclass(frozen=True)
class Windows:
    """Rows of one stream, int64 (row, pos): what is read, what should be said next, and what the model knows beside it.

    `segments` tells episodes apart: a token sees only those of its own segment. `patches` are indices, −1 for none.
    """

    tokens: Tensor
    targets: Tensor
    local: Tensor
    segments: Tensor
    patches: Tensor | None


class Shelf:
    """A stream as tensors, from which windows are gathered by index. Everything random comes from the generator given."""

    def __init__(self, stream: Stream, window: int, padding: int) -> None:
        """`window` is the number of places of a row, one less than the tokens it is made of."""
        self.stream, self.window = stream, window
        more = window + 1

        def column(values: np.ndarray, fill: int) -> Tensor:
            return torch.from_numpy(np.concatenate((values, np.full(more, fill))).astype(np.int64))

        self._ids, self._targets = column(stream.ids, padding), column(stream.targets, IGNORE)
        self._local, self._episode = column(stream.local, NOWHERE), column(stream.episode, NO_EPISODE)
        self._patches = None if stream.patches is None else column(stream.patches, NO_PATCH)
        self._starts = torch.from_numpy(stream.starts.astype(np.int64))
        self._bounds, self._tasks = torch.from_numpy(stream.episodes), torch.from_numpy(stream.tasks)
        self._of_task = {int(t): torch.from_numpy(np.flatnonzero(stream.tasks == t)) for t in np.unique(stream.tasks)}
        self._places = torch.arange(more)

    def __len__(self) -> int:
        return len(self._starts)

    def draw(self, rows: int, generator: torch.Generator, prompted: float = 0.0, from_end: float = 0.5) -> Windows:
        """Random windows; a share `prompted` of them begins with a demonstration, `from_end` of those from an episode's end.

        A window begins at a random timestep and runs on into the next episode, which does not see it. A prompt takes the
        first half of a row, in whole timesteps, from an episode of the same task; the window sees it (Reed et al. 2022,
        §2.2). Streams whose timesteps differ in length, such as texts, have no prompts.
        """
        which = torch.randint(len(self._starts), (rows,), generator=generator)
        index = self._starts[which, None] + self._places
        segments = self._episode[index]
        if not prompted or not self.stream.step:
            return self._gathered(index, segments)
        length = max(1, (self.window + 1) // 2 // self.stream.step) * self.stream.step
        with_prompt = torch.rand(rows, generator=generator) < prompted
        prompts = self._prompts(segments[:, 0], length, generator, from_end)
        moved = torch.cat((prompts, index[:, : self.window + 1 - length]), dim=1)
        own = self._episode[moved]
        same = own == own[:, :1]  # where the prompt's episode is too short for it, what follows is nobody's
        joined = torch.where(self._places < length, torch.where(same, own[:, length, None], NO_EPISODE - 1), own)
        return self._gathered(
            torch.where(with_prompt[:, None], moved, index), torch.where(with_prompt[:, None], joined, segments)
        )

    def spread(self, rows: int) -> Windows:
        """Windows spread evenly over the stream, always the same."""
        which = torch.linspace(0, len(self._starts) - 1, rows, dtype=torch.float64).long()
        index = self._starts[which, None] + self._places
        return self._gathered(index, self._episode[index])

    def _prompts(self, episodes: Tensor, length: int, generator: torch.Generator, from_end: float) -> Tensor:
        """Indices (row, length) of tokens of a random other episode with the same task as each of these."""
        step, found = self.stream.step, []
        chance = torch.rand(len(episodes), 2, generator=generator)
        draws = torch.randint(1 << 40, (len(episodes),), generator=generator)
        for row, episode in enumerate(episodes.tolist()):
            alike = self._of_task[int(self._tasks[episode])]
            chosen = int(alike[int(draws[row]) % len(alike)])
            if chosen == episode and len(alike) > 1:
                chosen = int(alike[(int(draws[row]) + 1) % len(alike)])
            first, end = self._bounds[chosen].tolist()
            room = max(0, (end - first - length) // step)
            steps = room if chance[row, 0] < from_end else int(chance[row, 1] * (room + 1))
            found.append(first + steps * step)
        return torch.tensor(found)[:, None] + torch.arange(length)

    def _gathered(self, index: Tensor, segments: Tensor) -> Windows:
        """Rows of window + 1 tokens as what is read and what comes next; nothing is asked across two segments."""
        targets = self._targets[index[:, 1:]]
        targets = torch.where(segments[:, 1:] == segments[:, :-1], targets, IGNORE)
        seen = index[:, :-1]
        patches = None if self._patches is None else self._patches[seen]
        return Windows(self._ids[seen], targets, self._local[seen], segments[:, :-1], patches)
