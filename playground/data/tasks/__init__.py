"""The tasks whose data is generated: one file and one row each."""

from __future__ import annotations

from playground.data.tasks.addition import Addition, ReversedAddition
from playground.data.tasks.copying import Copy
from playground.data.tasks.modular import ModularAddition
from playground.data.tasks.parity import Parity
from playground.data.tasks.repeats import Repeats
from playground.data.tasks.reverse import Reverse
from playground.data.tasks.sort import Sort
from playground.data.tasks.task import Pair, Stream, Task

__all__ = ["TASKS", "Pair", "Stream", "Task"]

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Copy(),
        Reverse(),
        Sort(),
        Addition(),
        ReversedAddition(),
        ModularAddition(),
        Parity(),
        Repeats(),
    )
}
"""Every task by its name, as it stands in the menu; other settings are made with the task's own class."""
