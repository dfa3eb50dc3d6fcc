"""The sampling button: how the next token is drawn, in a word on it, and every setting in the panel that it opens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QFormLayout, QFrame, QLabel, QPushButton, QSpinBox, QWidget

from playground.style import theme
from playground.worker.commands import Ask

ROWS: tuple[tuple[str, str, str, float, float, float], ...] = (
    ("temperature", "Temperature", "0 always takes the most probable token; larger values dare more", 0.0, 5.0, 0.1),
    ("top_k", "Top-k", "Choose among this many of the most probable tokens; 0 among all", 0, 100_000, 1),
    ("top_p", "Top-p", "Choose among the most probable tokens that together have this share; 1 among all", 0.05, 1.0, 0.05),
    ("repetition", "Repetition penalty", "Above 1, tokens that stand in the text already become less likely", 1.0, 5.0, 0.1),
    ("beams", "Beams", "With 2 or more the most probable answer is searched for among so many, and nothing is drawn", 1, 16, 1),
    ("length", "Tokens", "The answer has at most this many tokens", 1, 512, 8),
    ("seed", "Seed", "The same seed draws the same answer from the same model", 0, 2**31 - 1, 1),
)
"""Field of `Ask`, label, help, least, most, step."""


class SamplingButton(QPushButton):
    """`changed` is emitted when a setting has become another; `settings` is an Ask whose prompt is empty."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.settings = Ask("")
        self.setProperty("role", "link")
        self.setToolTip("How the next token is drawn: temperature, top-k, top-p, repetition, length, seed")
        self.setAccessibleName("Sampling")
        self.boxes: dict[str, QSpinBox | QDoubleSpinBox] = {}
        self.panel = QFrame(self, Qt.WindowType.Popup)
        self.panel.setProperty("role", "card")
        self.panel.setAccessibleName("Sampling")
        form = QFormLayout(self.panel)
        form.setContentsMargins(16, 14, 16, 14)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self._labels: list[QLabel] = []
        for name, title, help_, low, high, step in ROWS:
            box = self._box(name, low, high, step)
            box.setToolTip(help_)
            box.setAccessibleName(title)
            box.setAccessibleDescription(help_)
            label = QLabel(title)
            label.setBuddy(box)
            label.setToolTip(help_)
            self._labels.append(label)
            form.addRow(label, box)
        reset = QPushButton("As at first")
        reset.setProperty("role", "link")
        reset.clicked.connect(self.reset)
        form.addRow("", reset)
        self.clicked.connect(self._open)
        self.retheme()

    def retheme(self) -> None:
        """Take the type sizes in force."""
        for widget in (self, *self._labels, *self.boxes.values()):
            widget.setFont(theme.font(0.9))
        self._say()

    def reset(self) -> None:
        """Every setting as it was at first."""
        for name, box in self.boxes.items():
            box.setValue(getattr(Ask(""), name))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Without a prompt there is nothing to set."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange and not self.isEnabled():
            self.panel.hide()

    def _box(self, name: str, low: float, high: float, step: float) -> QSpinBox | QDoubleSpinBox:
        value = getattr(self.settings, name)
        box: QSpinBox | QDoubleSpinBox
        if isinstance(value, int):
            box = QSpinBox()
            box.setRange(int(low), int(high))
            box.setSingleStep(int(step))
            box.setValue(value)
        else:
            box = QDoubleSpinBox()
            box.setRange(low, high)
            box.setDecimals(2 if step < 0.1 else 1)
            box.setSingleStep(step)
            box.setValue(value)
        box.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box.setMinimumWidth(96)
        box.valueChanged.connect(lambda new: self._on_value(name, new))
        self.boxes[name] = box
        return box

    def _on_value(self, name: str, value: float) -> None:
        change: dict[str, Any] = {name: round(value, 3) if isinstance(value, float) else value}
        self.settings = replace(self.settings, **change)
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        """The two settings that matter most, and how many others are not as at first."""
        now, first = self.settings, Ask("")
        drawn = "most probable" if now.temperature == 0 else f"temperature {now.temperature:g}"
        drawn = f"best of {now.beams} beams" if now.beams > 1 else drawn
        apart = ("temperature", "seed", "beams")
        more = sum(getattr(now, name) != getattr(first, name) for name, *_ in ROWS if name not in apart)
        self.setText(f"{drawn}{f' +{more}' if more else ''}  ▾")
        self.setAccessibleDescription(", ".join(f"{title} {getattr(now, name):g}" for name, title, *_ in ROWS))

    def _open(self) -> None:
        """Above the button, since it stands at the foot of the window."""
        self.panel.adjustSize()
        corner = self.mapToGlobal(QPoint(self.width() - self.panel.width(), -self.panel.height() - 4))
        self.panel.move(corner)
        self.panel.show()
        self.boxes["temperature"].setFocus()
