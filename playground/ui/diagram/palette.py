"""The palette: layers to drag into the diagram, each as a small card; a click puts one behind what is chosen."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QHBoxLayout, QToolButton, QWidget

from playground.spec.layers import RECIPES
from playground.style import theme

STRIPS = {
    "layer": ("attention", "mlp"), "attention": ("attention",), "mlp": ("mlp",),
    "cross": ("attention", "cross_attention", "mlp"), "experts": ("attention", "mlp", "mlp", "mlp"),
}  # fmt: skip
"""The parts of each recipe, as its picture shows them."""
WIDE, HIGH = 30, 24


class Palette(QWidget):
    """`carried` while a card is dragged, `dropped` where it is let go (both with global points), `given_up` when it is not to
    land after all, `taken` for a click."""

    carried = Signal(str, QPoint)
    dropped = Signal(str, QPoint)
    given_up = Signal()
    taken = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.chips: dict[str, _Chip] = {}
        for recipe, (title, help_, _) in RECIPES.items():
            chip = _Chip(recipe, self)
            chip.setAccessibleName(f"New layer: {title}")
            chip.setToolTip(f"{title}: {help_}. Drag it between two layers, or click")
            chip.clicked.connect(lambda _checked=False, recipe=recipe: self.taken.emit(recipe))
            self.chips[recipe] = chip
            row.addWidget(chip, 1)
        self.retheme()

    def retheme(self) -> None:
        """Draw every card in the colours in force."""
        for recipe, chip in self.chips.items():
            chip.setIcon(_icon(recipe))

    def set_crossing(self, possible: bool) -> None:
        """Cross-attention needs an encoder to look at."""
        chip = self.chips["cross"]
        chip.setEnabled(possible)
        title, help_, _ = RECIPES["cross"]
        chip.setToolTip(f"{title}: {help_}" if possible else f"{title} needs an encoder: switch to encoder-decoder first")


class _Chip(QToolButton):
    def __init__(self, recipe: str, palette: Palette) -> None:
        super().__init__(palette)
        self._recipe, self._palette = recipe, palette
        self._from: QPoint | None = None
        self._carrying = False
        self.setProperty("role", "small")
        self.setIconSize(QSize(WIDE, HIGH))
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Perhaps the beginning of a drag."""
        self._from, self._carrying = event.position().toPoint(), False
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Carry the card."""
        if self._from is not None and event.buttons() & Qt.MouseButton.LeftButton and self.isEnabled():
            far = (event.position().toPoint() - self._from).manhattanLength() >= QApplication.startDragDistance()
            self._carrying = self._carrying or far
            if self._carrying:
                self.setDown(False)
                self.setFocus(Qt.FocusReason.MouseFocusReason)  # so that Esc reaches it
                self._palette.carried.emit(self._recipe, event.globalPosition().toPoint())
                return
        super().mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Esc lets go of a carried card, and no layer comes of it."""
        if event.key() == Qt.Key.Key_Escape and self._carrying:
            self._from, self._carrying = None, False
            self._palette.given_up.emit()
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Let the card go; without a drag it was a click."""
        carried, given_up = self._carrying, self._from is None
        self._from, self._carrying = None, False
        if given_up:
            self.setDown(False)
            return
        if carried:
            self.setDown(False)
            self._palette.dropped.emit(self._recipe, event.globalPosition().toPoint())
            return
        super().mouseReleaseEvent(event)


def _icon(recipe: str) -> QIcon:
    """A layer's card with its parts as strips, at twice the size for sharp screens."""
    pixmap = QPixmap(2 * WIDE, 2 * HIGH)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(theme.colour("line"))
    painter.setBrush(theme.colour("surface"))
    painter.drawRoundedRect(QRectF(0.5, 0.5, WIDE - 1, HIGH - 1), 4, 4)
    painter.setPen(Qt.PenStyle.NoPen)
    strips = STRIPS[recipe]
    if recipe == "experts":  # the experts stand side by side
        painter.setBrush(theme.colour("attention"))
        painter.drawRoundedRect(QRectF(4, 5, WIDE - 8, 5), 1.5, 1.5)
        painter.setBrush(theme.colour("mlp"))
        each = (WIDE - 8 - 4) / 3
        for index in range(3):
            painter.drawRoundedRect(QRectF(4 + index * (each + 2), 13, each, 6), 1.5, 1.5)
    else:
        high = min(6.0, (HIGH - 6 - 2 * (len(strips) - 1)) / len(strips))
        top = (HIGH - len(strips) * high - (len(strips) - 1) * 2) / 2
        for index, kind in enumerate(strips):
            painter.setBrush(theme.colour(kind))
            painter.drawRoundedRect(QRectF(4, top + index * (high + 2), WIDE - 8, high), 1.5, 1.5)
    painter.end()
    return QIcon(pixmap)
