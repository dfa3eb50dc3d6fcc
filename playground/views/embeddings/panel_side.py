"""The side of the cloud: the nearest neighbours of the point that is held, or the list of what the lasso has caught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QStandardItem, QStandardItemModel
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
from playground.views.embeddings.panel_writing import written

WIDE = 208
ROW = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Row:
    """A point by its key, as it is listed: its token, a value in words, and the share of the bar behind it, 0 to 1."""

    key: int
    token: str
    value: str
    share: float


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
        self.list, self._model = QListView(), QStandardItemModel(self)
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
        if self.rows() == list(rows):
            return
        place = self.list.verticalScrollBar().value()
        self._model.clear()
        for row in rows:
            item = QStandardItem(f"{row.token} {row.value}".strip())
            item.setData(row, ROW)
            self._model.appendRow(item)
        self.list.verticalScrollBar().setValue(place)

    def rows(self) -> list[Row]:
        """What is listed."""
        return [self._model.item(at).data(ROW) for at in range(self._model.rowCount())]

    def retheme(self) -> None:
        """Take the type sizes in force."""
        self.title.setFont(theme.font(1.05, bold=True, mono=True))
        self.facts.setFont(theme.font(0.9))
        for button in self.measure.buttons():
            button.setFont(theme.font(0.9))
        self.list.viewport().update()
