"""Lines of code that fit the page, broken as `ruff format` breaks them."""

from __future__ import annotations

WIDTH = 110


def fitted(line: str) -> list[str]:
    """A line of code; where it is too long its comment goes above it, and its outermost brackets are opened up."""
    if len(line) <= WIDTH or '"""' in line:
        return [line]
    code, _, comment = line.partition("  # ")
    indent = line[: len(line) - len(line.lstrip())]
    above = [f"{indent}# {comment}"] if comment else []
    brackets = _outermost(code)
    return [*above, *(_opened(code, indent, *brackets) if len(code) > WIDTH and brackets else [code])]


def _opened(line: str, indent: str, start: int, end: int) -> list[str]:
    """What stands in the brackets on one line of its own if it fits, else each piece on one."""
    inside, inner = line[start + 1 : end], f"{indent}    "
    pieces, loop = _cut(inside, ","), _cut(inside, " for ")
    if len(inner + inside) <= WIDTH and not (line[start] == "[" and len(pieces) > 1):
        body = [inner + inside]
    elif len(pieces) > 1:
        body = [part for piece in pieces for part in fitted(f"{inner}{piece},")]
    elif len(loop) > 1:
        body = [*fitted(inner + loop[0]), f"{inner}for {loop[1]}"]
    else:
        body = fitted(inner + inside)
    return [line[: start + 1], *body, indent + line[end:]]


def _outermost(line: str) -> tuple[int, int] | None:
    """Where the last pair of brackets that stand in no others opens and closes."""
    found, depth, start = None, 0, 0
    for place, letter in enumerate(line):
        if letter in "([{":
            start = place if depth == 0 else start
            depth += 1
        elif letter in ")]}":
            depth -= 1
            found = (start, place) if depth == 0 else found
    return found


def _cut(inside: str, at: str) -> list[str]:
    """What stands between brackets, cut wherever `at` stands in no further ones."""
    pieces, depth, start = [], 0, 0
    for place, letter in enumerate(inside):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0 and inside.startswith(at, place):
            pieces.append(inside[start:place].strip())
            start = place + len(at)
    return [*pieces, inside[start:].strip()]
