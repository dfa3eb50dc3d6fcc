"""The domains of an experiment, loaded as they are asked for, and the corpus that they are part of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from playground.data.corpus import Corpus, load_corpus
from playground.data.errors import DataError
from playground.data.modalities.stream import text_stream
from playground.data.modalities.tokens import Domained
from playground.data.modalities.windows import Shelf
from playground.data.text import Asked, Tick
from playground.data.tokenizer import Tokenizer
from playground.data.worlds.streams import Making, streams
from playground.spec.domains import NAMES
from playground.spec.experiment import Experiment


class Library:
    """Shelves of every domain, to learn from and held out; made when they are first asked for."""

    def __init__(self, making: Making, text: Corpus, n_ctx: int) -> None:
        self.making, self.n_ctx = making, n_ctx
        self._text, self._shelves = text, dict[tuple[str, int], tuple[Shelf, Shelf]]()

    def shelves(self, name: str, n_ctx: int | None = None) -> tuple[Shelf, Shelf]:
        """What a domain has to learn from, and what is held out. Raises DataError where it cannot be had, and Cancelled."""
        room = n_ctx or self.n_ctx
        if (name, room) not in self._shelves:
            if name == "text":
                ids = (part.numpy().astype(np.int64) for part in (self._text.train, self._text.validation))
                found = tuple(text_stream(each, room + 1) for each in ids)
            else:
                found = streams(name, self.making)
            longest = max(int((stream.episodes[:, 1] - stream.episodes[:, 0]).max()) if not stream.step or name in PICTURED
                          else stream.step for stream in found) if name != "text" else 0  # fmt: skip
            if longest > room + 1:
                raise DataError(
                    f"“{NAMES[name]}” does not fit into a context of {room}.",
                    f"It takes {longest - 1} tokens at least.",
                    f"Use a context of {longest - 1} or more.",
                    ("model.n_ctx", longest - 1),
                )
            padding = self.making.ranges.padding
            self._shelves[name, room] = Shelf(found[0], room, padding), Shelf(found[1], room, padding)
        return self._shelves[name, room]


PICTURED = ("captions", "paint", "pictures")
"""Domains whose episodes, not only their timesteps, have to fit into a window."""


def load_domains(
    experiment: Experiment,
    tokenizer: Tokenizer | None = None,
    progress: Tick = lambda job, share: None,
    cancelled: Asked = lambda: False,
) -> Corpus:
    """The text of an experiment with several domains, and a library of those that have a share.

    Raises DataError (what, why, what to do) and Cancelled.
    """
    task, model = experiment.task, experiment.model
    text = load_corpus(task, tokenizer=tokenizer, progress=progress, cancelled=cancelled, n_ctx=model.n_ctx)
    assert model.embedding.modalities is not None
    both = Domained(text.tokenizer, model.embedding.modalities)
    about = task.domains
    making = Making(
        both.ranges, text.tokenizer, experiment.seed, about.target, about.ask_pixels, about.pictures, about.episodes,
        progress, cancelled,
    )  # fmt: skip
    library = Library(making, text, model.n_ctx)
    shared = [name for name in NAMES if getattr(task.domains.share, name)]
    for name in shared:
        library.shelves(name)
    library.making = replace(making, progress=lambda job, share: None, cancelled=lambda: False)
    counts = np.concatenate((text.counts, np.zeros(both.vocab - text.tokenizer.vocab, text.counts.dtype)))
    name = text.name if shared == ["text"] else f"{len(shared)} domains"
    return replace(text, name=name, tokenizer=both, counts=counts, library=library)
