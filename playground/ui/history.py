"""The history: every step of undo by its name, and a click to be there again."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QDialog, QLabel, QUndoView, QVBoxLayout, QWidget

from playground.style import theme


class HistoryDialog(QDialog):
    """Stays open beside the window and follows it; weights of steps that are remembered come back with them."""

    def __init__(self, stack: QUndoStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("History")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.list = QUndoView(stack, self)
        self.list.setEmptyLabel("As it was opened")
        self.list.setAccessibleName("Changes, the oldest first")
        self.list.setFont(theme.font(0.95))
        self.list.setFrameShape(QUndoView.Shape.NoFrame)
        said = QLabel("Choose a line to go back to it, or forward again. The weights of then come back as well.")
        said.setProperty("role", "quiet")
        said.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.list, 1)
        column.addWidget(said)
        self.resize(380, 420)
