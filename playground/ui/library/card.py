"""What a model's card.md says, read for the list: title, first sentence, the expected result and how long it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_POINT = re.compile(r"^\s*[-*]\s+\*\*(?P<name>[^*]+)\*\*:?\s*(?P<said>.+)$", re.MULTILINE)
_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBER = rf"(?:\d[\d.,]*|{'|'.join(_WORDS)})"
_TIME = re.compile(
    rf"\b(?P<much>{_NUMBER}(?:\s+(?:to|or|–)\s+{_NUMBER})?)\s*(?P<unit>s|seconds?|min|minutes?|h|hours?)\b"
    r"(?P<where>\s+on\s+(?:an?\s+|one\s+|two\s+|four\s+|eight\s+|\d+\s+)?(?:CPU\s+)?(?:cores?|CPUs?|GPUs?|laptop))?",
    re.IGNORECASE,
)
_RESULT = re.compile(r"(?P<about>about |some )?(?P<value>\d[\d.,]*\s*(?:%|nats?\b|bits?\b)(?:\s+per\s+(?:hidden\s+)?\w+)?)")

_SIZE = re.compile(r"(?P<count>\d{1,3}(?:,\d{3})*|\d+) parameters\b")


@dataclass(frozen=True)
class Card:
    """A card as the list shows it; what it does not say is empty."""

    text: str = ""
    title: str = ""
    sentence: str = ""
    result: str = ""
    """What it reaches, such as "2.63 nats per token"."""
    takes: str = ""
    """How long that takes, and on what, such as "47 s on one core"."""
    parameters: int = 0
    """As many as it has with the vocabulary that its text gives, which the spec alone cannot know."""


def read(text: str) -> Card:
    """A card from its Markdown; never raises, because a person may have written anything."""
    heading = re.search(r"^#\s+(.+)$", text, re.MULTILINE)
    points = {found["name"].strip().lower(): found["said"].strip() for found in _POINT.finditer(text)}
    expect = points.get("expect", "")
    reached, size = _RESULT.search(expect), _SIZE.match(points.get("size", ""))
    return Card(
        text=text,
        title=heading[1].strip() if heading else "",
        sentence=_first_sentence(text[heading.end() :] if heading else text),
        result=f"{reached['about'] or ''}{reached['value']}".strip() if reached else "",
        takes=_time(expect) or _time(points.get("made by", "")),
        parameters=int(size["count"].replace(",", "")) if size else 0,
    )


def _first_sentence(text: str) -> str:
    """The first paragraph up to its first full stop, without Markdown's marks; a list is no paragraph."""
    for block in re.split(r"\n\s*\n", text):
        plain = re.sub(r"[*_`]+", "", " ".join(block.split()))
        if plain and not plain.startswith(("-", "#", ">", "|")):
            end = re.search(r"[.!?](?=\s|$)", plain)
            return plain[: end.end()] if end else plain
    return ""


def _time(text: str) -> str:
    """The first duration in a point; "a step" where the sentence speaks of a single one."""
    found = _TIME.search(text)
    if found is None:
        return ""
    before = re.split(r"[.!?]\s", text[: found.start()])[-1]
    step = " a step" if re.match(r"\s*(a|one|each)\s+step\b", before, re.IGNORECASE) else ""
    much = re.sub(r"[a-z]{3,}", lambda word: _digits(word[0]), found["much"].lower())
    unit = {"s": "s", "m": "min", "h": "h"}[found["unit"][0].lower()]
    return f"{much} {unit}{step}{found['where'] or ''}"


def _digits(word: str) -> str:
    """A number in words as digits, so that times can be compared at a glance; another word as it is."""
    return str(_WORDS.index(word) + 1) if word in _WORDS else word
