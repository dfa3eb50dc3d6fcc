"""The legend of the cloud: a button for each category with its marker, name and count, or a scale with its two ends."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from playground.style import theme
from playground.views.embeddings.panel_colours import Colouring
from playground.views.embeddings.panel_marks import SHAPES, outline, tone

MARK, PAD, SPACE = 16.0, 7.0, 4
SCALE = 180.0
"""Pixels of a scale."""


class KindButton(QAbstractButton):
    """Checked while its category is shown."""

    def __init__(self, kind: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self.count, self.words = kind, 0, 2
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.say("", 0)
        self.hide()

    def say(self, name: str, count: int) -> None:
        """Which category it is, and how many points of it the picture has."""
        self.count = count
        self.setText(name)
        self.setAccessibleName(f"Show {name or 'what is not in the picture'}")
        self.setToolTip(f"{name}: {count:,} points\nClick to hide or show them")

    def wide(self, words: int) -> int:
        """Pixels for the mark alone (0), with the name (1), with the count too (2)."""
        metrics = QFontMetricsF(theme.font(0.9))
        said = (f"{self.text()} {self.count:,}", self.text(), "")[2 - words]
        return round(2 * PAD + MARK + (metrics.horizontalAdvance(said) + 4 if said else -2))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Mark, name, count; a hidden category is hollow and struck out."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("raised"))
            painter.drawRoundedRect(box, 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 6, 6)
        mark = outline(SHAPES[self.kind], PAD + 5, box.center().y(), 4.6)
        if self.isChecked():
            painter.fillPath(mark, tone(self.kind))
        else:
            painter.strokePath(mark, QPen(tone(self.kind), 1.3))
        if not self.words:
            return
        font = theme.font(0.9)
        font.setStrikeOut(not self.isChecked())
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        at = QPointF(PAD + MARK, box.center().y() + (metrics.ascent() - metrics.descent()) / 2)
        painter.setPen(theme.colour("text" if self.isChecked() else "quiet"))
        painter.drawText(at, self.text())
        if self.words > 1:
            font.setStrikeOut(False)
            painter.setFont(font)
            painter.setPen(theme.colour("quiet"))
            painter.drawText(at + QPointF(metrics.horizontalAdvance(self.text() + " "), 0), f"{self.count:,}")


class Legend(QWidget):
    """The categories the picture has; where there is no room, counts go first, then names."""

    toggled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.buttons = [KindButton(kind, self) for kind in range(len(SHAPES))]
        self._colouring: Colouring | None = None
        for button in self.buttons:
            button.toggled.connect(lambda _: self.toggled.emit())

    def hidden(self) -> set[int]:
        """The groups that are not wanted."""
        return {button.kind for button in self.buttons if not button.isChecked() and not button.isHidden()}

    def say(self, colouring: Colouring) -> None:
        """What the colours mean, and how many points there are of each category; another way shows all of them again."""
        if self._colouring is not None and colouring.way != self._colouring.way:
            for button in self.buttons:
                button.setChecked(True)
        self._colouring = colouring
        counts = np.bincount(colouring.groups, minlength=len(self.buttons)).tolist()
        for button in self.buttons:
            name = colouring.names[button.kind] if button.kind < len(colouring.names) else ""
            button.say(name, counts[button.kind] if name else 0)
            button.setVisible(button.count > 0)
        self.setAccessibleName("Legend: " + " to ".join(colouring.ends) if not colouring.names else "Legend")
        self.arrange()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """One row."""
        return QSize(400, round(QFontMetricsF(theme.font(0.9)).height()) + 10)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """More or less room for words."""
        self.arrange()

    def arrange(self) -> None:
        """Put the buttons in a row, with as many words as fit."""
        shown = [button for button in self.buttons if button.count > 0]
        fits = [words for words in (2, 1, 0) if sum(b.wide(words) + SPACE for b in shown) <= self.width() + PAD]
        words, x = fits[0] if fits else 0, -round(PAD) + 2
        for button in shown:
            button.words = words
            button.setGeometry(x, 0, button.wide(words), self.height())
            button.update()
            x += button.wide(words) + SPACE

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The scale, where the colours are one."""
        if self._colouring is None or self._colouring.names:
            return
        painter = QPainter(self)
        font = theme.font(0.9)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        low, high = self._colouring.ends
        base = self.height() / 2 + (metrics.ascent() - metrics.descent()) / 2
        painter.setPen(theme.colour("quiet"))
        painter.drawText(QPointF(2, base), low)
        left, palette = metrics.horizontalAdvance(low) + 10, self._colouring.palette()
        wide = min(SCALE, max(32.0, self.width() - left - metrics.horizontalAdvance(high) - 12)) / len(palette)
        for level, colour in enumerate(palette.tolist()):
            painter.fillRect(QRectF(left + level * wide, self.height() / 2 - 5, wide + 0.5, 10), QColor(*colour))
        painter.drawText(QPointF(left + wide * len(palette) + 8, base), high)
