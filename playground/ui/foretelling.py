"""Foretelling: tool tips that say, before it is done, what a change would keep of the weights."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip, QWidget


class Foretold(QObject):
    """Adds what `ask` says to a widget's tool tip, asked only in the moment in which somebody wants to read it."""

    def __init__(self, widget: QWidget, ask: Callable[[], str]) -> None:
        super().__init__(widget)
        self._widget, self._ask = widget, ask
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Show the longer tool tip in place of the widget's own."""
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return False
        QToolTip.showText(event.globalPos(), both(self._widget.toolTip(), self._ask()), self._widget)
        return True


def both(tip: str, foretold: str) -> str:
    """A tool tip and what is foretold, in one."""
    if tip.startswith("<"):  # rich text
        return f"{tip}<p>{foretold}</p>" if foretold else tip
    return "\n".join(filter(None, (tip, foretold)))
