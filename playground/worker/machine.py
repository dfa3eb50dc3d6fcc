"""The machine: which device trains, and how many threads torch may use beside a window."""

from __future__ import annotations

import torch

from playground.training.device import DeviceError, choose, choose_threads, describe, set_threads
from playground.training.run import Run
from playground.worker.mailbox import Fault, Mailbox


def prepare(mailbox: Mailbox, wished: str) -> tuple[str, str]:
    """Choose device and threads before torch does anything; the wish that holds, and the device in words.

    A device that is not there is said once, and "auto" holds instead.
    """
    try:
        device = choose(wished)
    except DeviceError as error:
        wished = "auto"
        device = choose(wished)
        remedy = f"{error.remedy} {describe(device)} is used instead.".strip()
        mailbox.put_event(Fault(error.what, error.why, remedy))
    set_threads(choose_threads(device, busy_window=True))
    return wished, describe(device)


def use_threads(run: Run) -> None:
    """As many threads as suit a model of this size."""
    parameters = sum(parameter.numel() for parameter in run.trainer.model.parameters())
    wanted = choose_threads(run.device, busy_window=True, parameters=parameters)
    if wanted != torch.get_num_threads():
        set_threads(wanted)
