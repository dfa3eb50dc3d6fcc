"""Interventions in the window: the strip that lists them with their effect, and the menu that offers them for a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QInputDialog, QLabel, QMenu, QPushButton, QScrollArea, QVBoxLayout, QWidget

from playground.spec import edit
from playground.spec.attention import AttentionHeads
from playground.spec.experiment import Experiment
from playground.spec.intervention import Intervention, possible
from playground.style import theme
from playground.style.widgets import Caption, Elided, Hairline
from playground.views.effect.frame import Effect, EffectFrame

if TYPE_CHECKING:
    from playground.ui.window import MainWindow

VISIBLE = 3
"""Lines in sight at once; more are scrolled to."""
FACTORS = (("Silence", 0.0), ("Halve", 0.5), ("Double", 2.0))


class InterventionDesk:
    """Puts interventions in force and takes them back, each as one step of undo; asking for one that is there takes it back."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def want(self, wanted: Intervention) -> None:
        """Let an intervention be in force; one of the same part and kind gives way to it."""
        document = self._window.document
        if wanted in document.interventions:
            self.take_back(wanted)
            return
        if wanted.kind == "patch" and not wanted.prompt:
            prompt, sure = QInputDialog.getText(
                self._window, "Patch from another prompt", "What the part makes of this text is put in:"
            )
            if not sure or not prompt.strip():
                return
            wanted = Intervention(wanted.path, "patch", wanted.head, prompt=prompt)
        kept = [each for each in document.interventions if not _same(each, wanted)]
        document.intervene((*kept, wanted), wanted.sentence)

    def take_back(self, given: Intervention) -> None:
        """Let an intervention be no more."""
        document = self._window.document
        rest = tuple(each for each in document.interventions if each != given)
        document.intervene(rest, f"Take back: {given.sentence}")

    def take_all_back(self) -> None:
        """Let the model compute as it was trained."""
        self._window.document.intervene((), "Take all interventions back")

    def show(self) -> None:
        """Bring the strip and the diagram up to date."""
        document = self._window.document
        self._window.interventions.show_list(document.interventions, document.experiment)
        self._window.diagram.mark(document.interventions)


class InterventionStrip(QWidget):
    """Hidden while the model computes as it was built."""

    taken_back = Signal(object)
    all_taken_back = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption, self.total = Caption("Interventions", self), Elided("", self)
        self.all = QPushButton("Take all back", self)
        self.all.setProperty("role", "link")
        self.all.clicked.connect(self.all_taken_back)
        head = QHBoxLayout()
        head.addWidget(self.caption)
        head.addWidget(self.total, 1)
        head.addWidget(self.all)
        self._ground = QWidget()
        self._rows = QVBoxLayout(self._ground)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(2)
        self._area = QScrollArea(self)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._ground)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Hairline(parent=self))
        inner = QVBoxLayout()
        inner.setContentsMargins(16, 6, 16, 6)
        inner.setSpacing(4)
        inner.addLayout(head)
        inner.addWidget(self._area)
        column.addLayout(inner)
        self.lines: dict[Intervention, _Line] = {}
        self.hide()

    def show_list(self, interventions: Sequence[Intervention], experiment: Experiment) -> None:
        """One line for each; those whose part is not there wait, and say so."""
        for line in self.lines.values():
            self._rows.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.lines = {}
        for each in interventions:
            line = self.lines[each] = _Line(each, possible(experiment.model, each), self._ground)
            line.button.clicked.connect(partial(self.taken_back.emit, each))
            self._rows.addWidget(line)
        self.total.setText("")
        self.all.setVisible(len(interventions) > 1)
        self._fit()
        self.setVisible(bool(interventions))

    def draw(self, frame: EffectFrame) -> None:
        """Say what each does, and all together."""
        for intervention, effect in frame.each:
            if (line := self.lines.get(intervention)) is not None:
                line.effect.setText(said(effect))
        after = frame.loss + frame.together.loss
        others = f"{100 * frame.together.predictions:.0f} % other predictions"
        self.total.setText(f"loss {frame.loss:.2f} → {after:.2f} · {others} · step {frame.step:,}")

    def retheme(self) -> None:
        """Take the theme and the type scale that are in force."""
        self.caption.restyle()
        for line in self.lines.values():
            line.restyle()
        self._fit()

    def _fit(self) -> None:
        count = min(VISIBLE, len(self.lines))
        high = max((line.sizeHint().height() for line in self.lines.values()), default=0)
        self._area.setFixedHeight(count * (high + 2))


class _Line(QWidget):
    def __init__(self, intervention: Intervention, there: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = Elided(intervention.sentence, self)
        self.effect = QLabel("measuring…" if there else "waits: the model has no such part", self)
        self.effect.setProperty("role", "quiet")
        self.button = QPushButton("Take back", self)
        self.button.setProperty("role", "link")
        self.button.setAccessibleName(f"Take back: {intervention.sentence}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name, 1)
        row.addWidget(self.effect)
        row.addWidget(self.button)
        self.restyle()

    def restyle(self) -> None:
        """Take the type scale that is in force."""
        for label in (self.name, self.effect):
            label.setFont(theme.font(0.92))


def said(effect: Effect) -> str:
    """An effect in words: +0.31 nats · 12 % other predictions."""
    return f"{effect.loss:+.2f} nats · {100 * effect.predictions:.0f} % other predictions"


def attention_path(name: str) -> str:
    """The part whose tap points begin with a name: "decoder.0.cross" is "model.decoder[0].cross"."""
    stack, index, *cross = name.split(".")
    return f"model.{stack}[{index}].{cross[0] if cross else 'attention'}"


def fill_edge_menu(
    menu: QMenu, path: str, head: int, edge: tuple[int, int] | None, now: Sequence[Intervention],
    want: Callable[[Intervention], object],
) -> None:  # fmt: skip
    """What can be done to one head, and to the edge from a query to a key, if one is given."""
    add = _adding(now, want)
    if edge is not None:
        for own, text in ((head, "Forbid this edge, in this head"), (None, "Forbid this edge, in all heads of the layer")):
            add(menu, text, Intervention(path, "forbid", head=own, query=edge[0], key=edge[1]))
        menu.addSeparator()
    fill_head_menu(menu, path, head, add)


def _adding(now: Sequence[Intervention], want: Callable[[Intervention], object]) -> Callable[[QMenu, str, Intervention], None]:
    """Adds an intervention to a menu, with a tick where it is in force."""

    def add(to: QMenu, text: str, wanted: Intervention) -> None:
        action = to.addAction(text)
        action.setCheckable(True)
        action.setChecked(any(_same(each, wanted) and (each.kind == "patch" or each == wanted) for each in now))
        action.triggered.connect(lambda _checked=False: want(wanted))

    return add


def fill_menu(
    menu: QMenu, experiment: Experiment, path: str, now: Sequence[Intervention], want: Callable[[Intervention], object]
) -> None:
    """What can be done to a layer or a part, with a tick at what is in force; an attention's heads each have a menu."""
    if not edit.exists(experiment, path):
        return

    add = _adding(now, want)
    for text, factor in FACTORS:
        add(menu, text, Intervention(path, factor=factor))
    add(menu, "Patch from another prompt…", Intervention(path, "patch"))
    part = edit.get(experiment, path)
    if isinstance(part, AttentionHeads):
        menu.addSeparator()
        for head in range(part.heads):
            own = menu.addMenu(f"Head {head + 1}")
            fill_head_menu(own, path, head, add)


def fill_head_menu(menu: QMenu, path: str, head: int, add: Callable[[QMenu, str, Intervention], None]) -> None:
    """What can be done to one head."""
    for text, factor in FACTORS:
        add(menu, text, Intervention(path, head=head, factor=factor))
    add(menu, "Keep it alone", Intervention(path, "keep", head=head))
    add(menu, "Patch from another prompt…", Intervention(path, "patch", head=head))


def _same(one: Intervention, other: Intervention) -> bool:
    """Whether two are about the same thing, so that one takes the other's place."""
    groups = {"scale": "output", "keep": "output"}
    kinds = [groups.get(each.kind, each.kind) for each in (one, other)]
    edges = [(each.query, each.key) if each.kind == "forbid" else () for each in (one, other)]
    return (one.path, one.head) == (other.path, other.head) and kinds[0] == kinds[1] and edges[0] == edges[1]
