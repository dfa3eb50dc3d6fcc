"""The stage: the live views, one at a time behind tabs or all at once side by side."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from playground.style import theme
from playground.style.widgets import Hairline, repolish, take_no_drops
from playground.views.frames import Frame, Look
from playground.views.lit import Lit
from playground.views.table import TABS

MOST_ACROSS = 3
"""Views side by side at most."""
ROOMY = 22
"""Pixels beside a title where there is room."""
LIVE = {view.name: view.live for view in TABS}
PAIRED = {view.name: view.live and view.beside for view in TABS}
BESIDE = " B"
"""What the name of a view ends in, where it shows the second of two models."""


class Stage(QWidget):
    """Builds a panel when it is first shown; `looks` says what the visible ones want to see."""

    looks_changed = Signal()
    drawn = Signal()
    """A panel shows a new picture."""
    lit = Signal(object)
    """A `Lit`: what a panel points at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panels: dict[str, QWidget] = {}
        self.tabs = QTabBar(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)  # where there is little room, titles are shortened
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setAccessibleName("Views")
        for index, view in enumerate(TABS):
            self.tabs.addTab(view.title)
            self.tabs.setTabToolTip(index, view.help)
        self._held: tuple[str, Lit] | None = None
        """What is pointed at until it is released, and by which view."""
        self._wished = ""
        """The view that was asked for last."""
        self._text = ""
        """The person's text that the views look at; empty: the validation text."""
        self.frames: dict[str, Frame] = {}
        """What each view shows."""
        self.comparing = ""
        """Where there is a second model, which of them is seen: "A", "B", "both" or their difference, "minus"; else nothing."""
        self._pair: dict[tuple[str, bool], Frame] = {}
        """The newest frames of both, by view, for their difference."""
        self.letters = QLabel("A"), QLabel("B")
        self.all, self.export, self.record = (QAction(text, self) for text in ("All at once", "Export…", "Record a film"))
        self.compare = QAction("Compare", self)
        self.compare.setToolTip("Put the model as it is now, or as it was at the step that is looked at, beside itself")
        for action in (self.all, self.record, self.compare):
            action.setCheckable(True)
        self.more, self.stop = QToolButton(self), QPushButton("● Stop recording", self)
        self.more.setText("⋯")
        self.more.setProperty("role", "small")
        self.more.setAccessibleName("What can be done with the views")
        self.more.setToolTip("All views at once, compare, export, record")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(QMenu(self))
        self.more.menu().addActions([self.all, self.compare, self.export, self.record])
        self.stop.setProperty("role", "link")
        self.stop.hide()
        row = QHBoxLayout()
        row.setContentsMargins(16, 4, 16, 0)
        row.addWidget(self.tabs, 1)
        row.addWidget(self.stop)
        row.addWidget(self.more)
        self.ground = QWidget(self)
        self._grid = QGridLayout(self.ground)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(Hairline())
        column.addWidget(self.ground, 1)
        self.tabs.currentChanged.connect(self._arrange)
        self.all.toggled.connect(self._arrange)
        self.record.toggled.connect(self.stop.setVisible)
        self.stop.clicked.connect(lambda: self.record.setChecked(False))

    def start(self) -> None:
        """Build the first panel; called after the window has been painted once."""
        self._style_letters()
        self._arrange()

    def toggle_all(self) -> None:
        """One view or all of them."""
        self.all.toggle()

    def offer(self, name: str, *, on: bool) -> None:
        """Have a tab for a view, or none where it has nothing to show."""
        index = [view.name for view in TABS].index(name)
        if self.tabs.isTabVisible(index) is not on:
            if not on and self.tabs.currentIndex() == index:
                self.tabs.setCurrentIndex(0)
            self.tabs.setTabVisible(index, on)
            if on and self._wished == name:
                self.tabs.setCurrentIndex(index)
            if self.panels:
                self._arrange()

    def show_view(self, name: str) -> None:
        """Bring a view to the front by its name; one that has no tab yet, as soon as it has."""
        index = [view.name for view in TABS].index(name)
        self._wished = name
        if self.tabs.isTabVisible(index):
            self.tabs.setCurrentIndex(index)

    def visible_views(self) -> list[str]:
        """The names of the views that can be seen."""
        if self.all.isChecked():
            return [view.name for index, view in enumerate(TABS) if view.live and self.tabs.isTabVisible(index)]
        return [TABS[self.tabs.currentIndex()].name]

    def live_views(self) -> list[str]:
        """The names of those in sight that follow the model by themselves."""
        return [name for name in self.visible_views() if LIVE[name]]

    def looks(self) -> dict[str, Look | None]:
        """What each view wants to see; None for those nobody sees."""
        visible = self.live_views() if self.panels else []
        return {view.name: self.panels[view.name].look() if view.name in visible else None for view in TABS}  # type: ignore[attr-defined]

    def compare_views(self, which: str) -> None:
        """Show the view of the first of two models ("A"), of the second ("B"), "both" side by side, or the first "minus" the
        second; "" for no second."""
        self.comparing = which
        if not which:
            self._pair = {key: frame for key, frame in self._pair.items() if not key[1]}
        self.compare.setChecked(bool(which))
        self._arrange()

    def looks_beside(self) -> dict[str, Look]:
        """What each view wants to see of the second model."""
        if not self.comparing or not self.panels:
            return {}
        if self.comparing == "minus":
            return {name: self.panels[name].look() for name in self.visible_views() if LIVE[name]}  # type: ignore[attr-defined]
        second = [name for name in self.panels if name.endswith(BESIDE) and not self.panels[name].isHidden()]
        pairs = {name.removesuffix(BESIDE): self.panels[name].look() for name in second}  # type: ignore[attr-defined]
        return pairs | ({"curves": self.panels["curves"].look()} if "curves" in self.visible_views() else {})  # type: ignore[attr-defined]

    def draw_beside(self, name: str, frame: Frame) -> None:
        """Hand a new frame of the second model to the panel that is visible."""
        if not self.comparing or name not in self.visible_views():
            return
        self._pair[name, True] = frame
        if self.comparing == "minus" and PAIRED[name]:
            self._draw_difference(name)
        elif PAIRED[name] and name + BESIDE in self.panels:
            self.panels[name + BESIDE].draw(frame)  # type: ignore[attr-defined]
        elif name == "curves":
            self.panels[name].draw_beside(frame)  # type: ignore[attr-defined]

    def draw(self, frames: dict[str, Frame]) -> None:
        """Hand new frames to the panels that are visible."""
        visible = self.visible_views()
        for name, frame in frames.items():
            self._pair[name, False] = frame
            if name in self.panels and name in visible and self.comparing == "minus" and PAIRED[name]:
                self._draw_difference(name)
            elif name in self.panels and name in visible:
                self.panels[name].draw(frame)  # type: ignore[attr-defined]
                self.frames[name] = frame
                self.drawn.emit()

    def _draw_difference(self, name: str) -> None:
        """Draw what one model has more than the other, once there are pictures of both; a view without differences draws A."""
        mine, theirs = self._pair.get((name, False)), self._pair.get((name, True))
        if mine is None:
            return
        difference = mine.minus(theirs) if theirs is not None else None
        shown = mine if difference is None else difference
        self.panels[name].draw(shown)  # type: ignore[attr-defined]
        self.frames[name] = shown
        self.drawn.emit()

    def retheme(self) -> None:
        """Pass a change of theme on."""
        for panel in self.panels.values():
            panel.retheme()  # type: ignore[attr-defined]
        self._style_letters()
        self._fit_tabs()

    def _style_letters(self) -> None:
        for letter, colour in zip(self.letters, ("accent", "unembedding"), strict=True):
            letter.setFont(theme.font(1.1, bold=True))
            letter.setContentsMargins(16, 8, 16, 0)
            letter.setStyleSheet(f"color: {theme.colour(colour).name()}")

    def _arrange(self) -> None:
        names = self.visible_views()
        together = len(names) > 1
        across = 2 if len(names) <= 4 else MOST_ACROSS
        for panel in self.panels.values():
            panel.hide()
            self._grid.removeWidget(panel)
        paired = not together and PAIRED[names[0]]
        pair = paired and self.comparing == "both"
        if pair:
            names, together, across = [names[0], names[0] + BESIDE], True, 2
        elif paired and self.comparing == "B":
            names = [names[0] + BESIDE]
        for letter in self.letters:
            self._grid.removeWidget(letter)
            letter.setVisible(pair)
        for index, name in enumerate(names):
            panel = self._panel(name)
            row, column = divmod(index, across) if together else (0, 0)
            self._grid.addWidget(panel, row + pair, column)
            if pair:
                self._grid.addWidget(self.letters[index], 0, column)
            panel.show()
        for line in range(MOST_ACROSS):  # a lone view takes everything
            self._grid.setRowStretch(line, int(line == 1) if pair else 1 if line * across < len(names) else 0)
            self._grid.setColumnStretch(line, 1 if line < (across if together else 1) else 0)
        if "curves" in self.panels and not self.comparing:
            self.panels["curves"].draw_beside(None)  # type: ignore[attr-defined]
        for name in self.visible_views():  # it may have shown a difference, or may have to from now on
            if isinstance(shown := self._pair.get((name, False)), Frame) and self.frames.get(name) is not shown:
                self.draw({name: shown})
        self.looks_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Titles stand closer together where there is little room."""
        super().resizeEvent(event)
        self._fit_tabs()

    def _fit_tabs(self) -> None:
        metrics = QFontMetricsF(theme.font(1.0, bold=True))
        titles = [view.title for index, view in enumerate(TABS) if self.tabs.isTabVisible(index)]
        letters = sum(metrics.horizontalAdvance(title) for title in titles)
        dense = letters + ROOMY * len(titles) > self.width() - self.more.sizeHint().width() - 40
        if bool(self.tabs.property("dense")) != dense:
            self.tabs.setProperty("dense", dense)
            repolish(self.tabs)

    def _panel(self, name: str) -> QWidget:
        if name not in self.panels:
            panel = next(view for view in TABS if view.name == name.removesuffix(BESIDE)).panel()(self.ground)
            panel.look_changed.connect(self.looks_changed)
            take_no_drops(panel)
            self.panels[name] = panel
            if hasattr(panel, "lit"):
                panel.lit.connect(partial(self.light, by=name))
            if (edit := _edit(panel)) is not None:
                edit.setText(self._text)
                edit.textChanged.connect(self._watch)
        return self.panels[name]

    def light(self, lit: Lit, by: str = "") -> None:
        """Let every view show what one of them points at; where nothing is pointed at, what is held."""
        if lit.locked:
            self._held = by, lit
        elif not (lit.positions or lit.ids):
            if self._held is not None and self._held[0] == by:
                self._held = None
            by, lit = self._held or (by, lit)
        for name, panel in self.panels.items():
            if name != by and hasattr(panel, "show_lit"):
                panel.show_lit(lit)
        self.lit.emit(lit)

    def _watch(self, text: str) -> None:
        """All views look at the same text."""
        self._text = text
        for panel in self.panels.values():
            edit = _edit(panel)
            if edit is not None and edit.text() != text:
                edit.setText(text)


def _edit(panel: QWidget) -> QLineEdit | None:
    """Where a person types the text that a panel looks at."""
    return getattr(panel, "edit", None)
