"""The world panel: plays what the probe has let happen at the world's own pace, and takes the person's hand where wished."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSpinBox, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Elided, EmptyState
from playground.views.world.frame import Scene, WorldFrame, WorldLook
from playground.views.world.panel_parts import Choices, Pictures, Returns, SceneView, Strip, number
from playground.views.world.panel_scenes import HANDS, RESTING, SCENES

PACES = {"cartpole": 40, "pendulum": 50, "mountain": 25, "grid": 220, "goals": 220, "taxi": 180}
"""Milliseconds between two moments."""
PAUSE = 700
"""Milliseconds in which the end of an episode is looked at."""
AHEAD = 12
"""With fewer moments than this in store, more are asked for."""
REPAINT = 4000
"""Milliseconds between two sets of pictures."""


class WorldPanel(QWidget):
    """Draws WorldFrames moment by moment; asks for more before it runs out."""

    look_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: WorldFrame | None = None
        self._store: deque[tuple[Scene, WorldFrame, bool]] = deque()
        self._look = WorldLook(domain="cartpole")
        self._waiting = False
        self._held: set[int] = set()
        self.domain, self.prompt, self.seed = QComboBox(), QComboBox(), QSpinBox()
        self.run, self.anew, self.hand = QPushButton("Pause"), QPushButton("New episode"), QPushButton("Take over")
        self.stamp, self.hint = Elided(), QLabel()
        self.scene, self.choices, self.returns, self.strip, self.pictures = (
            SceneView(),
            Choices(),
            Returns(),
            Strip(),
            Pictures(),
        )
        self.empty = EmptyState("The network plays here", "Open the preset Gato: it reads, sees, and acts in worlds.")
        self.timer = QTimer(self)
        self.timer.timeout.connect(self._tick)
        self._arrange()
        self.domain.activated.connect(self._on_domain)
        self.prompt.activated.connect(self._on_prompt)
        self.seed.valueChanged.connect(self._on_seed)
        self.run.clicked.connect(self._on_run)
        self.anew.clicked.connect(self._on_anew)
        self.hand.toggled.connect(self._on_hand)
        self.scene.installEventFilter(self)
        self.retheme()

    # -- what every panel offers --------------------------------------------------------------------------------

    def look(self) -> WorldLook:
        """The world, and which steps are wanted next."""
        return self._look

    def draw(self, frame: WorldFrame) -> None:
        """Put the steps of a frame in store; the timer shows them one by one."""
        if frame.note or frame.domain != self._look.domain:
            self._frame, self._waiting = frame, False
            self._offer(frame)
            self.empty.title.setText("Nothing to watch here" if frame.note else self.empty.title.text())
            self.empty.hint.setText(frame.note)
            self._pages.setCurrentIndex(0)
            return
        self._frame, self._waiting = frame, False
        self._offer(frame)
        self._pages.setCurrentIndex(1)
        self._bodies.setCurrentIndex(1 if frame.pictures is not None else 0)
        self.stamp.setText(f"with the weights of step {frame.step:,}")
        if frame.pictures is not None:
            self.pictures.show_frame(frame)
            self._pace(REPAINT)
            return
        last = len(frame.scenes) - 1
        self._store.extend((scene, frame, at == last) for at, scene in enumerate(frame.scenes))
        self._pace(PACES.get(frame.domain, 100))
        if self.scene.scene is None or self.scene.domain != frame.domain or self.hand.isChecked():
            self._show_next()

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        for widget in (self.stamp, self.hint, self.domain, self.prompt, self.seed, self.run, self.anew, self.hand):
            widget.setFont(theme.font(0.9))
        self.empty.title.setFont(theme.font(1.3, bold=True))
        for part in (self.scene, self.choices, self.returns, self.strip, self.pictures):
            part.update()

    # -- time ---------------------------------------------------------------------------------------------------

    def _pace(self, milliseconds: int) -> None:
        if self.timer.interval() != milliseconds:
            self.timer.setInterval(milliseconds)
        if self.run.text() == "Pause" and self.isVisible() and not self.timer.isActive():
            self.timer.start()

    def _tick(self) -> None:
        frame = self._frame
        if frame is None or frame.note:
            return
        if frame.pictures is not None:
            self._ask(round=self._look.round + 1)
        elif self.hand.isChecked():
            self._by_hand()
        else:
            self._show_next()

    def _show_next(self) -> None:
        """The next moment in store; more are asked for in time."""
        if self._store:
            scene, frame, last = self._store.popleft()
            caption = f"episode {frame.episode + 1} · return {number(self._return_at(frame, scene))}"
            self.scene.show_scene(frame.domain, scene, frame.values, caption)
            self.choices.show_scene(scene, frame)
            if last:
                self.strip.show_tokens(frame.strip)
                self.returns.show_frame(frame)
            self.timer.setInterval(PAUSE if last and frame.ended else PACES.get(frame.domain, 100))
        if len(self._store) < AHEAD and not self._waiting and not self.hand.isChecked():
            self._ask(ticket=self._look.ticket + 1)

    def _return_at(self, frame: WorldFrame, scene: Scene) -> float:
        """The return up to a moment of a frame."""
        at = next(index for index, each in enumerate(frame.scenes) if each is scene)
        return frame.total - sum(each.reward for each in frame.scenes[at:])

    def _ask(self, **changes: object) -> None:
        self._waiting = True
        self._look = WorldLook(**{**self._look.__dict__, "hand": None, **changes})
        self.look_changed.emit()

    # -- hands --------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Keys that act in the world, while the person plays."""
        if isinstance(event, QKeyEvent) and self.hand.isChecked() and event.key() in HANDS.get(self._look.domain, {}):
            if event.type() == QEvent.Type.KeyPress and not event.isAutoRepeat():
                self._held.add(event.key())
                if self._look.domain not in RESTING and self._look.domain != "cartpole":
                    self._act(HANDS[self._look.domain][event.key()])
                return True
            if event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat():
                self._held.discard(event.key())
                return True
            return event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def _by_hand(self) -> None:
        """A world that does not wait goes on with the key that is held, or with none."""
        domain, keys = self._look.domain, HANDS.get(self._look.domain, {})
        if self._waiting:
            return
        if domain in RESTING:
            self._act(next((keys[key] for key in self._held if key in keys), RESTING[domain]))
        elif domain == "cartpole":  # there is no third choice: the last push goes on
            last = self._look.hand if self._look.hand is not None else 0.0
            self._act(next((keys[key] for key in self._held if key in keys), 1.0 - last))

    def _act(self, action: float) -> None:
        if not self._waiting:
            self._ask(ticket=self._look.ticket + 1, hand=action)

    def _on_hand(self, on: bool) -> None:
        self._store.clear()
        self._held.clear()
        self.hand.setText("Hand back" if on else "Take over")
        names = {"taxi": "arrows, P picks up, D drops off", "grid": "arrows walk", "goals": "arrows walk"}
        self.hint.setText(f"You play: {names.get(self._look.domain, '← and →')}" if on else "")
        if on:
            self.scene.setFocus()
        else:
            self._ask(ticket=self._look.ticket + 1)

    def _on_domain(self, index: int) -> None:
        self._store.clear()
        self.hand.setChecked(False)
        self.scene.scene = None
        self._ask(domain=self.domain.itemData(index), prompt=-1)

    def _on_prompt(self, index: int) -> None:
        self._store.clear()
        self._ask(prompt=index - 1)

    def _on_seed(self, value: int) -> None:
        self._store.clear()
        self._ask(seed=value)

    def _on_anew(self) -> None:
        self._store.clear()
        self._ask(round=self._look.round + 1)

    def _on_run(self) -> None:
        runs = self.run.text() == "Pause"
        self.run.setText("Play" if runs else "Pause")
        if runs:
            self.timer.stop()
        else:
            self.timer.start()

    # -- inside -------------------------------------------------------------------------------------------------

    def _offer(self, frame: WorldFrame) -> None:
        """The worlds to choose from, and the tasks a demonstration can be of."""
        if self.domain.count() != len(frame.domains):
            self.domain.clear()
            for name, title, help_ in frame.domains:
                self.domain.addItem(title, name)
                self.domain.setItemData(self.domain.count() - 1, help_, Qt.ItemDataRole.ToolTipRole)
        self.domain.setCurrentIndex(self.domain.findData(self._look.domain))
        tasks = ["no demonstration", *(f"shown: {task}" for task in frame.tasks)]
        if [self.prompt.itemText(at) for at in range(self.prompt.count())] != tasks:
            self.prompt.clear()
            self.prompt.addItems(tasks)
        self.prompt.setCurrentIndex(self._look.prompt + 1)
        plays = frame.domain in SCENES
        for widget in (self.prompt, self.seed, self.hand, self.strip):
            widget.setVisible(plays)
        self.anew.setText("New episode" if plays else "Others")

    def _arrange(self) -> None:
        for widget, name, tip in (
            (self.domain, "World", "Where the network acts, or what it does with pictures"),
            (self.prompt, "Demonstration", "An expert's episode that the network sees before its own"),
            (self.seed, "Seed", "The seed of the first episode"),
            (self.run, "Pause or play the world", "Pause or play the world; training goes on"),
            (self.anew, "Begin anew", "Another episode"),
            (self.hand, "Take over by keyboard", "Play with the arrow keys, and hand back"),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        self.hand.setCheckable(True)
        for chooser in (self.domain, self.prompt):
            chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            chooser.setMinimumContentsLength(11)
        self.seed.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.seed.setFixedWidth(84)
        self.seed.setRange(0, 999_999)
        self.seed.setPrefix("seed ")
        self.hint.setProperty("role", "quiet")
        head = QHBoxLayout()
        head.setSpacing(theme.GRID)
        for part in (self.domain, self.run, self.anew, self.hand, self.prompt, self.seed, self.hint):
            head.addWidget(part)
        head.addWidget(self.stamp, 1)
        self.stamp.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        playing = QWidget()
        row = QHBoxLayout(playing)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        side = QVBoxLayout()
        side.addWidget(self.choices, 3)
        side.addWidget(self.returns, 2)
        row.addWidget(self.scene, 3)
        row.addLayout(side, 2)
        bodies = QWidget()
        self._bodies = QStackedLayout(bodies)
        self._bodies.addWidget(playing)
        self._bodies.addWidget(self.pictures)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(16, 10, 16, 8)
        column.setSpacing(theme.GRID)
        column.addLayout(head)
        column.addWidget(bodies, 1)
        column.addWidget(self.strip)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(shown)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Time goes on."""
        super().showEvent(event)
        if self.run.text() == "Pause":
            self.timer.start(100)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 (Qt's name)
        """Nobody looks: time stands still."""
        super().hideEvent(event)
        self.timer.stop()


PANEL = WorldPanel
