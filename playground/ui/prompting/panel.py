"""The panel under the prompt: its pages, the buttons that lead an answer on, and what one answer cost."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from playground.spec.experiment import Experiment
from playground.style import theme
from playground.style.numbers import percent
from playground.style.tokentext import label, quoted
from playground.style.widgets import Caption, Elided, Segments
from playground.ui.prompting.alignment import Alignment
from playground.ui.prompting.alternatives import Alternatives
from playground.ui.prompting.branches import Branches
from playground.ui.prompting.chips import SaidChips
from playground.ui.prompting.following import Following, Moment
from playground.ui.prompting.gist_page import GistPage
from playground.ui.prompting.library_page import LibraryPage
from playground.ui.prompting.ways_page import WaysPage
from playground.worker.telling import Said, Told

PAGES = (
    ("tokens", "Tokens"),
    ("alignment", "Alignment"),
    ("time", "Over time"),
    ("gist", "Gist"),
    ("ways", "Ways"),
    ("library", "Library"),
)
SIDE = 232
"""Pixels of the column with alternatives and branches."""


class PromptPanel(QWidget):
    """Shows what is told of an answer; `wanted` asks for another one of the same prompt."""

    wanted = Signal()
    sought = Signal(int)
    """A step of the past whose answer was chosen."""
    turned = Signal()
    """Another page is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.branches, self.following = Branches(), Following()
        self.told: Told | None = None
        self._walk: tuple[int, ...] | None = None
        """Tokens that were walked through one by one; None while the answer flows."""
        self.pages, self.facts = Segments(PAGES), QLabel()
        self.step, self.flow = QPushButton("Next"), QPushButton("Flow")
        self.step.setToolTip("Say one token and wait; what is there stays")
        self.flow.setToolTip("Say the whole answer at once")
        self.chips, self.alternatives, self.instead = SaidChips(), Alternatives(), Caption("Alternatives")
        self.legend, self._legend = Elided(), ""
        self.facts.setProperty("role", "quiet")
        self.tree, self.branch_caption = QListWidget(), Caption("Branches")
        self.alignment, self.moments, self.gist = Alignment(), QListWidget(), GistPage()
        self.tree.setAccessibleName("Branches of the answer")
        self.moments.setAccessibleName("The answer over time")
        self.stack = QStackedWidget()
        self.ways, self.library = WaysPage(), LibraryPage()
        self._arrange()
        self.pages.set_value("tokens")
        self.pages.chosen.connect(self.show_page)
        self.step.clicked.connect(self._on_step)
        self.flow.clicked.connect(self._on_flow)
        self.chips.pointed.connect(lambda index: self._tell(index if index >= 0 else self.chips.held))
        self.chips.picked.connect(self._tell)
        self.alternatives.picked.connect(self._on_alternative)
        self.tree.itemClicked.connect(lambda item: self._on_branch(item.data(Qt.ItemDataRole.UserRole)))
        self.tree.itemActivated.connect(lambda item: self._on_branch(item.data(Qt.ItemDataRole.UserRole)))
        self.moments.itemActivated.connect(lambda item: self.sought.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.moments.itemClicked.connect(lambda item: self.sought.emit(item.data(Qt.ItemDataRole.UserRole)))
        self._list_branches()
        self.retheme()

    # -- what is asked ------------------------------------------------------------------------------------------

    @property
    def forced(self) -> tuple[int, ...]:
        """The tokens that the next answer begins with."""
        return self.branches.current.forced if self._walk is None else self._walk

    def length(self, whole: int) -> int:
        """How long the next answer may be, where a whole one has so many tokens."""
        return whole if self._walk is None else len(self._walk) + 1

    def forget(self) -> None:
        """Another prompt, or another task: nothing that was chosen or remembered means anything there."""
        self._walk, self.told = None, None
        self.branches.forget()
        self.following.forget()
        self.chips.show_tokens((), 0, frozenset(), frozenset())
        self.chips.pick(-1)
        self._list_branches()
        self._tell(-1)
        self.moments.clear()
        self.facts.setText("")

    def compare_anew(self) -> None:
        """Other settings: the answers so far were drawn otherwise."""
        self.following.forget()

    # -- what comes back ----------------------------------------------------------------------------------------

    def draw(self, told: Told, text: str, step: int, past: bool) -> None:
        """Show an answer; one that begins otherwise than was asked last is left out."""
        if told.forced != self.forced:
            return
        blanks = [at for at, each in enumerate(told.read) if each.blank]
        self.told, self.branches.current.text = told, text
        said = told.read if blanks else told.said
        if self._walk is None and not self.branches.here:
            self.following.take(step, tuple(each.piece for each in said), past)
            self._list_moments()
        fresh = self.following.seen if self._walk is None and not self.branches.here else frozenset()
        first = len(told.read)
        if blanks:
            chosen = frozenset(at for at, token in zip(blanks, told.forced, strict=False) if token >= 0)
        else:
            chosen, fresh = frozenset(range(first, first + len(told.forced))), frozenset(first + at for at in fresh)
        self.chips.show_tokens((*told.read, *told.said), first, chosen, fresh)
        for button in (self.step, self.flow):
            button.setVisible(not blanks)
        self._tell(self.chips.held if self.chips.hover < 0 else self.chips.hover)
        self._list_branches()
        self._align(told)
        self.facts.setText(" · ".join(facts(told)))
        self._legend = _legend(bool(blanks), bool(fresh), bool(chosen))
        self.legend.setText(self._legend if self.page == "tokens" else "")

    def show_page(self, name: str) -> None:
        """Turn to a page."""
        self.pages.set_value(name)
        self.stack.setCurrentIndex([each for each, _ in PAGES].index(name))
        self.legend.setText(self._legend if name == "tokens" else "")
        self.turned.emit()

    @property
    def page(self) -> str:
        """The page that is shown."""
        return PAGES[self.stack.currentIndex()][0]

    def set_experiment(self, experiment: Experiment) -> None:
        """Offer the pages that mean something for it."""
        told = self.gist.set_experiment(experiment)
        self.pages.buttons()[3].setVisible(told)
        if not told and self.page == "gist":
            self.show_page("tokens")

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        for caption in (self.instead, self.branch_caption):
            caption.restyle()
        for widget in (self.facts, self.legend, self.step, self.flow, self.tree, *self.pages.buttons()):
            widget.setFont(theme.font(0.9))
        bold = QFontMetricsF(theme.font(0.9, bold=True))
        for button in self.pages.buttons():
            button.setMinimumWidth(round(bold.horizontalAdvance(button.text())) + 16)
        self.moments.setFont(theme.font(0.95, mono=True))
        now = theme.theme()
        for each in (self.tree, self.moments):
            each.setStyleSheet(
                f"QListWidget {{ background: transparent; border: none; color: {now.text}; }}"
                f"QListWidget::item {{ padding: 2px 4px; border-radius: 4px; }}"
                f"QListWidget::item:hover {{ background: {now.raised}; }}"
                f"QListWidget::item:selected {{ background: {now.selected}; color: {now.text}; }}"
            )
        self.chips.flow()
        for page in (self.gist, self.ways, self.library):
            page.retheme()
        self.alignment.update()
        self.alternatives.update()

    # -- inside -------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        for widget in (self.pages, self.step, self.flow):
            head.addWidget(widget)
        head.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(16)
        foot.addWidget(self.legend, 1)
        foot.addWidget(self.facts)
        self.stack.addWidget(self._tokens_page())
        self.stack.addWidget(_scrolled(self.alignment))
        self.stack.addWidget(self.moments)
        for page in (self.gist, self.ways, self.library):
            self.stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.stack, 1)
        column.addLayout(foot)
        self.pages.buttons()[1].hide()
        self.pages.buttons()[3].hide()

    def _tokens_page(self) -> QWidget:
        page = QWidget()
        side, row = QVBoxLayout(), QHBoxLayout(page)
        side.setSpacing(4)
        for widget, stretch in ((self.instead, 0), (self.alternatives, 3), (self.branch_caption, 0), (self.tree, 2)):
            side.addWidget(widget, stretch)
        right = QWidget()
        right.setFixedWidth(SIDE)
        side.setContentsMargins(0, 0, 0, 0)
        right.setLayout(side)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(_scrolled(self.chips), 1)
        row.addWidget(right)
        return page

    def _on_step(self) -> None:
        """One token more behind what is there; the first time behind what was chosen."""
        told = self.told
        walked = self._walk is not None and told is not None and told.forced == self._walk
        self._walk = tuple(each.id for each in told.said) if walked and told is not None else self.forced
        self.wanted.emit()

    def _on_flow(self) -> None:
        """The whole answer; what was walked through stays as a branch."""
        if self._walk:
            self.branches.grow(self._walk, "walked " + quoted("".join(each.piece for each in (self.told or Told((), ())).said)))
        self._walk = None
        self.wanted.emit()

    def _on_alternative(self, row: int) -> None:
        at = self.chips.held if self.chips.held >= 0 else self.chips.hover
        if self.told is None or not 0 <= at < len(self.chips.tokens):
            return
        token, piece, _ = self.chips.tokens[at].others[row]
        forced = led_to(self.told, at, token)
        if forced is not None:
            self._walk = None
            self.branches.grow(forced, f"{quoted(piece)} for {quoted(self.chips.tokens[at].piece)}")
            self._list_branches()
            self.wanted.emit()

    def _on_branch(self, index: int) -> None:
        if index != self.branches.here or self._walk is not None:
            self._walk = None
            self.branches.move(index)
            self._list_branches()
            self.wanted.emit()

    def _tell(self, index: int) -> None:
        """What could stand in place of a token."""
        said = self.chips.tokens[index] if 0 <= index < len(self.chips.tokens) else None
        self.instead.setText(f"Instead of {quoted(said.piece)}" if said is not None and said.others else "Alternatives")
        self.alternatives.lit = -1
        self.alternatives.show_choices(tuple((piece, chance) for _, piece, chance in said.others) if said is not None else ())

    def _list_branches(self) -> None:
        """The tree, with the branch that is shown chosen; nothing is made anew where only a text changed."""
        order = self.branches.order()
        while self.tree.count() > len(order):
            self.tree.takeItem(self.tree.count() - 1)
        while self.tree.count() < len(order):
            self.tree.addItem(QListWidgetItem())
        for row, index in enumerate(order):
            item, branch = self.tree.item(row), self.branches.all[index]
            item.setText(f"{'    ' * self.branches.depth(index)}{'↳ ' if index else ''}{branch.label}")
            item.setToolTip(label(branch.text, 200) if branch.text else branch.label)
            item.setData(Qt.ItemDataRole.UserRole, index)
        self.tree.setCurrentRow(order.index(self.branches.here))
        for widget in (self.tree, self.branch_caption):
            widget.setVisible(len(order) > 1)

    def _list_moments(self) -> None:
        found = self.following.moments()
        while self.moments.count() > len(found):
            self.moments.takeItem(self.moments.count() - 1)
        while self.moments.count() < len(found):
            self.moments.addItem(QListWidgetItem())
        for row, moment in enumerate(reversed(found)):  # what is newest stands at the top
            item = self.moments.item(row)
            item.setData(Qt.ItemDataRole.UserRole, moment.step)
            item.setText(told_moment(moment))
            item.setToolTip("Click: look at the model as it was then")

    def _align(self, told: Told) -> None:
        shown = told.alignment is not None
        self.pages.buttons()[1].setVisible(shown)
        if told.alignment is not None:
            source, target = (tuple(each.piece for each in part) for part in (told.read, told.said))
            self.alignment.show_alignment(told.alignment, target[: len(told.alignment)], source)
        elif self.stack.currentIndex() == 1:
            self.show_page("tokens")


def led_to(told: Told, at: int, token: int) -> tuple[int, ...] | None:
    """What is forced where the person puts another token in place of one: an answer up to there, or one blank; None where
    the token belongs to the prompt."""
    blanks = [place for place, each in enumerate(told.read) if each.blank]
    if blanks:
        before = [*told.forced, *[-1] * len(blanks)][: len(blanks)]
        return tuple(token if place == at else old for place, old in zip(blanks, before, strict=True)) if at in blanks else None
    at -= len(told.read)
    return (*(each.id for each in told.said[:at]), token) if at >= 0 else None


def facts(told: Told) -> list[str]:
    """Speed, memory, and what the prompt cost."""
    made = [f"{told.tokens_per_s:,.0f} tokens/s"] if told.tokens_per_s else []
    if told.cache_bytes:
        made.append(f"KV cache {told.cache_bytes / 1000:,.1f} kB")
    if not math.isnan(told.loss):
        made.append(f"prompt {told.loss:.2f} nats")
    if len(told.searched) > 1:
        best, second = (math.exp(max(-700.0, score)) for _, score in told.searched[:2])
        made.insert(0, f"best of {len(told.searched)}: {percent(best)}, then {percent(second)}")
    return made


def told_moment(moment: Moment) -> str:
    """One line: the step, and the answer with what is new in it set in brackets."""
    text, inside = "", False
    for at, piece in enumerate(moment.pieces):
        new = at in moment.changed
        text += ("[" if new and not inside else "]" if inside and not new else "") + piece
        inside = new
    return f"{moment.step:>7,}  {label(text + (']' if inside else ''), 160)}"


def _legend(blanks: bool, fresh: bool, chosen: bool) -> str:
    parts = ["bold: chosen"] if chosen else []
    parts += ["green: new"] if fresh else []
    return " · ".join(["warm: surprising", f"underlined: {'filled in' if blanks else 'answer'}", *parts])


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    return area


__all__ = ["PromptPanel", "Said", "facts", "led_to"]
