"""The library page: prompts worth a try with this model, what to expect, and a table of examples to put before one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from playground.spec.prompts import LibraryPrompt, few_shot, load
from playground.style import theme
from playground.style.tokentext import label
from playground.style.widgets import Caption

ROWS = 6
EMPTY = "This model’s folder has no prompts.toml; the examples on the right make a prompt for any model."
STARTED = (("2 + 3", "5"), ("4 + 4", "8"))


class LibraryPage(QWidget):
    """`chosen` carries a prompt for the bar."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.prompts: tuple[LibraryPrompt, ...] = ()
        self._folder: Path | None = None
        self.list, self.expect = QListWidget(), QLabel(EMPTY)
        self.list.setAccessibleName("Prompts of this model")
        self.expect.setWordWrap(True)
        self.expect.setProperty("role", "quiet")
        self.table, self.put = QTableWidget(ROWS, 2), QPushButton("Put before the prompt")
        self.table.setAccessibleName("Examples")
        self.table.setHorizontalHeaderLabels(["Input", "Answer"])
        self.put.setToolTip("Write the examples as lines, and the prompt as the last of them with its answer left open")
        self.captions = Caption("Prompts"), Caption("Examples (few-shot)")
        for row, cells in enumerate(STARTED):
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.list.itemClicked.connect(lambda item: self._on_prompt(item.data(Qt.ItemDataRole.UserRole)))
        self.list.itemActivated.connect(lambda item: self._on_prompt(item.data(Qt.ItemDataRole.UserRole)))
        self._arrange()

    def examples(self) -> list[tuple[str, str]]:
        """The rows of the table, empty ones as well."""
        cells = [[self.table.item(row, column) for column in range(2)] for row in range(self.table.rowCount())]
        return [(asked.text() if asked else "", said.text() if said else "") for asked, said in cells]

    def written(self, question: str) -> str:
        """A question behind the examples; one that stands behind examples already is taken from its last line."""
        last = question.rsplit("\n", 1)[-1]
        return few_shot(self.examples(), last.removesuffix("->").rstrip() if " ->" in question else question)

    def set_folder(self, folder: Path | None) -> None:
        """Show the prompts of a model folder."""
        if folder == self._folder and folder is not None:
            return
        self._folder, self.prompts, said = folder, (), EMPTY
        if folder is not None:
            try:
                self.prompts = load(folder)
            except ValueError as error:
                said = str(error)
        self.list.clear()
        for each in self.prompts:
            item = QListWidgetItem(label(each.text, 60))
            item.setToolTip(each.expect)
            item.setData(Qt.ItemDataRole.UserRole, self.list.count())
            self.list.addItem(item)
        self.list.setVisible(bool(self.prompts))
        self.expect.setText("Choose one: it goes into the bar, and here stands what to expect." if self.prompts else said)

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        for caption in self.captions:
            caption.restyle()
        for widget in (self.expect, self.put):
            widget.setFont(theme.font(0.9))
        for each in (self.list, self.table, self.table.horizontalHeader()):
            each.setFont(theme.font(0.9, mono=each is not self.table.horizontalHeader()))
        now = theme.theme()
        self.table.setStyleSheet(
            f"QTableWidget {{ background: {now.surface}; color: {now.text}; gridline-color: {now.line}; border-radius: 6px; }}"
            f"QHeaderView::section {{ background: {now.window}; color: {now.quiet}; border: none; padding: 2px 6px; }}"
        )
        self.table.verticalHeader().setDefaultSectionSize(round(theme.points(2.4)))

    def _arrange(self) -> None:
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        for caption, parts in zip(self.captions, ((self.list, self.expect), (self.table, self.put)), strict=True):
            column = QVBoxLayout()
            column.setSpacing(6)
            column.addWidget(caption)
            for part in parts:
                column.addWidget(part, 1 if part in (self.list, self.table) else 0)
            if parts[0] is self.list:
                column.addStretch(0)
            row.addLayout(column, 1)

    def _on_prompt(self, number: int) -> None:
        prompt = self.prompts[number]
        self.expect.setText(prompt.expect or "Nobody has written what to expect.")
        self.chosen.emit(prompt.text)
