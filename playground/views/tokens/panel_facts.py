"""What stands around the tokens: the tokenizer's figures as a row, and the scale of surprise."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from playground.style import colourmaps, theme


class Facts(QWidget):
    """Figures with their units below them, like those beside the play button."""

    def __init__(self, units: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(22)
        self.figures: list[QLabel] = []
        self._units: list[QLabel] = []
        for unit in units:
            figure, below = QLabel("–"), QLabel(unit)
            below.setProperty("role", "quiet")
            pair = QVBoxLayout()
            pair.setSpacing(0)
            for text in (figure, below):
                text.setTextFormat(Qt.TextFormat.PlainText)
                pair.addWidget(text)
            row.addLayout(pair)
            self.figures.append(figure)
            self._units.append(below)
        self.retheme()

    def say(self, *figures: str) -> None:
        """The figures, in the order of the units."""
        for label, unit, figure in zip(self.figures, self._units, figures, strict=True):
            label.setText(figure)
            label.setAccessibleName(f"{figure} {unit.text()}")

    def text(self) -> str:
        """All of it in one line."""
        return " · ".join(f"{figure.text()} {unit.text()}" for figure, unit in zip(self.figures, self._units, strict=True))

    def retheme(self) -> None:
        """Take the type sizes in force."""
        for figure, unit in zip(self.figures, self._units, strict=True):
            figure.setFont(theme.font(1.1, bold=True))
            unit.setFont(theme.font(0.85))


class Scale(QWidget):
    """The colours of surprise from 0 to so many nats."""

    def __init__(self, worst: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ends = ("0", f"{worst:.0f} nats")
        self.setAccessibleName(f"Colours of surprise, from 0 to {worst:.0f} nats")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """The bar and its two ends."""
        metrics = QFontMetricsF(theme.font(0.9))
        return QSize(round(sum(metrics.horizontalAdvance(end) for end in self._ends)) + 136, round(metrics.height()) + 6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The map as a bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font(0.9)
        metrics = QFontMetricsF(font)
        left = metrics.horizontalAdvance(self._ends[0]) + 8
        bar = QRectF(left, self.height() / 2 - 5, 120, 10)
        ramp = QLinearGradient(bar.topLeft(), bar.topRight())
        for at, colour in enumerate(colourmaps.ground(theme.theme().dark)[::15].tolist()):
            ramp.setColorAt(at / 17, QColor(*colour))
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(ramp)
        painter.drawRoundedRect(bar, 3, 3)
        painter.setFont(font)
        painter.setPen(theme.colour("quiet"))
        baseline = (self.height() + metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(0, baseline), self._ends[0])
        painter.drawText(QPointF(bar.right() + 8, baseline), self._ends[1])
