"""The small menu of a row: what the field means, the ways back, and the same value for all layers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from playground.spec import edit
from playground.spec.experiment import Experiment
from playground.ui.inspector.rows import FieldRow
from playground.ui.inspector.selection import everywhere, layer_of


class RowMenu(QMenu):
    """`wanted` carries (path, value) pairs that are to be one edit, such as those that give every layer this value."""

    wanted = Signal(object)


def made(experiment: Experiment, row: FieldRow, targets: Sequence[str], parent: QWidget) -> RowMenu:
    """The menu of a row that stands for the paths `targets`."""
    menu = RowMenu(parent)
    menu.setAccessibleName(f"More for {row.field.info.label}")
    menu.aboutToHide.connect(menu.deleteLater)
    menu.addAction("What is this?", row.explain)
    if row.resettable:
        menu.addAction(row.reset.toolTip().split(",")[0], row.reset.click)
    if row.field.optional and any(edit.get(experiment, target) is not None for target in targets):
        action = menu.addAction("None" if row.field.can_be_none else "Automatic")
        action.triggered.connect(partial(menu.wanted.emit, tuple((target, None) for target in targets)))
    if layer_of(row.field.path):
        menu.addSeparator()
        own = "Use for all layers" if row.field.kind != "part" else f"Use this {row.field.info.label} for all layers"
        for text, stack in ((own, ""), ("Use for the encoder only", "encoder"), ("Use for the decoder only", "decoder")):
            if stack and len(experiment.model.stacks) < 2:
                continue
            pairs = shared(experiment, row.field.path, targets, stack)
            action = menu.addAction(text)
            action.triggered.connect(partial(menu.wanted.emit, pairs))
            action.setEnabled(bool(pairs))
    return menu


def shared(experiment: Experiment, path: str, targets: Sequence[str], stack: str = "") -> tuple[tuple[str, Any], ...]:
    """The value of a row for every layer that has the part; nothing where the row has several, or all have it already."""
    value = edit.get(experiment, path)
    if any(edit.get(experiment, target) != value for target in targets):
        return ()
    paths = everywhere(experiment, path, stack)
    if all(edit.get(experiment, other) == value for other in paths):
        return ()
    return tuple((other, value) for other in paths)
