"""What follows from the values: shapes through a part, its parameters, FLOPs and memory, each with its share of the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from playground.spec import activations, cost, shapes
from playground.spec.experiment import Experiment
from playground.style import theme

LABEL = 96


def facts_of(experiment: Experiment, tab: str, *paths: str) -> list[tuple[str, str, bool]]:
    """(label, value, whether it is a shape) for a page of the inspector; of several parts their sum."""
    if tab == "training":
        return _of_training(experiment)
    if tab == "model":
        return _of_model(experiment)
    return _of_parts(experiment, paths)


def memory(count: int) -> str:
    """Bytes as people say them: 32 KiB, 1.5 MiB."""
    value = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if value >= 100 or value == int(value) else f"{value:.1f} {unit}"


def large(count: float) -> str:
    """A count in three digits: 131 k, 1.8 M."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            value = count / limit
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return f"{count:.0f}"


def _per_cent(part: float, whole: float) -> str:
    value = 100 * part / whole if whole else 0.0
    return f"{value:.0f} %" if value >= 99.95 or value == 0 else "< 0.1 %" if value < 0.1 else f"{value:.1f} %"


def _of_parts(experiment: Experiment, paths: Sequence[str]) -> list[tuple[str, str, bool]]:
    model = experiment.model
    found = _shapes(experiment, paths)
    counts = cost.part_parameters(model)
    found.append(("parameters", _share(counts, paths, lambda own: f"{own:,.0f}"), False))
    if _sum(work := cost.part_flops(model), paths):
        found.append(("FLOPs a token", _share(work, paths, large), False))
    held = activations.part_activation_bytes(model, _at_once(experiment))
    found.append(("activations", _share(held, paths, memory), False))
    if _sum(kept := cost.part_cache_bytes(model), paths):
        found.append((f"KV cache at {model.n_ctx}", _share(kept, paths, memory), False))
    return found


def _shapes(experiment: Experiment, paths: Sequence[str]) -> list[tuple[str, str, bool]]:
    """The shapes of the tensors that all the parts have, or that they differ."""
    texts: dict[str, list[str]] = {}
    for path in paths:
        for label, text in shapes.shapes(experiment.model, path, experiment.training.batch):
            texts.setdefault(label, []).append(text)
    found = []
    for label, each in texts.items():
        if len(each) < len(paths):
            continue
        different = list(dict.fromkeys(each))
        found.append((label, different[0] if len(different) == 1 else "differs", len(different) == 1))
    return found


def _sum(parts: Mapping[str, int], paths: Sequence[str]) -> int:
    return sum(cost.under(parts, path) for path in paths)


def _share(parts: Mapping[str, int], paths: Sequence[str], said: Callable[[int], str]) -> str:
    """What the parts have of something, and which share of the whole model's that is."""
    own = _sum(parts, paths)
    return f"{said(own)} · {_per_cent(own, sum(parts.values()))}"


def _of_model(experiment: Experiment) -> list[tuple[str, str, bool]]:
    model = experiment.model
    return [
        ("vocabulary", f"{model.vocab:,} tokens", False),
        ("parameters", f"{cost.parameters(model):,}", False),
        ("FLOPs a token", large(cost.flops_per_token(model)), False),
        ("activations", f"{memory(activations.activation_bytes(model, _at_once(experiment)))} a step", False),
        (f"KV cache at {model.n_ctx}", memory(cost.kv_cache_bytes(model)), False),
    ]


def _at_once(experiment: Experiment) -> int:
    """Sequences of one part of a batch."""
    training = experiment.training
    return -(-training.batch // min(training.accumulate, training.batch))


def _of_training(experiment: Experiment) -> list[tuple[str, str, bool]]:
    model, training = experiment.model, experiment.training
    tokens = training.batch * model.n_ctx
    return [
        ("one batch", f"{training.batch} × {model.n_ctx}", True),
        ("tokens a step", f"{tokens:,}", False),
        ("whole schedule", f"{large(tokens * training.steps)} tokens", False),
        ("activations", f"{memory(activations.activation_bytes(model, _at_once(experiment)))} a step", False),
    ]


class Facts(QWidget):
    """A table of facts; the labels stay, only the texts change while the rows are the same."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[QLabel, QLabel]] = []

    def texts(self) -> dict[str, str]:
        """What is shown, by label."""
        return {label.text(): value.text() for label, value in self._rows}

    def show_facts(self, facts: list[tuple[str, str, bool]]) -> None:
        """Show these."""
        while len(self._rows) > len(facts):
            for widget in self._rows.pop():
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        while len(self._rows) < len(facts):
            label, value = QLabel(self), QLabel(self)
            label.setProperty("role", "quiet")
            value.setWordWrap(True)
            row = len(self._rows)
            self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, row, 1)
            self._rows.append((label, value))
        scale = theme.points() / theme.BASE_POINTS
        for (label, value), (name, text, shape) in zip(self._rows, facts, strict=True):
            label.setText(name)
            label.setFont(theme.font(0.92))
            label.setMinimumWidth(round(LABEL * scale))
            value.setText(text)
            value.setFont(theme.font(0.92, mono=shape))
            value.setAccessibleName(f"{name}: {text}")
