"""The person's own texts from a table, TSV or CSV: pairs of source and target, or instruction, input and answer."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from playground.data.errors import Cancelled, DataError
from playground.data.text import Asked, Source, Tick, read_source

LONGEST = 1000
"""Characters on one side of a pair, unless the reader is told otherwise."""
LISTED = 1000
"""Lines that cannot be used and are named one by one; more are only counted."""
_SAMPLE = 16 << 10
_DELIMITERS = ",;|"
_SPELLED = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
_NAMES = frozenset(
    ("source", "target", "src", "tgt", "input", "output", "question", "answer", "prompt", "completion", "from", "to",
     "instruction", "english", "german", "french", "spanish", "italian", "en", "de", "fr", "es", "it")
)  # fmt: skip
"""What columns are called: a first line of these is no pair."""

__all__ = ["Cancelled", "DataError", "OwnPairs", "Unusable", "read_pairs"]


@dataclass(frozen=True)
class Unusable:
    """A line that is no pair, counted from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class OwnPairs:
    """Pairs of texts in the order of the file, neither of them empty; or triples, of which the second may be.

    `lines` says in which line of the file, counted from 1, each begins. `unusable` names the first `LISTED` of the
    `refused` lines that hold no pair; empty lines do not count. `delimiter` is what stands between the columns.
    """

    source: Source
    pairs: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    unusable: tuple[Unusable, ...]
    refused: int
    delimiter: str


def _silent(job: str, share: float | None) -> None: ...


def read_pairs(
    path: str, *, sides: int = 2, longest: int = LONGEST, progress: Tick = _silent, cancelled: Asked = lambda: False
) -> OwnPairs:
    """Read a table in UTF-8, its first columns, `sides` of them: two are a pair, three an instruction, an input and an answer.

    `longest` is the most characters that one side may have. Raises DataError where the file is missing, a folder, empty,
    binary, not UTF-8, or has no line that can be used; raises Cancelled.
    """
    source = read_source(path, progress, cancelled)
    if source.path is None:
        raise DataError("The Python docs are no pairs.", "They are one long text.", "Choose a TSV or CSV file.")
    delimiter, usual = _table(source)
    pairs: list[tuple[str, ...]] = []
    numbers: list[int] = []
    unusable: list[Unusable] = []
    refused = 0
    for first, last, columns in _records(_lines(source, progress, cancelled), delimiter):
        texts = [column.strip() for column in columns[:sides]]
        if not any(column.strip() for column in columns):
            continue
        over = f", over lines {first:,} to {last:,}: a quotation mark may be missing" if last > first else ""
        if len(columns) > usual:
            sign = _SPELLED[delimiter]
            reason = f"{len(columns)} columns, not {usual}: a text with a {sign} in it needs quotation marks{over}"
        else:
            reason = _reason(texts, sides, first, longest, delimiter, over)
        if not reason:
            pairs.append(tuple(texts))
            numbers.append(first)
            continue
        refused += 1
        if len(unusable) < LISTED:
            unusable.append(Unusable(first, reason))
    if not pairs:
        raise _no_pair(source, sides, unusable, refused)
    return OwnPairs(source, tuple(pairs), tuple(numbers), tuple(unusable), refused, delimiter)


def _lines(source: Source, progress: Tick, cancelled: Asked) -> Iterator[str]:
    """The lines of a text with their ends; a line end is "\\n" and nothing else."""
    rest = ""
    for piece in source.pieces(f"Reading the pairs of {source.name}", progress, cancelled):
        text = rest + piece
        end = text.rfind("\n") + 1
        rest = text[end:]
        yield from io.StringIO(text[:end], newline="\n")
    if rest:
        yield rest


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """First line, last line and columns of each record.

    Only in CSV may a quoted column hold line ends. Most TSV files know no quoting, and a quotation that opens a sentence
    would swallow what follows; so there quotes go only where doubled ones inside them show that a program put them.
    """
    if delimiter == "\t":
        for number, line in enumerate(lines, 1):
            yield number, number, [_unquoted(column) for column in line.rstrip("\n").split("\t")]
        return
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    last = 0
    while True:
        first = last + 1
        try:
            columns = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a column longer than the module takes: a quotation mark that is never closed
            columns = ["…" * csv.field_size_limit(), "…"]
        last = reader.line_num
        yield first, last, columns


def _unquoted(column: str) -> str:
    whole = re.fullmatch(r'"((?:[^"]|"")*)"', column)
    return whole[1].replace('""', '"') if whole and '""' in whole[1] else column


def _table(source: Source) -> tuple[str, int]:
    """What stands between the columns, and how many of them a line may have, by a look at the beginning of the file.

    It is a tab where most lines have one, else what the csv module finds. A line with more columns than are usual has a
    comma where it does not belong, or so it must be feared; tabs do not stand in texts, so there any number goes.
    """
    sample = next(source.pieces())
    lines = sample[:_SAMPLE].split("\n")
    if len(sample) > _SAMPLE and len(lines) > 1:
        lines.pop()  # cut off in the middle
    lines = [line for line in lines if line.strip()]
    if source.name.lower().endswith((".tsv", ".tab")) or 2 * sum("\t" in line for line in lines) > len(lines):
        return "\t", sys.maxsize
    once = [sign for sign in "|;," if all(line.count(sign) == 1 for line in lines)]
    try:
        delimiter = once[0] if once else csv.Sniffer().sniff("\n".join(lines), _DELIMITERS).delimiter
    except csv.Error:
        delimiter = max(_DELIMITERS, key=lambda sign: sum(sign in line for line in lines))
    records = _records((line + "\n" for line in lines), delimiter)
    counts = Counter(len(columns) for _, _, columns in records if len(columns) > 1)
    return delimiter, counts.most_common(1)[0][0] if counts else 2


def _reason(texts: list[str], sides: int, first: int, longest: int, delimiter: str, over: str) -> str:
    """Why a record is no pair or triple, or nothing."""
    if len(texts) < 2:
        return f"one column: there is no {_SPELLED[delimiter]} in it{over}"
    if len(texts) < sides:
        return f"two columns: an instruction, an input and an answer take three{over}"
    size = max(map(len, texts))
    if size > longest:
        return f"too long: {size:,} characters on one side, and at most {longest:,} are read{over}"
    if not texts[0] or not texts[-1]:  # an instruction may need no input
        return f"empty side: the {'first' if not texts[0] else 'second' if sides == 2 else 'third'} column has no text"
    if first == 1 and len(set(texts)) == sides and {text.lower() for text in texts} <= _NAMES:
        return "the names of the columns"
    return ""


def _no_pair(source: Source, sides: int, unusable: list[Unusable], refused: int) -> DataError:
    if not unusable:
        return DataError(f"{source.name} is empty.", "It has no line with text.", "Choose a file with pairs in it.")
    example = f"Line {unusable[0].line:,}: {unusable[0].reason}."
    return DataError(
        f"{source.name} has no {'pair' if sides == 2 else 'triple'} that can be used.",
        f"All {refused:,} lines are refused. {example}" if refused > 1 else example,
        "Write one pair a line, source and target with a tab or comma between them."
        if sides == 2
        else "Write one triple a line: instruction, input and answer with tabs or commas between them.",
    )
