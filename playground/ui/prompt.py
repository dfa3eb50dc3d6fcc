"""The prompt bar: the person's own prompt, how the model goes on from it, what comes next, and the panel it grows into."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.numbers import percent
from playground.style.widgets import Caption, Elided, Pill, take_no_drops
from playground.ui.prompt_bars import Bars
from playground.ui.prompt_edit import PromptEdit
from playground.ui.prompting.panel import PromptPanel
from playground.ui.prompting.ways_page import ways
from playground.ui.sampling import SamplingButton
from playground.worker.commands import AskWays, Compress
from playground.worker.mailbox import Answer

DEFAULT_PROMPT = "The value of the"
DELAY_MS = 250
FOLLOWS = "answers follow training"
SMALL, LARGE = 148, 340
"""The bar's least height in pixels, and with its panel open."""
EMPTY = "The prompt is empty; write a word and the model answers."
WIDE = 680
"""Pixels from which on the button that opens it says what it opens."""


class PromptBar(QWidget):
    """Emits `asked` a moment after the prompt or a setting changed; `draw` shows the answer."""

    asked = Signal(object)
    """An Ask."""
    compressed = Signal(object)
    """A Compress, or an AskWays."""
    opened = Signal(bool)
    """The panel was opened or closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(420, SMALL)
        self._answer: Answer | None = None
        self._past = False
        self._beside: list[Compress | AskWays] = [Compress(""), AskWays()]
        """What was asked for last besides the answer."""
        self._reason, self._text, self._suggested = "", DEFAULT_PROMPT, DEFAULT_PROMPT
        self.caption, self.follows = Caption("Prompt"), Pill(FOLLOWS, "good")
        self.note = Elided()
        self.edit = PromptEdit(DEFAULT_PROMPT)
        self.edit.setAccessibleName("Prompt")
        self.edit.setPlaceholderText("Write the beginning of a text, and the model goes on")
        self.sampling, self.more, self.panel = SamplingButton(), QPushButton("▴"), PromptPanel()
        self.more.setCheckable(True)
        self.more.setAccessibleName("Tokens, alternatives and branches")
        self.more.setProperty("role", "link")
        self.more.setToolTip("Every token with its probability and alternatives, branches, alignment, and the answer over time")
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
        self.sampling.changed.connect(self._on_settings)
        self.more.toggled.connect(self._on_open)
        self.panel.wanted.connect(self.ask)
        for changed in (self.panel.turned, self.panel.gist.changed, self.panel.ways.changed):
            changed.connect(self._ask_beside)
        self.panel.library.chosen.connect(self._take)
        self.panel.library.put.clicked.connect(lambda: self._take(self.panel.library.written(self.edit.text())))
        self.edit.asked.connect(self.ask)
        take_no_drops(self)
        self.retheme()

    def ask(self) -> None:
        """Send the prompt now."""
        self._timer.stop()
        self._ask_beside()
        settings, panel = self.sampling.settings, self.panel
        if not self.more.isChecked():
            self.asked.emit(replace(settings, prompt=self.edit.text()))
            return
        length = panel.length(settings.length)
        self.asked.emit(replace(settings, prompt=self.edit.text(), length=length, forced=panel.forced, details=True))

    def _ask_beside(self) -> None:
        """Have a gist used, or the question put in several ways, while the page of it is seen."""
        page, text = self.panel.page if self.more.isChecked() else "", self.edit.text()
        wishes: list[Compress | AskWays] = [Compress(""), AskWays()]
        if page == "gist":
            used = self.panel.gist
            wishes[0] = Compress(text or " ", (), map=True) if used.maps else Compress(text, used.wanted())
        if page == "ways":
            put = self.panel.ways
            wishes[1] = AskWays(ways(text, put.recipes.toPlainText()), put.wanted.text(), self.sampling.settings)
        for wish in wishes:
            if wish not in self._beside:
                self.compressed.emit(wish)
        self._beside = wishes

    def _take(self, text: str) -> None:
        """Another prompt, from the library or made of examples."""
        self.edit.setText(text)
        self.edit.moveCursor(QTextCursor.MoveOperation.End)
        self.ask()

    def draw(self, answer: Answer) -> None:
        """Show an answer; one to a prompt that has changed since is left out."""
        if answer.prompt != self.edit.text():
            return
        if answer.suggestion and answer.prompt == DEFAULT_PROMPT:  # nobody has written it
            self._suggested = answer.suggestion
            self.edit.setText(answer.suggestion)
            return
        self._answer = answer
        self.edit.go_on("" if self.more.isChecked() else answer.continuation)  # the panel shows it token by token
        self.bars.show_choices(answer.choices)
        self.next_caption.setText(answer.heading)
        if answer.told is not None:
            self.panel.draw(answer.told, answer.continuation, answer.step, self._past)
        self._say()

    def set_past(self, past: bool) -> None:
        """Whether answers are of a recorded step, or follow training."""
        self._past = past
        self.follows.set_role("warning" if past else "good")
        self.follows.setFont(theme.font(0.9))  # the style sheet has taken it away
        self._say()

    def begin_anew(self) -> None:
        """Another task: a prompt that nobody has written gives way to one that means something there."""
        self.panel.forget()
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
        self.panel.retheme()
        for label in (self.follows, self.note, self.full, self.more):
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
        for button in (self.sampling, self.more):
            head.addWidget(button)
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
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(left, 1)
        row.addWidget(self._right)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(8)
        column.addLayout(row, 1)
        column.addWidget(self.panel, 3)
        self.panel.hide()
        QWidget.setTabOrder(self.edit, self.sampling)
        QWidget.setTabOrder(self.sampling, self.more)

    def _on_text(self) -> None:
        """What was said to another prompt goes; what the person types along with the model stays in sight."""
        before, text = self._answer, self.edit.text()
        if text == self._text:  # another font or colour
            return
        self._text = text
        self.panel.forget()
        if before is not None and text != before.prompt:
            said = before.prompt + before.continuation
            if text.startswith(before.prompt) and said.startswith(text):
                self.edit.go_on(said[len(text) :])
            else:
                self.edit.go_on("")
        if not text:
            self._forget()
            self._say()
        self._timer.start()

    def _on_settings(self) -> None:
        self.panel.compare_anew()
        self._timer.start()

    def _on_open(self, opened: bool) -> None:
        """Grow into the panel, whose alternatives say what the bars said; or be small again."""
        self.panel.setVisible(opened)
        self._right.setVisible(not opened)
        self.edit.setMaximumHeight(84 if opened else 16_777_215)
        self.edit.go_on("" if opened or self._answer is None else self._answer.continuation)
        self.setMinimumHeight(LARGE if opened else SMALL)
        self.opened.emit(opened)
        self._fit()
        self.ask()

    def _forget(self) -> None:
        self._answer = None
        self.edit.go_on("")
        self.bars.show_choices(())

    def _fit(self) -> None:
        self._right.setFixedWidth(max(180, min(340, round(0.29 * self.width()))))
        self.more.setText(f"{'Tokens ' if self.width() >= WIDE else ''}{'▾' if self.more.isChecked() else '▴'}")
        self._say()

    def _say(self) -> None:
        """Since when the answer is, what is to be said about it, and what a full bar means."""
        answer = self._answer
        step = f"step {answer.step:,}" if answer else ""
        said = self._reason or (answer.note if answer else "" if self.edit.text() else EMPTY)
        self.note.setText(said)
        self.follows.setVisible(not self._reason)
        self.follows.setText(self._pill(step))
        followed = "answers are of the step that is looked at" if self._past else FOLLOWS
        self.follows.setToolTip(f"{followed}: this is the model after {step}" if step else followed)
        self.full.setText(f"full bar {percent(self.bars.full)}" if self.bars.choices and self._right.width() > 210 else "")

    def _pill(self, step: str) -> str:
        """The most words that fit between the caption and the settings."""
        beside = 0 if self.more.isChecked() else self._right.width() + 16
        room = self.width() - beside - 32 - 5 * 8 - 22
        room -= sum(widget.sizeHint().width() for widget in (self.caption, self.sampling, self.more))
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
