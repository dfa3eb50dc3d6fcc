"""The page of recipes: one question put in several ways, compared by loss and answer."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from playground.style import theme
from playground.style.tokentext import label
from playground.style.widgets import Caption
from playground.worker.telling import WaysTold

PLACE = "{prompt}"
RECIPES = f"{PLACE}\nNote: {PLACE}\nQuestion: {PLACE}\\nAnswer:\n{PLACE} {PLACE}"
AT_MOST = 8
DELAY_MS = 400


def ways(prompt: str, recipes: str) -> tuple[str, ...]:
    """A prompt in every way: a line each, in which {prompt} stands for it and \\n for a line end; each once, 8 at most."""
    lines = [line.replace("\\n", "\n").replace(PLACE, prompt) for line in recipes.split("\n") if line.strip()]
    return tuple(dict.fromkeys(lines))[:AT_MOST] if prompt else ()


class WaysPage(QWidget):
    """`changed` is emitted when other ways, or another wanted answer, were written."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recipes, self.wanted, self.table = QPlainTextEdit(RECIPES), QLineEdit(), QTableWidget(0, 3)
        self.captions = Caption("Ways, one a line"), Caption("Wanted answer")
        self.recipes.setAccessibleName("Ways to put the question")
        self.recipes.setToolTip(f"{PLACE} stands for the prompt, \\n for a line end")
        self.recipes.setTabChangesFocus(True)
        self.recipes.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.wanted.setAccessibleName("Wanted answer")
        self.wanted.setPlaceholderText("optional: its loss is compared")
        self.table.setAccessibleName("Answers to every way")
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.changed)
        self.recipes.textChanged.connect(self._timer.start)
        self.wanted.textEdited.connect(lambda _text: self._timer.start())
        self._arrange()

    def draw(self, told: WaysTold) -> None:
        """Show the answers; the way with the least loss is set off."""
        self.table.setHorizontalHeaderLabels(["Way", "Loss of answer" if told.of_answer else "Loss of prompt", "Answer"])
        self.table.setRowCount(len(told.ways))
        known = [way.loss for way in told.ways if not math.isnan(way.loss)]
        for row, way in enumerate(told.ways):
            loss = "–" if math.isnan(way.loss) else f"{way.loss:.2f}"
            best = bool(known) and way.loss == min(known) and len(told.ways) > 1
            for column, text in enumerate((label(way.prompt, 80), loss, label(way.answer, 120))):
                item = QTableWidgetItem(text)
                item.setToolTip(way.note or (way.prompt, "nats a token", way.answer)[column])
                if column == 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if best:
                    item.setForeground(theme.colour("good"))
                self.table.setItem(row, column, item)

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        for caption in self.captions:
            caption.restyle()
        for widget in (self.recipes, self.wanted, self.table):
            widget.setFont(theme.font(0.9, mono=True))
        self.table.horizontalHeader().setFont(theme.font(0.9))
        now = theme.theme()
        self.table.setStyleSheet(
            f"QTableWidget {{ background: transparent; color: {now.text}; gridline-color: {now.line}; }}"
            f"QHeaderView::section {{ background: {now.window}; color: {now.quiet}; border: none; padding: 2px 6px; }}"
        )
        self.table.verticalHeader().setDefaultSectionSize(round(theme.points(2.4)))

    def _arrange(self) -> None:
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        left, row = QVBoxLayout(), QHBoxLayout(self)
        left.setSpacing(4)
        for widget, stretch in ((self.captions[0], 0), (self.recipes, 1), (self.captions[1], 0), (self.wanted, 0)):
            left.addWidget(widget, stretch)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(left, 2)
        row.addWidget(self.table, 5)
