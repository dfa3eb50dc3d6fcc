"""The gauges on the parts of the diagram: how much each hands on, and how large the gradient of its weights is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from playground.style import theme
from playground.views.gauges.frame import ACTIVATIONS, GRADIENTS, Sizes, filled

BAR, BETWEEN, MARGIN = 4, 2, 6
"""Width of one of the two bars, what lies between them, and between them and the right edge of the part."""
ROOM = 2 * BAR + BETWEEN + MARGIN
"""What a part keeps free at its right."""
INSET = 5
"""Clear at the upper and the lower end."""


class GaugeItem(QGraphicsItem):
    """Two bars on logarithmic scales that are the same everywhere: the part's output, and its gradient.

    It lies on its part and is painted alone: the part under it is drawn from its cache.
    """

    def __init__(self, part: QGraphicsItem, kind: str, width: float, height: float) -> None:
        super().__init__(part)
        self._kind, self._high = kind, max(4.0, height - 2 * INSET)
        self.levels = 0, 0
        """Pixels filled of each bar."""
        self.sizes: Sizes | None = None
        self.setPos(width - MARGIN - 2 * BAR - BETWEEN, INSET)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setVisible(False)

    def show_sizes(self, sizes: Sizes | None) -> None:
        """Show new sizes; painted only where a bar has another length."""
        self.sizes = sizes
        self.setVisible(sizes is not None)
        if sizes is None:
            return
        high = round(self._high)
        levels = (round(high * filled(sizes.activation, ACTIVATIONS)), round(high * filled(sizes.gradient, GRADIENTS)))
        if levels != self.levels:
            self.levels = levels
            self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802 (Qt's name)
        """Both bars."""
        return QRectF(0, 0, 2 * BAR + BETWEEN, self._high)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Each bar on its track, from the foot."""
        for index, (level, colour) in enumerate(zip(self.levels, (self._kind, "text"), strict=True)):
            left = index * (BAR + BETWEEN)
            painter.fillRect(QRectF(left, 0, BAR, self._high), theme.colour("line"))
            painter.fillRect(QRectF(left, self._high - level, BAR, level), theme.colour(colour))


def in_words(sizes: Sizes) -> str:
    """What both bars say, for tool tips and screen readers."""
    gradient = "no step yet" if sizes.gradient is None else f"{sizes.gradient:.1e} for each weight"
    return f"Left bar: output {sizes.activation:.2g} (root mean square). Right bar: gradient {gradient}. Both are logarithmic."
