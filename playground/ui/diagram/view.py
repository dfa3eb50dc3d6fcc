"""The architecture column: heading with the parameter count, the diagram, and the buttons that change the stack."""

from __future__ import annotations

import re

from PySide6.QtCore import QPoint, QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from playground.spec import cost
from playground.spec.model import ModelSpec
from playground.style import theme
from playground.style.widgets import Caption
from playground.ui.diagram import thumbnails
from playground.ui.diagram.layout import compact
from playground.ui.diagram.scene import DiagramCanvas
from playground.views.attention.frame import AttentionFrame

LAYER = re.compile(r"model\.(?:encoder|decoder)\[\d+\]")


class DiagramView(QWidget):
    """The model as cards on its residual stream. It changes nothing itself: it says what the person wants."""

    selected = Signal(str)
    layer_added = Signal(str)
    """Behind which layer a new one is wanted, by its path."""
    layer_duplicated = Signal(str)
    layer_removed = Signal(str)
    context_action = Signal(str)
    """What was taken from the context menu and where, for example "duplicate model.decoder[2]"; the signal above follows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: ModelSpec | None = None
        self._frame: AttentionFrame | None = None
        self.caption, self.size_label = Caption("Architecture", self), Caption("", self)
        self.canvas = DiagramCanvas(self)
        self.add = self._button("+ Layer", "Add a layer", "Add a layer like the chosen one, behind it")
        self.duplicate = self._button("Duplicate", "Duplicate the chosen layer", "Copy the chosen layer (Ctrl+D)")
        self.remove = self._button("Remove", "Remove the chosen layer", "Take the chosen layer out (Delete)")
        head = QHBoxLayout()
        head.setContentsMargins(16, 14, 16, 4)
        head.addWidget(self.caption)
        head.addStretch(1)
        head.addWidget(self.size_label)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(16, 8, 16, 12)
        buttons.setSpacing(6)
        for button in (self.add, self.duplicate, self.remove):
            buttons.addWidget(button, 1)
        middle = QHBoxLayout()
        middle.setContentsMargins(12, 0, 0, 0)
        middle.addWidget(self.canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(middle, 1)
        column.addLayout(buttons)
        self.setMinimumWidth(240)
        self.canvas.chosen.connect(self._on_chosen)
        self.canvas.menu_wanted.connect(self._open_menu)
        self.canvas.command.connect(self._run)
        self.add.clicked.connect(lambda: self._run("add"))
        self.duplicate.clicked.connect(lambda: self._run("duplicate"))
        self.remove.clicked.connect(lambda: self._run("remove"))
        self._settle()

    def set_model(self, model: ModelSpec) -> None:
        """Show a model; what was chosen stays chosen where it still exists."""
        self._model = model
        count = cost.parameters(model)
        self.size_label.setText(f"{compact(count)} parameters")
        self.size_label.setToolTip(f"{count:,} parameters")
        self.canvas.show_model(model)
        self._settle()

    def select(self, path: str) -> None:
        """Choose a part by its path; no signal."""
        if path != self.canvas.path:
            self.canvas.choose(path)
        self._settle()

    def selection(self) -> str:
        """The path of the chosen part."""
        return self.canvas.path

    def draw_attention(self, frame: AttentionFrame) -> None:
        """Put the heads of a new frame into the attention parts; the same frame again costs nothing."""
        if frame is self._frame:
            return
        self._frame = frame
        images = {}
        for name, patterns, causal in zip(frame.names, frame.patterns, frame.causal, strict=True):
            stack, index, *rest = name.split(".")
            images[f"model.{stack}[{index}].{rest[0] if rest else 'attention'}"] = thumbnails.image(patterns, causal)
        self.canvas.show_images(images)

    def retheme(self) -> None:
        """Take the theme and the type scale that are in force."""
        for caption in (self.caption, self.size_label):
            caption.restyle()
        for button in (self.add, self.duplicate, self.remove):
            button.setFont(theme.font(0.92))
        frame, self._frame = self._frame, None
        if frame is not None and self.canvas.images:
            self.draw_attention(frame)
        self.canvas.rebuild()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """The width of the design."""
        return QSize(280, 600)

    def layer(self) -> str:
        """The path of the chosen layer, or of the one that holds the chosen part; "" outside the layers."""
        found = LAYER.match(self.canvas.path)
        return found.group(0) if found is not None else ""

    def _button(self, text: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        button.setProperty("role", "small")
        button.setFont(theme.font(0.92))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button

    def _settle(self) -> None:
        layers = self._layers()
        within = self.layer() in layers
        self.duplicate.setEnabled(within)
        self.remove.setEnabled(within and len(layers) > 1)

    def _layers(self) -> list[str]:
        """The paths of all layers, the encoder's first."""
        stacks = {} if self._model is None else self._model.stacks
        return [f"model.{stack}[{index}]" for stack, layers in stacks.items() for index in range(len(layers))]

    def _on_chosen(self, path: str) -> None:
        self._settle()
        self.selected.emit(path)

    def _run(self, verb: str) -> None:
        """Say what is wanted of the chosen layer; without one, a new layer goes to the end."""
        if self._model is None:
            return
        at = self.layer()
        if verb == "add":
            self.layer_added.emit(at or self._layers()[-1])
        elif at and verb == "duplicate" and self.duplicate.isEnabled():
            self.layer_duplicated.emit(at)
        elif at and verb == "remove" and self.remove.isEnabled():
            self.layer_removed.emit(at)

    def menu(self, path: str) -> QMenu:
        """The context menu of a part."""
        menu = QMenu(self)
        for verb, text, usable in (
            ("add", "Add a layer behind this one" if LAYER.match(path) else "Add a layer at the end", True),
            ("duplicate", "Duplicate this layer", self.duplicate.isEnabled()),
            ("remove", "Remove this layer", self.remove.isEnabled()),
        ):
            action = menu.addAction(text)
            action.setEnabled(usable)
            action.triggered.connect(lambda _checked=False, verb=verb: self._from_menu(verb, path))
        return menu

    def _open_menu(self, path: str, where: QPoint) -> None:
        menu = self.menu(path)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    def _from_menu(self, verb: str, path: str) -> None:
        self.context_action.emit(f"{verb} {path}")
        self._run(verb)
