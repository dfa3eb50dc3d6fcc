"""The middle zoom: one head large, as matrix or as lines, beside all heads small, with what can be said about it."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Elided
from playground.views.attention import scores
from playground.views.attention.panel_arcs import Arcs
from playground.views.attention.panel_matrix import Matrix
from playground.views.attention.panel_mosaic import Mosaic

SCORES = len(scores.KINDS)
"""What is said about a head."""


class HeadPage(QWidget):
    """Mosaic and words at the left, the head at the right; it shares the room out and knows nothing of frames."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mosaic, self.matrix, self.arcs = Mosaic(self), Matrix(self), Arcs(self)
        self.hint, self.text, self.note, self.field = Elided(), QLabel(), QLabel(), QLineEdit()
        self.tight = False
        """Little room: only mosaic and head are shown."""
        self.note.setProperty("role", "quiet")
        self.note.setWordWrap(True)
        self.note.hide()
        self.text.setMinimumWidth(1)
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.field.setPlaceholderText("Type your own text here")
        self.field.setAccessibleName("Text to look at")
        self.field.setToolTip("The text whose attention is shown. Leave it empty to see the beginning of the validation text.")
        self.field.setClearButtonEnabled(True)
        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(theme.GRID)
        left.addWidget(self.mosaic)
        left.addWidget(self.text)
        left.addStretch(1)
        left.addWidget(self.hint)
        left.addWidget(self.field)
        left.addWidget(self.note)
        ground = QWidget()
        self._shapes = QStackedLayout(ground)
        self._shapes.addWidget(self.matrix)
        self._shapes.addWidget(self.arcs)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        row.addWidget(self._left)
        row.addWidget(ground, 1)

    def show_shape(self, name: str) -> None:
        """The head as "matrix" or as "arcs"."""
        self._shapes.setCurrentIndex(1 if name == "arcs" else 0)

    def say(self, where: str, found: scores.HeadScores, more: str = "") -> None:
        """Name what is shown, its scores, and what else is to know."""
        quiet, strong = theme.theme().quiet, theme.theme().text
        cells = [
            f"<td style='color:{quiet}; padding-right:6px'>{name}</td>"
            f"<td style='color:{strong}; padding-right:14px'>{'–' if math.isnan(value) else f'{value:.2f}'}</td>"
            for name, value in ((scores.NAMES[kind], getattr(found, kind)) for kind in scores.KINDS)
        ]
        across = self._across()
        rows = "".join(f"<tr>{''.join(cells[at : at + across])}</tr>" for at in range(0, len(cells), across))
        self.text.setText(
            f"<div style='color:{strong}; font-weight:600'>{where}</div><table cellspacing='0' cellpadding='0'>{rows}</table>"
            f"<div style='color:{quiet}'>{more}</div>"
        )

    def tell(self, note: str) -> None:
        """What is not shown, or nothing."""
        if note != self.note.text():
            self.note.setText(note)
            self.fit()

    def retheme(self) -> None:
        """Take the theme and the type scale in force."""
        for label in (self.hint, self.text, self.note):
            label.setFont(theme.font(0.9))
        self.field.setFont(theme.font(0.9, mono=True))
        self.mosaic.retheme()
        self.matrix.retheme()
        self.arcs.update()
        self.fit()

    def fit(self) -> None:
        """Share the room: the mosaic takes what its shape needs, the head the rest; the words keep their height."""
        wide = round(min(max(0.36 * self.width(), 120), 460))
        self._left.setFixedWidth(wide)
        for widget in (self.text, self.field, self.hint):
            widget.setVisible(not self.tight)
        self.note.setVisible(not self.tight and bool(self.note.text()))
        below = 0
        if not self.tight:
            lines = 2 + -(-SCORES // self._across())
            self.text.setFixedHeight(lines * self.text.fontMetrics().lineSpacing() + 2)
            below = self.text.height() + self.field.sizeHint().height() + self.hint.sizeHint().height() + 4 * theme.GRID
            below += self.note.heightForWidth(wide) + theme.GRID if self.note.text() else 0
        self.mosaic.setFixedHeight(max(40, min(self.mosaic.height_for(wide), self.height() - below)))
        if (layout := self._left.layout()) is not None:
            layout.activate()  # what was hidden until now would be painted once in the wrong place

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Share the room anew."""
        super().resizeEvent(event)
        self.fit()

    def _across(self) -> int:
        """How many scores stand side by side."""
        return 2 if self._left.width() >= theme.points(26) else 1
