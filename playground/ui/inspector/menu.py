"""The small menu of a row: what the field means, the ways back, and the same value for all layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu

from playground.spec import edit
from playground.spec.experiment import Experiment
from playground.ui.inspector.rows import FieldRow
from playground.ui.inspector.selection import everywhere, layer_of


class RowMenu(QMenu):
    """One menu that is filled anew for each row it opens at.

    `wanted` carries (path, value) pairs that are to be one edit, such as those that give every layer this value.
    """

    wanted = Signal(str, object)

    def fill(self, experiment: Experiment, row: FieldRow, targets: Sequence[str]) -> None:
        """What can be done with a row that stands for the paths `targets`."""
        field = row.field
        self.clear()
        self.setAccessibleName(f"More for {field.info.label}")
        self.addAction("What is this?").triggered.connect(row.explain)
        if row.resettable:
            self.addAction(row.reset.toolTip().split(",")[0]).triggered.connect(row.reset.click)
        if field.optional and any(edit.get(experiment, target) is not None for target in targets):
            self._offer("None" if field.can_be_none else "Automatic", field.path, tuple((path, None) for path in targets))
        if not layer_of(field.path):
            return
        self.addSeparator()
        own = "Use for all layers" if field.kind != "part" else f"Use this {field.info.label} for all layers"
        self._offer(own, field.path, shared(experiment, field.path, targets))
        if len(experiment.model.stacks) > 1:
            for stack in experiment.model.stacks:
                self._offer(f"Use for the {stack} only", field.path, shared(experiment, field.path, targets, stack))

    def _offer(self, text: str, path: str, pairs: tuple[tuple[str, Any], ...]) -> None:
        action = self.addAction(text)
        action.setEnabled(bool(pairs))
        action.triggered.connect(lambda: self.wanted.emit(path, pairs))


def shared(experiment: Experiment, path: str, targets: Sequence[str], stack: str = "") -> tuple[tuple[str, Any], ...]:
    """The value of a row for every layer that has the part; nothing where the row has several, or all have it already."""
    value = edit.get(experiment, path)
    if any(edit.get(experiment, target) != value for target in targets):
        return ()
    paths = everywhere(experiment, path, stack)
    if all(edit.get(experiment, other) == value for other in paths):
        return ()
    return tuple((other, value) for other in paths)
