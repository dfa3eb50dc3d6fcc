"""What was opened or saved last, folders and texts, kept in a small file between starts."""

from __future__ import annotations

import json
from pathlib import Path

from playground.data.store import atomic
from playground.places import state

KEPT = 10
"""How many folders are kept, and how many files."""


class Recent:
    """The newest first. Several windows share the file: it is read anew each time, and never found half written."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or state() / "recent.json"

    def add(self, path: Path) -> None:
        """Put a folder or file first. A list that cannot be written is no reason to disturb anybody, so nothing is raised."""
        path = path.expanduser().absolute()
        others = [other for other in self._read() if other != path]
        same = [other for other in others if other.is_dir() == path.is_dir()][: KEPT - 1]
        kept = [path, *(other for other in others if other.is_dir() != path.is_dir() or other in same)]
        self._write(kept)

    def folders(self) -> list[Path]:
        """Model folders, the newest first; those that are gone are left out."""
        return [path for path in self._read() if path.is_dir()]

    def files(self) -> list[Path]:
        """Texts and tables, the newest first; those that are gone are left out."""
        return [path for path in self._read() if path.is_file()]

    def clear(self) -> None:
        """Forget all of them."""
        self._write([])

    def _read(self) -> list[Path]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return []
        listed = found if isinstance(found, list) else []
        paths = (Path(path) for path in listed if isinstance(path, str) and "\0" not in path)
        return [path for path in paths if _there(path)]

    def _write(self, paths: list[Path]) -> None:
        try:
            with atomic(self._file) as file:
                file.write(json.dumps([str(path) for path in paths], indent=1).encode("utf-8", "surrogatepass"))
        except (OSError, ValueError):
            return


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder on the way that may not be entered
        return False
