"""The small controls that only the inspector needs: a list with an arrow, a switch, spin box and slider that can be mixed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QWidget

from playground.style import theme
from playground.style.widgets import SliderSpin

MIXED = "mixed"
"""What an editor says instead of a value where the selected parts have several."""


class Choices(QComboBox):
    """A list of choices with an arrow in the theme's colour; style sheets only know arrows from files."""

    closed = Signal()

    def hidePopup(self) -> None:  # noqa: N802 (Qt's name)
        """The list is put away, with or without a choice."""
        super().hidePopup()
        self.closed.emit()

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
        high, wide = self._high(), round(self._high() * 1.7)
        mixed = self.checkState() == Qt.CheckState.PartiallyChecked
        on = self.isChecked() and not mixed
        track = QRectF(self.width() - wide, (self.height() - high) / 2, wide, high)
        wrong = bool(self.property("wrong"))
        painter.setPen(QPen(theme.colour("warning" if wrong else "accent" if on else "line"), 1.5 if wrong else 1))
        painter.setBrush(theme.colour("accent" if on else "raised"))
        painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), high / 2, high / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("on_accent" if on else "quiet"))
        if mixed:  # a dash in the middle: neither side
            painter.drawRoundedRect(QRectF(track.center().x() - high * 0.35, track.center().y() - 1.5, high * 0.7, 3), 1.5, 1.5)
        else:
            left = track.right() - high + 3 if on else track.left() + 3
            painter.drawEllipse(QRectF(left, track.top() + 3, high - 6, high - 6))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("text"), 2))
            painter.drawRoundedRect(track.adjusted(1, 1, -1, -1), high / 2 - 1, high / 2 - 1)

    def _high(self) -> int:
        return round(20 * theme.points() / theme.BASE_POINTS)


class OpenSpin(QSpinBox):
    """A spin box for whole numbers that can also show that there are several: no number, and the word for it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mixed = False
        self.none_text = ""
        self._least, self._first = 0, 0

    def set_limits(self, low: int, high: int) -> None:
        """The numbers that can be."""
        self._least = low
        self.setRange(low, high)

    def set_mixed(self, first: int | None) -> None:
        """Show no number, and step on from `first`; None ends it. The place below the smallest number stands for this."""
        with QSignalBlocker(self):
            self.mixed = first is not None
            self.setMinimum(self._least - 1 if self.mixed else self._least)
            self.setSpecialValueText("" if self.mixed else self.none_text)
            self.lineEdit().setPlaceholderText(MIXED if self.mixed else "")
            if first is not None:
                self._first = first
                self.setValue(self._least - 1)

    @property
    def blank(self) -> bool:
        """Whether no number is shown: there are several, and none has been typed."""
        return self.mixed and self.value() < self._least

    def refresh(self) -> None:
        """Write the number again over what is half typed."""
        with QSignalBlocker(self):
            self.setValue(self.value())

    def textFromValue(self, value: int) -> str:  # noqa: N802 (Qt's name)
        """The number, or nothing while there are several."""
        return "" if self.mixed and value < self._least else super().textFromValue(value)

    def stepEnabled(self) -> QSpinBox.StepEnabledFlag:  # noqa: N802 (Qt's name)
        """From several numbers there is a way up and down."""
        both = QSpinBox.StepEnabledFlag.StepUpEnabled | QSpinBox.StepEnabledFlag.StepDownEnabled
        return both if self.blank else super().stepEnabled()

    def stepBy(self, steps: int) -> None:  # noqa: N802 (Qt's name)
        """A step from several numbers goes on from the first of them."""
        if self.blank:
            with QSignalBlocker(self):
                self.setValue(self._first)
        super().stepBy(steps)


class SnappingSlider(SliderSpin):
    """A slider that moves in round steps; the spin box takes every value."""

    spin_kind = OpenSpin

    def __init__(self, low: int, high: int, usual: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__(low, high, usual, parent)
        assert isinstance(self.spin, OpenSpin)
        self.number = self.spin
        self.number.set_limits(low, high)
        span = usual[1] - usual[0]
        self.grain = max(1, 2 ** (max(1, span // 48).bit_length() - 1))
        self.slider.setSingleStep(self.grain)
        self.slider.setPageStep(self.grain * 4)
        self.spin.setFixedWidth(round(56 * theme.points() / theme.BASE_POINTS))

    def set_mixed(self, first: int | None) -> None:
        """Show no number; the slider waits, pale, where the first of several is."""
        mixed = first is not None
        if mixed != self.number.mixed:
            t = theme.theme()
            pale = f"QSlider::sub-page:horizontal, QSlider::groove:horizontal {{ background: {t.raised}; }}"
            pale += f" QSlider::handle:horizontal {{ background: {t.line}; }}"
            self.slider.setStyleSheet(pale if mixed else "")
        self.number.set_mixed(first)
        if first is not None:
            with QSignalBlocker(self.slider):
                self.slider.setValue(first)

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
