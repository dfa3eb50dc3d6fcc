"""The tasks whose data is generated: one file and one row each."""

from __future__ import annotations

from playground.data.tasks.addition import Addition, ReversedAddition
from playground.data.tasks.brackets import Brackets
from playground.data.tasks.copying import Copy
from playground.data.tasks.dates import Dates
from playground.data.tasks.grammar import Grammar
from playground.data.tasks.instructions import Instructions
from playground.data.tasks.markov import MarkovChain
from playground.data.tasks.memory import CopyMemory
from playground.data.tasks.modular import ModularAddition
from playground.data.tasks.numbers import NumberWords
from playground.data.tasks.order import TemporalOrder
from playground.data.tasks.parity import Parity
from playground.data.tasks.pictures import Classify, Paint
from playground.data.tasks.repeats import Repeats
from playground.data.tasks.reverse import Reverse
from playground.data.tasks.sort import Sort
from playground.data.tasks.task import Pair, Stream, Task
from playground.data.tasks.twosum import TwoSum

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
        TwoSum(),
        TemporalOrder(),
        Dates(),
        NumberWords(),
        Repeats(),
        CopyMemory(),
        Brackets(),
        MarkovChain(),
        Grammar(),
        Paint(),
        Classify(),
        Instructions(),
    )
}
"""Every task by its name, as it stands in the menu; other settings are made with the task's own class."""
