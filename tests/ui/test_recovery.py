"""Unsaved changes outlive a crash, and only a crash; recent files; and the question before changes are lost."""

import json
import subprocess
import sys
from datetime import datetime

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from playground.spec.edit import replaced
from playground.spec.experiment import Experiment
from playground.ui import unsaved
from playground.ui.recent import KEPT, Recent
from playground.ui.recovery import Recovery

WIDE = replaced(Experiment(), "model.d_model", 192)
WIDER = replaced(Experiment(), "model.d_model", 256)

CRASH = """
import os, sys
from pathlib import Path
from playground.spec.edit import replaced
from playground.spec.experiment import Experiment
from playground.ui.recovery import Recovery
recovery = Recovery(Path(sys.argv[1]))
recovery.remember(replaced(Experiment(), "model.d_model", int(sys.argv[2])), sys.argv[3], None)
assert not recovery.problem, recovery.problem
if len(sys.argv) > 4:
    print("written", flush=True)
    sys.stdin.read()
os._exit(9)
"""


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def crash(folder, width=192, name="GPT"):
    """Another process that writes and is gone without a good-bye."""
    assert subprocess.run([sys.executable, "-c", CRASH, str(folder), str(width), name], timeout=60, check=False).returncode == 9


def files(folder):
    return sorted(path.suffix for path in folder.iterdir())


def test_a_crash_is_recovered_once(tmp_path):
    crash(tmp_path)
    mine = Recovery(tmp_path)
    found = mine.found()
    assert found is not None
    assert (found.experiment, found.name, found.folder) == (WIDE, "GPT", None)
    assert found.sentence.startswith("GPT had changes that were not saved when the application ended today at ")
    assert abs((datetime.now() - found.when).total_seconds()) < 60
    mine.drop(found)
    assert mine.found() is None
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_after_a_clean_exit(tmp_path):
    mine = Recovery(tmp_path)
    mine.remember(WIDE, "GPT", tmp_path / "place")
    assert files(tmp_path) == [".json", ".lock"]
    mine.forget()
    assert list(tmp_path.iterdir()) == []
    assert Recovery(tmp_path).found() is None


def test_a_process_that_lives_keeps_what_is_its_own(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", CRASH, str(tmp_path), "192", "GPT", "wait"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert other.stdout.readline() == "written\n"
        mine = Recovery(tmp_path)
        assert mine.found() is None
        mine.remember(WIDER, "mine", None)
        mine.forget()
        assert files(tmp_path) == [".json", ".lock"]  # still those of the other
    finally:
        other.communicate("", timeout=30)
    assert other.returncode == 9
    assert mine.found().experiment == WIDE


def test_two_starts_at_once_are_not_offered_the_same(tmp_path):
    crash(tmp_path)
    one, two = Recovery(tmp_path), Recovery(tmp_path)
    assert one.found() is not None
    assert two.found() is None
    assert one.found() is not None  # asking again gives it again


def test_after_two_crashes_the_latest_is_offered_first(tmp_path):
    crash(tmp_path, 192, "first")
    crash(tmp_path, 256, "second")
    old = next(path for path in tmp_path.glob("*.json") if "first" in path.read_text())
    head = json.loads(old.read_text())
    old.write_text(json.dumps(head | {"when": "2020-05-17T09:05:00"}))
    mine = Recovery(tmp_path)
    found = mine.found()
    assert found.name == "second"
    mine.drop(found)
    found = mine.found()
    assert found.name == "first"
    assert found.sentence.endswith("on 17 May 2020 at 09:05.")


def test_it_writes_seldom_only_what_is_new_and_misses_nothing(tmp_path):
    clock = Clock()
    mine = Recovery(tmp_path, every=5, clock=clock)

    def written():
        return json.loads(next(tmp_path.glob("*.json")).read_text())["experiment"]

    mine.remember(WIDE, "GPT", None)
    first, stamp = written(), next(tmp_path.glob("*.json")).stat().st_mtime_ns
    clock.now += 4
    mine.remember(WIDER, "GPT", None)
    assert written() == first
    clock.now += 2
    mine.remember(WIDER, "GPT", None)
    assert written() != first
    stamp = next(tmp_path.glob("*.json")).stat().st_mtime_ns
    clock.now += 60
    mine.remember(WIDER, "GPT", None)
    assert next(tmp_path.glob("*.json")).stat().st_mtime_ns == stamp
    mine.forget()
    mine.remember(WIDE, "GPT", None)  # the first change after a save is written at once
    assert written() == first


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"name": 1}', '{"when": "x", "name": "", "folder": null, "experiment": "seed = -1"}']
)
def test_what_cannot_be_read_is_told_and_kept(tmp_path, text):
    (tmp_path / "1-abc.json").write_text(text)
    mine = Recovery(tmp_path)
    assert mine.found() is None
    assert "1-abc.unreadable" in mine.problem
    assert (tmp_path / "1-abc.unreadable").read_text() == text
    assert Recovery(tmp_path).found() is None


def test_a_place_that_cannot_be_written_is_told_and_does_not_raise(tmp_path):
    (tmp_path / "file").write_text("")
    mine = Recovery(tmp_path / "file" / "below", every=0)
    mine.remember(WIDE, "GPT", None)
    assert "Save often" in mine.problem
    mine.forget()
    assert mine.found() is None


def test_recent_keeps_ten_of_each_the_newest_first_and_passes_over_what_is_gone(tmp_path):
    recent = Recent(tmp_path / "state" / "recent.json")
    assert recent.folders() == recent.files() == []
    folders = [tmp_path / f"model {i}" for i in range(12)]
    texts = [tmp_path / f"text {i}.txt" for i in range(3)]
    for folder in folders:
        folder.mkdir()
    for text in texts:
        text.write_text("a")
        recent.add(text)
    for folder in folders:
        recent.add(folder)
    assert recent.folders() == folders[:1:-1]
    assert len(recent.folders()) == KEPT
    assert recent.files() == texts[::-1]
    recent.add(folders[5])
    assert recent.folders()[0] == folders[5]
    assert recent.folders().count(folders[5]) == 1
    folders[5].rmdir()
    texts[0].unlink()
    again = Recent(tmp_path / "state" / "recent.json")
    again.add(folders[11])
    assert "model 5" not in (tmp_path / "state" / "recent.json").read_text()  # it takes nobody's place
    assert again.folders()[0] == folders[11]
    assert again.files() == [texts[2], texts[1]]
    again.clear()
    assert recent.folders() == recent.files() == []


@pytest.mark.parametrize("text", ["", "{", "{}", "[1, null]", "\udce4"])
def test_a_damaged_list_of_recent_files_is_an_empty_one(tmp_path, text):
    (tmp_path / "recent.json").write_text(text, errors="surrogateescape")
    recent = Recent(tmp_path / "recent.json")
    assert recent.files() == []
    recent.add(tmp_path / "recent.json")
    assert recent.files() == [tmp_path / "recent.json"]


@pytest.mark.parametrize(
    ("key", "answer"),
    [(Qt.Key.Key_Return, "save"), (Qt.Key.Key_Escape, "cancel"), (Qt.Key.Key_D, "discard"), (Qt.Key.Key_S, "save")],
)
def test_the_question_is_answered_with_one_key(qtbot, key, answer):
    seen = []

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        seen.append(box.text())
        qtbot.keyClick(box, key)

    QTimer.singleShot(50, press)
    assert unsaved.ask(None, "<b>GPT</b>", "opening Llama") == answer
    assert seen == ["<b>GPT</b> has changes that are not saved."]


def test_the_question_is_answered_with_the_mouse(qtbot):
    box = unsaved.box(None, "GPT")
    qtbot.addWidget(box)
    box.open()
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert box.defaultButton() is box.button(QMessageBox.StandardButton.Save)
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Discard), Qt.MouseButton.LeftButton)
    assert box.result() == QMessageBox.StandardButton.Discard.value
