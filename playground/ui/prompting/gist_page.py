"""The gist page: compress an instruction once, answer many inputs from it, and see what each of three ways costs."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from playground.spec.experiment import TOLD, Experiment
from playground.style import theme
from playground.style.numbers import percent
from playground.style.tokentext import label
from playground.style.widgets import Caption, Elided, Segments
from playground.ui.prompting.gist_plane import GistPlane
from playground.worker.telling import GistTold, WayTold

NAMES = {"nothing": "Nothing cached", "prompt": "Instruction cached", "gist": "Gist cached"}
HEADS = ("", "Tokens read", "Tokens kept", "KV cache", "FLOPs", "Time")
EXAMPLES = "1 2 3 4; 7 0 9 2; 5 5 1 8"
DELAY_MS = 300


class GistPage(QWidget):
    """`changed` is emitted when other inputs were written, `pressed` when the base is to go on with gist tokens."""

    changed = Signal()
    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.told: GistTold | None = None
        self.button, self.state = QPushButton("Gist"), Elided()
        self.shown, self.plane = Segments((("costs", "Costs"), ("map", "Map"))), GistPlane()
        self.shown.set_value("costs")
        self.shown.set_accessible("What is shown of the gist")
        self.shown.chosen.connect(self._on_shown)
        self.button.setProperty("role", "primary")
        self.inputs = QLineEdit(EXAMPLES)
        self.inputs.setAccessibleName("Inputs")
        self.inputs.setToolTip("Inputs to answer from the compressed instruction, apart by semicolons")
        self.inputs.setAcceptDrops(False)
        self.caption = Caption("Inputs")
        self.cells = [[QLabel() for _ in HEADS] for _ in range(len(NAMES) + 1)]
        self.answers, self.verdict = Elided(), Elided()
        self._table = QWidget()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.changed)
        self.inputs.textEdited.connect(lambda _text: self._timer.start())
        self.inputs.returnPressed.connect(self.changed)
        self.button.clicked.connect(self.pressed)
        self._arrange()
        self.retheme()
        self._fill()

    @property
    def maps(self) -> bool:
        """Whether the map is shown, and not the costs."""
        return self.shown.value() == "map"

    def wanted(self) -> tuple[str, ...]:
        """The inputs, without empty ones."""
        return tuple(text.strip() for text in self.inputs.text().split(";") if text.strip())

    def set_experiment(self, experiment: Experiment) -> bool:
        """Say what the button does to this one; whether it has instructions at all."""
        mask = experiment.model.gist.mask
        self.button.setEnabled(mask != "gist")
        self.button.setToolTip("Train on from these weights with the instruction hidden behind its gist tokens")
        self.state.setText(
            {
                "none": "Press Gist to train on with each instruction compressed; accuracy falls, and recovers.",
                "positive": "The positive control: the answer sees instruction and gist. Press Gist to hide the instruction.",
                "negative": "The negative control: the answer sees neither and has to guess. Press Gist to show it the gist.",
                "gist": "The answer sees only the gist. Both controls are choices of “Gist” in the inspector’s Model page.",
            }[mask]
        )
        return experiment.task.kind in TOLD

    def draw(self, told: GistTold) -> None:
        """Show what came of it."""
        self.told = told
        self._fill()

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        self.caption.restyle()
        for widget in (self.button, self.state, self.verdict):
            widget.setFont(theme.font(0.9))
        for button in self.shown.buttons():
            button.setFont(theme.font(0.9))
            button.setMinimumWidth(64)
        self.inputs.setFont(theme.font(0.95, mono=True))
        self.answers.setFont(theme.font(0.95, mono=True))
        for number, row in enumerate(self.cells):
            for column, cell in enumerate(row):
                cell.setFont(theme.font(0.9, bold=number == len(NAMES) and column == 0))

    def _on_shown(self, which: str) -> None:
        self.told = None
        self._fill()
        self.changed.emit()

    def _arrange(self) -> None:
        head, asked = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.button)
        head.addWidget(self.state, 1)
        head.addWidget(self.shown)
        asked.addWidget(self.caption)
        asked.addWidget(self.inputs, 1)
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(3)
        for number, row in enumerate(self.cells):
            for column, cell in enumerate(row):
                quiet = number == 0 or column == 0
                cell.setProperty("role", "quiet" if quiet and number < len(NAMES) else "")
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                cell.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(cell, number, column)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(6)
        for part in (head, asked):
            part.setSpacing(12)
            column_.addLayout(part)
        column_.addWidget(self.plane, 1)
        for widget in (self._table, self.verdict, self.answers):
            column_.addWidget(widget)
        self.plane.hide()
        column_.addStretch(0)

    def _fill(self) -> None:
        told = self.told
        shown = told is not None and bool(told.ways)
        self._table.setVisible(shown and not self.maps)
        self.answers.setVisible(shown and not self.maps)
        self.plane.setVisible(self.maps)
        for widget in (self.inputs, self.caption):
            widget.setVisible(not self.maps)
        if self.maps and told is not None and told.map is not None:
            self.plane.show_map(told.map)
            near = f"{percent(told.map.alike)} of the gists have a nearest neighbour that asks for the same"
            self.verdict.setText(f"{near} · the plane shows {percent(told.map.kept)} of the variance · step {told.step:,}")
            return
        if told is None or not told.ways:
            self.verdict.setText(told.note if told is not None else "")
            return
        rows = [HEADS, *(_row(way) for way in told.ways)]
        for cells, texts in zip(self.cells, rows, strict=True):
            for cell, text in zip(cells, texts, strict=True):
                cell.setText(text)
        self.verdict.setText(verdict(told))
        self.answers.setText("   ".join(f"{label(asked, 20)} → {label(said, 20)}" for asked, said in told.answers))


def _row(way: WayTold) -> tuple[str, ...]:
    cache = f"{way.cache_bytes / 1000:,.1f} kB" if way.kept else "–"
    flops = f"{way.flops / 1e6:,.2f} M" if way.flops < 1e9 else f"{way.flops / 1e9:,.2f} G"
    return NAMES[way.way], f"{way.read:,}", f"{way.kept:,}" if way.kept else "–", cache, flops, f"{1000 * way.seconds:.2f} ms"


def verdict(told: GistTold) -> str:
    """What the gist saves against each of the others, the small gain as well as the large one."""
    nothing, prompt, gist = told.ways
    large, small = (1.0 - gist.flops / other.flops for other in (nothing, prompt))
    times = prompt.cache_bytes / gist.cache_bytes if gist.cache_bytes else 0.0
    alike = "" if told.same else " · the cached instruction says something else by rounding"
    saved = f"FLOPs saved: {percent(large)} against no cache, only {percent(small)} against the cached instruction"
    return f"{saved} · KV cache {times:.0f}× smaller{alike}"
