"""What the application costs while nobody does anything: processor seconds over seconds, window open, model loaded, paused.

`python tests/benchmarks/idle.py --json`: {"idle_core": share of one core, "seconds": …}
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from PySide6.QtCore import QEventLoop, QTimer
from session import Session

SECONDS = 20


def main() -> None:
    session = Session()
    settle, loop = QEventLoop(), QEventLoop()
    QTimer.singleShot(4000, settle.quit)
    settle.exec()
    QTimer.singleShot(SECONDS * 1000, loop.quit)
    used, start = time.process_time(), time.perf_counter()
    loop.exec()
    share = (time.process_time() - used) / (time.perf_counter() - start)
    session.close()
    print(json.dumps({"idle_core": round(share, 5), "seconds": SECONDS}))


if __name__ == "__main__":
    main()
