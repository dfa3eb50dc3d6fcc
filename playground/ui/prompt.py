"""The prompt bar: the person's own prompt, how the model goes on from it, and what it thinks comes next."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from playground.style import theme
from playground.style.tokentext import quoted
from playground.style.widgets import Caption, Pill
from playground.worker.mailbox import Answer

DEFAULT_PROMPT = "The value of the"
DELAY_MS = 250
ROW = 24


class PromptBar(QWidget):
    """Emits `asked` a moment after the prompt or a setting changed; `draw` shows the answer."""

    asked = Signal(str, float, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(168)
        self._answer: Answer | None = None
        self.caption, self.follows = Caption("Prompt"), Pill("follows training", "good")
        self.note = QLabel()
        self.note.setProperty("role", "quiet")
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.edit = QLineEdit(DEFAULT_PROMPT)
        self.edit.setAccessibleName("Prompt")
        self.edit.setPlaceholderText("Write the beginning of a text, and the model goes on")
        self.flow = QTextEdit()
        self.flow.setReadOnly(True)
        self.flow.setAccessibleName("Prompt and continuation")
        self.flow.setMinimumHeight(56)
        self.temperature, self.top_k = QDoubleSpinBox(), QSpinBox()
        self.temperature.setRange(0.0, 5.0)
        self.temperature.setSingleStep(0.1)
        self.temperature.setDecimals(1)
        self.temperature.setValue(0.8)
        self.temperature.setToolTip("0 always takes the most probable token; larger values dare more")
        self.top_k.setRange(1, 100_000)
        self.top_k.setValue(40)
        self.top_k.setToolTip("Choose among this many of the most probable tokens")
        self.next_caption, self.bars = Caption("Next token"), _Bars()
        self._labels: list[QLabel] = []
        self._arrange()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.ask)
        for signal in (self.edit.textEdited, self.temperature.valueChanged, self.top_k.valueChanged):
            signal.connect(self._timer.start)
        self.edit.returnPressed.connect(self.ask)
        self.retheme()

    def ask(self) -> None:
        """Send the prompt now."""
        self._timer.stop()
        self.asked.emit(self.edit.text(), self.temperature.value(), self.top_k.value())

    def draw(self, answer: Answer) -> None:
        """Show an answer; one to a prompt that has changed since is left out."""
        if answer.prompt != self.edit.text():
            return
        self._answer = answer
        self.follows.setText(f"answer of step {answer.step:,}")
        self.note.setText(answer.note)
        self.note.setToolTip(answer.note)
        self._write()
        self.bars.show_choices(answer.choices)

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        for caption in (self.caption, self.next_caption):
            caption.restyle()
        self.edit.setFont(theme.font(1.05, mono=True))
        self.flow.setFont(theme.font(1.2, mono=True))
        for label in (*self._labels, self.follows, self.note):
            label.setFont(theme.font(0.9))
        self._write()
        self.bars.update()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.caption)
        head.addWidget(self.follows)
        head.addWidget(self.note, 1)
        for name, box in (("Temperature", self.temperature), ("Top-k", self.top_k)):
            label = QLabel(name)
            label.setProperty("role", "quiet")
            label.setBuddy(box)
            box.setAccessibleName(name)
            box.setAlignment(Qt.AlignmentFlag.AlignCenter)
            box.setFixedWidth(64)
            self._labels.append(label)
            head.addWidget(label)
            head.addWidget(box)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(head)
        left.addWidget(self.edit)
        left.addWidget(self.flow, 1)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self.next_caption)
        right.addWidget(self.bars, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 16, 12)
        row.setSpacing(20)
        row.addLayout(left, 5)
        row.addLayout(right, 2)

    def _write(self) -> None:
        """The prompt in the colour of text, the continuation in the accent, in one flow."""
        self.flow.clear()
        cursor = QTextCursor(self.flow.document())
        spoken, continued = QTextCharFormat(), QTextCharFormat()
        spoken.setForeground(theme.colour("text"))
        continued.setForeground(theme.colour("accent"))
        cursor.insertText(self._answer.prompt if self._answer else "", spoken)
        cursor.insertText(self._answer.continuation if self._answer else "", continued)


class _Bars(QWidget):
    """The most probable next tokens as bars, the longest first."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(190)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Next token")
        self._choices: tuple[tuple[str, float], ...] = ()

    def show_choices(self, choices: tuple[tuple[str, float], ...]) -> None:
        """Tokens with their probabilities (0 to 1)."""
        self._choices = choices
        self.setAccessibleDescription(", ".join(f"{quoted(token)} {share:.0%}" for token, share in choices[:5]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """A row a token: label, bar on the fixed scale 0 to 1, percentage."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mono, plain = theme.font(mono=True), theme.font(0.95)
        row = max(ROW, int(QFontMetricsF(mono).height()) + 6)
        label, number = 0.40 * self.width(), QFontMetricsF(plain).horizontalAdvance("100 %") + 8
        middle = Qt.AlignmentFlag.AlignVCenter
        for index, (token, share) in enumerate(self._choices[: max(1, self.height() // row)]):
            top = index * row
            painter.setFont(mono)
            painter.setPen(theme.colour("text"))
            shown = QFontMetricsF(mono).elidedText(quoted(token), Qt.TextElideMode.ElideRight, label - 8)
            painter.drawText(QRectF(0, top, label, row), middle, shown)
            room = self.width() - label - number
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("raised"))
            painter.drawRoundedRect(QRectF(label, top + row / 2 - 6, room, 12), 3, 3)
            painter.setBrush(theme.colour("unembedding"))
            painter.drawRoundedRect(QRectF(label, top + row / 2 - 6, max(3.0, room * share), 12), 3, 3)
            painter.setPen(theme.colour("quiet"))
            painter.setFont(plain)
            painter.drawText(
                QRectF(self.width() - number, top, number, row), middle | Qt.AlignmentFlag.AlignRight, f"{share:.0%}"
            )
        if not self._choices:
            painter.setFont(plain)
            painter.setPen(theme.colour("quiet"))
            painter.drawText(
                QRectF(self.rect()), Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, "the model’s guesses appear here"
            )
