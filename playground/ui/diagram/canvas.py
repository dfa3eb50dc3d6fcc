"""The canvas: the items of one layout, what is chosen on it, how near one stands, and where a carried layer would land."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QToolTip, QWidget

from playground.spec.intervention import Intervention
from playground.spec.layers import Place, place_of
from playground.spec.model import ModelSpec
from playground.style import theme
from playground.ui.diagram import hands
from playground.ui.diagram.choice import Choice
from playground.ui.diagram.items import HEADS, PartItem
from playground.ui.diagram.layout import Layout, Slot, layout, runs
from playground.ui.diagram.stream import CrossingItem, LandingItem, PlusItem, SpineItem
from playground.ui.diagram.wishes import Insert, Wish
from playground.ui.foretelling import both
from playground.views.gauges.frame import Sizes

SCROLL_BAR = 10
"""Always kept free at the right, so that the cards do not move when a scroll bar comes."""
ZOOMS: tuple[tuple[bool, float], ...] = ((True, 1.0), (False, 1.0), (False, 1.3), (False, 1.7), (False, 2.4))
"""From the whole model, one line a layer, to a single part: (slim, factor)."""
USUAL = 1


class DiagramCanvas(QGraphicsView):
    """Shows a ModelSpec; `chosen` and `wished` are emitted for what the person does, never for `choose`."""

    chosen = Signal(object)
    """A Choice."""
    wished = Signal(object)
    """A Wish."""
    menu_wanted = Signal(str, object)
    opened = Signal()
    """The person wants to edit what is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Architecture diagram")
        self.viewport().setAutoFillBackground(False)
        self.choice = Choice()
        self.items_by_path: dict[str, PartItem] = {}
        self.images: dict[str, QImage] = {}
        self.sizes: dict[str, Sizes] = {}
        self.interventions: tuple[Intervention, ...] = ()
        self.foretell: Callable[[Wish], str] = lambda wish: ""
        """What a wish would keep of the weights, in words."""
        self.model: ModelSpec | None = None
        self.shown: Layout | None = None
        self.unfolded: frozenset[str] = frozenset()
        self.zoom = USUAL
        self._landing = LandingItem()
        self._first: dict[str, str] = {}
        """The layer whose card stands for a layer, by path; its own unless it is folded away."""
        self.hands = hands.Hands(self)

    # -- the model ----------------------------------------------------------------------------------------------

    def show_model(self, model: ModelSpec) -> None:
        """Build the items anew where anything that is drawn has changed; pictures of changed attention parts go."""
        if model == self.model:
            return
        if self.model is not None:
            same = [
                f"model.{stack}[{at}].{part}"
                for stack in ("encoder", "decoder")
                for at, (old, new) in enumerate(zip(getattr(self.model, stack), getattr(model, stack), strict=False))
                for part in ("attention", "cross")
                if getattr(old, part) == getattr(new, part)
            ]
            self.images = {path: image for path, image in self.images.items() if path in same}
        self.model = model
        self.rebuild()

    def rebuild(self) -> None:
        """Lay out for the width, the type, the zoom and the folds that are in force."""
        if self.model is None:
            return
        slim, factor = ZOOMS[self.zoom]
        self.setTransform(QTransform.fromScale(factor, factor))
        sideways = Qt.ScrollBarPolicy.ScrollBarAsNeeded if factor > 1 else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(sideways)
        scale = theme.points() / theme.BASE_POINTS
        made = layout(self.model, max(160, self.width() - SCROLL_BAR), scale, self.unfolded, slim)
        if made == self.shown:
            for item in self.scene().items():
                item.update()  # what is cached is painted anew: the theme may be another one
            return
        at = self.verticalScrollBar().value()
        self.shown = made
        self.items_by_path.clear()
        scene = self.scene()
        scene.clear()
        scene.setSceneRect(QRectF(0, 0, made.width, made.height))
        for spine in made.spines:
            scene.addItem(SpineItem(spine))
        if made.crossings or made.captions:
            scene.addItem(CrossingItem(made))
        self._landing = LandingItem()
        scene.addItem(self._landing)
        streams = {spine.stack: spine.x for spine in made.spines}
        for slot in made.slots:
            scene.addItem(PlusItem(slot, streams[slot.stack]))
        self._first = {}
        for box in made.boxes:
            item = PartItem(box)
            item.set_image(self.images.get(box.path))
            item.show_sizes(self.sizes.get(box.path))
            self.items_by_path[box.path] = item
            self._first |= dict.fromkeys(box.covers, box.path)
            scene.addItem(item)
        self.verticalScrollBar().setValue(at)
        self.meddle(self.interventions)
        self._mark()

    def fold(self, layers: Iterable[str], on: bool) -> None:
        """Put equal neighbours under one card, or show each of them; an edit of one does not fold the others again."""
        self.unfolded = self.unfolded - set(layers) if on else self.unfolded | set(layers)
        self.rebuild()

    def folded(self, path: str) -> tuple[str, ...]:
        """The layers that stand under one card with the one that a path is in, or none."""
        place = place_of(path)
        layer = "" if place is None else self.seen(f"model.{place[0]}[{place[1]}]")
        card = self.items_by_path.get(layer)
        return card.box.covers if card is not None and len(card.box.covers) > 1 else ()

    def foldable(self, path: str) -> tuple[str, ...]:
        """The unfolded equal neighbours that the layer of a path belongs to, or none."""
        place = place_of(path)
        if place is None or self.model is None:
            return ()
        stack, index = place
        found = next((run for run in runs(self.model.stacks.get(stack, ()), stack) if index in run and len(run) > 1), ())
        layers = tuple(f"model.{stack}[{at}]" for at in found)
        return layers if self.unfolded.intersection(layers) else ()

    def show_images(self, images: dict[str, QImage]) -> None:
        """Pictures of heads by the path of their attention part."""
        self.images = images
        for path, item in self.items_by_path.items():
            if item.box.kind in HEADS:
                item.set_image(images.get(path))

    def show_sizes(self, sizes: dict[str, Sizes]) -> None:
        """How large the parts are at work, by path."""
        self.sizes = sizes
        for path, item in self.items_by_path.items():
            item.show_sizes(sizes.get(path))

    def meddle(self, interventions: tuple[Intervention, ...]) -> None:
        """Mark the parts that do not compute as they were trained to."""
        self.interventions = interventions
        by_path: dict[str, list[Intervention]] = {}
        for each in interventions:
            by_path.setdefault(self.seen(each.path), []).append(each)
        for path, item in self.items_by_path.items():
            found = by_path.get(path, [])
            silent = any(each.kind == "scale" and each.head is None and each.factor == 0 for each in found)
            item.meddle(tuple(each.sentence for each in found), silent)

    # -- choosing -----------------------------------------------------------------------------------------------

    def choose(self, choice: Choice) -> None:
        """Choose without a signal, and bring the part that the keyboard stands on into sight."""
        self.choice = choice
        self._mark()
        if (item := self.items_by_path.get(self.seen(choice.current))) is not None:
            self.ensureVisible(item, 0, 12)
            many = len(choice.paths)
            self.setAccessibleDescription(f"{many} parts, at {describe(item)}" if many > 1 else describe(item))

    def choose_and_say(self, choice: Choice) -> None:
        """Choose because the person wants it."""
        self.choose(choice)
        self.chosen.emit(choice)

    def seen(self, path: str) -> str:
        """The path of the item that stands for a part: another layer's where its own is folded away."""
        place = place_of(path)
        if place is None:
            return path
        layer = f"model.{place[0]}[{place[1]}]"
        return self._first.get(layer, layer) + path[len(layer) :]

    def covers(self, path: str) -> tuple[str, ...]:
        """All parts that an item stands for."""
        place = place_of(path)
        if place is None or (card := self.items_by_path.get(f"model.{place[0]}[{place[1]}]")) is None:
            return (path,)
        rest = path.partition("].")[2]
        return tuple(f"{layer}.{rest}" if rest else layer for layer in card.box.covers)

    def order(self) -> list[str]:
        """All parts, folded ones too, in the order of the diagram."""
        return [path for seen in self.items_by_path for path in self.covers(seen)]

    def part_at(self, position: QPoint) -> str:
        """The path of the part under a point of the viewport, or ""."""
        item = next((item for item in self.items(position) if isinstance(item, PartItem)), None)
        return item.box.path if item is not None else ""

    def plus_at(self, position: QPoint) -> Slot | None:
        """The place between two layers whose plus is under a point of the viewport, or None."""
        found = next((item for item in self.items(position) if isinstance(item, PlusItem)), None)
        return found.slot if found is not None else None

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """The tool tip of a plus says what a new layer would do."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            slot = self.plus_at(event.pos())
            if slot is not None:
                tip = both("Put a new layer here", self.foretell(Insert("layer", slot.stack, slot.index)))
                QToolTip.showText(event.globalPos(), tip, self.viewport())
                return True
        return super().viewportEvent(event)

    def layers_in(self, area: QRectF) -> list[str]:
        """The layers whose cards a rectangle of the scene touches."""
        return [path for item in self.items_by_path.values() if item.box.kind == "layer"
                and item.sceneBoundingRect().intersects(area) for path in self.covers(item.box.path)]  # fmt: skip

    # -- carrying -----------------------------------------------------------------------------------------------

    def slot_at(self, position: QPoint) -> Slot | None:
        """The nearest place between two layers to a point of the viewport, in the column under it."""
        if self.shown is None:
            return None
        at = self.mapToScene(position)
        columns = sorted({(slot.x, slot.w, slot.stack) for slot in self.shown.slots})
        nearest = min(columns, key=lambda column: abs(column[0] + column[1] / 2 - at.x()), default=None)
        slots = [slot for slot in self.shown.slots if nearest is not None and slot.stack == nearest[2]]
        return min(slots, key=lambda slot: abs(slot.y - at.y()), default=None)

    def show_landing(self, slot: Slot | None, carried: Sequence[Place] = ()) -> None:
        """Where a carried layer would land; the layers that are carried turn faint."""
        self._landing.show_at(slot)
        for path, item in self.items_by_path.items():
            item.lift(slot is not None and place_of(path) in carried)

    def landing(self) -> Slot | None:
        """The place that is shown."""
        return self._landing.slot

    # -- how near -----------------------------------------------------------------------------------------------

    def set_zoom(self, zoom: int, at: QPointF | None = None) -> None:
        """Nearer or further away, around a point of the viewport."""
        zoom = max(0, min(len(ZOOMS) - 1, zoom))
        if zoom == self.zoom:
            return
        before = self.mapToScene(at.toPoint()) if at is not None else None
        was_slim, now_slim = ZOOMS[self.zoom][0], ZOOMS[zoom][0]
        self.zoom = zoom
        self.rebuild()
        if before is not None and was_slim == now_slim and at is not None:
            moved = self.mapFromScene(before) - at.toPoint()
            for bar, by in ((self.verticalScrollBar(), moved.y()), (self.horizontalScrollBar(), moved.x())):
                bar.setValue(bar.value() + by)
        elif (item := self.items_by_path.get(self.seen(self.choice.current))) is not None:
            self.centerOn(item)

    # -- events -------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Choose, or begin to carry or to draw a band."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.hands.press(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Carry, or widen the band."""
        self.hands.move(event)
        super().mouseMoveEvent(event)  # hovering

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Let go."""
        self.hands.release(event)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Unfold what is folded; anything else is opened in the inspector."""
        path = self.part_at(event.position().toPoint())
        if folded := self.folded(path):
            self.fold(folded, False)
        elif path:
            self.choose_and_say(Choice.one(path))
            self.opened.emit()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        """With Ctrl nearer or further away, else up and down."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self.zoom + (1 if event.angleDelta().y() > 0 else -1), event.position())
            event.accept()
        else:
            super().wheelEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Choose what is under the mouse and ask for its menu."""
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            path, where = self.part_at(event.pos()), event.globalPos()
        else:  # the menu key: beside the chosen part
            path = self.seen(self.choice.current)
            item = self.items_by_path.get(path)
            middle = item.sceneBoundingRect().center() if item is not None else self.sceneRect().center()
            where = self.viewport().mapToGlobal(self.mapFromScene(middle))
        if path:
            if path not in self.choice.paths:
                self.choose_and_say(Choice.one(path, self.covers(path)))
            self.menu_wanted.emit(path, where)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """What can be done by hand can be done by key."""
        if not hands.key(self, event):
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Show where the keyboard is; coming by keyboard, start somewhere."""
        super().focusInEvent(event)
        known = self.seen(self.choice.current) in self.items_by_path
        if not known and event.reason() == Qt.FocusReason.TabFocusReason and self.items_by_path:
            self.choose_and_say(Choice.one(next(iter(self.items_by_path))))
        self._mark()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """The keyboard is elsewhere."""
        super().focusOutEvent(event)
        self._mark()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Lay out for the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.rebuild()

    def _mark(self) -> None:
        focused, current = self.hasFocus(), self.seen(self.choice.current)
        chosen = {self.seen(path) for path in self.choice.paths}
        holders = {self.items_by_path[path].box.parent for path in chosen if path in self.items_by_path}
        for path, item in self.items_by_path.items():
            item.mark(path in chosen, path in holders, focused and path == current)


def describe(item: PartItem) -> str:
    """A part in words, for screen readers."""
    layer = item.box.parent
    stack = "encoder " if ".encoder[" in layer else ""
    where = f"{stack}layer {int(layer.rsplit('[', 1)[-1].rstrip(']')) + 1}, " if layer else ""
    return f"{where}{item.box.title}, {item.box.detail or item.box.help}".strip(", ")
