"""A folder put in place of another, whole or not at all; what lies in it besides is carried over untouched."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

_HERE, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of renameat2(2)."""


class Stranded(OSError):
    """Something of the old folder could be put neither in its new place nor back; it lies in `aside`."""

    def __init__(self, error: OSError, aside: Path) -> None:
        super().__init__(error.errno, error.strerror or str(error))
        self.aside = aside


@contextlib.contextmanager
def rebuilt(folder: Path, ours: Collection[str], sign: str) -> Iterator[Path]:
    """An empty folder to write into, which takes the place of `folder` when the block ends well.

    `ours` are the names that only the new folder decides; everything else in the old one stays. A folder that holds
    other things and no file `sign` is somebody else's and refused. Raises OSError, after which `folder` is as it was
    (Stranded says the one exception).
    """
    folder = folder.resolve()  # through a link, to the folder itself
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(0, "there is a file of that name")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / sign).is_file():
        raise FileExistsError(0, "there is a folder of that name with other things in it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        fresh.chmod(0o755)
        yield fresh
        for path in fresh.iterdir():
            _reach_the_disk(path)
        if folder.exists():
            _exchange(fresh, folder)  # from here on `fresh` is the old one
            _carry_over(fresh, folder, ours)
        else:
            fresh.rename(folder)
    except Stranded:
        raise
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(fresh, ignore_errors=True)


def _carry_over(old: Path, new: Path, ours: Collection[str]) -> None:
    """Move what is not ours; what cannot be moved stays where it is, and Stranded says where."""
    for path in old.iterdir():
        if path.name not in ours:
            try:
                path.rename(new / path.name)
            except OSError as error:
                raise Stranded(error, old) from error


def _reach_the_disk(path: Path) -> None:
    """Wait until a file is on the disk, so that a power cut after the exchange finds it whole."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _exchange(fresh: Path, folder: Path) -> None:
    """Let two folders change places: at once where the system can, else by way of a third name."""
    if _exchanged_at_once(fresh, folder):
        return
    aside = fresh.with_name(fresh.name + "-old")
    folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError:
        try:
            aside.rename(folder)
        except OSError as error:
            raise Stranded(error, aside) from error
        raise
    aside.rename(fresh)


def _exchanged_at_once(one: Path, other: Path) -> bool:
    """Whether Linux has exchanged the two, so that not even a kill can come in between."""
    if sys.platform != "linux":
        return False
    with contextlib.suppress(OSError, AttributeError):
        rename = ctypes.CDLL(None).renameat2
        return bool(rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)
    return False
