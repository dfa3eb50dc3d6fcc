"""The few widgets every panel shares: captions, pills, segments, a slider with its spin box, an empty state."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from playground.style import theme


class Caption(QLabel):
    """A quiet heading in small capitals."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("role", "caption")
        self.restyle()

    def restyle(self) -> None:
        """Take the type scale that is in force."""
        made = theme.font(0.85)
        made.setLetterSpacing(made.SpacingType.PercentageSpacing, 108)
        made.setCapitalization(made.Capitalization.AllUppercase)
        self.setFont(made)


class Elided(QLabel):
    """One quiet line that ends in "…" where there is not room for all of it; the whole stands in its tool tip."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """As narrow as need be."""
        return QSize(1, super().minimumSizeHint().height())

    def setText(self, text: str) -> None:  # noqa: N802 (Qt's name)
        """Show another text; a tool tip of its own gives way to it."""
        super().setText(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The text, or its beginning."""
        painter = QPainter(self)
        painter.setPen(theme.colour("quiet"))
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), self.alignment(), shown)


class Pill(QLabel):
    """A short fact in a rounded frame; `role` is pill, good or warning."""

    def __init__(self, text: str = "", role: str = "pill", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setProperty("role", role)

    def set_role(self, role: str) -> None:
        """Change its meaning, and its colours with it."""
        if self.property("role") != role:
            self.setProperty("role", role)
            repolish(self)


class Hairline(QFrame):
    """A line of one pixel, horizontal unless told otherwise."""

    def __init__(self, *, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "line")
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)


class Segments(QWidget):
    """One choice among a few, all of them in sight."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        """`choices` are (value, label) pairs."""
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for index, (value, label) in enumerate(choices):
            button = QPushButton(label, self)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            only, first, last = len(choices) == 1, index == 0, index == len(choices) - 1
            button.setProperty("end", "only" if only else "left" if first else "right" if last else "middle")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(0)
            button.setAccessibleName(label)
            self._group.addButton(button, index)
            self._buttons[value] = button
            layout.addWidget(button)
        self._group.idClicked.connect(self._on_clicked)

    def value(self) -> str | None:
        """The chosen value, or None."""
        return next((value for value, button in self._buttons.items() if button.isChecked()), None)

    def set_value(self, value: str | None) -> None:
        """Choose without a signal; None leaves nothing chosen (a mixed value)."""
        self._group.setExclusive(value is not None)
        for name, button in self._buttons.items():
            button.setChecked(name == value)

    def buttons(self) -> list[QPushButton]:
        """The segments, from left to right."""
        return list(self._buttons.values())

    def set_accessible(self, name: str) -> None:
        """Name the choice for screen readers."""
        self.setAccessibleName(name)
        for button in self._buttons.values():
            button.setAccessibleName(f"{name}: {button.text()}")

    def _on_clicked(self, index: int) -> None:
        self.chosen.emit(list(self._buttons)[index])


class SliderSpin(QWidget):
    """An integer with a slider for the usual range and a spin box for every other value."""

    edited = Signal(int)
    spin_kind: type[QSpinBox] = QSpinBox

    def __init__(self, low: int, high: int, usual: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(*usual)
        self.spin = self.spin_kind(self)
        self.spin.setRange(low, high)
        self.spin.setKeyboardTracking(False)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.spin.setFixedWidth(64)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.spin)
        self.slider.valueChanged.connect(self._on_slider)
        self.spin.valueChanged.connect(self._on_spin)

    def value(self) -> int:
        """The number shown."""
        return self.spin.value()

    def set_value(self, value: int) -> None:
        """Show a number without a signal."""
        with QSignalBlocker(self.slider), QSignalBlocker(self.spin):
            self.spin.setValue(value)
            self.slider.setValue(value)

    def _on_slider(self, value: int) -> None:
        with QSignalBlocker(self.spin):
            self.spin.setValue(value)
        self.edited.emit(value)

    def _on_spin(self, value: int) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(value)
        self.edited.emit(value)


class EmptyState(QWidget):
    """What a panel says while it has nothing to show: one line, and one that helps."""

    def __init__(self, title: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.hint = QLabel(title, self), QLabel(hint, self)
        self.title.setFont(theme.font(1.3, bold=True))
        self.hint.setProperty("role", "quiet")
        self.hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        for label in (self.title, self.hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(label)
        layout.addStretch(1)


def take_no_drops(widget: QWidget) -> None:
    """Files dropped on the fields inside a widget are for the window, not text for the field."""
    for field in widget.findChildren(QWidget):
        if field.acceptDrops():
            field.setAcceptDrops(False)


def repolish(widget: QWidget) -> None:
    """Make the style sheet look at a widget's properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
