"""The field of the prompt: a person's text, and right behind it, painted but no part of it, how the model goes on."""

from __future__ import annotations

import re

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCursor,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from playground.style import theme

_FIRST_WORD = re.compile(r"[^\S\n]*\S*")


class PromptEdit(QTextEdit):
    """Plain text with a continuation; Return asks, Shift+Return breaks the line, Tab leaves."""

    asked = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QTextEdit.LineWrapMode.WidgetWidth)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(56)
        self.document().setDocumentMargin(8)
        self._ghost = ""
        self._behind = QTextLayout()
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.verticalScrollBar().rangeChanged.connect(self._make_room)

    def text(self) -> str:
        """What the person wrote."""
        return self.toPlainText()

    def continuation(self) -> str:
        """What is painted behind it."""
        return self._ghost

    def go_on(self, continuation: str) -> None:
        """Paint a continuation behind the text."""
        if continuation != self._ghost:
            self._ghost = continuation
            self.setAccessibleDescription(f"The model goes on: {continuation}" if continuation else "")
            self._make_room()
            self.viewport().update()

    def retheme(self) -> None:
        """Take the colours and type sizes in force: a card that carries the accent while it is written in."""
        now = theme.theme()
        self.setStyleSheet(
            f"QTextEdit {{ background: {now.surface}; border: 1px solid {now.line}; border-radius: 8px; padding: 0; }}"
            f"QTextEdit:focus {{ border: 1px solid {now.accent}; }} QTextEdit:disabled {{ background: {now.window}; }}"
        )
        self.setFont(theme.font(1.2, mono=True))
        self._make_room()
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The person's text as ever, then the continuation from where it ends."""
        super().paintEvent(event)
        if not self._ghost:
            return
        painter = QPainter(self.viewport())
        painter.setPen(theme.colour("accent"))
        self._behind.draw(painter, self._origin())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Another width wraps otherwise."""
        super().resizeEvent(event)
        self._make_room()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Return asks at once."""
        pressed = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if pressed and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.asked.emit()
            return
        super().keyPressEvent(event)

    def _end(self) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def _origin(self) -> QPointF:
        """Where the last line of the person's text begins, in pixels of the viewport."""
        return QPointF(self.document().documentMargin(), self.cursorRect(self._end()).top())

    def _lay(self) -> float:
        """Wrap the continuation behind the last character; returns the height of all its lines."""
        margin, end = self.document().documentMargin(), self.cursorRect(self._end())
        width = max(20.0, self.viewport().width() - 2 * margin)
        start, y, said = end.left() - margin, 0.0, self._ghost
        word = _FIRST_WORD.match(said)
        if word is not None and start + QFontMetricsF(self.font()).horizontalAdvance(word[0]) > width:
            start, y, said = 0.0, float(end.height()), said.lstrip(" ")
        self._behind = QTextLayout(said.replace("\n", "\u2028"), self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._behind.setTextOption(option)
        self._behind.beginLayout()
        while (line := self._behind.createLine()).isValid():
            line.setLineWidth(max(1.0, width - start))
            line.setPosition(QPointF(start, y))
            y += line.height()
            start = 0.0
        self._behind.endLayout()
        return y

    def _make_room(self) -> None:
        """Let the text be scrolled as far as the continuation goes."""
        bar = self.verticalScrollBar()
        bottom = self._origin().y() + bar.value() + (self._lay() if self._ghost else 0.0) + self.document().documentMargin()
        needed = max(round(bottom), round(self.document().size().height())) - self.viewport().height()
        if bar.maximum() != max(0, needed):
            bar.setMaximum(max(0, needed))
