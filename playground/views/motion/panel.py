"""The slow-motion panel: takes one step and leads through it, scene by scene, with the part lit in the diagram."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QStackedLayout, QVBoxLayout, QWidget

from playground.style import theme
from playground.style.widgets import Elided, EmptyState, Segments
from playground.views.motion.frame import PHASES, MotionFrame, MotionLook, Scene
from playground.views.motion.panel_picture import ScenePicture

SCENE_MS = 1400
"""How long a scene stands while they follow each other by themselves."""


class MotionPanel(QWidget):
    """Draws a MotionFrame. `step_wanted` asks for a step to be told, `part_chosen` says which part the scene is about."""

    look_changed = Signal()
    step_wanted = Signal()
    part_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: MotionFrame | None = None
        self.at = 0
        self.picture = ScenePicture()
        self.phases = Segments(PHASES)
        self.phases.set_accessible("Phase of the step")
        self.title, self.sentence, self.facts = QLabel(), QLabel(), QLabel()
        self.stamp = Elided()
        self.take, self.take_another = QPushButton("Take a step in slow motion"), QPushButton("Another step")
        self.back, self.on, self.play = QPushButton("‹"), QPushButton("›"), QPushButton("Play scenes")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Scene")
        for button, name in ((self.back, "Scene before"), (self.on, "Next scene")):
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.setFixedWidth(40)
        self.play.setCheckable(True)
        promise = "Forward, loss, backward and update, part by part, with the tensors of that very step."
        self.empty = EmptyState("One training step in slow motion", promise)
        self._timer = QTimer(self)
        self._timer.setInterval(SCENE_MS)
        self._arrange()
        self._connect()
        self.retheme()

    def look(self) -> MotionLook:
        """Nothing is watched: a step is told when it is asked for."""
        return MotionLook()

    def draw(self, frame: MotionFrame) -> None:
        """A new story, from its beginning."""
        self._frame = frame
        self._pages.setCurrentIndex(1)
        self.slider.setRange(0, len(frame.scenes) - 1)
        self.go(0)

    def scene(self) -> Scene | None:
        """The scene that is shown."""
        return None if self._frame is None else self._frame.scenes[self.at]

    def go(self, at: int) -> None:
        """Show a scene by its number from 0."""
        if self._frame is None:
            return
        self.at = max(0, min(len(self._frame.scenes) - 1, at))
        scene = self._frame.scenes[self.at]
        names = {"tokens": self._frame.tokens, "context": self._frame.context}.get(scene.rows, ())
        self.picture.show_scene(scene, names[: len(scene.values)])
        self.phases.set_value(scene.phase)
        self.title.setText(scene.title)
        self.sentence.setText(scene.sentence)
        quiet = theme.colour("quiet").name()
        rows = (f"<tr><td style='color:{quiet}'>{name}</td><td>{value}</td></tr>" for name, value in scene.facts)
        self.facts.setText(f"<table cellspacing=4>{''.join(rows)}</table>")
        self.slider.blockSignals(True)
        self.slider.setValue(self.at)
        self.slider.blockSignals(False)
        self.stamp.setText(f"step {self._frame.step:,} · scene {self.at + 1} of {len(self._frame.scenes)}")
        self.back.setEnabled(self.at > 0)
        self.on.setEnabled(self.at < len(self._frame.scenes) - 1)
        self.part_chosen.emit(scene.path)

    def retheme(self) -> None:
        """Take the colours and type sizes in force."""
        bold = QFontMetricsF(theme.font(1.0, bold=True))
        for button in self.phases.buttons():  # the chosen one is bold and must not be cut
            button.setMinimumWidth(round(bold.horizontalAdvance(button.text())) + 28)
        self.title.setFont(theme.font(1.2, bold=True))
        self.sentence.setFont(theme.font(1.0))
        self.facts.setFont(theme.font(0.95))
        self.stamp.setFont(theme.font(0.9))
        self.empty.title.setFont(theme.font(1.3, bold=True))
        if self._frame is not None:
            self.go(self.at)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Arrows lead through the scenes."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._frame is not None:
            self.go(self.at + step)
        else:
            super().keyPressEvent(event)

    def _on_phase(self, phase: str) -> None:
        if self._frame is not None:
            self.go(next(index for index, scene in enumerate(self._frame.scenes) if scene.phase == phase))

    def _on_play(self, on: bool) -> None:
        self.play.setText("Pause scenes" if on else "Play scenes")
        if on:
            if self._frame is not None and self.at == len(self._frame.scenes) - 1:
                self.go(0)
            self._timer.start()
        else:
            self._timer.stop()

    def _on_tick(self) -> None:
        if self._frame is None or self.at == len(self._frame.scenes) - 1 or not self.isVisible():
            self.play.setChecked(False)
        else:
            self.go(self.at + 1)

    def _connect(self) -> None:
        for button in (self.take, self.take_another):
            button.clicked.connect(self.step_wanted)
        self.back.clicked.connect(lambda: self.go(self.at - 1))
        self.on.clicked.connect(lambda: self.go(self.at + 1))
        self.slider.valueChanged.connect(self.go)
        self.phases.chosen.connect(self._on_phase)
        self.play.toggled.connect(self._on_play)
        self._timer.timeout.connect(self._on_tick)

    def _arrange(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        waiting = QWidget()
        room = QVBoxLayout(waiting)
        room.addStretch(2)
        room.addWidget(self.empty)
        self.take.setProperty("role", "primary")
        room.addWidget(self.take, alignment=Qt.AlignmentFlag.AlignHCenter)
        room.addStretch(3)
        head, body, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.phases)
        head.addStretch(1)
        head.addWidget(self.stamp)
        self.stamp.setMinimumWidth(170)
        self.stamp.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.sentence.setWordWrap(True)
        words = QVBoxLayout()
        for label in (self.title, self.sentence, self.facts):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(label)
        words.addStretch(1)
        body.addWidget(self.picture, 3)
        body.addLayout(words, 2)
        body.setSpacing(16)
        for widget in (self.back, self.on, self.play):
            foot.addWidget(widget)
        foot.addWidget(self.slider, 1)
        foot.addWidget(self.take_another)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(10)
        column.addLayout(head)
        column.addLayout(body, 1)
        column.addLayout(foot)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(waiting)
        self._pages.addWidget(shown)


PANEL = MotionPanel
