"""The move between two zooms: the picture of what was chosen grows from where it was to where it will be."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QRectF, Qt, QVariantAnimation
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from playground.style import theme

MILLISECONDS = 240


class Flight(QWidget):
    """Lies over a panel while something flies; it takes no clicks."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._image = QImage()
        self._start, self._end = QRectF(), QRectF()
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(MILLISECONDS)
        self._animation.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.valueChanged.connect(lambda _value: self.update())
        self._animation.finished.connect(self.hide)
        self.hide()

    def fly(self, image: QImage, start: QRectF, end: QRectF) -> None:
        """Move a picture from one place of the panel to another."""
        parent = self._over
        if image.isNull() or not parent.isVisible() or start.isEmpty() or end.isEmpty():
            return
        self._image, self._start, self._end = image, start, end
        self.setGeometry(parent.rect())
        self.raise_()
        self.show()
        self._animation.stop()
        self._animation.start()

    def place(self) -> QRectF:
        """Where the picture is now."""
        at = float(self._animation.currentValue() or 0.0)
        one, other = self._start, self._end
        corner = one.topLeft() * (1 - at) + other.topLeft() * at
        return QRectF(
            corner.x(),
            corner.y(),
            *((1 - at) * a + at * b for a, b in ((one.width(), other.width()), (one.height(), other.height()))),
        )

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """A veil that lifts, and the picture."""
        painter = QPainter(self)
        at = float(self._animation.currentValue() or 0.0)
        painter.fillRect(self.rect(), theme.colour("window", round(230 * (1 - at))))
        painter.setOpacity(1.0 if at < 0.85 else max(0.0, (1 - at) / 0.15))
        painter.drawImage(self.place(), self._image)
