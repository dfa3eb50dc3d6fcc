"""The legend of the cloud: one button a kind with its marker, its name and how many tokens there are of it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from playground.style import theme
from playground.views.embeddings.frame import KINDS
from playground.views.embeddings.panel_marks import SHAPES, outline, tone

MARK, PAD, SPACE = 16.0, 7.0, 4


class KindButton(QAbstractButton):
    """Checked while its kind is shown."""

    def __init__(self, kind: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self.count, self.words = kind, 0, 2
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setText(KINDS[kind])
        self.say(0)

    def say(self, count: int) -> None:
        """How many tokens of the kind the picture has."""
        self.count = count
        self.setAccessibleName(f"Show {KINDS[self.kind]}")
        self.setToolTip(f"{KINDS[self.kind]}: {count:,} tokens\nClick to hide or show them")

    def wide(self, words: int) -> int:
        """Pixels for the mark alone (0), with the name (1), with the count too (2)."""
        metrics = QFontMetricsF(theme.font(0.9))
        said = (f"{self.text()} {self.count:,}", self.text(), "")[2 - words]
        return round(2 * PAD + MARK + (metrics.horizontalAdvance(said) + 4 if said else -2))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Mark, name, count; a hidden kind is hollow and struck out."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("raised"))
            painter.drawRoundedRect(box, 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 6, 6)
        mark = outline(SHAPES[self.kind], PAD + 5, box.center().y(), 4.6)
        if self.isChecked():
            painter.fillPath(mark, tone(self.kind))
        else:
            painter.strokePath(mark, QPen(tone(self.kind), 1.3))
        if not self.words:
            return
        font = theme.font(0.9)
        font.setStrikeOut(not self.isChecked())
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        at = QPointF(PAD + MARK, box.center().y() + (metrics.ascent() - metrics.descent()) / 2)
        painter.setPen(theme.colour("text" if self.isChecked() else "quiet"))
        painter.drawText(at, self.text())
        if self.words > 1:
            font.setStrikeOut(False)
            painter.setFont(font)
            painter.setPen(theme.colour("quiet"))
            painter.drawText(at + QPointF(metrics.horizontalAdvance(self.text() + " "), 0), f"{self.count:,}")


class Legend(QWidget):
    """The kinds the picture has; where there is no room, counts go first, then names."""

    toggled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.buttons = [KindButton(kind, self) for kind in range(len(KINDS))]
        for button in self.buttons:
            button.toggled.connect(lambda _: self.toggled.emit())

    def hidden(self) -> set[int]:
        """The kinds that are not wanted."""
        return {button.kind for button in self.buttons if not button.isChecked()}

    def say(self, counts: list[int]) -> None:
        """Tokens of each kind."""
        if counts != [button.count for button in self.buttons]:
            for button, count in zip(self.buttons, counts, strict=True):
                button.say(count)
                button.setVisible(count > 0)
            self.arrange()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """One row."""
        return QSize(400, round(QFontMetricsF(theme.font(0.9)).height()) + 10)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """More or less room for words."""
        self.arrange()

    def arrange(self) -> None:
        """Put the buttons in a row, with as many words as fit."""
        shown = [button for button in self.buttons if button.count > 0]
        fits = [words for words in (2, 1, 0) if sum(b.wide(words) + SPACE for b in shown) <= self.width() + PAD]
        words, x = fits[0] if fits else 0, -round(PAD) + 2
        for button in shown:
            button.words = words
            button.setGeometry(x, 0, button.wide(words), self.height())
            button.update()
            x += button.wide(words) + SPACE
