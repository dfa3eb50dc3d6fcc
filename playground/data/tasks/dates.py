"""Dates as people write them, to be written the ISO way: 3 May 1998 is 1998-05-03."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from playground.data.tasks.task import Pair, Task

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
FORMS = 8
"""In how many ways `written` writes a date."""


def written(day: date, form: int) -> str:
    """A date in one of the forms, of which none can be taken for another date (day.month.year as in Germany)."""
    month = _MONTHS[day.month - 1]
    match form:
        case 0:
            return f"{day.day} {month} {day.year}"
        case 1:
            return f"{month} {day.day}, {day.year}"
        case 2:
            return f"{day.day}{_ENDINGS.get(day.day, 'th')} of {month} {day.year}"
        case 3:
            return f"{_WEEKDAYS[day.weekday()]}, {day.day} {month[:3]} {day.year}"
        case 4:
            return f"{day.day:02}-{month[:3].upper()}-{day.year}"
        case 5:
            return f"{day.day}.{day.month}.{day.year}"
        case 6:
            return f"{day.day:02}.{day.month:02}.{day.year}"
        case _:
            return f"{day.year} {month[:3]} {day.day:02}"


_SYMBOLS = tuple("0123456789-., ") + tuple(
    sorted({letter for month in range(1, 13) for day in (1, 2, 3, 4, 5, 6, 7) for form in range(FORMS)
            for letter in written(date(2001, month, day), form) if letter.isalpha()})
)  # fmt: skip


@dataclass(frozen=True)
class Dates(Task):
    """Days of the years `first` to `last` in eight forms, all drawn evenly. Validation has days never seen in any form."""

    first: int = 1900
    last: int = 2099

    name = "dates"
    title = "Dates to ISO"
    help = "Read a date as people write it, 3 May 1998 or Sun, 3 May 1998 or 3.5.1998, and write 1998-05-03."
    cite = "ISO 8601"
    url = "https://www.iso.org/iso-8601-date-and-time-format.html"
    symbols = _SYMBOLS

    def pair(self, rng: np.random.Generator) -> Pair:
        """A day and a form."""
        start, end = date(self.first, 1, 1).toordinal(), date(self.last, 12, 31).toordinal()
        day, form = date.fromordinal(int(rng.integers(start, end + 1))), int(rng.integers(FORMS))
        ids = self.ids
        return Pair(tuple([ids[sign] for sign in written(day, form)]), tuple([ids[sign] for sign in day.isoformat()]))

    def longest(self) -> tuple[int, int]:
        """The longest is like 10th of September 1998."""
        return len(written(date(self.first, 9, 10), 2)), 10

    def key(self, pair: Pair) -> tuple[int, ...]:
        """The day, however it is written."""
        return pair.target
