"""The layer desk: does what a person wishes of the layers, as one step of undo, and chooses what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from playground.spec import layers, toml
from playground.spec.check import SpecError
from playground.spec.grafting.report import foretell
from playground.spec.layers import Place, Rearranged
from playground.ui.diagram.choice import Choice
from playground.ui.diagram.wishes import Copy, Duplicate, Insert, Move, Paste, Remove, Switch, Wish
from playground.worker.mailbox import Fault

if TYPE_CHECKING:
    from playground.ui.window import MainWindow

ARCHITECTURES = {"decoder-only": "decoder only", "encoder-only": "encoder only", "encoder-decoder": "encoder and decoder"}


class LayerDesk:
    """Knows the document, the diagram and the notice; what cannot be is said there, and nothing has changed."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def do(self, wish: Wish) -> None:
        """Do what is wished, or say why that cannot be."""
        if isinstance(wish, Copy):
            self._copy(wish)
            if not wish.cut:
                return
        try:
            made, name = self._made(wish)
        except SpecError as error:
            self._window.notice.fault(Fault(*_told(wish, error)))
            return
        if self._window.document.replace(made.experiment, name, origins=made.origins) and made.places:
            paths = [layers.path_of(place) for place in made.places]
            self._window.choose(Choice(tuple(paths), paths[-1], paths[0]))

    def foretell(self, wish: Wish) -> str:
        """What a wish would keep of the weights, or why it cannot be; empty where nothing would change."""
        try:
            made, _ = self._made(wish)
        except SpecError as error:
            return " ".join(filter(None, _told(wish, error)))
        return foretell(self._window.document.experiment, made.experiment, made.origins)

    def _made(self, wish: Wish) -> tuple[Rearranged, str]:
        """The experiment afterwards, and the name of the step; raises SpecError."""
        experiment = self._window.document.experiment
        if isinstance(wish, Remove | Copy):
            verb = "Cut" if isinstance(wish, Copy) else "Remove"
            return layers.removed(experiment, wish.places), f"{verb} {_named(wish.places)}"
        if isinstance(wish, Duplicate):
            return layers.duplicated(experiment, wish.places), f"Duplicate {_named(wish.places)}"
        if isinstance(wish, Move):
            made = layers.moved(experiment, wish.places, wish.stack, wish.index, wish.copy)
            to = f" to {_named(made.places)}" if made.places else ""
            return made, f"{'Copy' if wish.copy else 'Move'} {_named(wish.places)}{to}"
        if isinstance(wish, Insert):
            made = layers.from_recipe(experiment, wish.recipe, wish.stack, wish.index)
            return made, f"Add {_inside(layers.RECIPES[wish.recipe][0])} as {_named(made.places)}"
        if isinstance(wish, Switch):
            return layers.switched(experiment, wish.architecture), f"Architecture: {ARCHITECTURES[wish.architecture]}"
        text = QGuiApplication.clipboard().text()
        made = layers.inserted(experiment, toml.loads_layers(text), wish.stack, wish.index)
        return made, f"Paste {_named(made.places)}"

    def _copy(self, wish: Copy) -> None:
        model = self._window.document.experiment.model
        copied = [getattr(model, stack)[index] for stack, index in wish.places]
        QGuiApplication.clipboard().setText(toml.dumps_layers(copied, wish.places[0][0]))
        count = len(copied)
        self._window.notice.news(f"{count} layer{'s' if count != 1 else ''} on the clipboard, as TOML.")


def _named(places: tuple[Place, ...]) -> str:
    """Layers in words: layer 2, encoder layers 1 and 2, layers 1, 3, 4."""
    stacks = {stack for stack, _ in places}
    stack = "encoder " if stacks == {"encoder"} else ""
    numbers = [index + 1 for _, index in sorted(places)]
    if len(numbers) == 1:
        return f"{stack}layer {numbers[0]}"
    if numbers == list(range(numbers[0], numbers[-1] + 1)) and len(numbers) > 2:
        return f"{stack}layers {numbers[0]} to {numbers[-1]}"
    return f"{stack}layers {', '.join(map(str, numbers))}"


def _inside(title: str) -> str:
    """A title within a sentence: "attention only", but "MLP only"."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _told(wish: Wish, error: SpecError) -> tuple[str, str, str]:
    """What, why, what to do."""
    what = {Remove: "These layers cannot be taken out.", Copy: "These layers cannot be cut.", Paste: "That cannot be pasted.",
            Switch: "This architecture cannot be.", Insert: "Such a layer cannot stand there."}  # fmt: skip
    first = error.problems[0]
    why = f"{first.path}: {first.message}."
    remedy = first.fixes[0].label if first.fixes else ""
    return what.get(type(wish), "The layers cannot stand like that."), why, f"It would work with {remedy}." if remedy else ""
