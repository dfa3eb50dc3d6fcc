"""From changing a layer's heads in the inspector to the first step of the new model, in milliseconds.

`python tests/benchmarks/edit.py --json`: {"edit_to_step_ms": median, "edit_to_step_ms_max": …, "edits": n}
"""

import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from session import Session

from playground.worker.commands import Play

PATH = "model.decoder[1].attention.heads"
EDITS = 15


def main() -> None:
    session = Session()
    window = session.window
    session.mailbox.send(Play())
    session.until(lambda: window.status.step >= 30, 120)
    found = []
    for turn in range(EDITS):
        heads = (8, 4)[turn % 2]
        start = time.perf_counter()
        window.inspector.edit_requested.emit(PATH, heads)
        session.until(lambda heads=heads: window.document.running.model.decoder[1].attention.heads == heads, 20)
        step = window.status.step
        session.until(lambda step=step: window.status.step > step, 20)
        found.append((time.perf_counter() - start) * 1000)
        wait = time.perf_counter()
        session.until(lambda wait=wait: time.perf_counter() - wait > 0.5, 5)
    session.close()
    figures = {
        "edit_to_step_ms": round(statistics.median(found), 1),
        "edit_to_step_ms_max": round(max(found), 1),
        "edits": EDITS,
    }
    print(json.dumps(figures) if "--json" in sys.argv else figures)


if __name__ == "__main__":
    main()
