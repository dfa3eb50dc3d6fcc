"""What the library's dialog is put together from: the list, the search field, and the question before a folder goes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QMessageBox, QWidget

from playground.ui.library import rows

MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class ModelList(QListView):
    """Letters typed here go on in the search field."""

    typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Models")
        self.setItemDelegate(rows.RowDelegate(self))
        self.setMouseTracking(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(32)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 (Qt's name)
        """Hand the letter on instead of jumping to a row that begins with it."""
        if search.strip():
            self.typed.emit(search)


class Search(QLineEdit):
    """Moves through the list with the arrow keys; Esc clears it before it closes the dialog."""

    leads: QListView | None = None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrows belong to the list, the first Esc to the text."""
        if event.key() in MOVES and self.leads is not None:
            QApplication.sendEvent(self.leads, event)
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


def may_go(parent: QWidget, title: str) -> bool:
    """Ask whether a model may be moved to the trash; Enter says yes, because the trash gives it back, Esc says no."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, "Move to the trash", f"Move “{title}” to the trash?", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText("Model, weights and training state go with its folder. The trash gives them back.")
    box.addButton(QMessageBox.StandardButton.Cancel)
    move = box.addButton("Move to trash", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(move)
    box.exec()
    return box.clickedButton() is move
