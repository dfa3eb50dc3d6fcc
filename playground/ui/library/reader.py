"""The card of the chosen model, set for reading: its Markdown, or what can be said of a model that has none."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QPalette, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextBrowser, QWidget

from playground.spec.experiment import Experiment
from playground.style import theme
from playground.ui.library.entries import Entry
from playground.ui.opening import EXPERIMENT

LEADING = 130.0
"""Height of a line in per cent; a card is read, the rest of the window is looked at."""


class CardReader(QTextBrowser):
    """Shows one card at a time; links are opened only where they lead to the web."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Card of the chosen model")
        self.setOpenLinks(False)
        self.setFont(theme.font(1.0))
        self.setStyleSheet("QTextBrowser { background: transparent; border: none; padding: 0; }")
        self.document().setDocumentMargin(20)
        self.document().setIndentWidth(18)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Link, theme.colour("accent"))
        self.setPalette(palette)
        self.anchorClicked.connect(_follow)

    def show_entry(self, entry: Entry | None) -> None:
        """The card of a model; nothing for None."""
        self.setMarkdown("" if entry is None else entry.card.text or _without_card(entry))
        self._space_out()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _space_out(self) -> None:
        """Markdown knows no type scale: give headings its size, every paragraph a line height, and points some air."""
        block = self.document().begin()
        while block.isValid():
            cursor, form = QTextCursor(block), block.blockFormat()
            form.setLineHeight(LEADING, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            if block.textList() is not None:
                form.setTopMargin(6)
            cursor.setBlockFormat(form)
            if form.headingLevel():
                cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
                shape = QTextCharFormat()
                shape.setFont(theme.font(1.6 if form.headingLevel() == 1 else 1.2, bold=True))
                cursor.setCharFormat(shape)
            block = block.next()


def _without_card(entry: Entry) -> str:
    """What can be said of a model without a card, as one."""
    if entry.experiment is None:
        return (
            f"# {_plain(entry.title)}\n\n{_plain(entry.problem)}\n\n"
            f"- **Where**: `{entry.folder / EXPERIMENT}`\n"
            "- **What to do**: mend that place in a text editor, or move the folder to the trash."
        )
    return (
        f"# {_plain(entry.title)}\n\n{_plain(entry.sentence)}\n\n"
        f"- **Shape**: {_shape(entry.experiment)}\n"
        f"- **Size**: {entry.parameters:,} parameters.\n"
        f"- **Training**: {_training(entry.experiment)}\n\n"
        f"Put a `card.md` beside its `{EXPERIMENT}`, and it is shown here."
    )


def _shape(experiment: Experiment) -> str:
    model = experiment.model
    stacks = " and ".join(f"{len(layers)} in the {name}" for name, layers in model.stacks.items())
    return f"{model.architecture}; layers: {stacks}; width {model.d_model}, context {model.n_ctx}."


def _training(experiment: Experiment) -> str:
    training = experiment.training
    return f"{training.steps:,} steps of {training.batch} sequences, learning rate {training.lr:g}, seed {experiment.seed}."


def _plain(text: str) -> str:
    """A text in which Markdown finds no marks, whatever a person named the folder."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]<>()#+-!|~" else sign for sign in text)


def _follow(link: QUrl) -> None:
    if link.scheme() in ("http", "https"):
        QDesktopServices.openUrl(link)
