"""What a person can want of the layers in the diagram, as plain data; the window's layer desk does it."""

from __future__ import annotations

from dataclasses import dataclass

from playground.spec.layers import Place
from playground.spec.model import Architecture


@dataclass(frozen=True)
class Remove:
    """Take layers out."""

    places: tuple[Place, ...]


@dataclass(frozen=True)
class Duplicate:
    """Put a copy behind each of some layers."""

    places: tuple[Place, ...]


@dataclass(frozen=True)
class Move:
    """Put layers before layer `index` of a stack; `copy` leaves the originals where they are."""

    places: tuple[Place, ...]
    stack: str
    index: int
    copy: bool = False


@dataclass(frozen=True)
class Insert:
    """A new layer of a recipe (`spec.layers.RECIPES`) before layer `index` of a stack."""

    recipe: str
    stack: str
    index: int


@dataclass(frozen=True)
class Copy:
    """Put layers on the clipboard, as TOML; `cut` takes them out as well."""

    places: tuple[Place, ...]
    cut: bool = False


@dataclass(frozen=True)
class Paste:
    """The clipboard's layers before layer `index` of a stack."""

    stack: str
    index: int


@dataclass(frozen=True)
class Switch:
    """Another architecture of the same layers."""

    architecture: Architecture


Wish = Remove | Duplicate | Move | Insert | Copy | Paste | Switch
