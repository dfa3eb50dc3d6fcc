"""What is taken away, opened again by readers that are not ours."""

import csv
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from playground.spec import share
from playground.ui import export, files
from playground.worker.commands import Step

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def trained(desk):
    desk.window.mailbox.send(Step(25))
    desk.until(lambda: desk.window.status.step == 25)
    desk.until(lambda: getattr(desk.window.stage.frames.get("attention"), "step", 0) == 25)
    return desk


def take(desk, monkeypatch, path, kind=""):
    """Press the button and choose a file; what was on screen then."""
    before = desk.window.stage.ground.grab().toImage()
    monkeypatch.setattr("playground.ui.taking.QFileDialog.getSaveFileName", lambda *_: (str(path), kind))
    desk.window.stage.export.trigger()
    desk.until(lambda: "Written" in desk.window.notice.text() or desk.window.notice.faulty())
    assert not desk.window.notice.faulty(), desk.window.notice.text()
    return before


def alike(one: QImage, other: QImage) -> float:
    """Mean difference of two pictures, 0 to 255, at a size where letters do not count."""
    small = [image.scaled(64, 48).convertToFormat(QImage.Format.Format_RGB888) for image in (one, other)]
    arrays = [np.frombuffer(each.constBits(), np.uint8).astype(float) for each in small]
    return float(np.abs(arrays[0] - arrays[1]).mean())


def test_a_picture_shows_the_screen_and_holds_the_experiment(trained, tmp_path, monkeypatch):
    before = take(trained, monkeypatch, tmp_path / "view.png")
    with Image.open(tmp_path / "view.png") as image:
        found = image.text
        size = image.size
    assert size == (2 * before.width(), 2 * before.height())
    assert found["Step"] == "25"
    assert "small" in found["Title"]
    name, base = files.shipped_base("")
    _, again = share.from_string(found["Experiment"], lambda wanted: base if wanted == name else None)
    assert again.model.d_model == trained.window.document.experiment.model.d_model
    assert alike(QImage(str(tmp_path / "view.png")), before) < 4


def test_a_drawing_opens_in_a_renderer_and_looks_the_same(trained, tmp_path, monkeypatch):
    before = take(trained, monkeypatch, tmp_path / "view", "Drawing (*.svg)")
    drawing = (tmp_path / "view.svg").read_text(encoding="utf-8")
    assert "step 25" in drawing
    assert "<text" in drawing
    reader = QSvgRenderer(str(tmp_path / "view.svg"))
    assert reader.isValid()
    image = QImage(before.size(), QImage.Format.Format_RGB32)
    image.fill(trained.window.palette().window().color())
    painter = QPainter(image)
    reader.render(painter)
    painter.end()
    assert alike(image, before) < 8


def test_a_page_opens_in_a_reader(trained, tmp_path, monkeypatch):
    take(trained, monkeypatch, tmp_path / "view.pdf")
    page = (tmp_path / "view.pdf").read_bytes()
    assert page.startswith(b"%PDF-")
    assert page.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", page)) == 1
    assert "experiment.txt".encode("utf-16-be") in page or b"experiment.txt" in page
    if (reader := shutil.which("pdftotext")) is not None:
        said = subprocess.run([reader, str(tmp_path / "view.pdf"), "-"], capture_output=True, text=True, check=True, timeout=60)
        assert "Layer 1 · head 1" in said.stdout


def test_a_table_has_the_numbers_on_screen(trained, tmp_path, monkeypatch):
    take(trained, monkeypatch, tmp_path / "view.csv")
    frame = trained.window.stage.frames["attention"]
    with (tmp_path / "view.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["experiment"].startswith("tp1:")
    assert all(row["at step"] == "25" for row in rows)
    sums: dict[tuple[str, str, str], float] = {}
    for row in rows:
        key = row["attention"], row["head"], row["query"]
        sums[key] = sums.get(key, 0.0) + float(row["weight"])
    assert all(abs(total - 1) < 1e-4 for total in sums.values())
    row = rows[-1]
    assert float(row["weight"]) == float(frame.patterns[-1][-1, int(row["query"]), int(row["key"])])


@pytest.mark.parametrize("view", ["embeddings", "curves", "tokens"])
def test_every_view_has_a_table(trained, tmp_path, monkeypatch, view):
    window = trained.window
    window.stage.show_view(view)
    trained.until(lambda: view in window.stage.frames)
    take(trained, monkeypatch, tmp_path / "view.csv")
    with (tmp_path / "view.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert rows
    assert all(len(row) == len(header) for row in rows)


def test_several_views_make_no_table_and_a_closed_folder_is_said(trained, tmp_path):
    window = trained.window
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    window.stage.toggle_all()
    window.taking.take(tmp_path / "view.csv")
    assert "one view" in window.notice.text()
    for name in ("a.png", "a.svg", "a.pdf"):
        window.notice.clear()
        window.taking.take(tmp_path / "file" / name)
        trained.until(window.notice.faulty)
        assert "could not be written" in window.notice.text()


def test_a_film_of_training(trained, tmp_path, monkeypatch):
    window = trained.window
    monkeypatch.setattr("playground.ui.taking.QFileDialog.getSaveFileName", lambda *_: (str(tmp_path / "film"), ""))
    window.stage.record.trigger()
    window.toggle_play()
    trained.until(lambda: window.taking.pictures >= 3)
    window.toggle_play()
    trained.qtbot.mouseClick(window.stage.stop, LEFT)
    trained.until(lambda: (tmp_path / "film.gif").is_file())
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames >= 2
        assert film.size[0] <= export.WIDEST
        assert b"tp1:" in film.info["comment"]
    window.taking.thread_.join(10)


def test_a_film_without_pictures_is_refused(tmp_path):
    with pytest.raises(OSError, match="no picture"):
        export.write_film([], tmp_path / "film.gif", export.Origin("m", "v", 1, "s"), 5)
    assert not (tmp_path / "film.gif").exists()
