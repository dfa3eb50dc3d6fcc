"""The code of the designed model: one PyTorch file to read, copy and save."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from PySide6.QtGui import QFontMetricsF, QGuiApplication, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from playground.interchange.code import code
from playground.places import documents
from playground.spec.model import ModelSpec
from playground.style import theme

_RULES = (
    (re.compile(rf"\b(?:{'|'.join(keyword.kwlist)}|self)\b"), "accent"),
    (re.compile(r"\b\d+(?:\.\d+)?(?:e-?\d+)?\b"), "unembedding"),
    (re.compile(r"\b(?:class|def) (\w+)"), "attention"),
    (re.compile(r'f?"(?:[^"\\]|\\.)*"'), "good"),
    (re.compile(r"#.*"), "quiet"),
)
"""What is coloured and how; a later rule paints over an earlier one."""
_QUOTES = '"""'


class PythonColours(QSyntaxHighlighter):
    """Just enough colour to read Python: words of the language, names that are made, numbers, texts and comments."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)

    def highlightBlock(self, text: str) -> None:  # noqa: N802 (Qt's name)
        """Colour one line; inside a docstring all of it is a text."""
        inside = self.previousBlockState() == 1
        if not inside:
            for rule, colour in _RULES:
                for found in rule.finditer(text):
                    group = 1 if rule.groups else 0
                    self.setFormat(found.start(group), found.end(group) - found.start(group), _ink(colour))
        odd = text.count(_QUOTES) % 2 == 1
        if inside or odd or _QUOTES in text:
            start = 0 if inside else text.find(_QUOTES)
            end = text.find(_QUOTES) + 3 if inside and odd else len(text)
            self.setFormat(start, end - start, _ink("good"))
        self.setCurrentBlockState(int(inside != odd))


class CodeDialog(QDialog):
    """Shows the file; it stays open beside the window and does not follow later edits."""

    def __init__(self, model: ModelSpec, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"{title} as code")
        self.text = code(model, title)
        self.page = QPlainTextEdit(self.text)
        self.page.setReadOnly(True)
        self.page.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.page.setFont(theme.font(0.95, mono=True))
        self.page.setAccessibleName("Code of the model")
        self._colours = PythonColours(self.page.document())
        lines = self.text.count("\n")
        self.said = QLabel(f"{lines} lines of PyTorch that need nothing else. Beside a saved model’s weights they load them.")
        self.said.setProperty("role", "quiet")
        self.said.setWordWrap(True)
        self.copy, self.keep = QPushButton("Copy"), QPushButton("Save…")
        self.copy.clicked.connect(self._on_copy)
        self.keep.clicked.connect(self._on_save)
        row = QHBoxLayout()
        row.addWidget(self.said, 1)
        for button in (self.copy, self.keep):
            button.setAutoDefault(False)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.page, 1)
        column.addLayout(row)
        wide = QFontMetricsF(self.page.font()).horizontalAdvance("m" * 112)
        self.resize(round(min(wide + 80, 1200)), 720)

    def save(self, path: Path) -> None:
        """Write the file; where that cannot be, say so in the dialog."""
        try:
            path.write_text(self.text, encoding="utf-8")
        except OSError as error:
            self.said.setText(f"It could not be written to {path}: {error.strerror or error}. Choose another place.")
        else:
            self.said.setText(f"Written to {path}. Save the model into the same folder, and it finds the weights there.")

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        self.said.setText("On the clipboard.")

    def _on_save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the code", str(documents() / "model.py"), "Python (*.py)")
        if chosen:
            self.save(Path(chosen))


def _ink(colour: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(theme.colour(colour))
    return made
