"""The line under a row that shows what its choice does: words on the left, a drawing under the editor."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.style import theme
from playground.ui.inspector.drawings import Drawing, part_of
from playground.ui.inspector.naming import BEFORE, scaled
from playground.ui.inspector.subject import Subject

HEIGHT = 46
"""In pixels, at type scale 1."""


class Picture(QWidget):
    """Shows the choice that holds, and while the pointer is on another one, that; its height never changes.

    Where several parts differ, their drawings stand side by side as far as there is room.
    """

    def __init__(self, drawing: Drawing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = drawing
        self._subjects: tuple[Subject, ...] = ()
        self._hint: Subject | None = None
        self.setFixedHeight(scaled(HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_subjects(self, subjects: Sequence[Subject]) -> None:
        """Draw these parts, each kind of them once."""
        different = tuple(dict.fromkeys(subjects))
        if different != self._subjects or self._hint is not None:
            self._subjects, self._hint = different, None
            self.setAccessibleName(self.words())
            self.update()

    def hint(self, path: str, choice: object) -> None:
        """Draw what another choice for the field at `path` would do; None goes back to what holds."""
        name = path.removeprefix(f"{part_of(path)}.")
        self._hint = self._subjects[0].choosing(name, choice) if choice is not None and self._subjects else None
        self.update()

    def words(self) -> str:
        """What is drawn, in words."""
        said = dict.fromkeys(self._drawing.words(subject) for subject in self._drawn())
        return next(iter(said)) if len(said) == 1 else "differs from layer to layer"

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """The words, then the drawings."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        before = scaled(BEFORE)
        painter.setFont(theme.font(0.85))
        painter.setPen(theme.colour("quiet"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(0, 0, before - 8, self.height()), flags, self.words())
        room = QRectF(before, 1, self.width() - before - 1, self.height() - 2)
        drawn = self._drawn()
        wide = min((room.width() - 10 * (len(drawn) - 1)) / max(1, len(drawn)), scaled(self._drawing.most))
        if wide < scaled(self._drawing.least) and len(drawn) > 1:
            return  # the words say that they differ
        for index, subject in enumerate(drawn):
            painter.save()
            self._drawing.paint(painter, QRectF(room.left() + index * (wide + 10), room.top(), wide, room.height()), subject)
            painter.restore()

    def _drawn(self) -> tuple[Subject, ...]:
        return (self._hint,) if self._hint is not None else self._subjects
