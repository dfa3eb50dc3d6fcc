"""How the C library keeps memory between steps; without torch, so that it can be set before any thread starts."""

from __future__ import annotations

import contextlib
import ctypes
import platform
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of glibc's mallopt(3)."""


def keep() -> bool:
    """Let glibc keep what a step has freed for the next step; True where that could be set, False on other systems.

    A step frees and asks for the same megabytes again and again. By default they go back to the kernel each time, which
    costs thousands of page faults a step. A thread's own arena is made of 64 MB heaps that glibc gives back as soon as
    they are empty, whatever the threshold says, so one arena is shared by all. That only binds threads that have not
    allocated yet: call this before the thread that trains is started.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return False
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(_ARENA_MAX, 1)
        # glibc before 2.35 refuses more than 32 MB for the second
        return bool(
            mallopt(_TRIM_THRESHOLD, 1 << 30) and (mallopt(_MMAP_THRESHOLD, 1 << 30) or mallopt(_MMAP_THRESHOLD, 32 << 20))
        )
    return False
