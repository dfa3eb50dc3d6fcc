"""Laying tokens out as a text: where each piece of each token stands on a page of a given width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF

from playground.style.tokentext import label

PAD, GAP, LEADING = 3.0, 2.0, 5.0
AT_MOST = 48
"""Characters of one token that are shown."""


@dataclass(frozen=True)
class Piece:
    """A token, or the part of one up to a line break: `text` as it is shown, `spaces` the middles of spaces in pixels."""

    index: int
    text: str
    place: QRectF
    spaces: tuple[float, ...]


def seen(text: str) -> str:
    """A piece of a token as it is shown: spaces stay spaces, everything else is made visible."""
    if not text:
        return label("")
    shown = "".join(" " if c == " " else label(c) for c in text)
    return shown if len(shown) <= AT_MOST else shown[: AT_MOST - 1] + "…"


def words(tokens: Sequence[str]) -> list[list[int]]:
    """The tokens that make up each word; a line is broken between words where that is possible."""
    made: list[list[int]] = []
    for index, token in enumerate(tokens):
        before = tokens[index - 1][-1:] if index else " "
        if not made or token[:1].isspace() or before.isspace() or not (token and before):
            made.append([index])
        else:
            made[-1].append(index)
    return made


def flow(tokens: Sequence[str], width: float, high: float, advance: Callable[[str], float]) -> list[Piece]:
    """All pieces in reading order; `high` is the height of a chip, `advance` the width of a text, in pixels."""
    pieces: list[Piece] = []
    x = y = 0.0
    for word in words(tokens):
        parts = [(index, _lines(tokens[index])) for index in word]
        whole = sum(advance(seen(lines[0])) + 2 * PAD + GAP for _, lines in parts) - GAP
        if x and x + whole > width and (whole <= width or len(word) == 1):
            x, y = 0.0, y + high + LEADING
        for index, lines in parts:
            for line in lines:
                text = seen(line)
                wide = advance(text) + 2 * PAD
                if x and x + wide > width:
                    x, y = 0.0, y + high + LEADING
                pieces.append(_piece(index, text, QRectF(x, y, min(wide, max(width, 1.0)), high), advance))
                x += wide + GAP
                if line.endswith("\n"):
                    x, y = 0.0, y + high + LEADING
    return pieces


def _lines(token: str) -> list[str]:
    """A token cut behind each of its line breaks."""
    if "\n" not in token:
        return [token]
    parts = token.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _piece(index: int, text: str, place: QRectF, advance: Callable[[str], float]) -> Piece:
    blank = advance(" ")
    spaces = tuple(PAD + advance(text[:at]) + blank / 2 for at, c in enumerate(text) if c == " ")
    return Piece(index, text, place, spaces)
