"""The library of prompts of a model folder: a small file of texts worth a try, each with what to expect."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = "prompts.toml"
MOST = 100
"""Prompts that are read of one file."""


@dataclass(frozen=True)
class LibraryPrompt:
    """A prompt, what to expect of it in a sentence, and perhaps the next token that the trained model finds most probable."""

    text: str
    expect: str = ""
    next: str = ""


def load(folder: Path) -> tuple[LibraryPrompt, ...]:
    """The prompts of a model folder, none where it has no such file. Raises ValueError with a sentence."""
    path = folder / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is no TOML: {error}.") from None
    rows = content.get("prompt", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{path}: write each prompt below a line [[prompt]].")
    return tuple(_made(path, number, row) for number, row in enumerate(rows[:MOST], start=1))


def _made(path: Path, number: int, row: dict[str, object]) -> LibraryPrompt:
    found = {key: value for key, value in row.items() if isinstance(value, str)}
    wrong = [key for key in row if key not in found or key not in ("text", "expect", "next")]
    if wrong or not found.get("text"):
        what = f"has “{wrong[0]}”, which is no text, expect or next" if wrong else "has no text"
        raise ValueError(f"{path}: prompt {number} {what}.")
    return LibraryPrompt(**found)


def few_shot(examples: list[tuple[str, str]], question: str, arrow: str = " -> ") -> str:
    """A prompt that shows how it is done: a line for each example, and the question with the answer left open.

    Examples without an input are left out (Brown et al. 2020, §2).
    """
    lines = [f"{asked}{arrow}{said}" for asked, said in examples if asked.strip()]
    return "\n".join([*lines, f"{question}{arrow}".rstrip()])
