"""The stage: the live views, one at a time behind tabs or all at once side by side."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QTabBar, QVBoxLayout, QWidget

from playground.style.widgets import Hairline, repolish, take_no_drops
from playground.views.frames import Frame, Look
from playground.views.table import TABS


class Stage(QWidget):
    """Builds a panel when it is first shown; `looks` says what the visible ones want to see."""

    looks_changed = Signal()
    drawn = Signal()
    """A panel shows a new picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panels: dict[str, QWidget] = {}
        self.tabs = QTabBar(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Views")
        for index, view in enumerate(TABS):
            self.tabs.addTab(view.title)
            self.tabs.setTabToolTip(index, view.help)
        self.frames: dict[str, Frame] = {}
        """What each view shows."""
        self.export = QPushButton("Export…", self)
        self.export.setProperty("role", "link")
        self.export.setToolTip("Take what is shown away: picture, drawing, page or table (Ctrl+E)")
        self.record = QPushButton("Record", self)
        self.record.setProperty("role", "link")
        self.record.setCheckable(True)
        self.record.setToolTip("Make a film of what is shown from now on, until it is pressed again")
        self.all = QPushButton("All at once", self)
        self.all.setCheckable(True)
        self.all.setProperty("role", "link")
        self.all.setToolTip("Every view side by side (Ctrl+G)")
        row = QHBoxLayout()
        row.setContentsMargins(16, 4, 16, 0)
        row.addWidget(self.tabs)
        row.addStretch(1)
        for button in (self.export, self.record, self.all):
            row.addWidget(button)
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

    def start(self) -> None:
        """Build the first panel; called after the window has been painted once."""
        self._arrange()

    def toggle_all(self) -> None:
        """One view or all of them."""
        self.all.toggle()

    def show_view(self, name: str) -> None:
        """Bring a view to the front by its name."""
        self.tabs.setCurrentIndex([view.name for view in TABS].index(name))

    def visible_views(self) -> list[str]:
        """The names of the views that can be seen."""
        if self.all.isChecked():
            return [view.name for view in TABS]
        return [TABS[self.tabs.currentIndex()].name]

    def looks(self) -> dict[str, Look | None]:
        """What each view wants to see; None for those nobody sees."""
        visible = self.visible_views() if self.panels else []
        return {view.name: self.panels[view.name].look() if view.name in visible else None for view in TABS}  # type: ignore[attr-defined]

    def draw(self, frames: dict[str, Frame]) -> None:
        """Hand new frames to the panels that are visible."""
        visible = self.visible_views()
        for name, frame in frames.items():
            if name in self.panels and name in visible:
                self.panels[name].draw(frame)  # type: ignore[attr-defined]
                self.frames[name] = frame
                self.drawn.emit()

    def retheme(self) -> None:
        """Pass a change of theme on."""
        for panel in self.panels.values():
            panel.retheme()  # type: ignore[attr-defined]

    def _arrange(self) -> None:
        names = self.visible_views()
        together = len(names) > 1
        for panel in self.panels.values():
            panel.hide()
            self._grid.removeWidget(panel)
        for index, name in enumerate(names):
            panel = self._panel(name)
            self._grid.addWidget(panel, *(divmod(index, 2) if together else (0, 0)))
            panel.show()
        for line in range(2):  # a lone view takes everything
            self._grid.setRowStretch(line, 1 if together or line == 0 else 0)
            self._grid.setColumnStretch(line, 1 if together or line == 0 else 0)
        repolish(self.all)
        self.looks_changed.emit()

    def _panel(self, name: str) -> QWidget:
        if name not in self.panels:
            panel = next(view for view in TABS if view.name == name).panel()(self.ground)
            panel.look_changed.connect(self.looks_changed)
            take_no_drops(panel)
            self.panels[name] = panel
        return self.panels[name]
