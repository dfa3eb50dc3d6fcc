"""Numbers in words, to be written in digits: three hundred and forty-two is 342."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playground.data.special import NAMES
from playground.data.tasks.task import Pair, Task

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_BIG = ("hundred", "thousand", "and")
_WORD = re.compile("|".join(map(re.escape, NAMES)) + r"|[^\W\d_]+|[^\s-]")


def spelled(number: int) -> list[str]:
    """The words of a number from 0 to 999,999, British, without hyphens."""
    if number < 20:
        return [_SMALL[number]]
    if number < 100:
        return [_TENS[number // 10 - 2], *(spelled(number % 10) if number % 10 else ())]
    unit, word = (100, "hundred") if number < 1000 else (1000, "thousand")
    many, rest = divmod(number, unit)
    joint = ["and"] if rest and rest < 100 else []
    return [*spelled(many), word, *joint, *(spelled(rest) if rest else ())]


@dataclass(frozen=True)
class NumberWords(Task):
    """Numbers of 1 to `digits` digits (at most 6): first how many is drawn evenly, then the number."""

    digits: int = 6

    name = "number-words"
    title = "Number words"
    help = "Read a number in English words and write it in digits; zeros that are not spoken have to be put in."
    joint = " "
    symbols = (*"0123456789", *_SMALL, *_TENS, *_BIG)

    def __post_init__(self) -> None:
        """Raises ValueError for settings that make no task."""
        if not 1 <= self.digits <= 6:
            raise ValueError(f"{self.digits} digits; numbers of 1 to 6 can be spelled")

    def pair(self, rng: np.random.Generator) -> Pair:
        """A number in words and in digits."""
        digits = int(rng.integers(1, self.digits + 1))
        number = int(rng.integers(10 ** (digits - 1) if digits > 1 else 0, 10**digits))
        ids = self.ids
        return Pair(tuple([ids[word] for word in spelled(number)]), tuple(map(int, str(number))))

    def longest(self) -> tuple[int, int]:
        """The longest is of sevens alone: 777,777 has eleven words."""
        return len(spelled(int("7" * self.digits))), self.digits

    def show(self, ids: Sequence[int]) -> str:
        """Words with spaces between them, digits without."""
        return re.sub(r"(?<=\d) (?=\d)", "", super().show(ids))

    def cut(self, text: str) -> list[str]:
        """Words in any case, with or without hyphens, and single digits."""
        return _WORD.findall(text.lower())
