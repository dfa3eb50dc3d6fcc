"""The line below the cloud: what the picture shows, of how many, from when, and what to do next."""

from __future__ import annotations

import numpy as np

from playground.style.numbers import percent
from playground.views.embeddings.frame import EmbeddingFrame
from playground.views.embeddings.panel_picture import Picture
from playground.views.embeddings.panel_trails import MOST

WHAT = {"tokens": "tokens", "positions": "positions", "context": "tokens of the text"}
WHY = (
    "Tokens are left out when they never stand in the text, are too many, or their kind is hidden. Each picture is turned to "
    "fit the one before (orthogonal Procrustes), never stretched; the shares of the variance are those along the axes drawn"
)


def stamp(frame: EmbeddingFrame, picture: Picture, sought: np.ndarray | None, since: int | None, missing: str) -> str:
    """`sought` is what was searched for, bool (n,), `since` the step where the trails begin, `missing` what the picture
    that was asked for still needs."""
    shown = picture.visible()
    said = f"picture of step {frame.step:,} · {int(shown.sum()):,} of {frame.total:,} {WHAT[frame.space]} shown"
    if sought is not None:
        said = f"{int((sought & shown).sum()):,} found · {said}"
    if frame.shortened:
        said += f" · {frame.shortened:,} more did not fit"
    if since is not None:
        wanted = picture.found & shown if picture.searching() else shown
        said += f" · trails of {min(MOST, int(wanted.sum())):,} since step {since:,}"
    if frame.explained and len(shown):
        said += f" · {percent(min(1.0, sum(frame.explained)))} of the variance"
    return f"{missing} · {said}" if missing else said
