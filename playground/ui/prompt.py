"""The prompt bar: the person's own prompt, how the model goes on from it, and what it thinks comes next."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.numbers import percent
from playground.style.widgets import Caption, Elided, Pill, take_no_drops
from playground.ui.prompt_bars import Bars
from playground.ui.prompt_edit import PromptEdit
from playground.ui.sampling import SamplingButton
from playground.worker.mailbox import Answer

DEFAULT_PROMPT = "The value of the"
DELAY_MS = 250
FOLLOWS = "answers follow training"


class PromptBar(QWidget):
    """Emits `asked` a moment after the prompt or a setting changed; `draw` shows the answer."""

    asked = Signal(object)
    """An Ask."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(420, 148)
        self._answer: Answer | None = None
        self._past = False
        self._reason, self._text, self._suggested = "", DEFAULT_PROMPT, DEFAULT_PROMPT
        self.caption, self.follows = Caption("Prompt"), Pill(FOLLOWS, "good")
        self.note = Elided()
        self.edit = PromptEdit(DEFAULT_PROMPT)
        self.edit.setAccessibleName("Prompt")
        self.edit.setPlaceholderText("Write the beginning of a text, and the model goes on")
        self.sampling = SamplingButton()
        self.next_caption, self.bars, self.full = Caption("Next token"), Bars(), QLabel()
        self._right = QWidget()
        self._arrange()
        for label in (self.note, self.full):
            label.setProperty("role", "quiet")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.ask)
        self.edit.textChanged.connect(self._on_text)
        self.sampling.changed.connect(self._timer.start)
        self.edit.asked.connect(self.ask)
        take_no_drops(self)
        self.retheme()

    def ask(self) -> None:
        """Send the prompt now."""
        self._timer.stop()
        self.asked.emit(replace(self.sampling.settings, prompt=self.edit.text()))

    def draw(self, answer: Answer) -> None:
        """Show an answer; one to a prompt that has changed since is left out."""
        if answer.prompt != self.edit.text():
            return
        if answer.suggestion and answer.prompt == DEFAULT_PROMPT:  # nobody has written it
            self._suggested = answer.suggestion
            self.edit.setText(answer.suggestion)
            return
        self._answer = answer
        self.edit.go_on(answer.continuation)
        self.bars.show_choices(answer.choices)
        self.next_caption.setText(answer.heading)
        self._say()

    def set_past(self, past: bool) -> None:
        """Whether answers are of a recorded step, or follow training."""
        self._past = past
        self.follows.set_role("warning" if past else "good")
        self.follows.setFont(theme.font(0.9))  # the style sheet has taken it away
        self._say()

    def begin_anew(self) -> None:
        """Another task: a prompt that nobody has written gives way to one that means something there."""
        if self.edit.text() in (self._suggested, DEFAULT_PROMPT):
            self.edit.setText(DEFAULT_PROMPT)
            self._timer.start()

    def set_enabled_reason(self, reason: str) -> None:
        """Say why there can be no answer now, and take no prompt; an empty reason lifts that."""
        self._reason = reason
        for widget in (self.edit, self.sampling):
            widget.setEnabled(not reason)
        if reason:
            self._timer.stop()
            self._forget()
        self._say()

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        for caption in (self.caption, self.next_caption):
            caption.restyle()
        self.edit.retheme()
        self.sampling.retheme()
        for label in (self.follows, self.note, self.full):
            label.setFont(theme.font(0.9))
        self._fit()
        self.bars.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """A narrow bar says less."""
        super().resizeEvent(event)
        self._fit()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        for widget in (self.caption, self.follows):
            head.addWidget(widget)
        head.addWidget(self.note, 1)
        head.addWidget(self.sampling)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(head)
        left.addWidget(self.edit, 1)
        above = QHBoxLayout()
        above.addWidget(self.next_caption)
        above.addStretch(1)
        above.addWidget(self.full)
        right = QVBoxLayout(self._right)
        right.setContentsMargins(0, 5, 0, 0)
        right.setSpacing(10)
        right.addLayout(above)
        right.addWidget(self.bars, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 12)
        row.setSpacing(16)
        row.addLayout(left, 1)
        row.addWidget(self._right)
        QWidget.setTabOrder(self.edit, self.sampling)

    def _on_text(self) -> None:
        """What was said to another prompt goes; what the person types along with the model stays in sight."""
        before, text = self._answer, self.edit.text()
        if text == self._text:  # another font or colour
            return
        self._text = text
        if before is not None and text != before.prompt:
            said = before.prompt + before.continuation
            if text.startswith(before.prompt) and said.startswith(text):
                self.edit.go_on(said[len(text) :])
            else:
                self.edit.go_on("")
        self._timer.start()

    def _forget(self) -> None:
        self._answer = None
        self.edit.go_on("")
        self.bars.show_choices(())

    def _fit(self) -> None:
        self._right.setFixedWidth(max(180, min(340, round(0.29 * self.width()))))
        self._say()

    def _say(self) -> None:
        """Since when the answer is, what is to be said about it, and what a full bar means."""
        answer = self._answer
        step = f"step {answer.step:,}" if answer else ""
        said = self._reason or (answer.note if answer else "")
        self.note.setText(said)
        self.follows.setVisible(not self._reason)
        self.follows.setText(self._pill(step))
        followed = "answers are of the step that is looked at" if self._past else FOLLOWS
        self.follows.setToolTip(f"{followed}: this is the model after {step}" if step else followed)
        self.full.setText(f"full bar {percent(self.bars.full)}" if self.bars.choices and self._right.width() > 210 else "")

    def _pill(self, step: str) -> str:
        """The most words that fit between the caption and the settings."""
        room = self.width() - self._right.width() - 48 - 4 * 8 - 22
        room -= self.caption.sizeHint().width() + self.sampling.sizeHint().width()
        room -= min(320, self.note.sizeHint().width()) if self.note.text() else 0
        told = (
            [f"{FOLLOWS} · {step}", f"follows training · {step}", f"follows · {step}", step]
            if step
            else [FOLLOWS, "follows training", "live"]
        )
        if self._past:
            told = [f"answers as of {step}", f"as of {step}", step] if step else ["as of then"]
        metrics = QFontMetricsF(theme.font(0.9))
        return next((words for words in told if metrics.horizontalAdvance(words) <= room), told[-1])
