"""Taking away: asks where a view shall go, has it written, and records films; the window stays alive meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from playground.places import documents
from playground.spec import share
from playground.spec.packing import ShareError
from playground.ui import export, files
from playground.ui.export import Origin
from playground.views.table import TABS
from playground.worker.mailbox import Fault

if TYPE_CHECKING:
    from playground.ui.window import MainWindow

PER_SECOND = 5
"""Pictures of a film for each second of it."""
LONGEST = 600
"""Pictures of a film at most: two minutes."""


class TakingDesk(QObject):
    """Files that take long are written by a thread of their own, which knows nothing of Qt's widgets."""

    done = Signal(str, str)
    """What was written, and why it could not be."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._film: list[QImage] = []
        self._since = QElapsedTimer()
        self._from = 0
        self.thread_: threading.Thread | None = None
        self.done.connect(self._on_done, Qt.ConnectionType.QueuedConnection)

    def ask(self) -> None:
        """Where the view that is shown shall go, and as what."""
        views = self._window.stage.visible_views()
        offered = documents() / f"{files.title(self._window.document.name)} {views[0] if len(views) == 1 else 'views'}.png"
        chosen, kind = QFileDialog.getSaveFileName(self._window, "Export what is shown", str(offered), export.FILTERS)
        if chosen:
            path = Path(chosen)
            ends = kind[kind.index("*.") + 1 : kind.index(")")] if "*." in kind else ".png"
            known = path.suffix.lower() in (*export.WRITERS, ".csv")
            self.take(path if known else path.with_name(path.name + ends))

    def take(self, path: Path) -> None:
        """Write what is shown as what the end of the file's name says; a table is of the one view that is in front."""
        shown, kind = self._shown(), path.suffix.lower()
        if kind != ".csv":
            writer = export.WRITERS[kind]
            self._write(path, lambda origin: writer(shown, path, origin), apart=False)
            return
        views = self._window.stage.visible_views()
        frame = self._window.stage.frames.get(views[0]) if len(views) == 1 else None
        if frame is None:
            why = "Several views are in sight." if len(views) > 1 else "There is no picture yet."
            self._window.notice.fault(
                Fault("A table is made of one view.", why, "Bring one view to the front and export again.")
            )
            return
        self._write(path, lambda origin: export.write_csv(frame, path, origin), apart=True)

    def record(self, on: bool) -> None:
        """Begin a film of the stage, or end it and ask where it shall go."""
        if on:
            self._film = []
            self._since.invalidate()
            self.on_drawn()
            return
        film, self._film = self._film, []
        offered = documents() / f"{files.title(self._window.document.name)}.gif"
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save the film", str(offered), "Film (*.gif)")
        if chosen:
            path = Path(chosen)
            path = path if path.suffix.lower() == ".gif" else path.with_name(path.name + ".gif")
            self._write(path, lambda origin: export.write_film(film, path, origin, PER_SECOND), apart=True)

    def on_drawn(self) -> None:
        """A view shows a new picture: one more for the film, but not more than there can be in a second."""
        if not self._window.stage.record.isChecked():
            return
        if self._since.isValid() and self._since.elapsed() < 1000 / PER_SECOND:
            return
        self._since.start()
        self._film.append(self._shown().grab().toImage())
        if len(self._film) == LONGEST:
            self._window.stage.record.setChecked(False)

    @property
    def pictures(self) -> int:
        """How many pictures the film that is being made has."""
        return len(self._film)

    def _shown(self) -> QWidget:
        return self._window.stage.ground

    def _origin(self) -> Origin:
        window = self._window
        name, base = files.shipped_base(window.document.name)
        try:
            string = share.to_string(window.document.experiment, name, base)
        except ShareError as error:  # too much of it is the person's own
            string = f"cannot be said in one string: {error}"
        views = window.stage.visible_views()
        titles = ", ".join(view.title for view in TABS if view.name in views)
        steps = [window.stage.frames[view].step for view in views if view in window.stage.frames]
        return Origin(window.document.title(), titles, max(steps, default=window.status.step), string)

    def _write(self, path: Path, write: Callable[[Origin], None], *, apart: bool) -> None:
        origin = self._origin()

        def work() -> None:
            try:
                write(origin)
            except OSError as error:
                self.done.emit(str(path), f"{error.strerror or error}")
            except NotImplementedError:
                self.done.emit(str(path), "this view has no numbers to write")
            else:
                self.done.emit(str(path), "")

        if apart:
            self.thread_ = threading.Thread(target=work, name="export", daemon=True)
            self.thread_.start()
        else:
            work()

    def _on_done(self, path: str, why: str) -> None:
        if why:
            self._window.notice.fault(Fault(f"{Path(path).name} could not be written.", f"{why}.", "Choose another place."))
        else:
            self._window.notice.news(f"Written to {path}.")
