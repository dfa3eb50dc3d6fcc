"""The list of the lines of a table that could not be used, and why, so that a person can mend them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from playground.style import theme
from playground.worker.mailbox import LeftOut


def sentence(left: LeftOut) -> str:
    """What was used and what was not, in a line."""
    lines = "1 line" if left.refused == 1 else f"{left.refused:,} lines"
    pairs = "1 pair" if left.used == 1 else f"{left.used:,} pairs"
    return f"{left.name}: {pairs} can be used, {lines} cannot."


class LeftOutList(QDialog):
    """Line numbers and reasons; it does not hold up the window."""

    def __init__(self, left: LeftOut, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Lines of {left.name} that cannot be used")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.table = QTableWidget(len(left.lines), 2)
        self.table.setHorizontalHeaderLabels(["Line", "Why"])
        self.table.setAccessibleName(self.windowTitle())
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setWordWrap(True)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for row, (line, why) in enumerate(left.lines):
            number = QTableWidgetItem(f"{line:,}")
            number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, 0, number)
            self.table.setItem(row, 1, QTableWidgetItem(why[:1].upper() + why[1:] + "."))
        self.table.setFont(theme.font(0.95))
        self.table.resizeRowsToContents()
        rest = left.refused - len(left.lines)
        said = QLabel(sentence(left) + (f" The first {len(left.lines):,} of them:" if rest else ""))
        said.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        for widget in (said, self.table, buttons):
            column.addWidget(widget)
        self.resize(640, 420)
