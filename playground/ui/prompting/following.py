"""The answers to one prompt over time: kept whenever they changed, with what is new in each."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

KEPT = 200
"""Answers of one prompt at most; when there are more, every second one goes, but for the first and the last."""


@dataclass(frozen=True)
class Moment:
    """What the answer was from `step` on; `changed` are the places of tokens that the answer before did not have there."""

    step: int
    pieces: tuple[str, ...]
    changed: frozenset[int]


class Following:
    """Answers by step, the oldest first."""

    def __init__(self) -> None:
        self._said: dict[int, tuple[str, ...]] = {}
        self.seen: frozenset[int] = frozenset()
        """What was new in the last answer against the one shown before it."""
        self._shown: tuple[str, ...] | None = None

    def forget(self) -> None:
        """Another prompt, or other settings: answers are not comparable."""
        self._said, self.seen, self._shown = {}, frozenset(), None

    def take(self, step: int, pieces: tuple[str, ...], past: bool = False) -> None:
        """An answer of the model after `step` steps; where training has begun again, later ones are of another run."""
        if not past:
            self._said = {at: said for at, said in self._said.items() if at <= step}
        self.seen = frozenset() if self._shown is None else changed(self._shown, pieces)
        self._shown = pieces
        self._said[step] = pieces
        if len(self._said) > KEPT:
            steps = sorted(self._said)
            self._said = {at: self._said[at] for at in (*steps[:-1:2], steps[-1])}

    def moments(self) -> list[Moment]:
        """Only where the answer became another one."""
        made: list[Moment] = []
        for step in sorted(self._said):
            pieces = self._said[step]
            if not made:
                made.append(Moment(step, pieces, frozenset()))
            elif made[-1].pieces != pieces:
                made.append(Moment(step, pieces, changed(made[-1].pieces, pieces)))
        return made


def changed(before: tuple[str, ...], now: tuple[str, ...]) -> frozenset[int]:
    """Places of tokens in `now` that do not stem from `before`, by the longest runs that both share."""
    matches = SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks()
    same = {match.b + at for match in matches for at in range(match.size)}
    return frozenset(range(len(now))) - same
