"""The timeline along the foot of the window: film, track, where one looks, and what is recorded."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Elided
from playground.training.report import StepReport
from playground.ui.track import Track
from playground.ui.transport import icon
from playground.worker.mailbox import Line, Recorded

REPAINT_SECONDS = 1.0
PACES = (1.0, 2.0, 4.0, 0.5)
LIVE, BACK = 0, 1


class Timeline(QWidget):
    """Buttons and track emit bare signals; what is shown comes in by `set_live`, `set_recorded` and `set_looking`."""

    sought = Signal(int)
    live_wanted = Signal()
    branch_wanted = Signal()
    film_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.track = Track()
        self.film, self.pace_button = QToolButton(), QPushButton("1×")
        self.branch, self.present = QPushButton("Continue from here"), QPushButton("Live")
        self.caption, self.where = QLabel("Timeline"), QLabel()
        self.detail, self.kept, self.room = Elided(), Elided(), Elided()
        self.pace = PACES[0]
        """How fast the film runs: 1 is its usual pace."""
        self._ends = QStackedWidget()
        self._recorded = Recorded(())
        self._painted, self._live, self._step = 0.0, False, 0
        self._looking: int | None = None
        self._filming = False
        self._build()
        self._arrange()
        self.retheme()
        self.clear()

    # -- what it is told ----------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget the run."""
        self.track.line.clear()
        self._live, self._step = False, 0
        self.set_recorded(Recorded(()))
        self.set_looking(None, None)

    def begin(self, line: Line) -> None:
        """Another run, with what it has behind it."""
        self.track.line.begin(line)
        self._step = max(self._step, self.track.line.last)
        self._say()

    def add(self, reports: list[StepReport]) -> None:
        """Append steps."""
        self.track.line.add(reports)
        if reports:
            self._step = reports[-1].step
            self._repaint()

    def set_live(self, live: bool, step: int) -> None:
        """Whether training goes on, and where it is."""
        if (live, step) != (self._live, self._step) or self.track.line.last < step:
            moved = live and self._live
            self._live, self._step = live, step
            self.track.line.last = max(self.track.line.last, step)
            if moved:
                self._repaint()
            else:
                self._say()

    def set_recorded(self, recorded: Recorded) -> None:
        """What can be looked at, and what it takes."""
        self._recorded = recorded
        self.track.set_recorded(recorded)
        if self._live:
            self._repaint()
        else:
            self._say()

    def set_looking(self, step: int | None, asked: int | None, *, foreign: bool = False) -> None:
        """The step that is looked at (None: the present), the one asked for, and whether it has another architecture."""
        self._looking = step
        self._notes = ["an earlier architecture"] if foreign else []
        self._notes += [] if asked in (None, step) else [f"nearest to {asked:,}"]
        self._foreign = foreign
        self._ends.setCurrentIndex(LIVE if step is None else BACK)
        self.track.show_at(step)
        self._say()

    def set_filming(self, on: bool) -> None:
        """Whether the film runs."""
        self._filming = on
        self.film.setAccessibleName("Stop the film" if on else "Film of this run")
        self.film.setToolTip("Stop the film (Esc)" if on else "Play the recorded steps as a film")
        self.film.setIcon(icon("pause" if on else "play", theme.theme().text))

    def retheme(self) -> None:
        """Take the theme and the type scale in force."""
        self.caption.setFont(theme.font())
        self.where.setFont(theme.font(0.95, bold=True))
        small = theme.font(0.85)
        for label in (self.detail, self.kept, self.room):
            label.setFont(small)
        bold, quiet = QFontMetricsF(self.where.font()), QFontMetricsF(small)
        self._places.setFixedWidth(round(bold.horizontalAdvance("looking at 88,888 of 88,888")) + 8)
        self._ends.setFixedWidth(
            max(self._buttons.sizeHint().width(), round(quiet.horizontalAdvance("888 of 888 MB + 8,888 on disk")) + 8)
        )
        self.setFixedHeight(max(56, round(bold.height() + quiet.height()) + 20))
        self.pace_button.setFixedWidth(round(QFontMetricsF(theme.font()).horizontalAdvance("0.5×")) + 16)
        ground, line, text = theme.theme().surface, theme.theme().line, theme.theme().accent
        self.film.setStyleSheet(
            f"QToolButton {{ background: {ground}; border: 1px solid {line}; border-radius: 17px; padding: 0; }}"
            f"QToolButton:focus {{ border: 3px solid {text}; }}"
        )
        self.set_filming(self._filming)

    # -- inside -------------------------------------------------------------------------------------------------

    def _say(self) -> None:
        looking, track = self._looking, self.track
        if looking is None:
            self.where.setText(f"{'live' if self._live else 'paused'} · step {self._step:,}")
            self.detail.setText("")
        else:
            loss = track.line.loss_at(looking)
            self.where.setText(f"looking at {looking:,} of {self._step:,}")
            told = [] if loss is None or self._foreign else [f"loss {loss:.3f}"]  # there is not room for everything
            self.detail.setText(" · ".join(told + self._notes))
        self.detail.setVisible(bool(self.detail.text()))
        self._say_recorded()
        track.refresh()
        track.update()

    def _say_recorded(self) -> None:
        recorded, mega = self._recorded, 2**20
        count = len(recorded.steps)
        memory, disk = recorded.memory / mega, recorded.disk / mega
        kept = f"{count:,} step{'s'[: count != 1]} recorded" if count else ""
        self.kept.setText("too large to be recorded" if recorded.off and not count else kept)
        self.room.setText(
            f"{memory:,.0f} of {recorded.memory_budget / mega:,.0f} MB" + (f" + {disk:,.0f} on disk" if disk else "")
            if count
            else ""
        )
        self.room.setToolTip(
            f"Recorded steps take {memory:,.0f} of {recorded.memory_budget / mega:,.0f} MB of memory and {disk:,.0f} of "
            f"{recorded.disk_budget / mega:,.0f} MB on disk; the older they are, the fewer of them are kept."
        )
        self.film.setEnabled(count > 1)

    def _repaint(self) -> None:
        """A line of a thousand points is not worth painting at every step."""
        now = time.monotonic()
        if now - self._painted > REPAINT_SECONDS:
            self._painted = now
            self._say()

    def _next_pace(self) -> None:
        self.pace = PACES[(PACES.index(self.pace) + 1) % len(PACES)]
        self.pace_button.setText(f"{self.pace:g}×")
        self.pace_button.setAccessibleDescription(self.pace_button.text())

    def _build(self) -> None:
        self.film.setFixedSize(34, 34)
        self.film.setIconSize(QSize(15, 15))
        self.film.clicked.connect(self.film_wanted)
        self.pace_button.setProperty("role", "link")
        self.pace_button.setAccessibleName("Pace of the film")
        self.pace_button.setToolTip("Pace of the film")
        self.pace_button.clicked.connect(self._next_pace)
        self.branch.setToolTip("Train on from this step; undo brings what came after it back")
        self.branch.clicked.connect(self.branch_wanted)
        self.present.setProperty("role", "primary")
        self.present.setToolTip("Back to the present (Esc)")
        self.present.clicked.connect(self.live_wanted)
        self.track.sought.connect(self.sought)
        self.track.live_wanted.connect(self.live_wanted)
        for label in (self.caption, self.detail, self.kept, self.room):
            label.setProperty("role", "quiet")

    def _arrange(self) -> None:
        self._places, self._buttons, figures = QWidget(), QWidget(), QWidget()
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        for ground, labels, side in ((self._places, (self.where, self.detail), left), (figures, (self.kept, self.room), right)):
            column = QVBoxLayout(ground)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addStretch(1)
            for label in labels:
                label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                column.addWidget(label)
            column.addStretch(1)
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(theme.GRID)
        buttons.addWidget(self.branch)
        buttons.addWidget(self.present)
        self._ends.addWidget(figures)
        self._ends.addWidget(self._buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(theme.GRID)
        for widget in (self.film, self.caption, self.pace_button):
            row.addWidget(widget)
        row.addWidget(self.track, 1)
        row.addWidget(self._places)
        row.addSpacing(theme.GRID)
        row.addWidget(self._ends)
