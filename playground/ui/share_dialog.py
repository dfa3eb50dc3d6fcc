"""Passing an experiment on, and taking one: the string with its QR code, and the field to paste a string into."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from playground.spec.difference import changes, words
from playground.spec.experiment import Experiment
from playground.spec.share import ShareError, from_string, left_out, shareable, to_string
from playground.style import theme
from playground.style.widgets import Caption, repolish
from playground.ui.files import title
from playground.ui.qr import LONGEST, QrCode

COPIED_MS = 1600
"""How long the button says that it has copied."""
AS_SHIPPED = "just as it is shipped"


class ShareDialog(QDialog):
    """The experiment as a string and, as large as the dialog allows, as a QR code for a room."""

    def __init__(self, experiment: Experiment, base_name: str, base: Experiment, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Share this experiment")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.problem = _Verdict(self)
        text = self._string(experiment, base_name, base)
        self.code = QrCode(text if self.problem.isHidden() else "")
        self.code.setVisible(self.problem.isHidden())
        self.said = _label(words(changes(base, shareable(experiment)), letters=200) or AS_SHIPPED, 1.15)
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        self.text.setFont(theme.font(0.95, mono=True))
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.text.setAccessibleName("The experiment as a string")
        self.copy_button = QPushButton("Copy")
        self.copy_button.setEnabled(bool(text))
        self.copy_button.clicked.connect(self._copy)
        self.close_button = QPushButton("Close")
        self.close_button.clicked.connect(self.reject)
        self._note = _label(left_out(experiment), 0.95, quiet=True)
        self._note.setVisible(bool(self._note.text()))
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(COPIED_MS)
        self._again.timeout.connect(lambda: self.copy_button.setText("Copy"))
        self._arrange(title(base_name))
        _resize(self, 952, 584)
        self.copy_button.setFocus()

    def _string(self, experiment: Experiment, base_name: str, base: Experiment) -> str:
        """The string; where there is none, or no code for it, the problem says so."""
        self.problem.hide()
        try:
            text = to_string(experiment, base_name, base)
        except ShareError as error:
            self.problem.say(f"{error.why} {error.remedy}", error.what, wrong=True)
            self.problem.show()
            return ""
        if len(text) > LONGEST:
            why = f"The string has {len(text):,} characters; a code that can be read across a room has {LONGEST:,} at most."
            self.problem.say(f"{why} Copy the string instead.", "This is too much for a QR code.", wrong=True)
            self.problem.show()
        return text

    def _arrange(self, name: str) -> None:
        """The code takes whatever the words beside it leave."""
        heading = _label(name, 1.6)
        heading.setFont(theme.font(1.6, bold=True))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        for button in (self.copy_button, self.close_button):
            buttons.addWidget(button, 1)
        side = QVBoxLayout()
        side.setSpacing(theme.GRID)
        for widget in (Caption("Experiment"), heading, self.said):
            side.addWidget(widget)
        side.addStretch(1)
        letters = len(self.text.toPlainText())
        side.addWidget(Caption(f"String · {letters:,} characters" if letters else "String"))
        lines = min(6, letters // 28 + 1)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.document().setDocumentMargin(0)
        self.text.setFixedHeight(self.text.fontMetrics().lineSpacing() * lines + 12)  # and its padding
        framed = QFrame()
        framed.setProperty("role", "card")
        inside = QVBoxLayout(framed)
        inside.setContentsMargins(6, 4, 6, 4)
        inside.addWidget(self.text)
        side.addWidget(framed)
        side.addLayout(buttons)
        side.addWidget(self._note)
        beside = QWidget()
        beside.setMinimumWidth(round(200 * _scale()))
        beside.setMaximumWidth(round(344 * _scale()))
        beside.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(*[2 * theme.GRID] * 4)
        row.setSpacing(3 * theme.GRID)
        row.addWidget(self.code, 3)
        row.addWidget(self.problem, 3, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(beside, 2)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.copy_button.setText("Copied")
        self._again.start()


class PasteDialog(QDialog):
    """A field for a string; it says at once what the string describes, or why it cannot be used."""

    chosen = Signal(str, object)
    """The name of the preset, and the experiment."""

    def __init__(self, load_base: Callable[[str], Experiment], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open a shared experiment")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._load_base = load_base
        self._found: tuple[str, Experiment] | None = None
        self.field = QLineEdit()
        self.field.setFont(theme.font(mono=True))
        self.field.setPlaceholderText("tp1:…")
        self.field.setAccessibleName("The string of an experiment")
        self.field.textChanged.connect(self._read)
        self.verdict = _Verdict()
        self.open_button = QPushButton("Open")
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self._choose)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*[2 * theme.GRID] * 4)
        column.setSpacing(theme.GRID)
        column.addWidget(Caption("String"))
        column.addWidget(self.field)
        column.addWidget(self.verdict, 1)
        column.addLayout(buttons)
        _resize(self, 600, 232)
        self._read()

    def _read(self) -> None:
        """Say what is in the field."""
        text = self.field.text()
        self._found = None
        try:
            if text.strip():
                self._found = from_string(text, self._load_base)
        except ShareError as error:
            self.verdict.say(f"{error.why} {error.remedy}", error.what, wrong=True)
        else:
            self._describe()
        self.open_button.setEnabled(self._found is not None)

    def _describe(self) -> None:
        """The preset and what differs from it, or what this is for."""
        if self._found is None:
            self.verdict.say(
                "The string of an experiment begins with tp1: and says what differs from a shipped model.", "Paste it here"
            )
            return
        name, experiment = self._found
        said = words(changes(self._load_base(name), experiment), letters=160)
        self.verdict.say(said or AS_SHIPPED, title(name))

    def _choose(self) -> None:
        if self._found is not None:
            self.chosen.emit(*self._found)
            self.accept()


class _Verdict(QFrame):
    """A heading and some lines in a frame, in warning colours where something is wrong."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.heading, self.label = _label("", 1.0), _label("", 1.0)
        self.heading.setFont(theme.font(1.1, bold=True))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.label)
        column.addStretch(1)

    def say(self, text: str, heading: str, *, wrong: bool = False) -> None:
        """Show other lines."""
        self.heading.setText(heading)
        self.label.setText(text)
        if self.property("role") != (role := "notice" if wrong else "card"):
            self.setProperty("role", role)
            repolish(self)


def _scale() -> float:
    """How much larger the type is than at first."""
    return theme.points() / theme.BASE_POINTS


def _resize(dialog: QDialog, wide: int, high: int) -> None:
    """A size that grows with the type, as far as the screen goes."""
    room = dialog.screen().availableSize()
    dialog.resize(min(round(wide * _scale()), room.width()), min(round(high * _scale()), room.height()))


def _label(text: str, size: float, *, quiet: bool = False) -> QLabel:
    made = QLabel(text)
    made.setFont(theme.font(size))
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if quiet:
        made.setProperty("role", "quiet")
    return made
