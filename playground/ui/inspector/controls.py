"""The small controls that only the inspector needs: a list with an arrow, a switch, a slider with round steps, a calm wheel."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from playground.style import theme
from playground.style.widgets import SliderSpin


class Choices(QComboBox):
    """A list of choices with an arrow in the theme's colour; style sheets only know arrows from files."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The box, then the arrow."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("quiet"), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        x, y = self.width() - 15.0, self.height() / 2
        painter.drawPolyline([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)])


class Switch(QCheckBox):
    """A check box drawn as a switch."""

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """The switch; it grows with the type."""
        high = self._high()
        return QSize(round(high * 1.7), high + 6)

    def hitButton(self, _position: Any) -> bool:  # noqa: N802 (Qt's name)
        """All of it can be clicked."""
        return True

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Track, knob, focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high, wide, on = self._high(), round(self._high() * 1.7), self.isChecked()
        track = QRectF(self.width() - wide, (self.height() - high) / 2, wide, high)
        wrong = bool(self.property("wrong"))
        painter.setPen(QPen(theme.colour("warning" if wrong else "accent" if on else "line"), 1.5 if wrong else 1))
        painter.setBrush(theme.colour("accent" if on else "raised"))
        painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), high / 2, high / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("on_accent" if on else "quiet"))
        painter.drawEllipse(QRectF(track.right() - high + 3 if on else track.left() + 3, track.top() + 3, high - 6, high - 6))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("text"), 2))
            painter.drawRoundedRect(track.adjusted(1, 1, -1, -1), high / 2 - 1, high / 2 - 1)

    def _high(self) -> int:
        return round(20 * theme.points() / theme.BASE_POINTS)


class SnappingSlider(SliderSpin):
    """A slider that moves in round steps; the spin box takes every value."""

    def __init__(self, low: int, high: int, usual: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__(low, high, usual, parent)
        span = usual[1] - usual[0]
        self.grain = max(1, 2 ** (max(1, span // 48).bit_length() - 1))
        self.slider.setSingleStep(self.grain)
        self.slider.setPageStep(self.grain * 4)
        self.spin.setFixedWidth(round(56 * theme.points() / theme.BASE_POINTS))

    def _on_slider(self, value: int) -> None:
        snapped = max(self.slider.minimum(), round(value / self.grain) * self.grain)
        if snapped != self.spin.value():
            with QSignalBlocker(self.spin):
                self.spin.setValue(snapped)
            self.edited.emit(snapped)


class _Calm(QObject):
    """Keeps the wheel from changing values while the form is scrolled."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def calm_wheel(widget: QWidget) -> None:
    """A value only follows the wheel when its editor has the focus."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_Calm(widget))
