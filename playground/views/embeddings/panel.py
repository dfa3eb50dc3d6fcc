"""The embeddings panel: the cloud of tokens with its legend, its search, and what is shown of how many."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.tokentext import label
from playground.style.widgets import Caption, Elided, EmptyState
from playground.views.embeddings.frame import KINDS, EmbeddingFrame, EmbeddingLook
from playground.views.embeddings.panel_cloud import Cloud
from playground.views.embeddings.panel_legend import Legend


class EmbeddingsPanel(QWidget):
    """Draws an EmbeddingFrame; click a kind in the legend to hide it."""

    look_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: EmbeddingFrame | None = None
        self.title, self.stamp = Caption("Token embeddings"), Elided()
        self.search, self.fit = QLineEdit(), QPushButton("Fit")
        self.legend, self.cloud = Legend(), Cloud()
        self.empty = EmptyState("Waiting for the first picture", "The tokens appear here as soon as the model is loaded.")
        self.search.setPlaceholderText("Find a token")
        self.search.setAccessibleName("Find a token")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(88)
        self.search.setMaximumWidth(180)
        self.fit.setProperty("role", "link")
        self.fit.setAccessibleName("Show the whole cloud")
        self.fit.setToolTip("Show the whole cloud again (double click or Home)")
        self._arrange()
        self.search.textChanged.connect(self._mark)
        self.legend.toggled.connect(self._mark)
        self.fit.clicked.connect(self.cloud.fit)
        self.retheme()

    def look(self) -> EmbeddingLook:
        """As many tokens as the picture can hold."""
        return EmbeddingLook()

    def draw(self, frame: EmbeddingFrame) -> None:
        """Show a frame."""
        other = self._frame is None or self._frame.tokens is not frame.tokens
        self._frame = frame
        self._pages.setCurrentIndex(1 if frame.tokens else 0)
        if other:
            self.legend.say(np.bincount(frame.kinds, minlength=len(KINDS)).tolist())
        self.cloud.draw(frame)
        if other:
            self._mark()
        self._say()

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        self.title.restyle()
        self.stamp.setFont(theme.font(0.9))
        for widget in (self.search, self.fit):
            widget.setFont(theme.font(0.9))
        self.empty.title.setFont(theme.font(1.3, bold=True))
        self.legend.updateGeometry()
        self.legend.arrange()
        self.cloud.picture.prepare()
        self.cloud.refresh()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addWidget(self.search, 1)
        head.addWidget(self.fit)
        head.addStretch(1)
        head.addWidget(self.stamp)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(16, 10, 16, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.legend)
        column.addWidget(self.cloud, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(shown)

    def _found(self) -> np.ndarray:
        """Which tokens hold the wanted letters, as they are or as they are shown, bool (shown,)."""
        wanted = self.search.text().lower()
        tokens = self._frame.tokens if self._frame else ()
        return np.array([bool(wanted) and (wanted in t.lower() or wanted in label(t).lower()) for t in tokens], dtype=bool)

    def _mark(self) -> None:
        self.cloud.mark(self.legend.hidden(), self._found())
        self._say()

    def _say(self) -> None:
        """What the picture shows, of how many, and from when."""
        if self._frame is None:
            return
        shown = self.cloud.shown()
        said = f"picture of step {self._frame.step:,} · {int(shown.sum()):,} of {self._frame.total:,} tokens shown"
        if self.search.text():
            said = f"{int((self.cloud.picture.found & shown).sum()):,} found · {said}"
        self.stamp.setText(said)
        self.stamp.setToolTip(
            f"{said}. Tokens are left out when they never stand in the text, are too many, or their kind is hidden"
        )


PANEL = EmbeddingsPanel
