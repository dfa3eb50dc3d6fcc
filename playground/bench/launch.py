"""How long until the window is there."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

LAUNCHES = 7


def measure() -> dict[str, float]:
    """Seconds from the start of the process to the first painted window, beside those of `import torch` alone."""
    paints, imports = [], []
    for _ in range(LAUNCHES):
        imports.append(_seconds_of([sys.executable, "-c", "import torch"]))
        paints.append(_first_paint())
    paint, torch_alone = statistics.median(paints), statistics.median(imports)
    return {"first_paint_s": round(paint, 4), "import_torch_s": round(torch_alone, 4), "ratio": round(paint / torch_alone, 4)}


def _seconds_of(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _first_paint() -> float:
    environment = {**os.environ, "PLAYGROUND_REPORT_FIRST_PAINT": "1"}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    start = time.time()
    done = subprocess.run([sys.executable, "-m", "playground"], check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout.split()[2]) - start
