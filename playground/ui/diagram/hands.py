"""Hands on the diagram: what a mouse or a key means there - choosing, carrying layers, drawing a band."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QRubberBand

from playground.spec.layers import place_of
from playground.ui.diagram.choice import Choice
from playground.ui.diagram.layout import Slot
from playground.ui.diagram.wishes import Copy, Duplicate, Insert, Move, Paste, Remove

if TYPE_CHECKING:
    from playground.ui.diagram.canvas import DiagramCanvas

EDGE, STEP = 28, 14
"""Pixels at the upper and lower edge in which carrying scrolls, and how far."""
CONTROL, SHIFT, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


class Hands:
    """Between press and release: nothing yet, a carried layer, or a band."""

    def __init__(self, canvas: DiagramCanvas) -> None:
        self._canvas = canvas
        self._from: QPoint | None = None
        self._path = ""
        self._plus: Slot | None = None
        self.carrying = False
        self._band: QRubberBand | None = None

    def press(self, event: QMouseEvent) -> None:
        """Choose at once, unless what was hit is one of several: those may be about to be carried."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        canvas, at = self._canvas, event.position().toPoint()
        self._plus = canvas.plus_at(at)
        if self._plus is not None:
            return
        self._from, self._path = at, canvas.part_at(at)
        if not self._path:
            return
        covers, now = canvas.covers(self._path), canvas.choice
        if event.modifiers() & SHIFT:
            canvas.choose_and_say(now.ranged(self._path, covers, canvas.order()))
        elif event.modifiers() & CONTROL:
            canvas.choose_and_say(now.toggled(self._path, covers, canvas.order()))
        elif len(now.paths) < 2 or not set(covers) <= set(now.paths):
            canvas.choose_and_say(Choice.one(self._path, covers))

    def move(self, event: QMouseEvent) -> None:
        """Carry what was hit, or draw a band where nothing was."""
        if self._from is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        canvas, at = self._canvas, event.position().toPoint()
        far = (at - self._from).manhattanLength() >= QApplication.startDragDistance()
        if not self._path:
            if far or self._band is not None:
                self._draw_band(at)
            return
        if self.carrying or (far and place_of(self._path) is not None):
            self.carrying = True
            self._scroll(at)
            canvas.show_landing(canvas.slot_at(at), canvas.choice.places)

    def release(self, event: QMouseEvent) -> None:
        """Land, choose what the band holds, or choose the one part that was clicked."""
        canvas, path, carried = self._canvas, self._path, self.carrying
        plus, self._plus = self._plus, None
        if plus is not None and canvas.plus_at(event.position().toPoint()) == plus:
            canvas.wished.emit(Insert("layer", plus.stack, plus.index))
            return
        if event.button() != Qt.MouseButton.LeftButton or self._from is None:
            return
        slot, band = canvas.landing(), self._band
        plain = not event.modifiers() & (SHIFT | CONTROL)
        self.let_go()
        if carried and slot is not None:
            copy = bool(event.modifiers() & CONTROL)
            if copy or not stays(canvas.choice, slot.stack, slot.index):
                canvas.wished.emit(Move(canvas.choice.places, slot.stack, slot.index, copy))
        elif band is not None:
            area = QRectF(canvas.mapToScene(band.geometry()).boundingRect())
            if found := canvas.layers_in(area):
                canvas.choose_and_say(Choice.of(found, canvas.order()))
        elif path and plain and len(canvas.choice.paths) > 1 and not carried:
            canvas.choose_and_say(Choice.one(path, canvas.covers(path)))

    def let_go(self) -> None:
        """Carry nothing any more; everything is where it was."""
        self._from, self._path, self.carrying = None, "", False
        self._canvas.show_landing(None)
        if self._band is not None:
            self._band.hide()
            self._band.deleteLater()
            self._band = None

    def _draw_band(self, at: QPoint) -> None:
        if self._band is None:
            self._band = QRubberBand(QRubberBand.Shape.Rectangle, self._canvas.viewport())
            self._band.setGeometry(QRect(at, QSize()))
            self._band.show()
        assert self._from is not None
        self._band.setGeometry(QRect(self._from, at).normalized())

    def _scroll(self, at: QPoint) -> None:
        bar, high = self._canvas.verticalScrollBar(), self._canvas.viewport().height()
        if at.y() < EDGE:
            bar.setValue(bar.value() - STEP)
        elif at.y() > high - EDGE:
            bar.setValue(bar.value() + STEP)


def stays(choice: Choice, stack: str, index: int) -> bool:
    """Whether landing there would move nothing: the layers are neighbours, and the place is at or between them."""
    own = sorted(at for name, at in choice.places if name == stack)
    together = len(own) == len(choice.places) and own == list(range(own[0], own[-1] + 1)) if own else False
    return together and own[0] <= index <= own[-1] + 1


def key(canvas: DiagramCanvas, event: QKeyEvent) -> bool:
    """Do what a key means; False where it means nothing here."""
    pressed, held = Qt.Key(event.key()), event.modifiers() & (CONTROL | SHIFT | ALT)
    if pressed == Qt.Key.Key_Escape:
        busy = canvas.hands.carrying or len(canvas.choice.paths) > 1
        canvas.hands.let_go()
        if busy and canvas.choice.current:
            canvas.choose_and_say(Choice.one(canvas.choice.current))
        return busy
    return (
        _moved(canvas, pressed, held)
        or wished(canvas, event)
        or _folded(canvas, pressed, held)
        or _zoomed(canvas, pressed, held)
    )


def _folded(canvas: DiagramCanvas, pressed: Qt.Key, held: Qt.KeyboardModifier) -> bool:
    """The space bar unfolds equal layers, and folds them again."""
    if pressed != Qt.Key.Key_Space or held:
        return False
    current = canvas.choice.current
    if layers := canvas.folded(current):
        canvas.fold(layers, False)
    elif layers := canvas.foldable(current):
        canvas.fold(layers, True)
    return bool(layers)


def _moved(canvas: DiagramCanvas, pressed: Qt.Key, held: Qt.KeyboardModifier) -> bool:
    """Arrows walk through the parts, with Shift they choose on the way; Left is the whole layer, Right leads into it."""
    order = list(canvas.items_by_path)
    if not order or held & (CONTROL | ALT):
        return False
    now = canvas.seen(canvas.choice.current)
    at = order.index(now) if now in order else -1
    extend = bool(held & SHIFT)
    if extend and at >= 0:  # among parts of one kind
        kind = canvas.items_by_path[now].box.kind
        same = [path for path in order if canvas.items_by_path[path].box.kind == kind]
        order, at = same, same.index(now)
    targets = {
        Qt.Key.Key_Up: max(0, at - 1), Qt.Key.Key_Down: min(len(order) - 1, at + 1),
        Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(order) - 1,
    }  # fmt: skip
    if pressed in targets:
        path = order[targets[pressed]]
        covers = canvas.covers(path)
        made = canvas.choice.ranged(path, covers, canvas.order()) if extend else Choice.one(path, covers)
        canvas.choose_and_say(made)
    elif pressed == Qt.Key.Key_Left and now in canvas.items_by_path and (parent := canvas.items_by_path[now].box.parent):
        canvas.choose_and_say(Choice.one(parent, canvas.covers(parent)))
    elif pressed == Qt.Key.Key_Right and at >= 0 and canvas.items_by_path[now].box.kind == "layer" and not extend:
        canvas.choose_and_say(Choice.one(order[at + 1], canvas.covers(order[at + 1])))
    else:
        return False
    return True


def wished(canvas: DiagramCanvas, event: QKeyEvent) -> bool:
    """Delete, duplicate, clipboard, a new layer, and Alt with an arrow to carry the layer one place on."""
    pressed, held, places = Qt.Key(event.key()), event.modifiers() & (CONTROL | SHIFT | ALT), canvas.choice.places
    if pressed in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not held:
        canvas.opened.emit()
        return True
    if pressed == Qt.Key.Key_A and held == CONTROL:
        layers = [path for path in canvas.order() if path.endswith("]")]
        canvas.choose_and_say(Choice.of(layers, canvas.order()))
        return True
    stack, behind = (places[-1][0], places[-1][1] + 1) if places else ("", 0)
    if pressed == Qt.Key.Key_V and held == CONTROL:
        model = canvas.model
        stack = stack or ("decoder" if model is None or model.decoder else "encoder")
        canvas.wished.emit(Paste(stack, behind if places else len(getattr(model, stack, ()))))
        return True
    if not places:
        return False
    one_stack = len({name for name, _ in places}) == 1
    if pressed in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not held:
        canvas.wished.emit(Remove(places))
    elif pressed == Qt.Key.Key_D and held == CONTROL:
        canvas.wished.emit(Duplicate(places))
    elif pressed in (Qt.Key.Key_C, Qt.Key.Key_X) and held == CONTROL:
        canvas.wished.emit(Copy(places, cut=pressed == Qt.Key.Key_X))
    elif pressed == Qt.Key.Key_Insert and not held:
        canvas.wished.emit(Insert("layer", stack, behind))
    elif pressed == Qt.Key.Key_Up and held == ALT and one_stack and places[0][1] > 0:
        canvas.wished.emit(Move(places, stack, places[0][1] - 1))
    elif pressed == Qt.Key.Key_Down and held == ALT and one_stack and canvas.model is not None:
        if behind < len(getattr(canvas.model, stack)):
            canvas.wished.emit(Move(places, stack, behind + 1))
    else:
        return pressed in (Qt.Key.Key_Up, Qt.Key.Key_Down) and held == ALT
    return True


def _zoomed(canvas: DiagramCanvas, pressed: Qt.Key, held: Qt.KeyboardModifier) -> bool:
    steps = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Minus: -1}
    if pressed not in steps or held & (CONTROL | ALT):
        return False
    canvas.set_zoom(canvas.zoom + steps[pressed])
    return True
