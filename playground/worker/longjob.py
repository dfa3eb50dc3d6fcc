"""A job that can take long: its progress is shown, and the person can give it up."""

from __future__ import annotations

from collections.abc import Callable

from playground.data.errors import Cancelled
from playground.training.run import Run
from playground.worker.mailbox import Change, Mailbox, Progress

Tick = Callable[[str, float | None], None]
Asked = Callable[[], bool]
Made = tuple[Run, Change, str]
"""A run, what kind of change made it, and what was kept, in words."""

__all__ = ["Asked", "Cancelled", "Made", "Tick", "long_job"]


def long_job(mailbox: Mailbox, make: Callable[[Tick, Asked], Made], cancelled: Asked, began: Callable[[], None]) -> Made:
    """What `make` makes; `began` is called once, when it turns out to have progress to show. Raises what `make` raises."""
    job = ""

    def progress(name: str, share: float | None) -> None:
        nonlocal job
        if not job:
            began()
        job = name
        mailbox.put_progress(Progress(name, share))

    try:
        return make(progress, cancelled)
    finally:
        if job:
            mailbox.put_progress(Progress(job, 1.0, done=True))
