"""A QR code as a widget: crisp, black on white in every theme, as large as there is room for."""

from __future__ import annotations

import math

import segno
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

LONGEST = 2000
"""Letters; a code with more has modules too fine to be read across a room, and soon too fine for any camera."""
QUIET = 4
"""Modules of white around it, as ISO/IEC 18004 asks for."""

Matrix = tuple[tuple[bool, ...], ...]


def matrix(text: str) -> Matrix:
    """The modules of the code, row by row, True for dark; raises ValueError for more than LONGEST letters."""
    if len(text) > LONGEST:
        raise ValueError(f"{len(text):,} characters are too many for a QR code")
    made = segno.make_qr(text, error="m", boost_error=True)  # the best correction that costs no larger code
    return tuple(tuple(bool(module) for module in row) for row in made.matrix)


class QrCode(QWidget):
    """Shows one text as a QR code."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.modules: Matrix = matrix(text) if text else ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 240)
        self.setAccessibleName("QR code")
        self.setAccessibleDescription(text)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Large enough for a room."""
        return QSize(520, 520)

    def area(self) -> tuple[QRectF, float]:
        """The white square that the code stands in, and the size of a module, in whole pixels of the screen."""
        ratio, count = self.devicePixelRatioF(), len(self.modules) + 2 * QUIET
        module = max(1, math.floor(min(self.width(), self.height()) * ratio / count)) / ratio
        side = module * count
        x, y = (math.floor((whole - side) / 2 * ratio) / ratio for whole in (self.width(), self.height()))
        return QRectF(x, y, side, side), module

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """White, then every run of dark modules as one rectangle."""
        if not self.modules:
            return
        painter = QPainter(self)
        # the one place that is no matter of theme: readers expect dark on light
        dark, light = QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white)
        area, module = self.area()
        painter.fillRect(area, light)
        for row, modules in enumerate(self.modules):
            y = area.y() + (row + QUIET) * module
            start = 0
            while start < len(modules):
                end = start + 1
                while end < len(modules) and modules[end] == modules[start]:
                    end += 1
                if modules[start]:
                    painter.fillRect(QRectF(area.x() + (start + QUIET) * module, y, (end - start) * module, module), dark)
                start = end
