"""The library as a dialog: search, the list of models, the card of the chosen one, and what can be done with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QStandardItemModel
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from playground.places import documents
from playground.style.widgets import Elided, EmptyState, Hairline
from playground.ui.library import folders, rows
from playground.ui.library.entries import Entry, entries
from playground.ui.library.parts import ModelList, Search, may_go
from playground.ui.library.reader import CardReader
from playground.ui.opening import kind_of


class Library(QDialog):
    """A picker over the shipped models and the person's own; show it with `open()`."""

    chosen = Signal(Path)
    """The folder of the model to open; the dialog has closed itself."""

    def __init__(self, parent: QWidget | None = None, own: Path | None = None, current: Path | None = None) -> None:
        """`own` is where the person's models lie; `current`, the one that is open now, is chosen at first."""
        super().__init__(parent)
        self._own = own or documents()
        self._entries: list[Entry] = []
        self.setWindowTitle("Library")
        self.search, self.list, self.reader = Search(), ModelList(), CardReader()
        self.model = QStandardItemModel(self)
        self.list.setModel(self.model)
        self.search.leads = self.list
        self.empty = EmptyState(
            "Nothing matches", "Words are looked for in names, cards and architectures. Esc clears the search."
        )
        self.status, self.place = QLabel(), Elided()
        self.duplicate, self.delete = QPushButton("Duplicate"), QPushButton("Delete…")
        self.other, self.cancel, self.open_button = QPushButton("Another folder…"), QPushButton("Cancel"), QPushButton("Open")
        self._arrange()
        self._connect()
        self.refresh(current)
        self.resize(1000, 640)

    def entry(self) -> Entry | None:
        """The chosen entry."""
        return rows.entry_of(self.list.currentIndex())

    def shown(self) -> list[Entry]:
        """The entries in the list, from top to bottom."""
        every = (rows.entry_of(self.model.index(row, 0)) for row in range(self.model.rowCount()))
        return [entry for entry in every if entry is not None]

    def refresh(self, choose: Path | None = None) -> None:
        """Read the folders again and choose one of them, or the first."""
        self._entries = entries(self._own)
        self._fill(choose)

    def _arrange(self) -> None:
        self.search.setPlaceholderText("Search models")
        self.search.setAccessibleName("Search models")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumHeight(32)
        self.left = QStackedWidget()
        self.left.addWidget(self.list)
        self.left.addWidget(self.empty)
        self.card = QFrame()
        self.card.setProperty("role", "card")
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.setSpacing(0)
        foot = QWidget()
        footing = QHBoxLayout(foot)
        footing.setContentsMargins(20, 8, 16, 8)
        footing.addWidget(self.place, 1)
        for widget, stretch in ((self.reader, 1), (Hairline(), 0), (foot, 0)):
            inside.addWidget(widget, stretch)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        for index, (widget, stretch) in enumerate(((self.left, 0), (self.card, 1))):
            self.columns.addWidget(widget)
            self.columns.setStretchFactor(index, stretch)
        self.columns.setHandleWidth(12)
        self.columns.setStyleSheet("QSplitter::handle { background: transparent; }")
        self.columns.setChildrenCollapsible(False)
        self.status.setWordWrap(True)
        self.status.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.duplicate, self.delete, self.other):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.open_button)
        self.open_button.setDefault(True)
        self.open_button.setProperty("role", "primary")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.search)
        column.addWidget(self.columns, 1)
        column.addWidget(self.status)
        column.addLayout(buttons)
        self.setMinimumSize(720, 440)

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda: self._fill(self._folder()))
        self.list.typed.connect(self._type)
        self.list.selectionModel().currentChanged.connect(self._show)
        self.list.doubleClicked.connect(self._open)
        self.open_button.clicked.connect(self._open)
        self.cancel.clicked.connect(self.reject)
        self.duplicate.clicked.connect(self._duplicate)
        self.delete.clicked.connect(self._delete)
        self.other.clicked.connect(self._browse)
        for keys, run in (("Ctrl+D", self._duplicate), ("Ctrl+F", self.search.setFocus)):
            QShortcut(QKeySequence(keys), self, run)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list, self._delete,
                  context=Qt.ShortcutContext.WidgetShortcut)  # fmt: skip
        self.duplicate.setToolTip("A copy among your own models (Ctrl+D)")
        self.other.setToolTip("Open a model that lies elsewhere")

    def _fill(self, choose: Path | None) -> None:
        words = self.search.text()
        rows.fill(self.model, [entry for entry in self._entries if entry.matches(words)], searching=bool(words.strip()))
        shown = self.shown()
        self.left.setCurrentWidget(self.list if shown else self.empty)
        self.card.setVisible(bool(shown))
        self.empty.title.setText(f"Nothing matches “{words.strip()}”")
        wanted = next((entry for entry in shown if entry.folder == choose), shown[0] if shown else None)
        for row in range(self.model.rowCount()):
            index = self.model.index(row, 0)
            if wanted is not None and rows.entry_of(index) is wanted:
                self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
                self.list.scrollTo(index)
        if wanted is not None and wanted is shown[0]:
            self.list.scrollToTop()  # its group's caption with it
        self._show()

    def _show(self) -> None:
        """The card of the chosen one, and the buttons that mean something for it."""
        entry = self.entry()
        self.reader.show_entry(entry)
        self.place.setText(str(entry.folder) if entry else "")
        self.open_button.setEnabled(entry is not None and entry.experiment is not None)
        self.duplicate.setEnabled(entry is not None and entry.experiment is not None)
        self.delete.setEnabled(entry is not None and not entry.shipped)
        self.delete.setToolTip("" if self.delete.isEnabled() else "A shipped model stays; duplicate it and change the copy")
        self._say("")

    def _open(self) -> None:
        entry = self.entry()
        if entry is not None and entry.experiment is not None:
            self._choose(entry.folder)

    def _choose(self, folder: Path) -> None:
        self.accept()
        self.chosen.emit(folder)

    def _duplicate(self) -> None:
        entry = self.entry()
        if entry is None or entry.experiment is None:
            return
        try:
            made = folders.duplicate(entry.folder, entry.title, self._own)
        except OSError as error:
            self._say(
                f"{entry.title} was not copied: {error.strerror or error}. Is {self._own} writable, and the disk not full?"
            )
            return
        self.search.clear()
        self.refresh(made)
        self._say(f"{made.name} is among your models now.")

    def _delete(self) -> None:
        entry = self.entry()
        if entry is None or entry.shipped or not may_go(self, entry.title):
            return
        if not folders.to_trash(entry.folder):
            self._say(f"{entry.title} could not be moved to the trash. Delete its folder yourself: {entry.folder}")
            return
        self.refresh(self._neighbour(entry))
        self._say(f"{entry.title} is in the trash.")

    def _neighbour(self, entry: Entry) -> Path | None:
        """The one that takes its place, so that the keyboard stays where it was."""
        shown = self.shown()
        at = shown.index(entry)
        left = shown[at + 1 :] or shown[:at][-1:]
        return left[0].folder if left else None

    def _browse(self) -> None:
        found = QFileDialog.getExistingDirectory(self, "Open a model folder", str(self._own))
        if not found:
            return
        opening = kind_of(Path(found))
        if opening.kind == "model":
            self._choose(opening.path)
        else:
            self._say(str(opening))

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def _folder(self) -> Path | None:
        entry = self.entry()
        return entry.folder if entry else None

    def _type(self, letters: str) -> None:
        self.search.setFocus()
        self.search.insert(letters)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """A little over half of the room is the list's, so that no figure is cut."""
        super().resizeEvent(event)
        left = round((self.width() - 44) * 0.55)
        self.columns.setSizes([left, self.width() - 44 - left])
