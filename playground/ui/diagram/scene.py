"""The scene and its canvas: the items of one layout, which part is chosen, and clicks and keys as choices."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from playground.spec.model import ModelSpec
from playground.style import theme
from playground.ui.diagram.items import HEADS, PartItem, SpineItem
from playground.ui.diagram.layout import Layout, layout

SCROLL_BAR = 10
"""Always kept free at the right, so that the cards do not move when a scroll bar comes."""


class DiagramCanvas(QGraphicsView):
    """Shows a ModelSpec; `chosen` is emitted for what the person does, never for `choose`."""

    chosen = Signal(str)
    menu_wanted = Signal(str, object)
    command = Signal(str)
    """"remove" or "duplicate" from the keyboard."""

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
        self.path = ""
        self.items_by_path: dict[str, PartItem] = {}
        self.images: dict[str, QImage] = {}
        self._model: ModelSpec | None = None
        self.shown: Layout | None = None

    def show_model(self, model: ModelSpec) -> None:
        """Build the items anew where anything that is drawn has changed; pictures of changed attention parts go."""
        if model == self._model:
            return
        if self._model is not None:
            same = [
                f"model.{stack}[{at}].{part}"
                for stack in ("encoder", "decoder")
                for at, (old, new) in enumerate(zip(getattr(self._model, stack), getattr(model, stack), strict=False))
                for part in ("attention", "cross")
                if getattr(old, part) == getattr(new, part)
            ]
            self.images = {path: image for path, image in self.images.items() if path in same}
        self._model = model
        self.rebuild()

    def rebuild(self) -> None:
        """Lay out for the width and the type that are in force."""
        if self._model is None:
            return
        made = layout(self._model, max(160, self.width() - SCROLL_BAR), theme.points() / theme.BASE_POINTS)
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
        scene.addItem(SpineItem(made))
        for box in made.boxes:
            item = PartItem(box)
            item.set_image(self.images.get(box.path))
            self.items_by_path[box.path] = item
            scene.addItem(item)
        self.verticalScrollBar().setValue(at)
        self._mark()

    def choose(self, path: str) -> None:
        """Choose a part without a signal, and bring it into sight."""
        self.path = path
        self._mark()
        if (item := self.items_by_path.get(path)) is not None:
            self.ensureVisible(item, 0, 12)
            self.setAccessibleDescription(describe(item))

    def show_images(self, images: dict[str, QImage]) -> None:
        """Pictures of heads by the path of their attention part."""
        self.images = images
        for path, item in self.items_by_path.items():
            if item.box.kind in HEADS:
                item.set_image(images.get(path))

    def order(self) -> list[str]:
        """The parts in the order the arrow keys take."""
        return list(self.items_by_path)

    def part_at(self, position: object) -> str:
        """The path of the part under a point of the viewport, or ""."""
        item = self.itemAt(position)  # type: ignore[call-overload]
        return item.box.path if isinstance(item, PartItem) else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Choose what is under the mouse."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.LeftButton and (path := self.part_at(event.position().toPoint())):
            self._choose_and_say(path)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """A fast second click is a click."""
        self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 (Qt's name)
        """Choose what is under the mouse and ask for its menu."""
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            path, where = self.part_at(event.pos()), event.globalPos()
        else:  # the menu key: beside the chosen part
            path, item = self.path, self.items_by_path.get(self.path)
            middle = item.sceneBoundingRect().center() if item is not None else self.sceneRect().center()
            where = self.viewport().mapToGlobal(self.mapFromScene(middle))
        if path:
            self._choose_and_say(path)
            self.menu_wanted.emit(path, where)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Up and Down through the parts, Left to the whole layer, Right into it, Delete and Ctrl+D for layers."""
        order = self.order()
        if not order:
            return
        at = order.index(self.path) if self.path in order else -1
        key = event.key()
        targets = {
            Qt.Key.Key_Up: max(0, at - 1),
            Qt.Key.Key_Down: min(len(order) - 1, at + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(order) - 1,
        }
        if key in targets:
            self._choose_and_say(order[targets[Qt.Key(key)]])
        elif key == Qt.Key.Key_Left and at >= 0 and (parent := self.items_by_path[self.path].box.parent):
            self._choose_and_say(parent)
        elif key == Qt.Key.Key_Right and at >= 0 and self.items_by_path[self.path].box.kind == "layer":
            self._choose_and_say(order[at + 1])
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.command.emit("remove")
        elif key == Qt.Key.Key_D and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.command.emit("duplicate")
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 (Qt's name)
        """Show where the keyboard is; coming by keyboard, start somewhere."""
        super().focusInEvent(event)
        if self.path not in self.items_by_path and event.reason() == Qt.FocusReason.TabFocusReason and self.order():
            self._choose_and_say(self.order()[0])
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

    def _choose_and_say(self, path: str) -> None:
        self.choose(path)
        self.chosen.emit(path)

    def _mark(self) -> None:
        focused = self.hasFocus()
        holder = self.items_by_path[self.path].box.parent if self.path in self.items_by_path else ""
        for path, item in self.items_by_path.items():
            item.mark(path == self.path, path == holder, focused)


def describe(item: PartItem) -> str:
    """A part in words, for screen readers."""
    layer = item.box.parent
    stack = "encoder " if ".encoder[" in layer else ""
    where = f"{stack}layer {int(layer.rsplit('[', 1)[-1].rstrip(']')) + 1}, " if layer else ""
    return f"{where}{item.box.title}, {item.box.detail or item.box.help}".strip(", ")
