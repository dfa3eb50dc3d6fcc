"""The side of the cloud: the nearest neighbours of the point that is held, or the list of what the lasso has caught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from playground.style import theme
from playground.style.widgets import Segments
from playground.views.embeddings.frame import EmbeddingFrame
from playground.views.embeddings.panel_writing import written

WIDE = 208
ROW = Qt.ItemDataRole.UserRole + 1
PAGE = 500
"""Rows that the list is told of at once."""
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True)
class Row:
    """A point by its key, as it is listed: its token, a value in words, and the share of the bar behind it, 0 to 1."""

    key: int
    token: str
    value: str
    share: float


class Caught(Sequence[Row]):
    """The points at some indices as rows, made when they are asked for."""

    def __init__(self, frame: EmbeddingFrame, inside: np.ndarray) -> None:
        self._frame, self._inside = frame, inside

    def __len__(self) -> int:
        return len(self._inside)

    def __getitem__(self, at: int) -> Row:  # type: ignore[override]
        frame, index = self._frame, int(self._inside[at])
        place = int(frame.places[index])
        value = f"place {place + 1:,}" if place >= 0 else f"{frame.counts[index]:,} ×"
        return Row(int(frame.keys[index]), frame.tokens[index], value, 0.0)


class RowModel(QAbstractListModel):
    """Rows that are asked for one by one: of fifty thousand only those in sight are ever made."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: Sequence[Row] = ()
        self._offered = 0

    def show(self, rows: Sequence[Row]) -> None:
        """Other rows."""
        self.beginResetModel()
        self.rows, self._offered = rows, min(len(rows), PAGE)
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 (Qt's name)
        """How many the list knows of."""
        return self._offered

    def canFetchMore(self, parent: Index) -> bool:  # noqa: N802 (Qt's name)
        """Whether there are more."""
        return self._offered < len(self.rows)

    def fetchMore(self, parent: Index) -> None:  # noqa: N802 (Qt's name)
        """The person has scrolled to the end."""
        more = min(len(self.rows), self._offered + PAGE)
        self.beginInsertRows(QModelIndex(), self._offered, more - 1)
        self._offered = more
        self.endInsertRows()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself, or its words for a screen reader."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.token} {row.value}".strip()
        return row if role == ROW else None


class RowDelegate(QStyledItemDelegate):
    """Token on the left, value on the right, a bar behind both."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # type: ignore[override]  # noqa: N802
        """One line."""
        return QSize(80, round(QFontMetricsF(theme.font(0.92, mono=True)).height()) + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]
        """Draw a row."""
        row: Row = index.data(ROW)
        box = QRectF(option.rect).adjusted(0, 1, 0, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("selected"))
        painter.drawRoundedRect(QRectF(box.left(), box.top(), max(0.0, min(1.0, row.share)) * box.width(), box.height()), 3, 3)
        mono = theme.font(0.92, mono=True)
        metrics = QFontMetricsF(mono)
        base = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
        painter.setPen(theme.colour("text"))
        painter.setFont(mono)
        painter.drawText(QPointF(box.left() + 6, base), written(row.token))
        painter.setFont(theme.font(0.92))
        wide = QFontMetricsF(theme.font(0.92)).horizontalAdvance(row.value)
        painter.drawText(QPointF(box.right() - 6 - wide, base), row.value)


class Side(QWidget):
    """A heading, a few facts, and a list; clicking a row goes to that point."""

    chosen = Signal(int)
    """The key of a row that was clicked."""
    closed = Signal()
    measured = Signal(str)
    """Cosine or distance is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDE)
        self.title, self.facts, self.close_ = QLabel(), QLabel(), QPushButton("×")
        self.measure = Segments([("cosine", "Cosine"), ("distance", "Distance")])
        self.measure.set_value("cosine")
        self.measure.set_accessible("Nearest by")
        self.list, self._model = QListView(), RowModel(self)
        self.list.setModel(self._model)
        self.list.setItemDelegate(RowDelegate(self.list))
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setUniformItemSizes(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setMinimumWidth(1)
        self.facts.setProperty("role", "quiet")
        self.facts.setWordWrap(True)
        self.close_.setProperty("role", "link")
        self.close_.setAccessibleName("Release")
        self.close_.setToolTip("Release (Esc)")
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.close_)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        for widget in (self.facts, self.measure):
            column.addWidget(widget)
        column.addWidget(self.list, 1)
        self.list.clicked.connect(lambda index: self.chosen.emit(index.data(ROW).key))
        self.list.activated.connect(lambda index: self.chosen.emit(index.data(ROW).key))
        self.close_.clicked.connect(self.closed)
        self.measure.chosen.connect(self.measured)
        self.retheme()

    def show_rows(self, title: str, facts: str, rows: Sequence[Row], measured: bool) -> None:
        """Show a list under a heading; `measured` where it is one of neighbours."""
        self.title.setText(title)
        self.facts.setText(facts)
        self.measure.setVisible(measured)
        self.list.setAccessibleName(title)
        place = self.list.verticalScrollBar().value()
        self._model.show(rows)
        self.list.verticalScrollBar().setValue(place)

    def rows(self) -> list[Row]:
        """What is listed."""
        return list(self._model.rows)

    def retheme(self) -> None:
        """Take the type sizes in force."""
        self.title.setFont(theme.font(1.05, bold=True, mono=True))
        self.facts.setFont(theme.font(0.9))
        for button in self.measure.buttons():
            button.setFont(theme.font(0.9))
        self.list.viewport().update()
