"""Changing a TOML file that a person has written: only what differs is touched, and a layer's comments move with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import tomlkit
from tomlkit.items import AoT

from playground.spec.experiment import Experiment
from playground.spec.folding import MAX_REPEAT, STACKS, Plain, item, layers_of, repeat_of, rest_of

_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_COMMENT = re.compile(r"[ \t]*#")


@dataclass
class Run:
    """Neighbouring equal layers of the new stack, and the table of the file they come from, if any."""

    origin: int | None
    layer: Plain
    count: int = 1


def rewritten(text: str, old: Experiment, new: Experiment) -> str:
    """`text`, which says `old`, changed to say `new`.

    Fields left out stay out while they keep their value. Files laid out in uncommon ways may come out wrong, as text that
    says something else: the caller compares. Raises ValueError (tomlkit's ParseError) where the result is not TOML.
    """
    for stack in STACKS:
        before, after = layers_of(old.model, stack), layers_of(new.model, stack)
        if before != after:
            text = _stack_rewritten(text, stack, before, after)
    document = tomlkit.parse(text)
    _update(document, rest_of(old), rest_of(new), ())
    return tomlkit.dumps(document)


def _stack_rewritten(text: str, stack: str, before: list[Plain], after: list[Plain]) -> str:
    document: Any = tomlkit.parse(text)
    model = document.get("model", {})
    tables = model.get(stack)
    if not isinstance(tables, AoT):
        if tables is not None:  # written as a list on one line
            del model[stack]
        return tomlkit.dumps(document).rstrip("\n") + "\n\n" + _tables(stack, [Run(None, *run) for run in _pairs(after)])
    origins = [place for place, table in enumerate(tables) for _ in range(repeat_of(table))]
    runs = _runs(before, origins, after)
    if [run.origin for run in runs] != list(range(len(tables))):
        document = tomlkit.parse(_arranged(text, stack, len(tables), runs))
    for table, run in zip(document["model"][stack], runs, strict=True):
        if run.origin is not None:
            if repeat_of(table) != run.count:
                table["repeat"] = run.count
            _update(table, before[origins.index(run.origin)], run.layer, ("model", stack))
    return tomlkit.dumps(document)


def _runs(before: list[Plain], origins: list[int], after: list[Plain]) -> list[Run]:
    """The new layers in runs, each table of the file used once at most."""
    runs: list[Run] = []
    for layer, origin in zip(after, _sources(before, origins, after), strict=True):
        last = runs[-1] if runs else None
        if last is None or last.layer != layer or last.count >= MAX_REPEAT:
            runs.append(Run(origin, layer))
        elif last.origin == origin or origin is None or last.origin is None:
            last.count += 1
            last.origin = origin if last.origin is None else last.origin
        else:
            runs.append(Run(origin, layer))
    used: set[int] = set()
    for run in runs:
        if run.origin in used:
            run.origin = None
        elif run.origin is not None:
            used.add(run.origin)
    return runs


def _sources(before: list[Plain], origins: list[int], after: list[Plain]) -> list[int | None]:
    """For each new layer the table it comes from: the same layer where there is one, else the one in its place."""
    old, new = [repr(layer) for layer in before], [repr(layer) for layer in after]
    found: list[int | None] = [None] * len(new)
    gone: list[int] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what in ("equal", "replace"):
            both = min(i2 - i1, j2 - j1)
            found[j1 : j1 + both] = origins[i1 : i1 + both]
            i1 += both
        gone += range(i1, i2)
    for place, source in enumerate(found):
        moved = next((index for index in gone if old[index] == new[place]), None) if source is None else None
        if moved is not None:
            found[place] = origins[moved]
            gone.remove(moved)
    return found


def _arranged(text: str, stack: str, count: int, runs: list[Run]) -> str:
    """The text with the stack's tables in the order of `runs`, each with the comment above it; new ones are written out."""
    blocks = _blocks(text, stack)
    if len(blocks) != count:
        raise ValueError(f"the {stack}'s tables are laid out in an unknown way")
    made = []
    for run in runs:
        block = _tables(stack, [run]) if run.origin is None else text[slice(*blocks[run.origin])]
        made.append(block.rstrip("\r\n") + "\n\n")
    out, at = [text[: blocks[0][0]], *made], blocks[0][1]
    for start, end in blocks[1:]:
        out.append(text[at:start])
        at = end
    return "".join([*out, text[at:]]).rstrip("\r\n") + "\n"


def _blocks(text: str, stack: str) -> list[tuple[int, int]]:
    """Where each table of a stack begins, its comment included, and ends."""
    name = rf"[ \t]*model[ \t]*\.[ \t]*{stack}[ \t]*"
    own, inner = re.compile(rf"[ \t]*\[\[{name}\]\]"), re.compile(rf"[ \t]*\[{name}\.")
    headers = [found.start() for found in _HEADER.finditer(text) if not inner.match(text, found.start())]
    edges = [_with_comment(text, start) for start in headers] + [len(text)]
    return [(edges[place], edges[place + 1]) for place, start in enumerate(headers) if own.match(text, start)]


def _with_comment(text: str, start: int) -> int:
    """The start of the comment that stands right above the line at `start`."""
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not _COMMENT.match(text, above):
            break
        start = above
    return start


def _pairs(layers: list[Plain]) -> list[tuple[Plain, int]]:
    return [(run.layer, run.count) for run in _runs([], [], layers)]


def _tables(stack: str, runs: list[Run]) -> str:
    """New tables of a stack as text."""
    layers = [{"repeat": run.count, **run.layer} if run.count > 1 else run.layer for run in runs]
    model = tomlkit.table(is_super_table=True)
    model.add(stack, item(("model", stack), layers))
    document = tomlkit.document()
    document.add("model", model)
    return tomlkit.dumps(document)


def _update(table: Any, old: Plain, new: Plain, path: tuple[str, ...]) -> None:
    """Bring a parsed table that says `old` to `new`, touching only what differs."""
    for key in old:
        if key not in new and key in table:
            del table[key]
    for key, value in new.items():
        before = old.get(key)
        if key in old and before == value:
            continue
        here = table.get(key)
        if isinstance(here, dict) and isinstance(before, dict) and isinstance(value, dict):
            _update(here, before, value, (*path, key))
        else:
            table[key] = item((*path, key), value)
