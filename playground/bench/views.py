"""What the views promise, in one run: what watching costs, how soon pictures come, and that memory stays flat."""

from __future__ import annotations

from collections.abc import Callable

from playground.bench import attention, embeddings, live, rewinding


def measure() -> dict[str, float]:
    """The figures of every part, under the names that the promise has for them."""
    figures: dict[str, float] = {}
    for part in PARTS:
        figures |= part()
    return figures


def _live() -> dict[str, float]:
    """Training with every view open over training without a window; stalls and frames."""
    found = live.measure()
    return {"live_ratio": found["ratio"], "stall_ms_max": found["stall_ms_max"], "frame_ms_p99": found["frame_ms_p99"]}


PARTS: tuple[Callable[[], dict[str, float]], ...] = (_live, attention.measure, embeddings.measure, rewinding.measure)
"""A new figure is a module with a function, and one entry here."""
