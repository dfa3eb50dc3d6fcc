"""Controls in rows: as many side by side as there is room for, the rest below them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

ACROSS, DOWN = 8, 4
"""Pixels between controls and between rows."""


class Flow(QWidget):
    """Lays its widgets out from left to right, then from top to bottom; hidden ones take no room."""

    def __init__(self, widgets: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._widgets = widgets
        for widget in widgets:
            widget.setParent(self)

    def widest(self) -> int:
        """Pixels of the widest control that is shown: with less, something is cut off."""
        return max((_wide(widget) for widget in self._widgets if not widget.isHidden()), default=0)

    def arrange(self) -> None:
        """Place everything anew and take the height it needs."""
        rows: list[list[QWidget]] = [[]]
        left = 0
        for widget in self._widgets:
            if widget.isHidden():
                continue
            if rows[-1] and left + _wide(widget) > self.width():
                rows.append([])
                left = 0
            rows[-1].append(widget)
            left += _wide(widget) + ACROSS
        top = 0
        for row in rows:
            high, left = max((widget.sizeHint().height() for widget in row), default=0), 0
            for widget in row:
                widget.setGeometry(left, top, _wide(widget), high)
                left += _wide(widget) + ACROSS
            top += high + DOWN
        self.setFixedHeight(max(0, top - DOWN))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """More or less room."""
        self.arrange()


def _wide(widget: QWidget) -> int:
    return min(widget.maximumWidth(), max(widget.sizeHint().width(), widget.minimumSizeHint().width(), widget.minimumWidth()))
