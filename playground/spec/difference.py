"""What differs between two experiments, as a list of changes: fields by path, layers added, removed and moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playground.spec import edit, saying
from playground.spec.aligning import Origin, differing, origins, root
from playground.spec.experiment import Experiment
from playground.spec.folding import STACKS
from playground.spec.model import ModelSpec
from playground.spec.record import Record, means

ARCHITECTURE = "model.architecture"
"""The path of the one change that is no field: which stacks there are."""
FOLLOWS = "model.vocab"
"""It follows from tokenizer and text, so it is never a change of its own."""

HEADS = {
    "embedding": "Embedding", "unembedding": "Unembedding", "encoder_norm": "After the encoder", "model.init": "First weights",
    "model.gist": "Gist",
    "model": "Model", "task": "Task", "training": "Training",
}  # fmt: skip
RANKS = {ARCHITECTURE: -1, "task.kind": 1, "task.text": 1, "task": 3, "training": 3, "seed": 4}
"""What is said first: structure, what is learned, the parts, how it is learned, the seed."""


@dataclass(frozen=True)
class Change:
    """One difference: the path, counted in the new experiment unless something was removed, and the values.

    A part or layer that was added has no old value, one that was removed no new one; of a layer that moved, the values are
    its old and its new place. `layers` says how many encoder and decoder layers there are, where that is known.
    """

    path: str
    old: Any
    new: Any
    layers: tuple[int, int] = (0, 0)

    @property
    def words(self) -> str:
        """This change alone, in words: "heads 4 → 8 in layer 2"."""
        return words([self])


def changes(old: Experiment, new: Experiment) -> list[Change]:
    """Every difference that means something: a rotary base without rotation is none, nor is the vocabulary.

    Where equal layers stand side by side nobody can tell which was removed or added; it is taken to be the last. One who
    knows better makes the Change: `Change("model.decoder[1]", layer, None)`.
    """
    aligned = origins(old.model, new.model)
    layers = len(new.model.encoder), len(new.model.decoder)
    found = [Change(*what, layers) for what in _structure(old.model, new.model, aligned)]
    for path, one, other in (*_outside(old, new), *_inside(old.model, new.model, aligned)):
        holder, _, name = path.rpartition(".")
        if path != FOLLOWS and means(edit.get(new, holder) if holder else new, name):
            found.append(Change(path, one, other, layers))
    return found


def words(changes: list[Change], letters: int = 90) -> str:
    """One line: the same change in several layers once, structure first, then the shortest, as many as fit."""
    phrases = [phrase for _, phrase in sorted(_phrases(changes), key=lambda item: (item[0], len(item[1])))]
    for count in range(len(phrases), 0, -1):
        rest = len(phrases) - count
        line = " · ".join(phrases[:count]) + (f" and {rest} more" if rest else "")
        if len(line) <= letters:
            return line
    return f"{len(phrases)} differences" if phrases else ""


def name(change: Change) -> str:
    """One edit as a title: "Layer 2: heads 4 → 8", "Remove layer 3", "Training: learning rate 1e-3 → 3e-3"."""
    at, path = saying.place(change.path), change.path
    here = saying.layer(at.stack, at.index, change.layers)
    if at.index >= 0 and not at.rest:
        if isinstance(change.new, int):
            return f"Move {saying.layer(at.stack, change.old, change.layers)} to {change.new + 1}"
        return f"Add {here}" if change.old is None else f"Remove {here}"
    if path == ARCHITECTURE:
        return f"Architecture: {change.old} → {change.new}"
    if at.index >= 0:
        head = here
    else:
        head = HEADS.get(at.end or ".".join(path.split(".")[:2])) or HEADS.get(path.split(".")[0], "")
    said = _said(change)
    if isinstance(change.new, Record) or isinstance(change.old, Record):
        said = f"{'add' if change.old is None else 'remove'} {saying.label(path)}"
    said = said.removeprefix(f"{head.lower()} ")
    title = f"{head}: {said}" if head else said
    return title[:1].upper() + title[1:]


def _structure(old: ModelSpec, new: ModelSpec, aligned: dict[str, list[Origin]]) -> Iterator[tuple[str, Any, Any]]:
    """The architecture, and layers that were added, moved and removed."""
    if old.architecture != new.architecture:
        yield ARCHITECTURE, old.architecture, new.architecture
    for stack, found in aligned.items():
        for index, origin in enumerate(found):
            if origin.how == "added":
                yield f"model.{stack}[{index}]", None, getattr(new, stack)[index]
            elif origin.how == "moved":
                yield f"model.{stack}[{index}]", origin.index, index
        if found:
            left = {origin.index for origin in found if origin.how != "added"}
            for index, layer in enumerate(getattr(old, root(old, stack))):
                if index not in left:
                    yield f"model.{stack}[{index}]", layer, None


def _outside(old: Experiment, new: Experiment) -> Iterator[tuple[str, Any, Any]]:
    """Fields outside the stacks."""
    bare = {stack: () for stack in STACKS}
    one, other = (made.model_copy(update={"model": made.model.model_copy(update=bare)}) for made in (old, new))
    return differing(one, other)


def _inside(old: ModelSpec, new: ModelSpec, aligned: dict[str, list[Origin]]) -> Iterator[tuple[str, Any, Any]]:
    """Fields of layers; one that was added is compared with the old layer most like it, since it began as its copy."""
    for stack, found in aligned.items():
        for index, (origin, layer) in enumerate(zip(found, getattr(new, stack), strict=True)):
            yield from differing(getattr(old, origin.stack)[origin.index], layer, f"model.{stack}[{index}]")


def _phrases(changes: list[Change]) -> Iterator[tuple[int, str]]:
    """(rank, phrase) of every group of changes that are the same but for their place."""
    groups: dict[tuple[Any, ...], list[Change]] = {}
    for change in changes:
        at = saying.place(change.path)
        if at.index >= 0 and not at.rest:
            how = "moved" if isinstance(change.new, int) else "more" if change.old is None else "less"
            groups.setdefault((0, at.stack, how), []).append(change)
        else:
            rank = RANKS.get(change.path, RANKS.get(change.path.split(".")[0], 2))
            groups.setdefault((rank, at.rest, _said(change)), []).append(change)
    for (rank, what, how), group in groups.items():
        layers = group[0].layers
        if how in ("moved", "more", "less") and what in STACKS:
            if how == "moved" and len(group) == 1:
                yield rank, f"{saying.layer(what, group[0].old, layers)} moved to {group[0].new + 1}"
            else:
                which = f"{what} " if all(layers) else ""
                yield rank, f"{len(group)} {which}layer{'s' if len(group) > 1 else ''} {how}"
        else:
            places = saying.where({saying.place(change.path) for change in group}, layers)
            yield rank, f"{how} {places}".rstrip()


def _said(change: Change) -> str:
    """What changed, without the place."""
    if change.path == ARCHITECTURE:
        return f"{change.old} → {change.new}"
    called = saying.label(change.path)
    if isinstance(change.new, Record) or isinstance(change.old, Record):
        return f"{called} {'added' if change.old is None else 'removed'}"
    one, other = saying.value(change.path, change.old), saying.value(change.path, change.new)
    return f"{called} {other}" if isinstance(change.new, bool) else f"{called} {one} → {other}".lstrip()
