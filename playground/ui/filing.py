"""The filing desk: opens, saves and shares models, and gives a model another text or task to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playground.places import model_folder
from playground.spec import edit
from playground.spec.experiment import TOLD, Experiment
from playground.ui import files
from playground.ui.opening import kind_of
from playground.worker.commands import OpenModel, Restart
from playground.worker.mailbox import Fault

if TYPE_CHECKING:
    from playground.ui.window import MainWindow


class FilingDesk:
    """What a person opens goes to the engine; what could be lost by it is asked about first."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.plays_at = -1
        """The number of the edit on whose answer training starts."""
        self.source: Path | None = None
        """The folder that the model was opened from, shipped or the person's own."""
        self._opening: Path | None = None

    # -- models -------------------------------------------------------------------------------------------------

    def show_library(self) -> None:
        """Pick a model by its drawing, card and size."""
        from playground.ui.library.dialog import Library  # the first paint need not wait for it

        library = Library(self._window, current=self._window.keeper.folder)
        library.chosen.connect(self.open_model)
        library.open()

    def new_model(self) -> None:
        """A small decoder that has learned nothing, to build on."""
        if not self._window.keeper.may_go("starting a new model", self.new_model):
            return
        self.source = None
        self._window.keeper.unnamed()
        self._window.document.begin(Experiment(), "")
        self._window.mailbox.send(Restart())  # where some weights would fit, too: new is new

    def open_model(self, folder: Path, text: str | None = None) -> None:
        """Load a model folder; changes that are not saved are asked about first."""
        if not self._window.keeper.may_go(f"opening {files.title(folder.name)}", lambda: self.open_model(folder, text)):
            return
        self._opening = folder
        self._window.mailbox.send(OpenModel(folder, text, self._window.document.next_number()))

    def opened(self) -> None:
        """The model that was asked for is there."""
        if self._window.keeper.returned():
            self.source = self._window.keeper.folder
        elif self._opening is not None:
            self.source = self._opening
            self._window.keeper.opened(self._opening)

    def ask_for_model(self) -> None:
        """Choose a model folder."""
        if folder := files.choose_model(self._window):
            self.open_model(folder)

    def save(self) -> None:
        """Save where the model lies; one that has no place of its own yet is given one."""
        if (folder := self._window.keeper.folder) is not None:
            self.save_to(folder)
        else:
            self.ask_where_to_save()

    def save_to(self, folder: Path) -> None:
        """Write model and training state."""
        self._window.keeper.save(folder)

    def ask_where_to_save(self) -> None:
        """Choose a folder to save to."""
        if folder := files.choose_target(self._window, self._window.document.title()):
            self.save_to(folder)

    def saved(self, folder: Path) -> None:
        """From now on the model lies there, and is called after it."""
        self.source = folder
        self._window.document.call(folder.name)

    def duplicate(self) -> None:
        """Go on with a copy, weights and all; what lies in the folder stays as it was saved."""
        name = files.title(self._window.document.name)
        self._window.keeper.unnamed()
        self._window.document.call(f"{name} copy")
        self._window.document.stack.resetClean()
        self._window.notice.news(f"This is a copy of {name} now; saving asks where it shall lie.")

    def revert(self) -> None:
        """Back to what was opened or saved last."""
        if self.source is None:
            self._window.notice.news("This model was never saved, so there is nothing to go back to. Undo takes changes back.")
        else:
            self.open_model(self.source)

    def take(self, paths: list[Path]) -> None:
        """Open what was dropped on the window as what it is, or say why not."""
        found, notice = kind_of(*paths), self._window.notice
        if found.kind == "model":
            self.open_model(found.path)
        elif found.kind == "table":
            self.open_pairs(str(found.path))
        elif found.kind == "text":
            self.open_text(str(found.path))
        elif found.kind == "image":
            notice.fault(Fault(f"{found.path.name} is a picture.", "Models here learn from texts, tables and tasks.",
                               "The digits under “Generated tasks” are pictures to paint and to classify."))  # fmt: skip
        else:
            notice.fault(Fault(found.what, found.why, found.remedy))

    def show_share(self) -> None:
        """The experiment as one string and as a QR code."""
        from playground.ui.share_dialog import ShareDialog

        name, base = files.shipped_base(self._window.document.name)
        ShareDialog(self._window.document.experiment, name, base, self._window).show()

    def ask_for_string(self) -> None:
        """Open what somebody has shared."""
        from playground.ui.share_dialog import PasteDialog

        dialog = PasteDialog(lambda name: files.shipped_base(name, exact=True)[1], self._window)
        document = self._window.document
        dialog.chosen.connect(lambda name, found: document.replace(found, f"Open shared {files.title(name)}"))
        dialog.show()

    # -- what is learned ----------------------------------------------------------------------------------------

    def open_text(self, path: str) -> None:
        """Train on another text (a path, or the name of a built-in one); training starts on it."""
        self._window.keeper.learned(path)
        self._learn(kind="text", text=path)

    def open_pairs(self, path: str) -> None:
        """Train on pairs of texts from a table; training starts on it."""
        self._window.keeper.learned(path)
        self._learn(kind="pairs", text=path)

    def open_task(self, kind: str) -> None:
        """Train on a generated task by its name; training starts on it."""
        self._learn(kind=kind)

    def learn(self, experiment: Experiment, name: str) -> None:
        """Make an experiment the document and train it as soon as it stands; the same again is read anew."""
        document = self._window.document
        if document.replace(experiment, name):
            self.plays_at = document.state
        else:  # perhaps the file has another text by now
            self.plays_at = document.read_again()

    def prompts(self) -> Path | None:
        """The folder with the prompts of the model that is shown, if it came from one."""
        if self.source is not None or not self._window.document.name:
            return self.source
        try:
            return model_folder(self._window.document.name)
        except FileNotFoundError:
            return None

    def press_gist(self) -> None:
        """Train on with the instruction hidden behind its gist tokens, from the weights as they are."""
        document = self._window.document
        experiment = edit.replaced(document.experiment, "model.gist.mask", "gist")
        self.plays_at = document.stage(experiment, "Gist")

    def ask_for_text(self) -> None:
        """Choose a text file."""
        if path := files.choose_text(self._window):
            self.open_text(path)

    def ask_for_pairs(self) -> None:
        """Choose a table of pairs."""
        if path := files.choose_pairs(self._window):
            self.open_pairs(path)

    def _learn(self, **changes: str) -> None:
        now = self._window.document.experiment
        task = now.task.model_copy(update=changes)
        gist = now.model.gist.mask if task.kind in TOLD else "none"  # they compress instructions, and other tasks have none
        experiment = edit.replaced_all(now, (("task", task), ("model.gist.mask", gist)))
        self.learn(experiment, f"Learn from {files.describe('', experiment)[2]}")
