"""Where training runs: the device, its threads, and whether bfloat16 is faster there, found out by measuring."""

from __future__ import annotations

import os
import platform
import time

import torch

from playground.training import memory
from playground.transformer.model import Transformer

_TINY = 100_000
"""Below this many parameters, a second thread costs more than it brings."""
_TRIALS, _TRIAL_SECONDS = 5, 1.0
"""Measurements of each precision; after so many seconds one must do, or a large model would keep its owner waiting."""
_faster: dict[tuple[str, str, int], bool] = {}


class DeviceError(Exception):
    """A device that is not there: what, why, and what to do."""

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(f"{what} {why} {remedy}")
        self.what, self.why, self.remedy = what, why, remedy


def choose(name: str) -> torch.device:
    """The device for "auto", "cpu", "cuda" or "mps"; raises DeviceError when it is not there."""
    there = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if name == "auto":
        return there if there is not None and there.type in ("cuda", "mps") else torch.device("cpu")
    if name == "cpu":
        return torch.device("cpu")
    if name not in ("cuda", "mps"):
        raise DeviceError(f"There is no device “{name}”.", "Devices are auto, cpu, cuda and mps.", "Choose one of them.")
    if there is None or there.type != name:
        has = f"this machine has {there.type.upper()}" if there is not None else "this machine has only its CPU"
        raise DeviceError(f"{name.upper()} is not available.", f"As torch sees it, {has}.", "Use --device auto or cpu.")
    return there


def describe(device: torch.device) -> str:
    """The device for people: its kind, and its name where it has one."""
    if device.type == "cuda":
        return f"CUDA · {torch.cuda.get_device_name(device)}"
    return {"cpu": f"CPU · {_processor()}", "mps": "MPS · Apple GPU"}.get(device.type, device.type)


def choose_threads(device: torch.device, busy_window: bool, parameters: int | None = None) -> int:
    """How many threads torch should use: one core stays free beside a window; tiny models take one."""
    cores = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if parameters is not None and parameters < _TINY:
        return 1
    return max(1, cores - 1) if busy_window or device.type != "cpu" else cores


def set_threads(count: int) -> None:
    """Set torch's threads for the calling thread, and keep the C library from handing memory back between steps."""
    torch.set_num_threads(count)
    memory.keep()


def bfloat16_is_faster(model: Transformer, batch: int, device: torch.device) -> bool:
    """Time forward and backward passes of the model in both precisions, in turns; remembered for its shape.

    Weights, gradients and random states are as before.
    """
    if device.type == "mps":
        return False
    key = (device.type, model.spec.model_dump_json(exclude={"vocab", "init"}), batch)
    if key not in _faster:
        times: dict[bool, list[float]] = {False: [], True: []}
        tokens = torch.arange(batch * model.spec.n_ctx, device=device).view(batch, -1) % model.spec.vocab
        start = time.perf_counter()
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            for trial in range(_TRIALS + 1):
                for low in (False, True):
                    took = _pass(model, tokens, low)
                    if trial:  # the first one warms up
                        times[low].append(took)
                if trial and time.perf_counter() - start > _TRIAL_SECONDS:
                    break
        # a tenth must be gained, or the noise of this measurement would decide
        _faster[key] = min(times[True]) < 0.9 * min(times[False])
    return _faster[key]


def autocast(device: torch.device, low: bool) -> torch.autocast:
    """The context of a forward pass in bfloat16, or one that changes nothing."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=low)


def _pass(model: Transformer, tokens: torch.Tensor, low: bool) -> float:
    start = time.perf_counter()
    with autocast(tokens.device, low):
        logits = model(tokens, context=tokens if model.spec.architecture == "encoder-decoder" else None)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens.flatten())
    torch.autograd.grad(loss, [p for p in model.parameters() if p.requires_grad], allow_unused=True)
    if tokens.device.type != "cpu":
        torch.accelerator.synchronize(tokens.device)
    return time.perf_counter() - start


def _processor() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores"
