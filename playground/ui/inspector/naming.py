"""What stands before an editor: the name of the field with its dot, and the place for reset, menu and "auto"."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from playground.style import theme

LABEL, SLOT, HIGH, GAP = 72, 27, 22, 4
"""Widths of the name and of the place beside it, its height, and what lies between, at type scale 1."""
BEFORE = LABEL + SLOT + 2 * GAP
"""Where the editors begin."""


def scaled(pixels: float) -> int:
    """Pixels of the design at the type scale in force."""
    return round(pixels * theme.points() / theme.BASE_POINTS)


class Name(QLabel):
    """The name of a field: a dot where its value is not the preset's, another colour where it cannot be."""

    pressed = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.differs = self.wrong = False
        self.setCursor(Qt.CursorShape.WhatsThisCursor)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """The words with room for the dot."""
        words = self.fontMetrics().horizontalAdvance(self.text()) + scaled(9)
        return QSize(max(scaled(LABEL), words), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """The same: nothing of it is cut off."""
        return self.sizeHint()

    def mark(self, *, differs: bool | None = None, wrong: bool | None = None) -> None:
        """Say that the value differs from the preset, or is wrong, or that it does not."""
        self.differs = self.differs if differs is None else differs
        self.wrong = self.wrong if wrong is None else wrong
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """A press asks what the field means."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The words, and the dot behind the last of them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("warning" if self.wrong else "text"))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), flags, self.text())
        if self.differs or self.wrong:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("warning" if self.wrong else "accent"))
            metrics = QFontMetricsF(self.font())
            radius = metrics.height() * 0.15
            painter.drawEllipse(
                QPointF(metrics.horizontalAdvance(self.text()) + 4 + radius, self.height() / 2 + 0.5), radius, radius
            )


class Dots(QToolButton):
    """Three dots that open a menu; painted, as the glyph does not fit within a focus ring."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The dots, on a ground while the pointer is here, in a ring while the keyboard is."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.setPen(QPen(theme.colour("accent"), 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("raised") if self.underMouse() or self.isDown() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        apart = min(4.0, (self.width() - 6) / 2)
        for step in (-1, 0, 1):
            painter.drawEllipse(QRectF(self.rect()).center() + QPointF(step * apart, 0), 1.2, 1.2)


class Slot(QWidget):
    """Reset on the left, menu on the right, both only when they are wanted; "auto" where neither is."""

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reset, self.more, self.auto = QToolButton(self), Dots(self), QLabel(self)
        wide, high = scaled(SLOT), scaled(HIGH)
        self.setFixedSize(wide, high)
        self.reset.setText("⟲")
        for button, name in ((self.reset, f"Reset {label}"), (self.more, f"More for {label}")):
            button.setProperty("role", "reset")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setAccessibleName(name)
            button.hide()
        self.reset.setGeometry(QRect(0, 0, wide // 2, high))
        self.more.setGeometry(QRect(wide // 2, 0, wide - wide // 2, high))
        self.auto.setGeometry(QRect(0, 0, wide, high))
        self.auto.setProperty("role", "quiet")
        self.auto.setFont(theme.font(0.85))
        self.auto.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.auto.hide()
        self.more.setToolTip("What it means, and the same for all layers")

    def offer(self, *, reset: bool, more: bool, auto: str) -> None:
        """Show what can be done here."""
        self.reset.setVisible(reset)
        self.more.setVisible(more)
        self.auto.setText(auto)
        self.auto.setVisible(bool(auto) and not reset and not more)
