"""Recovery after a crash: unsaved changes are written aside while the person works, and found at the next start.

Each process has a file of its own and holds a lock beside it, which the system takes back when the process ends in
whatever way; so a file whose lock is free belongs to nobody any more, even where the number of a process is used again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from playground.data.store import atomic
from playground.places import state
from playground.spec import toml
from playground.spec.check import SpecError
from playground.spec.experiment import Experiment

EVERY_S = 5.0
"""Changes are written at most this often; a crash costs no more than that."""


@dataclass(frozen=True)
class Recovered:
    """Changes that a process which is gone had not saved. `folder` is where the model lay, if it had a place."""

    experiment: Experiment
    name: str
    folder: Path | None
    when: datetime
    file: Path
    weights: Path | None = None
    """A model folder with the weights of shortly before, where there was time to write one."""

    @property
    def sentence(self) -> str:
        """What is offered, for the person."""
        today = self.when.date() == datetime.now().date()
        day = "today" if today else f"on {self.when.day} {self.when:%B %Y}"
        name = self.name or "A model"
        return f"{name} had changes that were not saved when the application ended {day} at {self.when:%H:%M}."


class Recovery:
    """What one process remembers. Nothing here raises for a disk that is full or closed; `problem` then says so."""

    def __init__(self, folder: Path | None = None, every: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder or state() / "unsaved"
        self._every, self._clock = every, clock
        self._file: Path | None = None
        self._lock: int | None = None
        self._claimed: dict[Path, int] = {}
        self._written: tuple[Experiment, str, Path | None] | None = None
        self._at = -float("inf")
        self.problem = ""
        """Why changes could not be written or read the last time; empty while all is well."""

    def remember(self, experiment: Experiment, name: str, folder: Path | None) -> None:
        """Write unsaved changes aside; call it as often as you like, it writes what is new, and seldom."""
        wanted = (experiment, name, folder)
        if wanted == self._written or self._clock() - self._at < self._every:
            return
        self._at = self._clock()  # after a failure too: a full disk is not asked for more at every tick
        head = {
            "when": datetime.now().isoformat(timespec="seconds"), "name": name, "process": os.getpid(),
            "folder": str(folder) if folder else None, "experiment": toml.dumps(experiment),
        }  # fmt: skip
        try:
            with atomic(self._own_file()) as file:  # one file for all of it: its halves cannot be of two times
                file.write(json.dumps(head).encode())
        except OSError as error:
            self.problem = f"Unsaved changes cannot be kept safe in {self._folder}: {error.strerror or error}. Save often."
        else:
            self._written, self.problem = wanted, ""

    @property
    def weights(self) -> Path | None:
        """Where the weights of what is remembered may be written aside, as a model folder; None while nothing is."""
        return None if self._file is None else _weights(self._file)

    def forget(self) -> None:
        """All is saved, or given up: nothing of this process is to be recovered."""
        if self._file is not None and self._lock is not None:
            _remove(self._file, self._lock)
        self._file, self._lock, self._written, self._at = None, None, None, -float("inf")

    def found(self) -> Recovered | None:
        """The latest changes that a process left behind and nobody has taken yet, or None. Keep or `drop` them.

        From now on they are this process's: another one that starts does not find them, unless this one ends too.
        """
        offered: list[Recovered] = []
        for file in self._left_behind():
            lock = self._claimed[file] if file in self._claimed else _locked(file)
            if lock is None:
                continue
            self._claimed[file] = lock
            if (read := self._read(file)) is not None:
                offered.append(read)
        offered.sort(key=lambda one: one.when)
        for earlier in offered[:-1]:
            os.close(self._claimed.pop(earlier.file))  # its turn comes when the latest has been dropped
        return offered[-1] if offered else None

    def drop(self, recovered: Recovered) -> None:
        """Changes that were found are in the document again and remembered there, or the person does not want them."""
        if (lock := self._claimed.pop(recovered.file, None)) is not None:
            _remove(recovered.file, lock)

    def _own_file(self) -> Path:
        """The file of this process, locked; raises OSError. Each time under a new name, which nobody can have an eye on."""
        if self._file is None:
            file = self._folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.json"
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(file)
            if self._lock is None:
                raise OSError(0, "files cannot be locked there")
            self._file = file
        return self._file

    def _left_behind(self) -> list[Path]:
        try:
            return sorted(file for file in self._folder.glob("*.json") if file != self._file)
        except OSError:
            return []

    def _read(self, file: Path) -> Recovered | None:
        """What a file says; one that cannot be read is kept under another name, because it may be all there is."""
        try:
            head: Any = json.loads(file.read_text(encoding="utf-8"))
            folder = Path(head["folder"]) if head["folder"] else None
            experiment = toml.loads(head["experiment"], "unsaved changes")
            weights = _weights(file) if (_weights(file) / "experiment.toml").is_file() else None
            return Recovered(experiment, str(head["name"]), folder, datetime.fromisoformat(head["when"]), file, weights)
        except FileNotFoundError:
            reason = None  # its own process, or another start, was quicker
        except OSError as error:
            reason = error.strerror or str(error)
        except SpecError as error:
            reason = str(error.problems[0])
        except (ValueError, KeyError, TypeError, RecursionError):
            reason = "the file is damaged"
        if reason is not None:
            self.problem = f"Unsaved changes of an earlier start cannot be read: {reason}. They are kept in {_aside(file)}."
        _release(file, self._claimed.pop(file))
        return None


def _weights(file: Path) -> Path:
    return file.with_suffix(".model")


def _aside(file: Path) -> Path:
    kept = file.with_suffix(".unreadable")
    try:
        file.replace(kept)
    except OSError:
        return file
    return kept


def _locked(file: Path) -> int | None:
    """The descriptor of an open file that holds the lock of `file`; None where another process, or window, holds it."""
    try:
        lock = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _remove(file: Path, lock: int) -> None:
    """Take a file and the weights beside it away, and then its lock, so that nobody finds it without."""
    shutil.rmtree(_weights(file), ignore_errors=True)
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)
    _release(file, lock)


def _release(file: Path, lock: int) -> None:
    os.close(lock)  # first, because Windows removes no open file
    with contextlib.suppress(OSError):
        file.with_suffix(".lock").unlink(missing_ok=True)
