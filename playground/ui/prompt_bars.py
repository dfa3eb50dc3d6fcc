"""The bars of the prompt: the most probable next tokens, the longest first."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import theme
from playground.style.numbers import percent
from playground.style.tokentext import quoted

AT_MOST = 5
SCALES = (0.25, 0.5, 1.0)
"""Probabilities that a full bar may stand for."""


class Bars(QWidget):
    """A row a token: the token, a bar, its probability."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Next token")
        self.choices: tuple[tuple[str, float], ...] = ()
        self.at_most, self.hint, self.lit = AT_MOST, "What the model expects next appears here.", -1
        """Rows there may be, what stands there without any, and the row that is set off from the others (-1: none)."""
        self.full = 0.0
        """The probability that a full bar stands for; 0 while there are none."""

    def show_choices(self, choices: tuple[tuple[str, float], ...]) -> None:
        """Tokens with their probabilities (0 to 1)."""
        self.choices = choices[: self.at_most]
        self.full = self._scale(max(share for _, share in self.choices)) if choices else 0.0
        self.setAccessibleDescription(", ".join(f"{quoted(token)} {percent(share)}" for token, share in self.choices))
        self.update()

    def _scale(self, top: float) -> float:
        """The smallest scale that holds the longest bar; a larger one stays until there is a good deal of room."""
        fits = next(scale for scale in SCALES if top <= scale or scale == SCALES[-1])
        return self.full if self.full > fits and top > 0.8 * fits else fits

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Five rows."""
        return QSize(240, round(AT_MOST * (QFontMetricsF(theme.font(mono=True)).height() + 4)))

    def row(self) -> float:
        """The height of a row in pixels."""
        return max(
            QFontMetricsF(theme.font(0.95, mono=True)).height() + 1, min(26.0, self.height() / max(1, len(self.choices)))
        )

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """All rows, or as many as there is room for."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mono, plain = theme.font(0.95, mono=True), theme.font(0.9)
        if not self.choices:
            painter.setFont(plain)
            painter.setPen(theme.colour("quiet"))
            words = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), words, self.hint)
            return
        metrics, row = QFontMetricsF(mono), self.row()
        wide = QFontMetricsF(plain).horizontalAdvance
        left = max(0.40 * self.width(), min(0.52 * self.width(), metrics.horizontalAdvance(11 * "m") + 8))
        right = 8 + max(wide(said) for said in ("100 %", *(percent(share) for _, share in self.choices)))
        for index, (token, share) in enumerate(self.choices[: max(1, int(self.height() / row + 0.01))]):
            line = QRectF(0, index * row, self.width(), row)
            if index == self.lit:
                painter.fillRect(line, theme.colour("selected"))
            painter.setFont(mono)
            painter.setPen(theme.colour("text"))
            said = metrics.elidedText(quoted(token), Qt.TextElideMode.ElideRight, left - 8)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, said)
            high = min(11.0, row - 6)
            track = QRectF(left, line.center().y() - high / 2, max(8.0, self.width() - left - right), high)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("raised"))
            painter.drawRoundedRect(track, 3, 3)
            track.setWidth(max(3.0, track.width() * min(1.0, share / self.full)))
            painter.setBrush(theme.colour("unembedding"))
            painter.drawRoundedRect(track, 3, 3)
            painter.setPen(theme.colour("quiet"))
            painter.setFont(plain)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, percent(share))
