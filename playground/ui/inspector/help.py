"""What a field means, on a card that opens at its row: the help, the kind of change, the source with its link."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from playground.spec.record import Change, Info
from playground.style import theme

CHANGES: dict[Change, tuple[str, str]] = {
    "hot": ("hot: next step uses it", "good"),
    "graft": ("graft: weights carry over", "warning"),
    "fresh": ("fresh: training starts again", "bad"),
}
"""What an edit costs, in words, and the role of the pill that says so."""
WIDTH = 300


def tip(about: Info) -> str:
    """The help of a field as plain text."""
    return "\n".join(line for line in (about.help, CHANGES[about.change][0], about.cite) if line)


def rich(about: Info) -> str:
    """The help of a field as rich text, its source as a link."""
    source = escape(about.cite or about.url)
    link = f'<a href="{escape(about.url)}" style="color: {theme.theme().accent}">{source}</a>' if about.url else source
    quiet, cost = theme.theme().quiet, CHANGES[about.change][0].capitalize()
    lines = (f"<b>{escape(about.label)}</b>", escape(about.help), link, f'<span style="color: {quiet}">{cost}</span>')
    return "<br><br>".join(line for line in lines if line)


class HelpCard(QFrame):
    """The card; Escape or a press elsewhere puts it away, a press on the link opens it in the browser."""

    closed = Signal()

    def __init__(self, about: Info, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "card")
        self.setAccessibleName(f"About {about.label}")
        self.label = QLabel(rich(about), self)
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setWordWrap(True)
        self.label.setOpenExternalLinks(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.label.setFixedWidth(round(WIDTH * theme.points() / theme.BASE_POINTS) - 24)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.addWidget(self.label)

    def open_beside(self, beside: QWidget) -> None:
        """Show it under a widget, or above where the screen ends, with the link ready for the keyboard."""
        self.adjustSize()
        screen = beside.screen() or QGuiApplication.primaryScreen()
        room = screen.availableGeometry() if screen is not None else QRect(0, 0, 1280, 720)
        at = beside.mapToGlobal(QPoint(0, beside.height() + 4))
        if at.y() + self.height() > room.bottom():
            at.setY(max(room.top(), beside.mapToGlobal(QPoint(0, -4)).y() - self.height()))
        at.setX(max(room.left(), min(at.x(), room.right() - self.width())))
        self.move(at)
        self.show()
        self.label.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 (Qt's name)
        """Say so: it is about to be deleted."""
        super().closeEvent(event)
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Escape closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
