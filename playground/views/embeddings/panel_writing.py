"""How tokens are written beside their points: texts are made when they are first shown, and kept."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QStaticText

from playground.style import theme
from playground.style.tokentext import label

LETTERS = 14


class Writing:
    """The texts of some tokens, in the type size in force."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self.tokens = tokens
        self.font = theme.font(0.88, mono=True)
        self._metrics = QFontMetricsF(self.font)
        self.height = self._metrics.height()
        self._made: dict[int, tuple[QStaticText, float]] = {}

    def get(self, index: int) -> tuple[QStaticText, float]:
        """A text and its width in pixels."""
        if index not in self._made:
            word = written(self.tokens[index])
            text = QStaticText(word)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            self._made[index] = text, self._metrics.horizontalAdvance(word)
        return self._made[index]


def written(token: str) -> str:
    """A token beside its point; a space before it is seen, since " in" and "in" are two tokens."""
    if len(token) > 2 and not token.strip(" "):
        return f"␣×{len(token)}"
    return "·" + label(token[1:], LETTERS - 1) if token[:1] == " " and token.strip(" ") else label(token, LETTERS)
