"""The predictions panel: the grid of what each layer would answer, and for one cell the likeliest tokens and their growth."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.numbers import percent
from playground.style.tokentext import label, quoted
from playground.style.widgets import Elided, EmptyState, Segments
from playground.views.lit import Lit
from playground.views.predictions.frame import PredictionsFrame, PredictionsLook
from playground.views.predictions.panel_grid import CHANCE, RANK, TRUTH, Cell, PredictionsGrid

DELAY_MS = 250
COLOURINGS = ((CHANCE, "Confidence"), (TRUTH, "Right token"), (RANK, "Its rank"))


class PredictionsPanel(QWidget):
    """Draws a PredictionsFrame. Hovering previews a cell, a click locks it, Esc releases."""

    look_changed = Signal()
    lit = Signal(object)
    """A `Lit`: the token behind which the hovered or locked cell stands."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: PredictionsFrame | None = None
        self.grid, self.area, self.likeliest, self.growth = PredictionsGrid(), QScrollArea(), Likeliest(), Growth()
        self.colouring = Segments(COLOURINGS)
        self.colouring.set_accessible("Colour by")
        self.colouring.set_value(CHANCE)
        self.colouring.setToolTip("Confidence in the likeliest token, the probability of the right one, or its place among all")
        self.stamp = Elided()
        self.edit = QLineEdit()
        self.edit.setPlaceholderText("Type your own text here")
        self.edit.setAccessibleName("Text to predict")
        self.edit.setClearButtonEnabled(True)
        self.empty = EmptyState("Waiting for the first picture", "What each layer would answer appears here.")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.look_changed)
        self._arrange()
        self.edit.textChanged.connect(self._timer.start)
        self.colouring.chosen.connect(self._on_colouring)
        self.grid.pointed.connect(self._on_pointed)
        self.grid.picked.connect(self._on_picked)
        self.retheme()

    def look(self) -> PredictionsLook:
        """The person's text, or the validation text."""
        return PredictionsLook(self.edit.text())

    def draw(self, frame: PredictionsFrame) -> None:
        """Show a frame."""
        self._frame = frame
        self._pages.setCurrentIndex(1)
        self.grid.show_frame(frame)
        left = f" · {frame.shortened:,} more did not fit" if frame.shortened else ""
        self.stamp.setText(f"picture of step {frame.step:,} · {len(frame.tokens)} positions{left}")
        self._speak()

    def show_lit(self, lit: Lit) -> None:
        """Mark the positions that another view points at."""
        frame = self._frame
        if frame is not None:
            self.grid.light(frozenset(np.flatnonzero(
                np.isin(np.arange(len(frame.reads)) + frame.before, lit.positions) if lit.positions
                else np.isin(frame.reads, lit.ids)
            ).tolist()))  # fmt: skip

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        for text in (self.stamp, self.edit, *self.colouring.buttons()):
            text.setFont(theme.font(0.9))
        metrics = self.colouring.fontMetrics()
        for button in self.colouring.buttons():  # the chosen one is bold and must not be cut
            button.setMinimumWidth(round(metrics.horizontalAdvance(button.text()) * 1.1) + 26)
        self.edit.setFont(theme.font(0.95, mono=True))
        self.empty.title.setFont(theme.font(1.3, bold=True))
        self.grid.updateGeometry()
        self.grid.update()

    def _on_colouring(self, name: str) -> None:
        self.grid.colouring = name
        self.grid.update()

    def _on_pointed(self, _cell: Cell | None) -> None:
        self._speak()
        self._tell()

    def _tell(self) -> None:
        frame, cell = self._frame, self.grid.cell()
        if frame is None or cell is None:
            self.lit.emit(Lit())
        else:
            place = cell[1]
            self.lit.emit(Lit((place + frame.before,), (int(frame.reads[place]),), cell == self.grid.locked))

    def _on_picked(self, cell: Cell | None) -> None:
        if cell is not None:
            place = self.grid.place(*cell).toRect()
            self.area.ensureVisible(place.center().x(), place.center().y(), place.width(), place.height())
        self._speak()
        self._tell()

    def _speak(self) -> None:
        """Show the cell that is spoken of; without one, the output at the last position that has an answer."""
        frame = self._frame
        if frame is None:
            return
        row, position = self.grid.cell() or (len(frame.rows) - 1, len(frame.tokens) - 1)
        self.likeliest.show_cell(frame, row, position)
        self.growth.show_position(frame, position, row)

    def _arrange(self) -> None:
        self.area.setWidget(self.grid)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.colouring)
        head.addWidget(self.edit, 1)
        head.addWidget(self.stamp)
        self.stamp.setMinimumWidth(150)
        self.stamp.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self.likeliest, 3)
        foot.addWidget(self.growth, 2)
        foot.setSpacing(16)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(16, 10, 16, 8)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.area, 1)
        column.addLayout(foot)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(shown)


class Likeliest(QWidget):
    """The likeliest tokens of one cell as bars, in two columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption = ""
        self.items: list[tuple[str, float]] = []
        self.setMinimumHeight(118)
        self.setAccessibleName("Likeliest tokens")

    def show_cell(self, frame: PredictionsFrame, row: int, position: int) -> None:
        """Show a cell."""
        where = "the output" if row == len(frame.rows) - 1 else f"{frame.rows[row]}"
        read = frame.tokens[position]
        self.caption = f"{where} behind {quoted(read)}" if read else f"{where} in the blank"
        self.items = frame.top(row, position)
        self.setAccessibleDescription(", ".join(f"{token} {percent(chance)}" for token, chance in self.items[:5]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Caption and bars; a full bar is certainty."""
        painter = QPainter(self)
        painter.setFont(theme.font(0.9, bold=True))
        painter.setPen(theme.colour("text"))
        high = self.height() / 6
        painter.drawText(
            QRectF(0, 0, self.width(), high), Qt.AlignmentFlag.AlignVCenter, self.caption[:1].upper() + self.caption[1:]
        )
        wide = (self.width() - 24) / 2
        for index, (token, chance) in enumerate(self.items[:10]):
            left, top = (index // 5) * (wide + 24), high * (1 + index % 5)
            painter.setFont(theme.font(0.88, mono=True))
            painter.setPen(theme.colour("text"))
            painter.drawText(QRectF(left, top, wide * 0.42, high), Qt.AlignmentFlag.AlignVCenter, f"“{label(token, 10)}”")
            track = QRectF(left + wide * 0.44, top + high * 0.22, wide * 0.32, high * 0.56)
            painter.fillRect(track, theme.colour("raised"))
            painter.fillRect(
                QRectF(track.left(), track.top(), max(1.0, track.width() * chance), track.height()), theme.colour("unembedding")
            )
            painter.setFont(theme.font(0.85))
            painter.setPen(theme.colour("quiet"))
            place = QRectF(track.right() + 4, top, wide - (track.right() + 4 - left), high)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, percent(chance))


class Growth(QWidget):
    """How the probability of what the output answers grows from layer to layer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: list[float] = []
        self.row, self.caption = 0, ""
        self.setMinimumSize(120, 118)
        self.setAccessibleName("Probability of the answer by layer")

    def show_position(self, frame: PredictionsFrame, position: int, row: int) -> None:
        """Show a position; `row` is the layer that is spoken of."""
        self.values, self.row = frame.growth[:, position].tolist(), row
        self.caption = f"{quoted(frame.top(len(frame.rows) - 1, position)[0][0])} by layer"
        self.setAccessibleDescription(", ".join(map(percent, self.values)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The curve on its fixed scale from 0 to 100 %."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(0.9, bold=True))
        painter.setPen(theme.colour("text"))
        high = self.height() / 6
        painter.drawText(QRectF(0, 0, self.width(), high), Qt.AlignmentFlag.AlignVCenter, self.caption)
        area = QRectF(34, high + 4, self.width() - 42, self.height() - high - 22)
        painter.setFont(theme.font(0.85))
        painter.setPen(theme.colour("quiet"))
        for share in (0.0, 1.0):
            y = area.bottom() - share * area.height()
            painter.drawText(
                QRectF(0, y - 9, 30, 18), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{share:.0%}"[:-1]
            )
        painter.drawText(QRectF(area.left(), area.bottom() + 2, area.width(), 18), Qt.AlignmentFlag.AlignLeft, "embedding")
        painter.drawText(QRectF(area.left(), area.bottom() + 2, area.width(), 18), Qt.AlignmentFlag.AlignRight, "output")
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if len(self.values) < 2:
            return
        step = area.width() / (len(self.values) - 1)
        points = [
            QPointF(area.left() + index * step, area.bottom() - value * area.height())
            for index, value in enumerate(self.values)
        ]
        painter.setPen(QPen(theme.colour("unembedding"), 2))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(theme.colour("unembedding"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(points[min(self.row, len(points) - 1)], 4, 4)


PANEL = PredictionsPanel
