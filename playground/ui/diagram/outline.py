"""The outline: the same parts as a list of lines, for the keyboard, for screen readers, and for whom a picture is too much."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem, QTreeWidgetItemIterator, QWidget

from playground.spec.layers import place_of
from playground.spec.model import ModelSpec
from playground.style import theme
from playground.ui.diagram import words
from playground.ui.diagram.choice import Choice

PATH = Qt.ItemDataRole.UserRole


class Outline(QTreeWidget):
    """`chosen` carries a Choice, as the diagram's does."""

    chosen = Signal(object)
    menu_wanted = Signal(str, object)

    def __init__(self, wished: Callable[[QKeyEvent], bool], parent: QWidget | None = None) -> None:
        """`wished` does what a key means for the chosen layers, and tells whether it means anything."""
        super().__init__(parent)
        self._wished = wished
        self.setHeaderHidden(True)
        self.setColumnCount(1)
        self.setFrameShape(self.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName("Parts of the model")
        self.setIndentation(14)
        self._model: ModelSpec | None = None
        self.itemSelectionChanged.connect(self._on_selection)

    def show_model(self, model: ModelSpec) -> None:
        """A line for every part; lines that are closed stay closed."""
        if model == self._model:
            return
        closed = {item.data(0, PATH) for item in self._lines() if item.childCount() and not item.isExpanded()}
        self._model = model
        with QSignalBlocker(self):
            self.clear()
            size, position = words.embedding_words(model)
            self._line(None, "model.embedding", f"Token embedding: {size} {position}".strip())
            for stack, layers in model.stacks.items():
                for index, layer in enumerate(layers):
                    path = f"model.{stack}[{index}]"
                    named = f"{stack.capitalize()} layer" if len(model.stacks) == 2 else "Layer"
                    card = self._line(None, path, f"{named} {index + 1}")
                    self._line(card, f"{path}.norm", f"Norm: {words.norm_words(layer.norm)}")
                    if layer.attention is not None:
                        self._line(card, f"{path}.attention", f"Attention: {words.attention_help(layer.attention)}")
                    if layer.cross is not None:
                        self._line(card, f"{path}.cross", f"Cross-attention: {words.heads_words(layer.cross)}")
                    if layer.mlp is not None:
                        self._line(card, f"{path}.mlp", f"MLP: {words.mlp_words(layer.mlp)}")
                    card.setExpanded(path not in closed)
            self._line(None, "model.unembedding", f"Unembedding: {words.unembedding_words(model)}")
        self.retheme()

    def choose(self, choice: Choice) -> None:
        """Choose lines without a signal."""
        with QSignalBlocker(self):
            for item in self._lines():
                item.setSelected(item.data(0, PATH) in choice.paths)
                if item.data(0, PATH) == choice.current:
                    self.setCurrentItem(item, 0, QItemSelectionModel.SelectionFlag.NoUpdate)
                    self.scrollToItem(item)

    def retheme(self) -> None:
        """Take the type and the colours in force."""
        for item in self._lines():
            bold = item.parent() is None
            item.setFont(0, theme.font(0.95, bold=bold))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Keys that edit layers do so here too; the others move through the lines."""
        if not self._wished(event):
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """The same menu as in the picture, by mouse and by key."""
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        item = self.itemAt(event.pos()) if by_mouse else self.currentItem()
        if item is not None:
            if not item.isSelected():
                self.setCurrentItem(item, 0, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            below = self.viewport().mapToGlobal(self.visualItemRect(item).bottomLeft())
            self.menu_wanted.emit(item.data(0, PATH), event.globalPos() if by_mouse else below)

    def _line(self, parent: QTreeWidgetItem | None, path: str, text: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem([text])
        item.setData(0, PATH, path)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, text)
        if parent is None:
            self.addTopLevelItem(item)
        else:
            parent.addChild(item)
        return item

    def _lines(self) -> list[QTreeWidgetItem]:
        found, walk = [], QTreeWidgetItemIterator(self)
        while (item := walk.value()) is not None:
            found.append(item)
            walk += 1
        return found

    def _on_selection(self) -> None:
        current = self.currentItem()
        paths = [item.data(0, PATH) for item in self._lines() if item.isSelected()]
        if not paths:
            return
        here = current.data(0, PATH) if current is not None and current.isSelected() else paths[-1]
        layers = all(place_of(path) is not None for path in paths)
        made = Choice(tuple(paths), here, paths[0]) if layers or len(paths) == 1 else Choice.one(here)
        self.chosen.emit(made)
