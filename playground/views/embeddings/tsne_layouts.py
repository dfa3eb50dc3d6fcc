"""The last layout by t-SNE and the one under way: what is asked for is started once, then taken over or given up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from playground.views.embeddings.frame import EmbeddingLook, Progress
from playground.views.embeddings.tsne_job import TsneJob
from playground.views.embeddings.vectors import Vectors

FEWEST = 4
"""Points that t-SNE needs."""


class TsneLayouts:
    """Each layout starts from the last one of the same points, so that what has hardly moved stays where it was."""

    def __init__(self) -> None:
        self.step, self.divergence = 0, 0.0
        """Of the layout that `points` hands out: the step of its vectors, and what it reached."""
        self.note = ""
        """Why there is no layout, in words."""
        self._job: TsneJob | None = None
        self._asked: object = None
        self._asked_of: object = None
        self._asked_at = 0
        self._of: object = None
        self._points: np.ndarray | None = None

    def points(self, vectors: Vectors, look: EmbeddingLook, step: int, changed: Callable[[], None]) -> np.ndarray | None:
        """The newest layout of these points (n, dims), or None; starts one where another is asked for than before."""
        self._take_over()
        of = (look.space, look.dims, vectors.tap, look.head, vectors.labels.tokens)
        fits = self._of == of
        if not look.run:
            self.end()
        elif self._asked != (look.run, of):
            self.end()
            self._asked, self._asked_of, self._asked_at, self.note = (look.run, of), of, step, ""
            if len(vectors.values) < FEWEST:
                self.note = f"t-SNE needs at least {FEWEST} points."
            else:
                self._job = TsneJob(vectors.values.numpy(), look.dims, self._points if fits else None, changed)
        return self._points if fits else None

    def progress(self) -> Progress | None:
        """How far the one under way is."""
        return self._job.progress if self._job is not None else None

    def end(self) -> None:
        """Give up what is under way: the next look that asks for it starts it anew. What is finished stays."""
        self._take_over()
        if self._job is not None:
            self._job.cancel()
            self._job = self._asked = None

    def _take_over(self) -> None:
        job = self._job
        if job is None or job.progress is not None:
            return
        self._job = None
        if job.points is None:
            self.note = f"t-SNE gave no picture: {job.failed}."
        else:
            self._of, self._points = self._asked_of, job.points
            self.step, self.divergence = self._asked_at, job.divergence
