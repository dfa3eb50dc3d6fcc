"""What a generated task is: its symbols, its questions with their answers, and how well any model can do."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from playground.data.errors import DataError
from playground.data.special import NAMES

_SHARES = 1 << 32


@dataclass(frozen=True)
class Pair:
    """A question and its answer as ids of symbols, without special tokens; a stream has an empty `source`.

    The first `prompt` symbols of the source are an instruction, behind which gist tokens may stand; mostly there is none.
    """

    source: tuple[int, ...]
    target: tuple[int, ...]
    prompt: int = 0


class Task(ABC):
    """Questions with answers, drawn at random. Subclasses are frozen dataclasses whose fields set how hard the task is.

    The vocabulary is the symbols and behind them mask, bos and eos (Phuong & Hutter 2022, §3): `len(symbols)` and the two
    ids after it. `title` and `help` are for people; `cite` and `url` say where the task comes from.
    """

    name: str
    title: str
    help: str
    cite: str = ""
    url: str = ""
    joint: str = ""
    """What stands between two symbols in a text: nothing where each is one character, a space where they are words."""
    held_share: float = 0.1
    """How many of all inputs are kept for validation; 0 where training and validation are drawn alike."""
    splits: tuple[str, ...] = ()
    """Where validation asks for different things, their names: `of_split` draws them, and each has a score of its own."""

    @property
    @abstractmethod
    def symbols(self) -> tuple[str, ...]:
        """The alphabet, in the order of the ids."""

    @abstractmethod
    def pair(self, rng: np.random.Generator) -> Pair:
        """A random question with its answer; follows from the state of `rng` alone."""

    @abstractmethod
    def longest(self) -> tuple[int, int]:
        """Symbols of the longest source and of the longest target."""

    def of_split(self, split: str, rng: np.random.Generator) -> Pair:
        """A random question of one of the `splits`."""
        return self.pair(rng)

    def everything(self) -> Iterator[Pair] | None:
        """All pairs, each once, where they are few and `pair` draws each of them with the same chance; else None."""
        return None

    def entropy(self) -> float | None:
        """Nats of a whole target given its source, or None where that is not known; 0 where the answer is certain.

        In every task here the end of a target is certain from what stands before it and adds nothing.
        """
        return 0.0

    def mean_length(self) -> float:
        """Expected symbols of a target; where all are not of one length, a task of positive entropy has to say."""
        return float(self.longest()[1])

    def floor(self, eos: bool = True) -> float | None:
        """Nats per target token that no model can beat, or None where that cannot be computed.

        It is the whole loss over all target tokens; eos is one of them unless `eos` is false.
        """
        entropy = self.entropy()
        return entropy / (self.mean_length() + eos) if entropy else entropy

    def masked_floor(self, ratio: float | None = None) -> float | None:
        """The same for symbols that were hidden: nats per hidden symbol, each predicted from all that are not hidden.

        Each symbol is hidden with chance `ratio`, and one at random where that hides none (`objectives.masked` with the
        rule "always"); without a `ratio` exactly one is, each as often. For questions the whole answer is hidden.
        """
        return 0.0 if self.entropy() == 0 else None

    def parts(self, pair: Pair) -> dict[str, slice]:
        """Parts of the target whose losses mean different things, by name; none in most tasks."""
        return {}

    def key(self, pair: Pair) -> tuple[int, ...]:
        """What makes two pairs the same question: those with one key are both in training, or both in validation."""
        return pair.source or pair.target

    def held_out(self, pair: Pair) -> bool:
        """Whether a pair is kept for validation: by a hash of its key, so always the same, whatever the seed."""
        if not self.held_share:
            return False
        return share_of(self.key(pair)) < self.held_share

    @cached_property
    def vocab(self) -> int:
        """Symbols and special tokens."""
        return len(self.symbols) + len(NAMES)

    @property
    def mask(self) -> int:
        """The id of the mask token."""
        return len(self.symbols)

    @property
    def bos(self) -> int:
        """The id of the token that begins a target."""
        return len(self.symbols) + 1

    @property
    def eos(self) -> int:
        """The id of the token that ends a target, and of the padding behind it."""
        return len(self.symbols) + 2

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The text of each id, special tokens by their names."""
        return (*self.symbols, *NAMES)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each symbol and special token."""
        return {name: index for index, name in enumerate(self.names)}

    def show(self, ids: Sequence[int]) -> str:
        """Ids as people read them; special tokens by name. Raises IndexError for an id that is none."""
        return self.joint.join(self.names[index] for index in ids)

    def read(self, text: str) -> tuple[int, ...]:
        """The ids of a text as `show` writes it; raises DataError in words for what is no symbol of the task."""
        cut = self.cut(text)
        unknown = list(dict.fromkeys(piece for piece in cut if piece not in self.ids))
        if unknown:
            named = ", ".join(f"“{piece}”" for piece in unknown[:5]) + (" and others" if len(unknown) > 5 else "")
            spelled = ["space" if symbol == " " else symbol for symbol in self.symbols]
            shown = " ".join(spelled if len(spelled) <= 40 else (*spelled[:20], "…", *spelled[-3:]))
            raise DataError(
                f"{named} {'is no symbol' if len(unknown) == 1 else 'are no symbols'} of “{self.title}”.",
                f"It knows {shown}, and nothing else.",
                "Write it with these, or leave it out.",
            )
        return tuple(self.ids[piece] for piece in cut)

    def cut(self, text: str) -> list[str]:
        """A text as the names of its symbols, known or not."""
        if self.joint:
            return text.split()
        pieces = re.findall("|".join(map(re.escape, NAMES)) + "|.", text, re.DOTALL)
        return [piece for piece in pieces if piece in self.ids or not piece.isspace()]


class Stream(Task):
    """A task without a question: sequences whose next symbol is to be predicted."""

    @abstractmethod
    def sequence(self, rng: np.random.Generator) -> tuple[int, ...]:
        """A random sequence of ids."""

    @abstractmethod
    def entropy(self) -> float | None:
        """Nats of a whole sequence."""

    def pair(self, rng: np.random.Generator) -> Pair:
        """The sequence as a target without a source."""
        return Pair((), self.sequence(rng))


def share_of(key: Sequence[int]) -> float:
    """A number from 0 to below 1 that follows from some ids and looks random (BLAKE2b); the same on every machine."""
    digest = hashlib.blake2b(repr(tuple(key)).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / _SHARES
