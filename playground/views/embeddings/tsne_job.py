"""A t-SNE under way: starts the process, listens to it, and can give it up at once; neither training nor window wait for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from playground.views.embeddings.frame import Progress

ROOT = Path(__file__).resolve().parents[3]


class TsneJob:
    """Lays out vectors (n, d) in `dims` dimensions, from `start` (n, dims) where that is given.

    `changed` is called, in a thread of the job's own, whenever there is progress, and at the end. Then `points` float32
    (n, dims) and `divergence` are there, or `failed` says why not.
    """

    def __init__(self, vectors: np.ndarray, dims: int, start: np.ndarray | None, changed: Callable[[], None]) -> None:
        self.progress: Progress | None = Progress("starting", 0.0)
        self.points: np.ndarray | None = None
        self.divergence, self.failed = 0.0, ""
        self._vectors, self._dims, self._start, self._changed = vectors, dims, start, changed
        self._lock, self._given_up = threading.Lock(), False
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="t-SNE", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Give it up; returns at once."""
        with self._lock:
            self._given_up, self.progress = True, None
            if self._process is not None:
                self._process.kill()

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it came in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with self._lock:
                if self._given_up:
                    return
                self._process = self._open()
            with self._process as process:
                self._talk(process)
        except (OSError, ValueError) as error:
            self.failed = str(error)
        self.progress = None
        if not self._given_up:
            if self.points is None:
                self.failed = self.failed or "its process ended early"
            self._changed()

    def _open(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
        return subprocess.Popen(
            [sys.executable, "-m", "playground.views.embeddings.tsne"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def _talk(self, process: subprocess.Popen[bytes]) -> None:
        into, out = process.stdin, process.stdout
        assert into is not None
        assert out is not None
        count, width = self._vectors.shape
        asked = {"points": count, "width": width, "dims": self._dims, "warm": self._start is not None}
        into.write(json.dumps(asked).encode() + b"\n" + self._vectors.astype(np.float32).tobytes())
        if self._start is not None:
            into.write(self._start.astype(np.float32).tobytes())
        into.flush()  # and it stays open: the process ends with it
        for line in out:
            told = json.loads(line)
            if "doing" in told:
                self.progress = None if self._given_up else Progress(told["doing"], told["share"])
                self._changed()
                continue
            self.failed = told.get("failed", "")
            if "divergence" in told:
                self.divergence = told["divergence"]
                self.points = np.frombuffer(out.read(4 * count * self._dims), dtype=np.float32).reshape(count, self._dims)
            return
