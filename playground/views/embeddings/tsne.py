"""t-SNE in a process of its own: vectors come in on standard input, progress and points go out on standard output.

Started by `tsne_job` as `python -m playground.views.embeddings.tsne`. It ends when its standard input ends, so it never
outlives who started it.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import threading
from typing import BinaryIO

import numpy as np

COLD, WARM = 1000, 500
"""Iterations from nothing, and from a layout that is nearly right."""
REDUCED = 50
"""Principal components that are kept before (van der Maaten & Hinton 2008, §4.2)."""
SEED = 0
_SAID = re.compile(r"Iteration (\d+): error = ([\d.]+)")


class Told(io.TextIOBase):
    """Takes what scikit-learn prints, and tells each iteration that is named in it."""

    def __init__(self, out: BinaryIO, iterations: int) -> None:
        super().__init__()
        self._out, self._iterations = out, iterations

    def write(self, text: str) -> int:
        """Read one piece of what is printed."""
        if found := _SAID.search(text):
            tell(self._out, doing="laying out", share=int(found[1]) / self._iterations)
        return len(text)


def tell(out: BinaryIO, **what: object) -> None:
    """One line of JSON."""
    out.write(json.dumps(what).encode() + b"\n")
    out.flush()


def reduced(vectors: np.ndarray, width: int = REDUCED) -> np.ndarray:
    """Vectors (n, d) on their first principal components (n, at most `width`)."""
    if vectors.shape[1] <= width:
        return vectors
    centred = vectors - vectors.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :width]
    made: np.ndarray = np.ascontiguousarray(centred @ axes, dtype=np.float32)
    return made


def lay_out(vectors: np.ndarray, start: np.ndarray | None, dims: int, out: BinaryIO) -> tuple[np.ndarray, float]:
    """Points float32 (n, dims) by t-SNE (van der Maaten & Hinton 2008; van der Maaten 2014), and the divergence reached.

    From a layout `start` (n, dims) it goes on without early exaggeration, which would tear it apart.
    """
    from sklearn.manifold import TSNE

    iterations = COLD if start is None else WARM
    model = TSNE(
        n_components=dims,
        perplexity=min(30.0, (len(vectors) - 1) / 3),
        early_exaggeration=12.0 if start is None else 1.0,
        max_iter=iterations,
        init="pca" if start is None and vectors.shape[1] >= dims else "random" if start is None else start,
        random_state=SEED,
        verbose=2,
    )
    printed, sys.stdout = sys.stdout, Told(out, iterations)
    try:
        points = model.fit_transform(reduced(vectors))
    finally:
        sys.stdout = printed
    return np.ascontiguousarray(points, dtype=np.float32), float(model.kl_divergence_)


def main() -> None:
    """Read one job, do it, say what came of it."""
    into, out = sys.stdin.buffer, sys.stdout.buffer
    asked = json.loads(into.readline())
    count, width, dims = asked["points"], asked["width"], asked["dims"]
    vectors = np.frombuffer(into.read(4 * count * width), dtype=np.float32).reshape(count, width)
    start = np.frombuffer(into.read(4 * count * dims), dtype=np.float32).reshape(count, dims) if asked["warm"] else None
    threading.Thread(target=_end_with_input, args=(into,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)  # training goes first
    try:
        points, divergence = lay_out(vectors, start, dims, out)
    except Exception as error:  # whatever it is, it is told and not printed
        tell(out, failed=str(error) or type(error).__name__)
        return
    tell(out, divergence=divergence)
    out.write(points.tobytes())
    out.flush()


def _end_with_input(into: BinaryIO) -> None:
    while into.read(1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
