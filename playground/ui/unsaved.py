"""The question before changes would be lost: save them, give them up, or go back."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from playground.style.widgets import repolish

Choice = Literal["save", "discard", "cancel"]


def box(parent: QWidget | None, title: str, before: str = "closing", what: str = "changes") -> QMessageBox:
    """The question as a box: Enter saves, Esc goes back, D gives the changes up."""
    asked = QMessageBox(parent)
    asked.setWindowModality(Qt.WindowModality.WindowModal)
    asked.setTextFormat(Qt.TextFormat.PlainText)  # a model may be called anything
    asked.setWindowTitle("Unsaved changes")
    asked.setText(f"{title} has {what} that {'is' if what.endswith('training') and ' and ' not in what else 'are'} not saved.")
    asked.setInformativeText(f"Save them before {before}? Otherwise they are lost.")
    buttons = QMessageBox.StandardButton
    asked.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    for button, text in ((buttons.Save, "&Save"), (buttons.Discard, "&Don’t save"), (buttons.Cancel, "&Cancel")):
        asked.button(button).setText(text)
    asked.button(buttons.Save).setProperty("role", "primary")
    repolish(asked.button(buttons.Save))
    asked.setDefaultButton(buttons.Save)
    asked.setEscapeButton(buttons.Cancel)
    return asked


def ask(parent: QWidget | None, title: str, before: str = "closing", what: str = "changes") -> Choice:
    """Ask, and wait for the answer; `before` says what is about to happen, such as "closing" or "opening Llama", and `what`
    is not saved, such as "changes", "4 min of training" or both."""
    buttons = QMessageBox.StandardButton
    answers: dict[int, Choice] = {buttons.Save.value: "save", buttons.Discard.value: "discard"}
    return answers.get(box(parent, title, before, what).exec(), "cancel")
