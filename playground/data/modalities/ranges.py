"""Which id means what: the ranges of text, discrete values, bins, separator and padding in one vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from playground.data.modalities.continuous import Continuous, Discrete, Ids, Values
from playground.spec.modalities import Modalities

Modality = Literal["text", "discrete", "continuous", "separator", "padding", "patch"]


@dataclass(frozen=True)
class Ranges:
    """The vocabulary of a multi-domain model: text from 0, discrete values, bins, separator, padding.

    With `overlap` discrete values share the first ids with the text, as Gato has it (Reed et al. 2022, §2.1); what one
    stands for is then known from its place only.
    """

    text: int
    modalities: Modalities

    @property
    def discrete(self) -> int:
        """The id of the discrete value 0."""
        return 0 if self.modalities.overlap else self.text

    @property
    def bins(self) -> int:
        """The id of the first bin."""
        return max(self.text, self.discrete + self.modalities.discrete)

    @property
    def separator(self) -> int:
        """The id between observation and action."""
        return self.bins + self.modalities.bins

    @property
    def padding(self) -> int:
        """The id that stands where nothing is: under patches, and behind a sequence."""
        return self.separator + 1

    @property
    def vocab(self) -> int:
        """How many ids there are."""
        return self.padding + 1

    def encode(self, kind: Continuous | Discrete, values: ArrayLike) -> Ids:
        """Ids of values of one kind, same shape; raises DataError for what cannot be one."""
        about = self.modalities
        if isinstance(kind, Continuous):
            return self.bins + kind.encode(values, about.bins, about.mu, about.largest)
        return self.discrete + kind.encode(values)

    def decode(self, kind: Continuous | Discrete, ids: ArrayLike) -> Values:
        """Values of ids of one kind, same shape; raises DataError for what is none of them."""
        about, found = self.modalities, np.asarray(ids)
        if isinstance(kind, Continuous):
            return kind.decode(found - self.bins, about.bins, about.mu, about.largest)
        return kind.encode(found - self.discrete).astype(np.float64)

    def allowed(self, kind: Continuous | Discrete) -> range:
        """The ids that a value of this kind can have."""
        if isinstance(kind, Continuous):
            return range(self.bins, self.bins + self.modalities.bins)
        return range(self.discrete, self.discrete + kind.count)

    def modality(self, token: int) -> Modality:
        """What an id stands for; with shared ids, text."""
        if token < self.text:
            return "text"
        if token < self.bins:
            return "discrete"
        if token < self.separator:
            return "continuous"
        return "separator" if token == self.separator else "padding"
