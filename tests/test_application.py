"""The real application in a process of its own: it opens, trains, renders a picture and leaves without a word."""

import os
import subprocess
import sys


def test_it_trains_fifty_steps_takes_a_picture_and_leaves(tmp_path):
    picture = tmp_path / "window.png"
    done = subprocess.run(
        [sys.executable, "-m", "playground", "--screenshot", str(picture), "--after-steps", "50", "--size", "1280x720"],
        capture_output=True, text=True, timeout=240, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert picture.stat().st_size > 20_000


def test_bare_signals_do_not_wear_out_the_interpreter():
    script = (
        "from PySide6.QtCore import QCoreApplication, QObject, Signal\n"
        "class Bell(QObject):\n    rung = Signal()\n"
        "app, bell, heard = QCoreApplication([]), Bell(), []\n"
        "bell.rung.connect(lambda: heard.append(1))\n"
        "for _ in range(5000):\n    bell.rung.emit()\n"
        "assert len(heard) == 5000\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_window_comes_up_without_torch():
    script = (
        "import sys\nimport playground.ui.window, playground.app\nassert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
