"""Texts: CPython's own documentation, which is always there, and any UTF-8 file of the person's."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playground.data.errors import Cancelled, DataError
from playground.spec.experiment import PYTHON_DOCS

CHUNK = 4 << 20
"""Bytes read at a time."""
LARGEST = 1 << 30
Tick = Callable[[str, float | None], None]
Asked = Callable[[], bool]

__all__ = ["Cancelled", "DataError", "Source", "read_source"]


@dataclass(frozen=True)
class Source:
    """A text that can be read in pieces: its name for people, its size in bytes, and its content hash."""

    name: str
    size: int
    digest: str
    path: Path | None = None

    def pieces(self) -> Iterator[str]:
        """The text, some million characters at a time. Raises DataError when the file has gone or changed its nature."""
        if self.path is None:
            yield _python_docs()
            return
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        read = 0
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    read += len(chunk)
                    yield decoder.decode(chunk)
                if rest := decoder.decode(b"", final=True):
                    yield rest
        except UnicodeDecodeError as error:
            raise _not_utf8(self.path, read - len(error.object) + error.start) from None
        except OSError as error:
            raise _unreadable(self.path, error) from None

    def head(self, characters: int) -> str:
        """The first `characters` of the text."""
        out: list[str] = []
        for piece in self.pieces():
            out.append(piece[: characters - sum(map(len, out))])
            if sum(map(len, out)) >= characters:
                break
        return "".join(out)


def read_source(source: str, progress: Tick = lambda job, share: None, cancelled: Asked = lambda: False) -> Source:
    """Look at a text and make sure that it is one: "python-docs", or the path of a UTF-8 file up to 1 GB.

    Raises DataError (what, why, what to do) and Cancelled.
    """
    if source == PYTHON_DOCS:
        data = _python_docs().encode()
        return Source("Python docs", len(data), hashlib.sha256(data).hexdigest())
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder.", "A text to train on is one file.", "Choose a file inside it.")
        size = path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from None
    if size == 0:
        raise DataError(f"{path.name} is empty.", "There is nothing to learn from it.", "Choose a file with text in it.")
    if size > LARGEST:
        raise DataError(f"{path.name} is larger than 1 GB.", "", "Choose a smaller file, or a part of this one.")
    found = Source(path.name, size, "", path)
    return Source(path.name, size, _digest(found, progress, cancelled), path)


def _digest(source: Source, progress: Tick, cancelled: Asked) -> str:
    """The hash of the content, while checking that all of it is text."""
    assert source.path is not None
    hashed, read = hashlib.sha256(), 0
    for piece in source.pieces():
        if cancelled():
            raise Cancelled
        if "\x00" in piece:
            raise _binary(source.path)
        data = piece.encode()
        hashed.update(data)
        read += len(data)
        progress(f"Reading {source.name}", min(1.0, read / source.size))
    return hashed.hexdigest()


def _python_docs() -> str:
    from pydoc_data import topics

    return "\n\n".join(topics.topics[name].strip() for name in sorted(topics.topics))


def _unreadable(path: Path, error: OSError) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"There is no file {path}.", "It may have been moved or deleted.", "Choose it again.")
    if isinstance(error, PermissionError):
        return DataError(
            f"{path} cannot be read.", "You have no permission to read it.", "Change that, or choose another file."
        )
    return DataError(f"{path} cannot be read.", f"{error.strerror or error}.", "Choose another file.")


def _not_utf8(path: Path, place: int) -> DataError:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        return _unreadable(path, error)
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _binary(path)
    return DataError(
        f"{path.name} is not UTF-8 text.",
        f"It has a byte at place {max(0, place):,} that UTF-8 does not know.",
        "Save it as UTF-8 in your editor, then open it again.",
    )


def _binary(path: Path) -> DataError:
    return DataError(f"{path.name} is not a text.", "It holds binary data.", "Choose a text file: .txt, .md, source code.")
