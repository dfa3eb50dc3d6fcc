"""What the form knows of an editor: it shows a value or several, reports what the person wants, and can be marked wrong."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from playground.style.widgets import repolish
from playground.ui.inspector.fields import Field


class Editor(QWidget):
    """The base of all editors. `edited` carries the value that is wanted; `hinted` the choice under the pointer, or None."""

    edited = Signal(object)
    hinted = Signal(object)

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(0)

    def value(self) -> Any:
        """What is shown; None where several values are."""
        raise NotImplementedError

    def show_value(self, value: Any, effective: Any) -> None:
        """Show a value without a signal; `effective` is what counts when the value itself is left open (None)."""
        raise NotImplementedError

    def show_mixed(self, first: Any) -> None:
        """Show that there are several values, of which `first` is one, without a signal."""
        raise NotImplementedError

    def settle(self) -> None:
        """Forget what is half typed or half dragged: the row is about to show another part."""

    def controls(self) -> list[QWidget]:
        """The widgets that take keys, the main one last."""
        raise NotImplementedError

    def value_of(self, control: QWidget) -> Any:
        """What would be asked for by pressing a control; None for one that can ask for many things."""
        return None

    def set_wrong(self, wrong: bool) -> None:
        """Mark the value as one that cannot be."""
        for control in self.controls():
            if bool(control.property("wrong")) != wrong:
                control.setProperty("wrong", wrong)
                repolish(control)

    def set_texts(self, name: str, tip: str, whats_this: str) -> None:
        """Name for screen readers, tooltip and longer help."""
        for control in self.controls():
            control.setAccessibleName(name)
            control.setAccessibleDescription(tip)
            control.setToolTip(tip)
            control.setWhatsThis(whats_this)

    def _emit(self, value: Any) -> None:
        self.edited.emit(value)
