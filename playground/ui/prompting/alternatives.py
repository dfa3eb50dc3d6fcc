"""What could stand in place of a token: bars to choose from, with the mouse or the keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from playground.ui.prompt_bars import Bars

ROWS = 8


class Alternatives(Bars):
    """Emits `picked` with the number of the row that was chosen."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.at_most, self.hint = ROWS, "Point at a token to see what else could stand there; click it to keep it."
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Alternatives")
        self.setToolTip("Click one: the answer goes on from there, as a branch")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Set the row under the pointer off."""
        self._light(self._at(event.position().y()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Choose the row under the pointer."""
        if (found := self._at(event.position().y())) >= 0:
            self.picked.emit(found)

    def leaveEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """No row is under it any more."""
        self._light(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Up and Down go through the rows, Enter chooses."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.choices:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._light(min(max(self.lit + step, 0), len(self.choices) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self.lit < len(self.choices):
            self.picked.emit(self.lit)
        else:
            super().keyPressEvent(event)

    def _at(self, y: float) -> int:
        found = int(y / self.row()) if y >= 0 else -1
        return found if found < len(self.choices) else -1

    def _light(self, row: int) -> None:
        if row != self.lit:
            self.lit = row
            self.setCursor(Qt.CursorShape.PointingHandCursor if row >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()
