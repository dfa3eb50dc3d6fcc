"""Instructions in words: a sentence says what to do with the digits behind it, and can be compressed into gist tokens."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from playground.data.tasks import phrases
from playground.data.tasks.task import Pair, Task

ORDERS: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "keep": ((0, 1, 2, 3), ("kept still", "quite unmoved", "kept unmoved")),
    "reverse": ((3, 2, 1, 0), ("fully reversed", "read backwards", "turned round")),
    "left": ((1, 2, 3, 0), ("shifted left", "moved left", "rolled left")),
    "right": ((3, 0, 1, 2), ("shifted right", "moved right", "rolled right")),
    "pairs": ((1, 0, 3, 2), ("swapped pairwise", "exchanged pairwise", "paired crosswise")),
    "halves": ((2, 3, 0, 1), ("swapped halfwise", "exchanged halfwise", "halved crosswise")),
    "first": ((0, 0, 0, 0), ("all first", "only first", "first throughout")),
    "last": ((3, 3, 3, 3), ("all last", "only last", "last throughout")),
}
"""Which digit stands where afterwards, and how that is called."""

MAPS: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "same": ((1, 0), ("same value", "fully unaltered", "kept unaltered")),
    "complement": ((9, 9), ("nine complemented", "fully complemented", "complemented throughout")),
    "next": ((1, 1), ("one higher", "one more", "raised once")),
    "previous": ((1, 9), ("one lower", "one less", "lowered once")),
    "two": ((1, 2), ("two higher", "two more", "raised twice")),
    "five": ((1, 5), ("five higher", "five more", "raised five")),
    "double": ((2, 0), ("doubled once", "fully doubled", "doubled throughout")),
    "triple": ((3, 0), ("tripled once", "fully tripled", "tripled throughout")),
}
"""What becomes of a digit c, as (a, b) of a·c + b modulo 10, and how that is called."""

DIGITS = 4


@dataclass(frozen=True)
class Instructions(Task):
    """Eight orders with each of eight maps of the values; of every order one map is held, and of every map one order."""

    name = "instructions"
    title = "Instructions in words"
    help = (
        "Do with four digits what a sentence of 26 words says: an order, and what becomes of each digit. Tested on sentences "
        "never read, and on combinations never asked for. Gist tokens compress the sentence."
    )
    cite = "after Mu, Li & Goodman 2023"
    url = "https://arxiv.org/abs/2304.08467"
    joint = " "
    splits = ("seen", "unseen_phrasing", "unseen_combination")

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The ten digits and the words of all instructions."""
        keys = tuple(each for table in (ORDERS, MAPS) for _, each in table.values())
        return (*"0123456789", *phrases.vocabulary(keys))

    def pair(self, rng: np.random.Generator) -> Pair:
        """A combination, a wording and digits as they are trained on."""
        return self.of_split("seen", rng)

    def of_split(self, split: str, rng: np.random.Generator) -> Pair:
        """The same for one of the `splits`."""
        combinations = self.held if split == "unseen_combination" else self.told
        order, kind = combinations[int(rng.integers(len(combinations)))]
        words = phrases.drawn(self._parts[order, kind], split == "unseen_phrasing", rng)
        digits = tuple(rng.integers(10, size=DIGITS).tolist())
        ids = self.ids
        return Pair((*(ids[word] for word in words), *digits), answer(order, kind, digits), prompt=phrases.WORDS)

    def longest(self) -> tuple[int, int]:
        """Always the same."""
        return phrases.WORDS + DIGITS, DIGITS

    @cached_property
    def held(self) -> tuple[tuple[str, str], ...]:
        """The combinations that are never trained on: one map of every order, one order of every map."""
        maps = list(MAPS)
        return tuple((order, maps[(3 * index + 1) % len(maps)]) for index, order in enumerate(ORDERS))

    @cached_property
    def told(self) -> tuple[tuple[str, str], ...]:
        """All others."""
        return tuple(both for both in product(ORDERS, MAPS) if both not in self.held)

    @cached_property
    def _parts(self) -> dict[tuple[str, str], tuple[phrases.Wordings, ...]]:
        """Opening, both clauses and closing of each combination."""
        one = {name: phrases.clauses(phrases.ORDER_FRAMES, keys, at) for at, (name, (_, keys)) in enumerate(ORDERS.items())}
        other = {name: phrases.clauses(phrases.VALUE_FRAMES, keys, at) for at, (name, (_, keys)) in enumerate(MAPS.items())}
        ends = phrases.around(True), phrases.around(False)
        return {(order, kind): (ends[0], one[order], other[kind], ends[1]) for order, kind in product(ORDERS, MAPS)}

    def best_guess(self) -> float:
        """How often the best answer to the digits alone, the sentence unread, is right: all inputs and combinations tried."""
        right = 0
        for digits in product(range(10), repeat=DIGITS):
            right += Counter(answer(*both, digits) for both in self.told).most_common(1)[0][1]
        return right / (len(self.told) * int(10**DIGITS))


def answer(order: str, kind: str, digits: tuple[int, ...]) -> tuple[int, ...]:
    """What the digits become."""
    (taken, _), ((times, plus), _) = ORDERS[order], MAPS[kind]
    return tuple((times * digits[place] + plus) % 10 for place in taken)
