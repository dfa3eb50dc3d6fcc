"""Texts: CPython's own documentation, which is always there, and any UTF-8 file of the person's."""

from __future__ import annotations

import codecs
import hashlib
import io
import math
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from playground.data.errors import Cancelled, DataError
from playground.spec.experiment import PYTHON_DOCS

CHUNK = 256 << 10
"""Bytes read at a time, and so how often `cancelled` is asked."""
LARGEST = 1 << 30
Tick = Callable[[str, float | None], None]
Asked = Callable[[], bool]

__all__ = ["Asked", "Cancelled", "DataError", "Source", "Tick", "read_source"]


def _silent(job: str, share: float | None) -> None: ...


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Source:
    """A text that can be read in pieces: its name for people, its size in UTF-8 bytes, the SHA-256 of these bytes.

    A byte order mark does not count as text, and every line end is "\\n". `path` is None for the built-in text.
    """

    name: str
    size: int
    digest: str
    path: Path | None = None

    def pieces(self, job: str = "", progress: Tick = _silent, cancelled: Asked = _never) -> Iterator[str]:
        """The text in order, some hundred thousand characters at a time, cut at line ends where there are any.

        Progress is told under the name `job`. Raises DataError when the file is gone, is no UTF-8 text, or is not what
        it was when its digest was taken; raises Cancelled.
        """
        hashed, done, rest = hashlib.sha256(), 0, ""
        for fresh in self._decoded():
            if cancelled():
                raise Cancelled
            data = fresh.encode()
            hashed.update(data)
            done += len(data)
            text = rest + fresh
            end = text.rfind("\n") + 1 or len(text)
            rest = text[end:]
            if end:
                yield text[:end]
            progress(job or f"Reading {self.name}", min(1.0, done / max(1, self.size)))
        if rest:
            yield rest
        if self.digest and hashed.hexdigest() != self.digest:
            raise DataError(
                f"{self.name} changed while it was being read.",
                "Another program is writing to it.",
                "Open it again.",
            )

    def spread(self, size: int, cancelled: Asked = _never) -> str:
        """About `size` bytes of the text at most, as parts taken evenly from all of it; all of it where it is shorter."""
        every = math.ceil(self.size / size)
        return "".join(piece for index, piece in enumerate(self.pieces(cancelled=cancelled)) if index % every == 0)

    def _decoded(self) -> Iterator[str]:
        if self.path is None:
            text = _python_docs()
            yield from (text[start : start + CHUNK] for start in range(0, len(text), CHUNK))
            return
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")(), translate=True)
        line = 1
        try:
            with self.path.open("rb") as file:
                while True:
                    chunk = file.read(CHUNK)
                    if b"\0" in chunk:
                        raise _not_text(self.path, line)
                    if text := decoder.decode(chunk, final=not chunk):
                        line += text.count("\n")
                        yield text
                    if not chunk:
                        return
        except UnicodeDecodeError as error:
            before = bytes(error.object[: error.start]).count(b"\n")
            raise _not_text(self.path, line + before, error.object[error.start]) from None
        except OSError as error:
            raise _unreadable(self.path, error) from None


def read_source(source: str, progress: Tick = _silent, cancelled: Asked = _never) -> Source:
    """Look at a text and make sure that all of it is one: "python-docs", or the path of a UTF-8 file up to 1 GB.

    Raises DataError (what, why, what to do) and Cancelled.
    """
    if source == PYTHON_DOCS:
        data = _python_docs().encode()
        return Source("Python docs", len(data), hashlib.sha256(data).hexdigest())
    if not source.strip():
        raise DataError("No text was chosen.", "The name of the file is empty.", "Choose a text file.")
    try:
        path = Path(source).expanduser()
        status = path.stat()
    except OSError as error:
        raise _unreadable(Path(source), error) from None
    except (ValueError, RuntimeError) as error:  # a NUL in the name; "~somebody" who has no home
        raise DataError(f"{source!r} is no path of a file.", f"{str(error).capitalize()}.", "Choose another file.") from None
    _refuse_kind(path, status.st_mode, status.st_size)
    hashed, size = hashlib.sha256(), 0
    for piece in Source(path.name, status.st_size, "", path).pieces("", progress, cancelled):
        data = piece.encode()
        hashed.update(data)
        size += len(data)
    if not size:
        raise _empty(path)
    return Source(path.name, size, hashed.hexdigest(), path)


def _refuse_kind(path: Path, mode: int, size: int) -> None:
    if stat.S_ISDIR(mode):
        raise DataError(f"{path} is a folder.", "A text to train on is one file.", "Choose a file inside it.")
    if not stat.S_ISREG(mode):
        raise DataError(f"{path} is not a file.", "It is a device or a pipe, which may never end.", "Choose a text file.")
    if size == 0:
        raise _empty(path)
    if size > LARGEST:
        raise DataError(
            f"{path.name} is too large.",
            f"It has {size / 1e9:.1f} GB, and at most {LARGEST / 1e9:.1f} GB can be read.",
            "Choose a part of it.",
        )


@lru_cache(maxsize=1)
def _python_docs() -> str:
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise DataError(
            "The Python docs are missing.", "This Python came without pydoc_data.", "Open a text file of your own instead."
        ) from None
    return "\n\n".join(topics[name].strip() for name in sorted(topics))


def _empty(path: Path) -> DataError:
    return DataError(f"{path.name} is empty.", "There is nothing to learn from it.", "Choose a file with text in it.")


def _unreadable(path: Path, error: OSError) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"There is no file {path}.", "It may have been moved, renamed or deleted.", "Choose it again.")
    if isinstance(error, PermissionError):
        return DataError(f"{path} cannot be read.", "You have no permission to read it.", "Change that or choose another.")
    return DataError(f"{path} cannot be read.", f"{error.strerror or error}.", "Choose another file.")


def _not_text(path: Path, line: int, byte: int | None = None) -> DataError:
    """What a file is that is not UTF-8: UTF-16, binary, or text in an older encoding."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        return _unreadable(path, error)
    remedy = "Save it as UTF-8 in your editor, then open it again."
    nuls = max(head[0::2].count(0), head[1::2].count(0))
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or (nuls > len(head) // 4 and nuls * 5 > head.count(0) * 4):
        return DataError(f"{path.name} is not UTF-8 text.", "It looks like UTF-16, which some Windows programs write.", remedy)
    strange = sum(1 for value in head if value < 32 and value not in b"\t\n\v\f\r\x1b")
    if byte is None or strange * 100 > len(head):
        return DataError(
            f"{path.name} is not a text.", "It holds binary data.", "Choose a text file: plain text, Markdown or source code."
        )
    return DataError(
        f"{path.name} is not UTF-8 text.",
        f"Line {line:,} has the byte 0x{byte:02X} where UTF-8 does not allow it; it may be in Windows-1252 or Latin-1.",
        remedy,
    )
