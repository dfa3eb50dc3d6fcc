"""Looks at the record of the run, thinned to what a screen can show."""

from __future__ import annotations

import numpy as np

from playground.views.curves.frame import CurvesFrame, CurvesLook
from playground.views.subject import Subject, read_only


class CurvesProbe:
    """Keeps the minimum and the maximum of every stretch, so that no spike disappears, and the first and last step."""

    def observe(self, subject: Subject, look: CurvesLook) -> CurvesFrame:
        """The lines of the run so far; the model itself is not touched."""
        history = subject.history
        loss = extremes([history.loss], look.max_points)
        others = extremes([history.lr, history.tokens_per_s, history.grad_norm], look.max_points)
        return CurvesFrame(
            step=subject.step,
            steps=read_only(history.steps[loss], np.float64),
            loss=read_only(history.loss[loss], np.float64),
            lr_steps=read_only(history.steps[others], np.float64),
            lr=read_only(history.lr[others], np.float64),
            tokens_per_s=read_only(history.tokens_per_s[others], np.float64),
            grad_norm=read_only(history.grad_norm[others], np.float64),
            validation_steps=read_only(history.validation_steps, np.float64),
            validation=read_only(history.validation, np.float64),
            bytes_per_token=subject.corpus.bytes_per_token,
            scores=read_only(history.scores, np.float64),
            floor=subject.floor,
        )


def extremes(lines: list[np.ndarray], max_points: int) -> np.ndarray:
    """Ascending indices, at most `max_points` (and never fewer than two), at which all `lines` (points,) are kept.

    The points are cut into even stretches; each gives up where every line has its minimum and its maximum there.
    """
    count = len(lines[0])
    if count <= max(2, max_points):
        return np.arange(count)
    stretches = (max_points - 2) // (2 * len(lines))
    if stretches < 1:
        return np.array([0, count - 1])
    length = -(-count // stretches)
    full = count // length
    found = [np.array([0, count - 1])]
    for line in lines:
        values = np.asarray(line)
        cut = values[: full * length].reshape(full, length)
        starts = length * np.arange(full)
        found += [starts + cut.argmin(axis=1), starts + cut.argmax(axis=1)]
        if len(rest := values[full * length :]):
            found.append(full * length + np.array([rest.argmin(), rest.argmax()]))
    return np.unique(np.concatenate(found))


PROBE = CurvesProbe
