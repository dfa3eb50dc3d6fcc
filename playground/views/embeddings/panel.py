"""The embeddings panel: the cloud of tokens with its legend, its search, and what is shown of how many."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Caption, EmptyState
from playground.views.embeddings.frame import KINDS, EmbeddingFrame, EmbeddingLook
from playground.views.embeddings.panel_cloud import COLOURS, SHAPES, Cloud, mark


class EmbeddingsPanel(QWidget):
    """Draws an EmbeddingFrame; click a kind in the legend to hide it."""

    look_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: EmbeddingFrame | None = None
        self.title, self.stamp, self.count, self.axes = Caption("Token embeddings"), QLabel(), QLabel(), QLabel()
        self.search, self.fit, self.cloud = QLineEdit(), QPushButton("Fit"), Cloud()
        self.search.setPlaceholderText("Find a token")
        self.search.setAccessibleName("Find a token")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(180)
        self.fit.setProperty("role", "link")
        self.fit.setToolTip("Show everything again (double click)")
        self.kinds = [QPushButton(kind) for kind in KINDS]
        for kind, button in zip(KINDS, self.kinds, strict=True):
            button.setCheckable(True)
            button.setChecked(True)
            button.setProperty("role", "link")
            button.setAccessibleName(f"Show {kind}")
            button.setToolTip(f"Show or hide {kind}")
            button.toggled.connect(self._on_kinds)
        for text in (self.stamp, self.count, self.axes):
            text.setProperty("role", "quiet")
        self._arrange()
        self.search.textChanged.connect(self._on_search)
        self.fit.clicked.connect(self.cloud.fit)
        self.retheme()

    def look(self) -> EmbeddingLook:
        """As many tokens as the picture can hold."""
        return EmbeddingLook()

    def draw(self, frame: EmbeddingFrame) -> None:
        """Show a frame."""
        self._frame = frame
        self._pages.setCurrentIndex(1)
        counts = np.bincount(frame.kinds, minlength=len(KINDS))
        for kind, button, count in zip(KINDS, self.kinds, counts.tolist(), strict=True):
            button.setText(f"{kind} {count:,}")
            button.setVisible(count > 0)
        first, second = frame.explained
        self.axes.setText(f"across: PC 1 · {first:.0%} of the variance   up: PC 2 · {second:.0%}")
        self.stamp.setText(f"picture of step {frame.step:,}")
        self.cloud.draw(frame, self._found())
        self._say_count()

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        self.title.restyle()
        for text in (self.stamp, self.count, self.axes, *self.kinds):
            text.setFont(theme.font(0.9))
        for kind, button in enumerate(self.kinds):
            button.setIcon(_icon(kind))
            button.setIconSize(QSize(12, 12))
        self._dim()
        self.cloud.update()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        for widget in (self.title, self.search, self.fit):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.stamp)
        legend = QHBoxLayout()
        legend.setSpacing(2)
        for button in self.kinds:
            legend.addWidget(button)
        legend.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(self.axes)
        foot.addStretch(1)
        foot.addWidget(self.count)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(legend)
        column.addWidget(self.cloud, 1)
        column.addLayout(foot)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(EmptyState("No embeddings yet", "They appear as soon as a model is loaded."))
        self._pages.addWidget(shown)

    def _found(self) -> np.ndarray:
        wanted = self.search.text()
        tokens = self._frame.tokens if self._frame else ()
        return np.array([bool(wanted) and wanted.lower() in token.lower() for token in tokens], dtype=bool)

    def _on_search(self) -> None:
        if self._frame is not None:
            self.cloud.draw(self._frame, self._found())
            self._say_count()

    def _on_kinds(self) -> None:
        self.cloud.hidden = {kind for kind, button in enumerate(self.kinds) if not button.isChecked()}
        self.cloud.update()
        self._dim()
        self._say_count()

    def _dim(self) -> None:
        for button in self.kinds:
            tone = theme.theme().text if button.isChecked() else theme.theme().line
            button.setStyleSheet(f"color: {tone};" + ("" if button.isChecked() else "text-decoration: line-through;"))

    def _say_count(self) -> None:
        if self._frame is None:
            return
        said = f"{int(self.cloud.shown().sum()):,} of {self._frame.total:,} tokens shown"
        if self.search.text():
            said = f"{int((self._found() & self.cloud.shown()).sum()):,} found · {said}"
        self.count.setText(said)
        self.count.setToolTip("The others never stand in the text, or their kind is hidden in the legend")


def _icon(kind: int) -> QIcon:
    pixmap = QPixmap(48, 48)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(COLOURS[kind]))
    middle = QRectF(0, 0, 48, 48).center()
    mark(painter, SHAPES[kind], middle.x(), middle.y(), 16)
    painter.end()
    return QIcon(pixmap)


PANEL = EmbeddingsPanel
