"""What is chosen in the diagram: one part, or several of one kind, with the part that the keyboard stands on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from playground.spec.layers import Place, place_of


@dataclass(frozen=True)
class Choice:
    """Paths in the order of the diagram; `current` is one of them, and a range begins at `anchor`."""

    paths: tuple[str, ...] = ()
    current: str = ""
    anchor: str = ""

    @classmethod
    def one(cls, path: str, covers: Sequence[str] = ()) -> Choice:
        """A single part, or all layers that a folded card stands for."""
        return cls(tuple(covers) or (path,), path, path)

    @classmethod
    def of(cls, paths: Iterable[str], order: Sequence[str]) -> Choice:
        """Several parts, for example those inside a rubber band."""
        wanted = set(paths)
        found = tuple(path for path in order if path in wanted)
        return cls(found, found[-1], found[0]) if found else cls()

    @property
    def places(self) -> tuple[Place, ...]:
        """The layers that are chosen or hold a chosen part, each once."""
        return tuple(dict.fromkeys(place for path in self.paths if (place := place_of(path)) is not None))

    def toggled(self, path: str, covers: Sequence[str], order: Sequence[str]) -> Choice:
        """With a part more or less; only parts of one kind stand together, another kind begins anew."""
        added = set(covers) or {path}
        if not self.paths or kind_of(path) != kind_of(self.paths[0]):
            return Choice.one(path, covers)
        now = set(self.paths)
        wanted = now - added if added <= now else now | added
        if not wanted:
            return self
        found = tuple(each for each in order if each in wanted)
        return Choice(found, path if path in wanted else found[-1], path)

    def ranged(self, path: str, covers: Sequence[str], order: Sequence[str]) -> Choice:
        """Everything of the same kind from the anchor to a part."""
        kind = kind_of(path)
        same = [each for each in order if kind_of(each) == kind]
        if self.anchor not in same or path not in same:
            return Choice.one(path, covers)
        ends = [same.index(self.anchor), same.index(path)]
        if covers:
            ends += [same.index(each) for each in covers if each in same]
        return Choice(tuple(same[min(ends) : max(ends) + 1]), path, self.anchor)


def kind_of(path: str) -> str:
    """What kind of part a path names: "layer", "attention", "mlp" …, or the path itself outside the stacks."""
    if place_of(path) is None:
        return path
    return path.partition("].")[2] or "layer"
