"""The notice under the transport bar: faults and news in words, and the progress of a long job with its Cancel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from playground.style.widgets import repolish
from playground.ui.left_out import LeftOutList, sentence
from playground.worker.mailbox import Fault, LeftOut, Progress

NEWS_MS = 8000
"""How long good news stays; a fault stays until it is closed."""


class NoticeBar(QWidget):
    """Hidden while there is nothing to say."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message, self.job = _Row("Close"), _Row("Cancel")
        self.more = QPushButton()
        self.more.setAccessibleName("Do something about it")
        self.more.setProperty("role", "link")
        self.message.row.insertWidget(1, self.more)
        self._offered: Callable[[], object] | None = None
        self._once = True
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.bar.setFixedWidth(180)
        self.job.row.insertWidget(1, self.bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 0)
        column.setSpacing(6)
        for row in (self.message, self.job):
            column.addWidget(row)
            row.hide()
        self.message.button.clicked.connect(self.clear)
        self.more.clicked.connect(self._on_more)
        self.job.button.clicked.connect(self.cancelled)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.clear)
        self.hide()

    def text(self) -> str:
        """What it says now, or nothing."""
        return "" if self.message.isHidden() else self.message.label.text()

    def faulty(self) -> bool:
        """Whether what it says now is that something went wrong."""
        return bool(self.text()) and self.message.property("role") == "notice"

    def fault(self, fault: Fault, label: str = "", repair: Callable[[], object] | None = None) -> None:
        """Say what went wrong, perhaps with a button that repairs it; it stays until closed."""
        self._timer.stop()
        self._say(str(fault), "notice", label)
        self._offered, self._once = repair, True

    def news(self, text: str) -> None:
        """Say something good for a while; never over a fault that is still there."""
        if self.message.isHidden() or (self.message.property("role") != "notice" and self._offered is None):
            self._say(text, "card")
            self._timer.start(NEWS_MS)

    def settle(self) -> None:
        """What was wrong is over."""
        if self.faulty():
            self.clear()

    def left_out(self, left: LeftOut) -> None:
        """Say that some lines of a table cannot be used, and offer the list of them; it stays until closed."""
        self.offer(sentence(left), "Show them", lambda: LeftOutList(left, self.window()).show(), once=False)

    def offer(self, text: str, label: str, action: Callable[[], object], once: bool = True) -> None:
        """Say something with a button that does something about it; it stays until closed, or until that is done."""
        self._timer.stop()
        self._say(text, "card", label)
        self._offered, self._once = action, once

    def progress(self, progress: Progress) -> None:
        """Show how far a long job is."""
        self.job.setVisible(not progress.done)
        self.job.label.setText(progress.job)
        if progress.share is None:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(progress.share * 1000))
        self._settle()

    def clear(self) -> None:
        """Close the message."""
        self.message.hide()
        self._settle()

    def _on_more(self) -> None:
        action = self._offered
        if self._once:
            self.clear()
        if action is not None:
            action()

    def _say(self, text: str, role: str, more: str = "") -> None:
        self._offered = None
        self.more.setText(more)
        self.more.setAccessibleName(more or "Do something about it")
        self.more.setVisible(bool(more))
        self.message.label.setText(text)
        self.message.setProperty("role", role)
        repolish(self.message)
        self.message.show()
        self._settle()

    def _settle(self) -> None:
        self.setVisible(not (self.message.isHidden() and self.job.isHidden()))


class _Row(QFrame):
    def __init__(self, button: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = QPushButton(button)
        self.button.setProperty("role", "link")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 6, 8, 6)
        self.row.addWidget(self.label, 1)
        self.row.addWidget(self.button)
