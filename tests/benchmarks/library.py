"""How long the library takes from the call to its first picture, with many models of the person's own: first, and again."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODELS, ROUNDS = 50, 7


def measure(own: Path) -> tuple[float, float]:
    """Milliseconds of the first time in a process, when every file is read, and of the second."""
    from PySide6.QtWidgets import QApplication, QLabel

    from playground.style import theme
    from playground.ui.library.dialog import Library

    application = QApplication([])
    theme.apply(application, "dark")
    window = QLabel("a window is there before, with its fonts and styles")
    window.show()
    application.processEvents()
    taken = []
    for _ in range(2):
        start = time.perf_counter()
        library = Library(own=own)
        library.show()
        library.grab()
        taken.append(1000 * (time.perf_counter() - start))
        library.close()
    return taken[0], taken[1]


def main() -> None:
    """Each round in a process of its own."""
    from playground.places import shipped

    given = sorted(shipped("models").iterdir())
    with tempfile.TemporaryDirectory() as place:
        for number in range(MODELS):
            target = Path(place) / f"model {number}"
            target.mkdir()
            for name in ("experiment.toml", "card.md"):
                shutil.copy(given[number % len(given)] / name, target)
        command = [sys.executable, __file__, "--round", place]
        rounds = [json.loads(subprocess.check_output(command, text=True)) for _ in range(ROUNDS)]
    first, again = (statistics.median(values) for values in zip(*rounds, strict=True))
    said = {"models": MODELS + len(given), "first_ms": round(first, 1), "again_ms": round(again, 1)}
    print(json.dumps(said) if "--json" in sys.argv else said)


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if "--round" in sys.argv:
        print(json.dumps(measure(Path(sys.argv[-1]))))
    else:
        main()
