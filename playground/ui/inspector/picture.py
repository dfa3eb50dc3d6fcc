"""The place of a drawing under its row: shows the choice that holds, and while the pointer is on another one, that."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import theme
from playground.ui.inspector.drawings import Drawing, part_of
from playground.ui.inspector.subject import Subject

HEIGHT, BETWEEN = 46, 10
"""In pixels, at type scale 1: the drawing, and from it to its words."""


class Picture(QWidget):
    """Its height never changes, so that nothing moves while the pointer wanders over the choices."""

    def __init__(self, drawing: Drawing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = drawing
        self._subject: Subject | None = None
        self._hint: Subject | None = None
        self.setFixedHeight(round(HEIGHT * theme.points() / theme.BASE_POINTS))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_subject(self, subject: Subject | None) -> None:
        """Draw this part; None where several parts differ."""
        if subject != self._subject or self._hint is not None:
            self._subject, self._hint = subject, None
            self.setAccessibleName(self.words())
            self.update()

    def hint(self, path: str, choice: object, stand_in: Subject | None) -> None:
        """Draw what another choice for the field at `path` would do; None goes back to what holds."""
        subject = self._subject or stand_in
        name = path.removeprefix(f"{part_of(path)}.")
        self._hint = None if choice is None or subject is None else subject.choosing(name, choice)
        self.update()

    def words(self) -> str:
        """What is drawn, in words."""
        subject = self._hint or self._subject
        return self._drawing.words(subject) if subject is not None else "differs from layer to layer"

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The drawing, and its words where there is room beside it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        subject = self._hint or self._subject
        room = QRectF(0, 1, self.width(), self.height() - 2)
        if subject is None:
            self._say(painter, room)
            return
        share = self._drawing.share
        wide = room.height() if share == 0 else room.width() * share
        self._drawing.paint(painter, QRectF(room.left(), room.top(), wide, room.height()), subject)
        if share < 1:
            left = wide + BETWEEN * theme.points() / theme.BASE_POINTS
            self._say(painter, room.adjusted(left, 0, 0, 0))

    def _say(self, painter: QPainter, room: QRectF) -> None:
        painter.setFont(theme.font(0.85))
        painter.setPen(theme.colour("quiet"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        painter.drawText(room, flags, self.words())
