"""Comparing in the window: the strip that says what A and B are and how they stand, and the desk that begins and ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from playground.spec.difference import changes, words
from playground.spec.experiment import Experiment
from playground.style import theme
from playground.style.tokentext import label
from playground.style.widgets import Elided, Hairline, Pill, Segments
from playground.ui import files
from playground.views.frames import Frame
from playground.worker.commands import Compare, Watch
from playground.worker.mailbox import Answer, Beside, Status

if TYPE_CHECKING:
    from playground.ui.window import MainWindow

LETTERS = 90
"""Of an answer, and of a difference."""
WIDE = 960
"""Pixels in which two views stand side by side."""
WHICH = (("A", "A"), ("B", "B"), ("both", "Both"), ("minus", "A − B"))


class ComparingDesk(QObject):
    """Puts a second run beside the first, and shows what comes of it: pictures on the stage, figures in the strip."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.beside: Beside | None = None
        self._looks: dict[str, object] = {}
        self._said: tuple[tuple[Experiment, Experiment], str] | None = None
        """The difference in words, and of which two."""
        window.comparison.ended.clicked.connect(self.end)
        window.comparison.again.clicked.connect(window.restart)
        window.comparison.which.chosen.connect(self._on_which)
        window.stage.compare.triggered.connect(self.toggle)

    def toggle(self) -> None:
        """Compare with the model as it is now, or with the step that is looked at; or compare no more."""
        window = self._window
        if self.beside is not None:
            self.end()
            return
        step = window.rewinding.step
        window.rewinding.live()
        window.mailbox.send(Compare(step=step))
        if window.stage.all.isChecked():
            window.stage.all.setChecked(False)

    def end(self) -> None:
        """Compare no more."""
        self._window.mailbox.send(Compare(off=True))

    def show(self, status: Status) -> None:
        """Bring stage and strip up to date."""
        window, before, self.beside = self._window, self.beside, status.beside
        if (before is None) != (self.beside is None):
            window.comparison.which.set_value("A" if window.stage.width() < WIDE else "both")
            window.comparison.setVisible(self.beside is not None)
            self._arrange()
        if self.beside is not None:
            window.comparison.say(status, self.beside, self._differs())

    def _arrange(self) -> None:
        """Show the one or the other, or both; two side by side need the room of the inspector in a small window."""
        window = self._window
        which = (window.comparison.which.value() or "A") if self.beside is not None else ""
        window.inspector.setHidden(which == "both" and window.width() < WIDE * 1.5)
        window.stage.compare_views(which)

    def watch(self) -> None:
        """Tell the engine what the views want to see of the second run."""
        looks = self._window.stage.looks_beside()
        for view in {*looks, *self._looks}:
            look = looks.get(view)
            if self._looks.get(view) != look:
                self._looks[view] = look
                self._window.mailbox.send(Watch(view, look, beside=True))

    def draw(self, name: str, frame: Frame) -> None:
        """A picture of the second run."""
        self._window.stage.draw_beside(name, frame)

    def answer(self, answer: Answer) -> None:
        """What the second run says to the prompt."""
        self._window.comparison.answer.setText(f"B answers “{label(answer.continuation.strip(), LETTERS)}”")

    def _on_which(self, which: str) -> None:
        self._window.comparison.which.set_value(which)
        self._arrange()

    def _differs(self) -> str:
        """What distinguishes A from B, in words."""
        assert self.beside is not None
        key = self.beside.experiment, self._window.document.running
        if self._said is None or any(one is not other for one, other in zip(key, self._said[0], strict=True)):
            self._said = key, self._in_words()
        return self._said[1]

    def _in_words(self) -> str:
        assert self.beside is not None
        now = self._window.document.running
        if now.task != self.beside.experiment.task:
            return f"A learns from {files.describe('', now)[2]}, B from {files.describe('', self.beside.experiment)[2]}"
        return words(changes(self.beside.experiment, now), letters=LETTERS)


class CompareStrip(QWidget):
    """Two lines for two runs; hidden while there is one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names = [QLabel("A"), QLabel("B")]
        self.figures = [QLabel(), QLabel()]
        self.said, self.answer, self.batches = Elided(), Elided(), Pill()
        self.which = Segments(WHICH)
        self.which.set_accessible("Which of the two is seen")
        self.which.setToolTip("A is what you edit, B what it is compared with")
        self.again, self.ended = QPushButton("Restart both"), QPushButton("End")
        self.again.setToolTip("Fresh weights for both, on the same batches")
        self.ended.setToolTip("Compare no more; A goes on alone")
        for button in (self.again, self.ended):
            button.setProperty("role", "link")
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        for row, (name, figures, more) in enumerate(zip(self.names, self.figures, (self.said, self.answer), strict=True)):
            grid.addWidget(name, row, 0)
            grid.addWidget(figures, row, 1)
            grid.addWidget(more, row, 2)
        grid.setColumnStretch(2, 1)
        inner = QHBoxLayout()
        inner.setContentsMargins(16, 6, 12, 6)
        inner.setSpacing(10)
        inner.addWidget(self.which)
        inner.addLayout(grid, 1)
        for widget in (self.batches, self.again, self.ended):
            inner.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Hairline(parent=self))
        column.addLayout(inner)
        self.retheme()
        self.hide()

    def say(self, status: Status, beside: Beside, differs: str) -> None:
        """How both stand."""
        self.figures[0].setText(_figures(status.step, status.loss, status.validation, status.score))
        self.figures[1].setText(_figures(beside.step, beside.loss, beside.validation, beside.score))
        gap = ""
        if status.loss is not None and beside.loss is not None and not beside.standing:
            gap = f" · loss {status.loss - beside.loss:+.3f} against B"
        self.said.setText(f"{differs or 'the same model'}{gap}")
        self.batches.setText("same batches" if beside.same else "stands still" if beside.standing else "other batches")
        self.batches.set_role("good" if beside.same else "pill")
        self.batches.setToolTip("Both learn from the same sequences, in turns" if beside.same else "")
        if not self.batches.isVisible() and not beside.same:
            self.said.setText(f"{self.batches.text()} · {self.said.text()}")
        self.again.setVisible(not beside.standing)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Where there is little room, words come before what the tool tip of the other words can say."""
        super().resizeEvent(event)
        self.batches.setVisible(self.width() >= WIDE)

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        for name, colour in zip(self.names, ("accent", "unembedding"), strict=True):
            name.setFont(theme.font(1.1, bold=True))
            name.setStyleSheet(f"color: {theme.colour(colour).name()}")
        for text in (*self.figures, self.said, self.answer, self.again, self.ended):
            text.setFont(theme.font(0.92))


def _figures(step: int, loss: float | None, validation: float | None, score: float | None) -> str:
    said = [f"step {step:,}"]
    said += [f"loss {loss:.3f}"] if loss is not None else []
    said += [f"validation {validation:.3f}"] if validation is not None else []
    said += [f"score {score:.0%}"] if score is not None else []
    return " · ".join(said)
