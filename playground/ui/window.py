"""The window: it arranges the rooms, sends what the person does to the engine, and hands out what comes back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from playground.spec import edit
from playground.spec.layers import place_of
from playground.style import theme
from playground.style.widgets import Hairline
from playground.ui import actions, files
from playground.ui.comparing import CompareStrip, ComparingDesk
from playground.ui.delivery import Delivery
from playground.ui.diagram.choice import Choice
from playground.ui.diagram.view import DiagramView
from playground.ui.document import Document
from playground.ui.filing import FilingDesk
from playground.ui.history import HistoryDialog
from playground.ui.inspector.form import Inspector
from playground.ui.interventions import InterventionDesk, InterventionStrip, attention_path, fill_edge_menu, fill_menu
from playground.ui.keeping import Keeper
from playground.ui.layers import LayerDesk
from playground.ui.notice import NoticeBar
from playground.ui.prompt import PromptBar
from playground.ui.rewinding import Rewinding
from playground.ui.stage import Stage
from playground.ui.taking import TakingDesk
from playground.ui.timeline import Timeline
from playground.ui.transport import TransportBar
from playground.views.attention.frame import AttentionLook
from playground.views.effect.frame import EffectLook
from playground.views.frames import Look
from playground.views.gauges.frame import GaugesLook
from playground.worker.commands import Cancel, Narrate, Pause, Play, Restart, Step, Watch
from playground.worker.mailbox import Mailbox, Status

SMALLEST = 1200, 660
"""The window's least size; less would cut what the bars say."""
ATTENTION = re.compile(r"model\.(encoder|decoder)\[(\d+)\](\.attention|\.cross|)$")
"""The parts that the attention view has heads of."""


class MainWindow(QMainWindow):
    """Knows the mailbox and nothing of the engine behind it."""

    painted = Signal()
    """The first paint has happened; only now is torch allowed to load."""

    def __init__(self, mailbox: Mailbox, *, remember: bool = True) -> None:
        super().__init__()
        self.mailbox, self.status = mailbox, Status()
        self.document = Document(mailbox, self)
        self.choice = Choice.one("model.decoder[0].attention")
        self._sent: dict[str, object] = {}
        self._desk = LayerDesk(self)
        self.meddling = InterventionDesk(self)
        self.taking: TakingDesk = TakingDesk(self)
        self.filing: FilingDesk = FilingDesk(self)
        self.keeper: Keeper = Keeper(self, remember)
        self._attention: Any = None
        """The attention panel, once it has been built."""
        self._head_menu: QMenu | None = None
        self._motion: QWidget | None = None
        """The slow-motion panel, once it has been built."""
        self._painted = False
        self._stacks, self._asks = 1, "text False"
        self._settings = QSettings("transformer-playground", "window") if remember else None
        self.setWindowTitle("Transformer Playground")
        self.setAcceptDrops(True)
        self.transport, self.notice, self.timeline = TransportBar(), NoticeBar(), Timeline()
        self.diagram, self.inspector, self.prompt = DiagramView(), Inspector(), PromptBar()
        self.stage: Stage = Stage()
        self.stage.offer("world", on=False)
        self.interventions, self.comparison = InterventionStrip(), CompareStrip()
        self._arrange()
        self.rewinding: Rewinding = Rewinding(self)
        self.comparing: ComparingDesk = ComparingDesk(self)
        self.actions_by_name = actions.make(self)
        files.fill_menus(self)
        self._connect()
        self._delivery = Delivery(self)
        self.timer = self._delivery.timer
        if self._settings is not None and (geometry := self._settings.value("geometry")) is not None:
            self.restoreGeometry(geometry)

    # -- what the person does -----------------------------------------------------------------------------------

    def toggle_play(self) -> None:
        """Train, or pause; who trains looks at the present."""
        if self.status.mode != "running":
            self.rewinding.live()
        self.mailbox.send(Pause() if self.status.mode == "running" else Play())
        self._delivery.hurry()

    def one_step(self) -> None:
        """One optimiser step."""
        self.rewinding.live()
        self.mailbox.send(Step())
        self._delivery.hurry()

    def narrate(self) -> None:
        """One optimiser step, told in full."""
        self.rewinding.live()
        self.mailbox.send(Narrate())
        self._delivery.hurry()

    def restart(self) -> None:
        """Fresh weights, step 0."""
        self.rewinding.live()
        self.mailbox.send(Restart())

    def show_code(self) -> None:
        """The model as one PyTorch file."""
        from playground.ui.code_dialog import CodeDialog

        CodeDialog(self.document.running.model, files.title(self.document.name), self).show()

    def show_history(self) -> None:
        """Every change by name, to go back to."""
        HistoryDialog(self.document.stack, self).show()

    def toggle_theme(self) -> None:
        """Light or dark."""
        self.use_theme("light" if theme.theme().dark else "dark")

    def toggle_contrast(self) -> None:
        """High contrast, or back to dark."""
        self.use_theme("dark" if theme.theme().name == "contrast" else "contrast")

    def use_theme(self, name: str, scale: float | None = None) -> None:
        """Put a theme, and perhaps a type scale, in force and repaint everything with it."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, name, scale if scale is not None else theme.points() / theme.BASE_POINTS)
        rooms = (self.transport, self.diagram, self.inspector, self.stage, self.comparison, self.interventions, self.prompt,
                 self.timeline)  # fmt: skip
        for room in rooms:
            room.retheme()
        self.update()

    def scale_type(self, factor: float) -> None:
        """Larger or smaller letters."""
        self.use_theme(theme.theme().name, min(2.5, max(0.8, theme.points() / theme.BASE_POINTS * factor)))

    def toggle_full_screen(self) -> None:
        """Fill the screen, or not."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def select(self, path: str) -> None:
        """Select a part."""
        self.choose(Choice.one(path))

    def choose(self, choice: Choice) -> None:
        """Select one part or several: diagram, inspector and stage follow."""
        self.choice = choice
        self.diagram.choose(choice)
        self.inspector.show_parts(choice.paths)
        if (panel := self._attention) is not None and (found := ATTENTION.match(choice.current)):
            cross = ".cross" if found[3] == ".cross" else ""
            panel.select(f"{found[1]}.{found[2]}{cross}")

    def hurry(self) -> None:
        """A recorded step is asked for: its picture shall not wait for the timer."""
        self._delivery.rush()

    def poll(self) -> None:
        """Take what the engine has sent and show it; the one GUI timer calls this."""
        self._delivery.poll()

    # -- inside -------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.rows = middle = QSplitter(Qt.Orientation.Vertical)
        upper = QWidget()
        stacked = QVBoxLayout(upper)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(0)
        stacked.addWidget(self.stage, 1)
        stacked.addWidget(self.comparison)
        stacked.addWidget(self.interventions)
        middle.addWidget(upper)
        middle.addWidget(self.prompt)
        middle.setStretchFactor(0, 1)
        middle.setHandleWidth(1)
        middle.setChildrenCollapsible(False)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        for widget in (self.diagram, middle, self.inspector):
            self.columns.addWidget(widget)
        self.columns.setStretchFactor(1, 1)
        self.columns.setHandleWidth(1)
        self.columns.setChildrenCollapsible(False)
        ground = QWidget()
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for head in (self.transport, Hairline(), self.notice):
            column.addWidget(head)
        row = QHBoxLayout()
        row.addWidget(self.columns)
        column.addLayout(row, 1)
        column.addWidget(Hairline())
        column.addWidget(self.timeline)
        self.setCentralWidget(ground)
        self.setMinimumSize(*SMALLEST)

    def _connect(self) -> None:
        self.transport.play_pressed.connect(self.toggle_play)
        self.transport.step_pressed.connect(self.one_step)
        self.transport.restart_pressed.connect(self.restart)
        self.transport.theme_pressed.connect(self.toggle_theme)
        self.notice.cancelled.connect(lambda: self.mailbox.send(Cancel()))
        self.stage.looks_changed.connect(self._watch)
        self.stage.export.triggered.connect(self.taking.ask)
        self.stage.record.toggled.connect(self.taking.record)
        self.stage.drawn.connect(self.taking.on_drawn)
        self.prompt.asked.connect(self.mailbox.send)
        self.prompt.compressed.connect(self.mailbox.send)
        self.prompt.panel.gist.pressed.connect(self.filing.press_gist)
        self.prompt.opened.connect(self._on_prompt)
        self.prompt.panel.sought.connect(self.rewinding.seek)
        self.diagram.chosen.connect(self.choose)
        self.diagram.wished.connect(self._desk.do)
        self.diagram.opened.connect(self.inspector.setFocus)
        self.diagram.foretell(self._desk.foretell)
        self.diagram.menu_opened.connect(self._offer_interventions)
        self.interventions.taken_back.connect(self.meddling.take_back)
        self.interventions.all_taken_back.connect(self.meddling.take_all_back)
        self.document.intervened.connect(self._on_intervened)
        self.inspector.edit_requested.connect(self.document.edit)
        self.inspector.edits_requested.connect(self.document.edit_all)
        self.document.changed.connect(self._on_document)
        self.document.refused.connect(lambda: self.inspector.show_problems(self.document.problems))

    def _on_prompt(self, opened: bool) -> None:
        """The prompt takes what its panel needs from the stage, and gives it back."""
        whole = sum(self.rows.sizes())
        prompt = max(self.prompt.minimumHeight(), round(whole * (0.5 if opened else 0.22)))
        self.rows.setSizes([whole - prompt, prompt])

    def _on_document(self) -> None:
        experiment = self.document.experiment
        if len(experiment.model.stacks) != self._stacks:
            self._stacks = len(experiment.model.stacks)
            self._share_columns()
        asks = f"{experiment.task.kind} {self.document.running.gisted}"  # with gist tokens a question is put otherwise
        if asks != self._asks:
            self._asks = asks
            self.prompt.begin_anew()
        self.prompt.panel.set_experiment(experiment)
        self.prompt.panel.library.set_folder(self.filing.prompts())
        self.stage.offer("world", on=experiment.model.multi_domain)
        self.diagram.set_model(experiment.model)
        self.meddling.show()
        self.inspector.set_experiment(experiment, self.document.preset)
        if not all(edit.exists(experiment, path) for path in self.choice.paths):
            self.select(edit.first_attention(self.document.experiment.model))
        self.transport.show_document(*files.describe(self.document.name, experiment))
        if (curves := self.stage.panels.get("curves")) is not None:
            curves.name_run(self.document.difference())  # type: ignore[attr-defined]
        self.setWindowTitle(f"{self.document.title()} – Transformer Playground")

    def _watch(self) -> None:
        self._link_attention()
        looks = self.stage.looks()
        if self.stage.panels:
            looks["gauges"] = GaugesLook()
            looks["effect"] = EffectLook(self.document.interventions) if self.document.interventions else None
        for view, look in looks.items():
            if view == "attention" and look is None and self.stage.panels:
                look = self._diagram_look()  # its thumbnails need attention even while the panel is hidden
            if self._sent.get(view, self) != look:
                self._sent[view] = look
                self.mailbox.send(Watch(view, look))
        self.comparing.watch()
        self._delivery.draw_at_once()

    def _offer_interventions(self, path: str, menu: QMenu) -> None:
        if place_of(path) is None or path.endswith(".norm"):
            return
        menu.addSeparator()
        document = self.document
        fill_menu(menu.addMenu("Intervene"), document.experiment, path, document.interventions, self.meddling.want)

    def _on_intervened(self) -> None:
        self.meddling.show()
        self._watch()

    def _link_attention(self) -> None:
        """Choosing a head in the attention view chooses its part, as choosing the part chooses a head."""
        panel = self.stage.panels.get("attention")
        if isinstance(panel, QWidget) and self._attention is None:
            self._attention = panel
            panel.head_chosen.connect(self._on_head)  # type: ignore[attr-defined]
            panel.menu_wanted.connect(self._on_head_menu)  # type: ignore[attr-defined]
            self.choose(self.choice)
        if (curves := self.stage.panels.get("curves")) is not None:
            curves.name_run(self.document.difference())  # type: ignore[attr-defined]
        motion = self.stage.panels.get("motion")
        if isinstance(motion, QWidget) and self._motion is None:
            self._motion = motion
            motion.step_wanted.connect(self.narrate)  # type: ignore[attr-defined]
            motion.part_chosen.connect(self.select)  # type: ignore[attr-defined]

    def _on_head(self, name: str, head: int) -> None:
        self.select(attention_path(name))

    def _on_head_menu(self, name: str, head: int, edge: tuple[int, int] | None, at: QPoint) -> None:
        """What can be done to a head in the attention view, and to the edge that is read."""
        if self._head_menu is not None:
            self._head_menu.deleteLater()
        self._head_menu = QMenu(self)
        fill_edge_menu(self._head_menu, attention_path(name), head, edge, self.document.interventions, self.meddling.want)
        self._head_menu.popup(at)

    def _diagram_look(self) -> Look:
        panel = self.stage.panels.get("attention")
        look: Look = panel.look() if panel is not None else AttentionLook()  # type: ignore[attr-defined]
        return look

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Announce the first paint."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self._after_first_paint)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Share out the room when the size is known: columns for the hands, the rest for the stage."""
        super().showEvent(event)
        if not self._painted:
            self._share_columns()
            prompt = max(self.prompt.minimumHeight(), self.height() // 5)
            self.rows.setSizes([self.height() - prompt, prompt])

    def _share_columns(self) -> None:
        """The columns' widths: an encoder and a decoder side by side need more than one stack."""
        side = max(272, min(320, self.width() // 5))
        both = len(self.document.experiment.model.stacks) == 2
        left = side + (120 if both else 0)
        self.columns.setSizes([left, self.width() - left - side - 40, side + 40])

    def _after_first_paint(self) -> None:
        self.stage.start()
        self.timer.start()
        self.painted.emit()
        self.keeper.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Space plays and pauses wherever it did not write a letter or press a button: then it arrives here."""
        # no event filter over the whole application: each of Qt's events would have to wait for the interpreter
        if event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.toggle_play()
        elif event.key() == Qt.Key.Key_Escape:
            self.rewinding.live()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 (Qt's name)
        """Accept one local file or folder."""
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 (Qt's name)
        """Whatever is dropped is opened as what it is, or it is said why not."""
        self.filing.take([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 (Qt's name)
        """Remember where the window was; the application stops the engine."""
        if not self.keeper.may_go("closing", self.close):
            event.ignore()
            return
        self.timer.stop()
        self.keeper.close()
        if self._settings is not None:
            self._settings.setValue("geometry", self.saveGeometry())
        super().closeEvent(event)
