"""What is shown of the heads, as a button with a menu: one head or a mean, totals, and how many tokens are read."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

MEANS = {"one": "This head", "layer": "Mean of the layer's heads", "all": "Mean of all heads"}
LENGTHS = (64, 128, 256, 512)


class Options(QToolButton):
    """`mean` and `length` are what is chosen; `changed` says that something is, `longer` that it is the length."""

    changed = Signal()
    longer = Signal()
    alone = Signal()
    """No heads over each other any more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mean, self.length = "one", LENGTHS[0]
        self.setText("This head ▾")
        self.setProperty("role", "link")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAccessibleName("What is shown of the heads")
        menu, means, lengths = QMenu(self), QActionGroup(self), QActionGroup(self)
        self.means = {name: self._entry(menu, text, means, on=name == self.mean) for name, text in MEANS.items()}
        menu.addSeparator()
        self.totals = self._entry(menu, "Totals at the edges", None)
        menu.addAction("Lay no heads over each other").triggered.connect(self.alone)
        menu.addSeparator()
        self.lengths = {each: self._entry(menu, f"Up to {each} tokens", lengths, on=each == self.length) for each in LENGTHS}
        for name, action in self.means.items():
            action.triggered.connect(partial(self._on_mean, name))
        for length, action in self.lengths.items():
            action.triggered.connect(partial(self._on_length, length))
        self.totals.toggled.connect(lambda _on: self.changed.emit())
        self.setMenu(menu)

    def fit(self, room: int) -> None:
        """Offer no more tokens than the model can read."""
        for length, action in self.lengths.items():
            action.setEnabled(length == LENGTHS[0] or room > length // 2)

    def _entry(self, menu: QMenu, text: str, group: QActionGroup | None, *, on: bool = False) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(on)
        if group is not None:
            group.addAction(action)
        return action

    def _on_mean(self, name: str) -> None:
        self.mean = name
        self.setText(f"{MEANS[name].split(' of')[0]} ▾")
        self.changed.emit()

    def _on_length(self, length: int) -> None:
        self.length = length
        self.longer.emit()
