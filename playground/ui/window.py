"""The window: it arranges the rooms, sends what the person does to the engine, and hands out what comes back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from playground.spec import edit
from playground.spec.difference import changes, words
from playground.spec.experiment import TOLD, Experiment
from playground.style import theme
from playground.style.widgets import Hairline
from playground.ui import actions, files
from playground.ui.delivery import Delivery
from playground.ui.diagram.choice import Choice
from playground.ui.diagram.view import DiagramView
from playground.ui.document import Document
from playground.ui.history import HistoryDialog
from playground.ui.inspector.form import Inspector
from playground.ui.keeping import Keeper
from playground.ui.layers import LayerDesk
from playground.ui.notice import NoticeBar
from playground.ui.opening import kind_of
from playground.ui.prompt import PromptBar
from playground.ui.stage import Stage
from playground.ui.timeline import Timeline
from playground.ui.transport import TransportBar
from playground.views.attention.frame import AttentionLook
from playground.views.frames import Look
from playground.worker.commands import Cancel, OpenModel, Pause, Play, Restart, Save, Step, Watch
from playground.worker.mailbox import Fault, Mailbox, Status

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
        self._desk, self.keeper = LayerDesk(self), Keeper(self, remember)
        self._attention: Any = None
        """The attention panel, once it has been built."""
        self._painted = False
        self._opening: Path | None = None
        self.plays_at = -1
        """The number of the edit on whose answer training starts."""
        self._stacks, self._task = 1, "text"
        self._settings = QSettings("transformer-playground", "window") if remember else None
        self.setWindowTitle("Transformer Playground")
        self.setAcceptDrops(True)
        self.transport, self.notice, self.timeline = TransportBar(), NoticeBar(), Timeline()
        self.diagram, self.inspector, self.prompt = DiagramView(), Inspector(), PromptBar()
        self.stage: Stage = Stage()
        self._arrange()
        self.actions_by_name = actions.make(self)
        files.fill_menus(self)
        self._connect()
        self._delivery = Delivery(self)
        self.timer = self._delivery.timer
        if self._settings is not None and (geometry := self._settings.value("geometry")) is not None:
            self.restoreGeometry(geometry)

    # -- what the person does -----------------------------------------------------------------------------------

    def toggle_play(self) -> None:
        """Train, or pause."""
        self.mailbox.send(Pause() if self.status.mode == "running" else Play())
        self._delivery.hurry()

    def one_step(self) -> None:
        """One optimiser step."""
        self.mailbox.send(Step())
        self._delivery.hurry()

    def restart(self) -> None:
        """Fresh weights, step 0."""
        self.mailbox.send(Restart())
        self.timeline.clear()

    def show_library(self) -> None:
        """Pick a model by its drawing, card and size."""
        from playground.ui.library.dialog import Library  # the first paint need not wait for it

        library = Library(self, current=self.keeper.folder)
        library.chosen.connect(self.open_model)
        library.open()

    def open_text(self, path: str) -> None:
        """Train on another text (a path, or the name of a built-in one); training starts on it."""
        self.keeper.learned(path)
        self._learn(kind="text", text=path)

    def open_pairs(self, path: str) -> None:
        """Train on pairs of texts from a table; training starts on it."""
        self.keeper.learned(path)
        self._learn(kind="pairs", text=path)

    def open_task(self, kind: str) -> None:
        """Train on a generated task by its name; training starts on it."""
        self._learn(kind=kind)

    def _learn(self, **changes: str) -> None:
        now = self.document.experiment
        task = now.task.model_copy(update=changes)
        gist = now.model.gist.mask if task.kind in TOLD else "none"  # they compress instructions, and other tasks have none
        experiment = edit.replaced_all(now, (("task", task), ("model.gist.mask", gist)))
        self.learn(experiment, f"Learn from {files.describe('', experiment)[2]}")

    def learn(self, experiment: Experiment, name: str) -> None:
        """Make an experiment the document and train it as soon as it stands; the same again is read anew."""
        if self.document.replace(experiment, name):
            self.plays_at = self.document.state
        else:  # perhaps the file has another text by now
            self.plays_at = self.document.read_again()

    def open_model(self, folder: Path, text: str | None = None) -> None:
        """Load a model folder; changes that are not saved are asked about first."""
        if not self.keeper.may_go(f"opening {files.title(folder.name)}", lambda: self.open_model(folder, text)):
            return
        self._opening = folder
        self.mailbox.send(OpenModel(folder, text, self.document.next_number()))

    def model_opened(self) -> None:
        """The model that was asked for is there."""
        if self._opening is not None:
            self.keeper.opened(self._opening)

    def save_to(self, folder: Path) -> None:
        """Write model and training state."""
        self.mailbox.send(Save(folder))

    def ask_for_text(self) -> None:
        """Choose a text file."""
        if path := files.choose_text(self):
            self.open_text(path)

    def ask_for_pairs(self) -> None:
        """Choose a table of pairs."""
        if path := files.choose_pairs(self):
            self.open_pairs(path)

    def ask_for_model(self) -> None:
        """Choose a model folder."""
        if folder := files.choose_model(self):
            self.open_model(folder)

    def ask_where_to_save(self) -> None:
        """Choose a folder to save to."""
        if folder := files.choose_target(self):
            self.save_to(folder)

    def show_code(self) -> None:
        """The model as one PyTorch file."""
        from playground.ui.code_dialog import CodeDialog

        CodeDialog(self.document.running.model, files.title(self.document.name), self).show()

    def show_share(self) -> None:
        """The experiment as one string and as a QR code."""
        from playground.ui.share_dialog import ShareDialog

        name, base = files.shipped_base(self.document.name)
        ShareDialog(self.document.experiment, name, base, self).show()

    def ask_for_string(self) -> None:
        """Open what somebody has shared."""
        from playground.ui.share_dialog import PasteDialog

        dialog = PasteDialog(lambda name: files.shipped_base(name, exact=True)[1], self)
        dialog.chosen.connect(lambda name, found: self.document.replace(found, f"Open shared {files.title(name)}"))
        dialog.show()

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
        for room in (self.transport, self.diagram, self.inspector, self.stage, self.prompt):
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

    def poll(self) -> None:
        """Take what the engine has sent and show it; the one GUI timer calls this."""
        self._delivery.poll()

    # -- inside -------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.rows = middle = QSplitter(Qt.Orientation.Vertical)
        middle.addWidget(self.stage)
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
        self.prompt.asked.connect(self.mailbox.send)
        self.diagram.chosen.connect(self.choose)
        self.diagram.wished.connect(self._desk.do)
        self.diagram.opened.connect(self.inspector.setFocus)
        self.inspector.edit_requested.connect(self.document.edit)
        self.inspector.edits_requested.connect(self.document.edit_all)
        self.document.changed.connect(self._on_document)
        self.document.refused.connect(lambda: self.inspector.show_problems(self.document.problems))

    def _on_document(self) -> None:
        experiment = self.document.experiment
        if len(experiment.model.stacks) != self._stacks:
            self._stacks = len(experiment.model.stacks)
            self._share_columns()
        if experiment.task.kind != self._task:
            self._task = experiment.task.kind
            self.prompt.begin_anew()
        self.diagram.set_model(experiment.model)
        self.inspector.set_experiment(experiment, self.document.preset)
        if not all(edit.exists(experiment, path) for path in self.choice.paths):
            self.select(edit.first_attention(self.document.experiment.model))
        self.transport.show_document(*files.describe(self.document.name, experiment))
        differs = words(changes(self.document.preset, experiment), letters=60)
        name = files.title(self.document.name) + (f" ({differs})" if differs else "")
        self.setWindowTitle(f"{name} – Transformer Playground")

    def _watch(self) -> None:
        self._link_attention()
        for view, look in self.stage.looks().items():
            if view == "attention" and look is None and self.stage.panels:
                look = self._diagram_look()  # its thumbnails need attention even while the panel is hidden
            if self._sent.get(view, self) != look:
                self._sent[view] = look
                self.mailbox.send(Watch(view, look))
        self._delivery.draw_at_once()

    def _link_attention(self) -> None:
        """Choosing a head in the attention view chooses its part, as choosing the part chooses a head."""
        panel = self.stage.panels.get("attention")
        if isinstance(panel, QWidget) and self._attention is None:
            self._attention = panel
            panel.head_chosen.connect(self._on_head)  # type: ignore[attr-defined]
            self.choose(self.choice)

    def _on_head(self, name: str, head: int) -> None:
        stack, index, *cross = name.split(".")
        self.select(f"model.{stack}[{index}].{cross[0] if cross else 'attention'}")

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
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 (Qt's name)
        """Accept one local file or folder."""
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 (Qt's name)
        """Whatever is dropped is opened as what it is, or it is said why not."""
        found = kind_of(*(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()))
        if found.kind == "model":
            self.open_model(found.path)
        elif found.kind == "table":
            self.open_pairs(str(found.path))
        elif found.kind == "text":
            self.open_text(str(found.path))
        elif found.kind == "image":
            self.notice.fault(Fault(f"{found.path.name} is a picture.", "Models here learn from texts, tables and tasks.",
                                    "The digits under “Generated tasks” are pictures to paint and to classify."))  # fmt: skip
        else:
            self.notice.fault(Fault(found.what, found.why, found.remedy))

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
