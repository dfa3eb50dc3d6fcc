"""One page of fields under headings; it can be given another part with the same fields without being built again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from playground.spec.experiment import Experiment
from playground.style.widgets import Caption
from playground.ui.inspector.drawings import part_of
from playground.ui.inspector.fields import Field, needed, read
from playground.ui.inspector.rows import FieldRow
from playground.ui.inspector.schedule_curve import ScheduleCurve
from playground.ui.inspector.selection import generic, seen, spread
from playground.ui.inspector.subject import Subject

Sections = Sequence[tuple[str, tuple[Field, ...]]]


class Page(QWidget):
    """The rows of a page by the path that each shows; of several parts, that of the first."""

    asked = Signal(str, object)
    back = Signal(str)
    menu_wanted = Signal(str, object)
    repair = Signal(object)
    noticed = Signal(str)

    def __init__(self, sections: Sections, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, FieldRow] = {}
        self.curve: ScheduleCurve | None = None
        self._headings: list[tuple[Caption, list[FieldRow]]] = []
        self.empty = QLabel("These parts have no values in common. Select parts of one kind to change them together.", self)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "quiet")
        self.empty.setVisible(not sections)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        column.addWidget(self.empty)
        for index, (name, group) in enumerate(sections):
            if index:
                column.addSpacing(7)
            heading = Caption(name, self) if name else None
            if heading is not None:
                column.addWidget(heading)
            if any(field.path == "training.schedule" for field in group):
                self.curve = ScheduleCurve(self)
                column.addWidget(self.curve)
            rows = [self._row(field) for field in group]
            for row in rows:
                column.addWidget(row)
            if heading is not None:
                self._headings.append((heading, rows))

    def address(self, sections: Sections) -> None:
        """Show the same fields of another part."""
        made = [field for _, group in sections for field in group]
        rows = list(self.rows.values())
        for row, field in zip(rows, made, strict=True):
            row.address(field)
        self.rows = {field.path: row for row, field in zip(rows, made, strict=True)}

    def show_values(self, experiment: Experiment, preset: Experiment, paths: Sequence[str], without: Sequence[str]) -> None:
        """Show what the parts at `paths` hold, but leave the rows `without` as they are typed."""
        if self.curve is not None:
            self.curve.show_training(experiment.training)
        for path, row in self.rows.items():
            if path in without:
                continue
            targets = spread(path, paths)
            found = seen(experiment, preset, row.field, targets)
            row.show_value(found, self._subjects(experiment, row, targets))
            row.setVisible(found.needed)
        for heading, rows in self._headings:  # a heading over nothing would only be in the way
            heading.setVisible(any(not row.isHidden() for row in rows))

    @staticmethod
    def shape(sections: Sections) -> tuple[object, ...]:
        """What two parts have in common that the same page can show."""
        return tuple((name, tuple(generic(field.path) for field in group)) for name, group in sections)

    def _row(self, field: Field) -> FieldRow:
        row = FieldRow(field, self)
        row.asked.connect(self.asked)
        row.back.connect(self.back)
        row.menu_wanted.connect(self.menu_wanted)
        row.repair.connect(self.repair)
        row.noticed.connect(self.noticed)
        self.rows[field.path] = row
        return row

    @staticmethod
    def _subjects(experiment: Experiment, row: FieldRow, targets: Sequence[str]) -> tuple[Subject, ...]:
        """What the drawing of a row is of; each different part once."""
        if row.picture is None:
            return ()
        model = experiment.model
        parts = dict.fromkeys(part_of(target) for target in targets if needed(experiment, target))
        return tuple(Subject(read(experiment, path), model.n_ctx, model.d_model) for path in parts)
