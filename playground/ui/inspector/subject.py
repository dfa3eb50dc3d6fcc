"""What a drawing is of: a part of the model with the sizes around it, as it is or as a choice would make it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QPen

from playground.spec.record import Record
from playground.style import theme

Kind = TypeVar("Kind", bound=Record)


@dataclass(frozen=True)
class Subject:
    """A part, and the context and width of its model."""

    part: Record
    n_ctx: int
    d_model: int

    def of(self, kind: type[Kind]) -> Kind:
        """The part, which is of this kind."""
        assert isinstance(self.part, kind)
        return self.part

    def choosing(self, name: str, value: object) -> Subject:
        """The same with another value of a field, such as "position.kind"; nothing is checked."""
        holder, _, inner = name.rpartition(".")
        if not holder:
            return replace(self, part=self.part.model_copy(update={name: value}))
        changed = getattr(self.part, holder).model_copy(update={inner: value})
        return replace(self, part=self.part.model_copy(update={holder: changed}))


def pen(name: str, width: float, alpha: int = 255) -> QPen:
    """A pen in a colour of the theme, with round ends."""
    return QPen(theme.colour(name, alpha), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
