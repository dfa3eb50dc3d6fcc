"""The widest zoom: every head of every attention with a score, sorted if wished, and which of them are worth a look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Elided, Segments
from playground.views.attention import scores
from playground.views.attention.frame import AttentionFrame
from playground.views.attention.panel_gallery import Gallery

SHORT = (("entropy", "Entropy"), ("previous", "Previous"), ("induction", "Induction"), ("first", "First"),
         ("diagonal", "Itself"))  # fmt: skip
MEANS = {
    "entropy": "In nats: 0 looks at one token, the logarithm of their number at all alike",
    "previous": "Share of attention that goes to the token before",
    "induction": "Share that goes to what followed earlier occurrences of the same token (Olsson et al. 2022)",
    "first": "Share that goes to the first token, where attention rests that has nothing to say",
    "diagonal": "Share that stays at the token itself",
}


class ModelPage(QWidget):
    """Draws all heads of an AttentionFrame by a score."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gallery = Gallery(self)
        self.score = Segments(SHORT, self)
        self.score.set_accessible("Score of the heads")
        for button, (name, _) in zip(self.score.buttons(), SHORT, strict=True):
            button.setToolTip(MEANS[name])
        self.score.set_value("entropy")
        self.sort = QPushButton("Sort", self)
        self.sort.setCheckable(True)
        self.sort.setToolTip("The heads with the largest score first")
        self.telling = Elided("", self)
        self.telling.setAccessibleName("Heads worth a look")
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        row.addWidget(self.score, 1)
        row.addWidget(self.sort)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(row)
        column.addWidget(self.gallery, 1)
        column.addWidget(self.telling)
        self._tables: list[np.ndarray] = []
        self.score.chosen.connect(self._on_score)
        self.sort.toggled.connect(lambda _on: self._show())

    def draw(self, frame: AttentionFrame, labels: tuple[str, ...]) -> None:
        """Show a frame."""
        self.gallery.draw(frame.patterns, frame.causal, labels)
        self._tables = [scores.table(layer, *frame.axes(name)) for name, layer in zip(frame.names, frame.patterns, strict=True)]
        self._full = np.log(max(2, max((layer.shape[-1] for layer in frame.patterns), default=2)))
        self._show()
        self.telling.setText(telling(self._tables, labels))

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        self.telling.setFont(theme.font(0.92))
        for button in (self.sort, *self.score.buttons()):
            button.setFont(theme.font(0.9))
        self.gallery.retheme()

    def _on_score(self, name: str) -> None:
        self.score.set_value(name)
        self._show()

    def _show(self) -> None:
        name = self.score.value() or "entropy"
        full = self._full if name == "entropy" else 1.0
        if self._tables:
            self.gallery.draw_scores(self._tables, scores.KINDS.index(name), full, sort=self.sort.isChecked())
        self.changed.emit()


def telling(tables: Sequence[np.ndarray], labels: Sequence[str]) -> str:
    """Which heads are worth a look: for each share the head that has most of it, where that is much."""
    said = []
    for column, kind in enumerate(scores.KINDS):
        best = max(
            ((float(value), row, head) for row, table in enumerate(tables) for head, value in enumerate(table[:, column])
             if np.isfinite(value)), default=None,
        )  # fmt: skip
        if kind != "entropy" and best is not None and best[0] >= scores.TELLING:
            said.append(f"{scores.NAMES[kind]}: {labels[best[1]]}·{best[2] + 1} ({best[0]:.2f})")
    return "Worth a look – " + " · ".join(said) if said else "No head does anything simple yet."
