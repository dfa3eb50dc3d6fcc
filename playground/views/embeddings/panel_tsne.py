"""The strip of t-SNE: how far it is and Cancel, or from which step it is and Run again."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from playground.style import theme
from playground.style.numbers import percent
from playground.style.widgets import Elided
from playground.views.embeddings.frame import EmbeddingFrame


class TsneBar(QWidget):
    """`run` numbers the layouts that were asked for; 0 is none."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run, self._asked, self._shown = 0, 0, False
        self.bar, self.said, self.button = QProgressBar(), Elided(), QPushButton()
        self.bar.setTextVisible(False)
        self.bar.setMaximum(100)
        self.bar.setFixedWidth(140)
        self.bar.setAccessibleName("Progress of t-SNE")
        self.button.setProperty("role", "link")
        self.button.clicked.connect(self._on_button)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.bar)
        row.addWidget(self.said, 1)
        row.addWidget(self.button)
        self._show(None, "")

    def wish(self) -> None:
        """A layout is wanted, unless one is there or was given up."""
        if not self._asked:
            self._again()

    def say(self, frame: EmbeddingFrame) -> None:
        """How it stands."""
        self._shown = frame.layout == "tsne"
        if frame.progress is not None:
            meanwhile = f" · that of step {frame.layout_step:,} meanwhile" if self._shown else " · PCA meanwhile"
            percentage = percent(frame.progress.share) if frame.progress.share else ""
            self._show(frame.progress.share, f"t-SNE: {frame.progress.doing} {percentage}{meanwhile}")
        elif self._shown:
            old = f", the model is at {frame.step:,}" if frame.step != frame.layout_step else ""
            self._show(None, f"t-SNE of step {frame.layout_step:,}{old} · divergence {frame.divergence:.2f} nats")
        else:
            self._show(None, frame.note or "No t-SNE yet · PCA meanwhile")

    def retheme(self) -> None:
        """Take the type sizes in force."""
        for widget in (self.said, self.button):
            widget.setFont(theme.font(0.9))

    def _again(self) -> None:
        self._asked += 1
        self.run = self._asked

    def _show(self, share: float | None, said: str) -> None:
        running = share is not None
        self.bar.setVisible(running)
        self.bar.setValue(round(100 * (share or 0.0)))
        self.said.setText(said)
        self.button.setText("Cancel" if running else "Run again" if self._shown else "Run")
        self.button.setAccessibleName("Cancel t-SNE" if running else "Run t-SNE")

    def _on_button(self) -> None:
        if self.button.text() == "Cancel":
            self.run = 0
        else:
            self._again()
        self.changed.emit()
