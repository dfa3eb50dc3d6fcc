"""A refusal in words, with a button for each repair, and values in words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from playground.ui.inspector.fields import said
from playground.ui.inspector.number import written
from playground.ui.inspector.placing import FixEach, Said


class Notice(QFrame):
    """A refusal in words, with a button for each repair."""

    repair = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "notice")
        self.label = QLabel(self)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons: list[QPushButton] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 5, 6, 5)
        column.setSpacing(2)
        self._first, self._more = QHBoxLayout(), QGridLayout()
        self._first.addWidget(self.label, 1)
        self._more.setColumnStretch(2, 1)
        self._more.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._first)
        column.addLayout(self._more)
        self.hide()

    def say(self, what: Said, path: str = "") -> None:
        """Show a refusal; a repair of the field at `path` itself only names the value."""
        self.clear()
        self.label.setText("\n".join(what.messages))
        for index, fix in enumerate(sorted(what.fixes, key=lambda fix: fix.path != path)):
            button = QPushButton(
                f"use {shown(fix.value)}" if fix.path == path and not isinstance(fix, FixEach) else fix.label, self
            )
            button.setProperty("role", "link")
            button.setAccessibleName(f"Repair: {fix.label}")
            button.setToolTip(f"Set {fix.label}" if isinstance(fix, FixEach) else f"Set {fix.path} to {shown(fix.value)}")
            button.clicked.connect(lambda _checked=False, fix=fix: self.repair.emit(fix))
            if len(what.fixes) == 1:
                self._first.addWidget(button)
            else:
                self._more.addWidget(button, *divmod(index, 2), Qt.AlignmentFlag.AlignLeft)
            self.buttons.append(button)
        self.show()

    def clear(self) -> None:
        """Nothing is wrong."""
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self.buttons = []
        self.hide()


def shown(value: Any) -> str:
    """A value in words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return written(value)
    return said(value) if isinstance(value, str) else str(value) if isinstance(value, int) else "the part as it was"
