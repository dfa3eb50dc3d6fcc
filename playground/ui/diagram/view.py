"""The architecture column: which architecture, the diagram or its outline, the palette, and the buttons for layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import get_args

from PySide6.QtCore import QPoint, QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from playground.spec import cost
from playground.spec.intervention import Intervention
from playground.spec.layers import RECIPES
from playground.spec.model import Architecture, ModelSpec
from playground.style import theme
from playground.style.widgets import Caption, Segments
from playground.ui.diagram import hands, thumbnails
from playground.ui.diagram.canvas import DiagramCanvas
from playground.ui.diagram.choice import Choice
from playground.ui.diagram.layout import Slot
from playground.ui.diagram.outline import Outline
from playground.ui.diagram.palette import Palette
from playground.ui.diagram.wishes import Copy, Duplicate, Insert, Paste, Remove, Switch, Wish
from playground.ui.diagram.words import compact
from playground.ui.foretelling import Foretold
from playground.views.attention.frame import AttentionFrame
from playground.views.gauges.frame import GaugesFrame

ARCHITECTURES = (("encoder-only", "Encoder"), ("decoder-only", "Decoder"), ("encoder-decoder", "Both"))
MENU: tuple[tuple[str, str], ...] = (
    ("add", "Add a layer behind"), ("duplicate", "Duplicate (Ctrl+D)"), ("remove", "Remove (Delete)"), ("", ""),
    ("cut", "Cut (Ctrl+X)"), ("copy", "Copy (Ctrl+C)"), ("paste", "Paste behind (Ctrl+V)"), ("", ""),
    ("fold", "Fold equal layers (Space)"), ("unfold", "Unfold (Space)"),
    ("nearer", "Nearer (+)"), ("further", "The whole model (−)"),
)  # fmt: skip


class DiagramView(QWidget):
    """The model as cards on its residual stream. It changes nothing itself: it says what the person wants."""

    chosen = Signal(object)
    """A Choice."""
    wished = Signal(object)
    """A Wish."""
    opened = Signal()
    menu_opened = Signal(str, object)
    """The menu of a part, about to be shown: others may have something to add."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: ModelSpec | None = None
        self._frame: AttentionFrame | None = None
        self._menu: QMenu | None = None
        self.caption, self.size_label = Caption("Architecture", self), Caption("", self)
        self.architecture = Segments(ARCHITECTURES, self)
        self.architecture.set_accessible("Architecture")
        self.architecture.setToolTip("Another architecture of the same layers; what carries over is kept")
        self.canvas, self.palette_row = DiagramCanvas(self), Palette(self)
        self.outline = Outline(partial(hands.wished, self.canvas), self)
        self.list_button = self._button("List", "Show the parts as a list", "The same parts as lines, for the keyboard")
        self.list_button.setCheckable(True)
        self.duplicate = self._button("Duplicate", "Duplicate the chosen layers", "Copy the chosen layers (Ctrl+D)")
        self.remove = self._button("Remove", "Remove the chosen layers", "Take the chosen layers out (Delete)")
        self._arrange()
        self._connect()
        self._settle()

    def set_model(self, model: ModelSpec) -> None:
        """Show a model; what was chosen stays chosen where it still exists."""
        self._model = model
        count = cost.parameters(model)
        self.size_label.setText(f"{compact(count)} parameters")
        self.size_label.setToolTip(f"{count:,} parameters")
        self.architecture.set_value(model.architecture)
        self.palette_row.set_crossing(model.architecture == "encoder-decoder")
        self.canvas.show_model(model)
        if self.list_button.isChecked():
            self.outline.show_model(model)
        self._settle()

    def choose(self, choice: Choice) -> None:
        """Choose parts; no signal."""
        if choice != self.canvas.choice:
            self.canvas.choose(choice)
        if self.list_button.isChecked():
            self.outline.choose(choice)
        self._settle()

    def choice(self) -> Choice:
        """What is chosen."""
        return self.canvas.choice

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

    def foretell(self, ask: Callable[[Wish], str]) -> None:
        """From now on `ask` says what a wish would keep of the weights; what can be wished of says so in its tool tip."""
        self.canvas.foretell = ask
        for value, button in zip(dict(ARCHITECTURES), self.architecture.buttons(), strict=True):
            found = next(each for each in get_args(Architecture) if each == value)
            Foretold(button, partial(self._foretold, Switch(found)))
        for recipe, chip in self.palette_row.chips.items():
            Foretold(chip, partial(self._foretold, recipe))
        Foretold(self.duplicate, lambda: ask(Duplicate(self._places())) if self._places() else "")
        Foretold(self.remove, lambda: ask(Remove(self._places())) if self.remove.isEnabled() else "")

    def _foretold(self, wish: Wish | str) -> str:
        """What a wish, or a card of the palette put behind what is chosen, would keep."""
        wanted = Insert(wish, *self._behind()) if isinstance(wish, str) else wish
        return self.canvas.foretell(wanted)

    def mark(self, interventions: tuple[Intervention, ...]) -> None:
        """Mark the parts that do not compute as they were trained to."""
        self.canvas.meddle(interventions)

    def draw_gauges(self, frame: GaugesFrame) -> None:
        """Show how large the parts are at work."""
        self.canvas.show_sizes(frame.sizes)

    def retheme(self) -> None:
        """Take the theme and the type scale that are in force."""
        for caption in (self.caption, self.size_label):
            caption.restyle()
        for button in (self.list_button, self.duplicate, self.remove):
            button.setFont(theme.font(0.92))
        self.palette_row.retheme()
        self.outline.retheme()
        frame, self._frame = self._frame, None
        if frame is not None and self.canvas.images:
            self.draw_attention(frame)
        self.canvas.rebuild()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """The width of the design."""
        return QSize(280, 600)

    def menu(self, path: str) -> QMenu:
        """The context menu of a part."""
        menu = QMenu(self)
        possible = {"duplicate": self.duplicate.isEnabled(), "remove": self.remove.isEnabled(), "copy": bool(self._places()),
                    "cut": self.remove.isEnabled(), "fold": bool(self.canvas.foldable(path)),
                    "unfold": bool(self.canvas.folded(path))}  # fmt: skip
        for verb, text in MENU:
            if not verb:
                menu.addSeparator()
                continue
            action = menu.addAction(text)
            action.setEnabled(possible.get(verb, True))
            action.triggered.connect(lambda _checked=False, verb=verb: self.run(verb))
        return menu

    def run(self, verb: str) -> None:
        """What a button or the menu says, done to what is chosen; without a choice new layers go to the end."""
        places, (stack, behind) = self._places(), self._behind()
        wishes: dict[str, Wish] = {"add": Insert("layer", stack, behind), "paste": Paste(stack, behind)}
        if places:
            wishes |= {
                "duplicate": Duplicate(places),
                "remove": Remove(places),
                "copy": Copy(places),
                "cut": Copy(places, True),
            }
        if verb in wishes:
            self.wished.emit(wishes[verb])
        elif verb in ("fold", "unfold"):
            at = self.canvas.choice.current
            self.canvas.fold(self.canvas.foldable(at) if verb == "fold" else self.canvas.folded(at), verb == "fold")
        elif verb in ("nearer", "further"):
            self.canvas.set_zoom(self.canvas.zoom + 1 if verb == "nearer" else 0)

    # -- inside -------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 14, 16, 4)
        head.addWidget(self.caption)
        head.addStretch(1)
        head.addWidget(self.size_label)
        switch = QHBoxLayout()
        switch.setContentsMargins(16, 2, 16, 6)
        switch.addWidget(self.architecture)
        shown = QWidget(self)
        self._pages = QStackedLayout(shown)
        self._pages.setContentsMargins(0, 0, 0, 0)
        self._pages.addWidget(self.canvas)
        self._pages.addWidget(self.outline)
        middle = QHBoxLayout()
        middle.setContentsMargins(12, 0, 0, 0)
        middle.addWidget(shown)
        chips = QHBoxLayout()
        chips.setContentsMargins(16, 6, 16, 0)
        chips.addWidget(self.palette_row)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(16, 6, 16, 12)
        buttons.setSpacing(6)
        for button in (self.duplicate, self.remove, self.list_button):
            buttons.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(switch)
        column.addLayout(middle, 1)
        column.addLayout(chips)
        column.addLayout(buttons)
        self.setMinimumWidth(240)

    def _connect(self) -> None:
        self.canvas.chosen.connect(self._on_chosen)
        self.outline.chosen.connect(self._on_line)
        self.outline.menu_wanted.connect(self._open_menu)
        self.canvas.menu_wanted.connect(self._open_menu)
        self.canvas.wished.connect(self.wished)
        self.canvas.opened.connect(self.opened)
        self.duplicate.clicked.connect(lambda: self.run("duplicate"))
        self.remove.clicked.connect(lambda: self.run("remove"))
        self.list_button.toggled.connect(self._on_list)
        self.architecture.chosen.connect(self._on_architecture)
        self.palette_row.taken.connect(lambda recipe: self.wished.emit(Insert(recipe, *self._behind())))
        self.palette_row.carried.connect(lambda recipe, at: self.canvas.show_landing(self._slot(at)))
        self.palette_row.given_up.connect(lambda: self.canvas.show_landing(None))
        self.palette_row.dropped.connect(self._on_dropped)

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
        places, model = self._places(), self._model
        total = 0 if model is None else sum(len(layers) for layers in model.stacks.values())
        self.duplicate.setEnabled(bool(places))
        self.remove.setEnabled(0 < len(places) < total)

    def _places(self) -> tuple[tuple[str, int], ...]:
        """The chosen layers that there are."""
        stacks = {} if self._model is None else self._model.stacks
        return tuple(place for place in self.canvas.choice.places if place[1] < len(stacks.get(place[0], ())))

    def _behind(self) -> tuple[str, int]:
        """Where a new layer goes: behind the last chosen one, or to the end."""
        if places := self._places():
            return places[-1][0], places[-1][1] + 1
        stack = "encoder" if self._model is not None and not self._model.decoder else "decoder"
        return stack, 0 if self._model is None else len(getattr(self._model, stack))

    def _on_chosen(self, choice: Choice) -> None:
        if self.list_button.isChecked():
            self.outline.choose(choice)
        self._settle()
        self.chosen.emit(choice)

    def _on_line(self, choice: Choice) -> None:
        self.canvas.choose(choice)
        self._settle()
        self.chosen.emit(choice)

    def _on_list(self, on: bool) -> None:
        if on and self._model is not None:
            self.outline.show_model(self._model)
            self.outline.choose(self.canvas.choice)
        self._pages.setCurrentIndex(1 if on else 0)

    def _on_architecture(self, value: str) -> None:
        found = next(each for each in get_args(Architecture) if each == value)
        self.architecture.set_value(None if self._model is None else self._model.architecture)  # until it is so
        self.wished.emit(Switch(found))

    def _slot(self, at: QPoint) -> Slot | None:
        """The landing place under a global point; None outside the diagram."""
        here = self.canvas.viewport().mapFromGlobal(at)
        return self.canvas.slot_at(here) if self.canvas.viewport().rect().contains(here) else None

    def _on_dropped(self, recipe: str, at: QPoint) -> None:
        slot = self._slot(at)
        self.canvas.show_landing(None)
        if slot is not None:
            assert recipe in RECIPES
            self.wished.emit(Insert(recipe, slot.stack, slot.index))

    def _open_menu(self, path: str, where: QPoint) -> None:
        if self._menu is not None:  # not when it hides: whoever has opened it may still be at work then
            self._menu.deleteLater()
        self._menu = self.menu(path)
        self.menu_opened.emit(path, self._menu)
        self._menu.popup(where)
