"""Taking a view away: writers of pictures, drawings, pages, tables and films, each with its origin inside."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPoint, QRect, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from playground.data.store import atomic
from playground.views.frames import Frame

SHARPNESS = 2
"""Pixels of a picture for each pixel on screen."""
WIDEST = 960
"""Pixels across a film at most."""


@dataclass(frozen=True)
class Origin:
    """Where a picture is from: the model's name, the view, the step, and the experiment as a string to open again."""

    model: str
    view: str
    step: int
    experiment: str

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.model} · {self.view} · step {self.step:,}"


def picture(widget: QWidget) -> QImage:
    """What the widget shows, on its own ground, sharp enough to be printed."""
    image = QImage(widget.size() * SHARPNESS, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SHARPNESS)
    image.fill(widget.palette().window().color())
    _render(widget, image)
    return image


def write_png(widget: QWidget, path: Path, origin: Origin) -> None:
    """A picture; its text chunks hold Title, Experiment and Step. Raises OSError."""
    image = picture(widget)
    for key, value in (("Title", origin.title), ("Experiment", origin.experiment), ("Step", str(origin.step))):
        image.setText(key, value)
    buffer = _buffer()
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    _keep(buffer, path)


def write_svg(widget: QWidget, path: Path, origin: Origin) -> None:
    """A drawing with letters and lines as such. Raises OSError."""
    made = QSvgGenerator()
    buffer = _buffer()
    made.setOutputDevice(buffer)
    made.setResolution(widget.logicalDpiX())  # or letters come out smaller than what they stand beside
    made.setSize(widget.size())
    made.setViewBox(QRect(0, 0, widget.width(), widget.height()))
    made.setTitle(origin.title)
    made.setDescription(f"experiment {origin.experiment} step {origin.step}")
    _render(widget, made)
    _keep(buffer, path)


def write_pdf(widget: QWidget, path: Path, origin: Origin) -> None:
    """One page of the size of the view, with the experiment's string as an attached file. Raises OSError."""
    buffer = _buffer()
    made = QPdfWriter(buffer)
    made.setTitle(origin.title)
    made.setCreator("Transformer Playground")
    dots = widget.logicalDpiX()
    made.setResolution(dots)
    points = QSizeF(widget.width() * 72 / dots, widget.height() * 72 / dots)
    size = QPageSize(points, QPageSize.Unit.Point, "view", QPageSize.SizeMatchPolicy.ExactMatch)
    made.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    made.addFileAttachment("experiment.txt", f"{origin.experiment}\nstep {origin.step}\n".encode(), "text/plain")
    _render(widget, made)
    _keep(buffer, path)


def write_csv(frame: Frame, path: Path, origin: Origin) -> None:
    """The numbers of a picture as UTF-8; each row says the step, the first one the experiment. Raises OSError."""
    columns, rows = frame.table()
    with atomic(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text)
        writer.writerow((*columns, "at step", "experiment"))
        for index, row in enumerate(rows):
            writer.writerow((*row, frame.step, origin.experiment if index == 0 else ""))
        text.flush()
        text.detach()  # the file itself is closed by whoever has opened it


def write_film(images: Sequence[QImage], path: Path, origin: Origin, per_second: float) -> None:
    """An animated GIF of at most WIDEST pixels across, that begins again for ever; its comment names the experiment.

    Raises OSError, also for a film without a picture.
    """
    from PIL import Image  # only whoever makes a film waits for it

    if not images:
        raise OSError(0, "there is no picture in this film yet")
    frames = []
    for each in images:
        small = each if each.width() <= WIDEST else each.scaledToWidth(WIDEST)
        plain = small.convertToFormat(QImage.Format.Format_RGB888)
        size = (plain.width(), plain.height())
        frames.append(Image.frombuffer("RGB", size, bytes(plain.constBits()), "raw", "RGB", plain.bytesPerLine(), 1))
    comment = f"{origin.title} · {origin.experiment}".encode()
    first, *rest = [frame.quantize(128) for frame in frames]
    with atomic(path) as file:
        first.save(file, "GIF", save_all=True, append_images=rest, duration=round(1000 / per_second), loop=0, comment=comment)


def _buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _keep(buffer: QBuffer, path: Path) -> None:
    """Put what was written in memory on the disk, whole or not at all."""
    with atomic(path) as file:
        file.write(bytes(buffer.data().data()))


def _render(widget: QWidget, device: QImage | QSvgGenerator | QPdfWriter) -> None:
    painter = QPainter(device)
    widget.render(painter, QPoint())
    painter.end()


WRITERS = {".png": write_png, ".svg": write_svg, ".pdf": write_pdf}
"""Who draws a view into a file, by the end of its name."""
FILTERS = "Picture (*.png);;Drawing (*.svg);;Page (*.pdf);;Table (*.csv)"
