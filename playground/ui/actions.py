"""Every action of the window in one table: text, shortcut, what it does, which menu it stands in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

if TYPE_CHECKING:
    from playground.ui.window import MainWindow


@dataclass(frozen=True)
class Entry:
    """One action; `shortcut` in Qt's portable notation, `run` gets the window."""

    name: str
    menu: str
    text: str
    shortcut: str
    tip: str
    run: Callable[[MainWindow], object]


ENTRIES: tuple[Entry, ...] = (
    Entry("new", "File", "New model", "Ctrl+N", "A small decoder that has learned nothing, to build on", lambda w: w.filing.new_model()),
    Entry("open_text", "File", "Open text…", "Ctrl+O", "Train on a text file of your own", lambda w: w.filing.ask_for_text()),
    Entry("open_pairs", "File", "Open pairs…", "Ctrl+Alt+O", "Train on a table of your own: source and target, TSV or CSV", lambda w: w.filing.ask_for_pairs()),
    Entry("library", "File", "Library…", "Ctrl+L", "Pick a model by its drawing, its card and its size", lambda w: w.filing.show_library()),
    Entry("open_model", "File", "Open model folder…", "Ctrl+Shift+O", "Load a model that was saved", lambda w: w.filing.ask_for_model()),
    Entry("save", "File", "Save", "Ctrl+S", "Write model, tokenizer and training state where the model lies", lambda w: w.filing.save()),
    Entry("save_as", "File", "Save as…", "Ctrl+Alt+S", "Write model, tokenizer and training state to another folder", lambda w: w.filing.ask_where_to_save()),
    Entry("duplicate", "File", "Duplicate", "Ctrl+Shift+D", "Go on with a copy; what was saved stays as it is", lambda w: w.filing.duplicate()),
    Entry("revert", "File", "Revert", "Ctrl+Shift+R", "Back to the model as it was opened or saved last", lambda w: w.filing.revert()),
    Entry("share", "File", "Share…", "Ctrl+Shift+S", "The experiment as one string and as a QR code for a room", lambda w: w.filing.show_share()),
    Entry("shared", "File", "Open a shared string…", "Ctrl+Shift+V", "Open what somebody else has shared", lambda w: w.filing.ask_for_string()),
    Entry("code", "File", "Show code…", "Ctrl+Shift+C", "The model as one PyTorch file that needs nothing else", lambda w: w.show_code()),
    Entry("export", "File", "Export view…", "Ctrl+E", "Take what is shown away: picture, drawing, page or table", lambda w: w.taking.ask()),
    Entry("record", "File", "Record a film", "Ctrl+Shift+E", "Make a film of what is shown, until this is chosen again", lambda w: w.stage.record.toggle()),
    Entry("quit", "File", "Quit", "Ctrl+Q", "Close the window", lambda w: w.close()),
    Entry("history", "Edit", "History…", "Ctrl+H", "Every change by name; choose one to go back to it", lambda w: w.show_history()),
    Entry("play", "Train", "Play or pause", "Ctrl+P", "Train until paused (Space does the same outside text fields)", lambda w: w.toggle_play()),
    Entry("step", "Train", "One step", "Ctrl+.", "Take one optimiser step", lambda w: w.one_step()),
    Entry("restart", "Train", "Start again", "Ctrl+R", "Fresh weights from the seed, step 0", lambda w: w.restart()),
    Entry("film", "Train", "Film of this run", "Ctrl+Alt+F", "Play the recorded steps as a film, or stop it", lambda w: w.rewinding.toggle_film()),
    Entry("branch", "Train", "Continue from here", "Ctrl+Alt+B", "Train on from the step that is looked at; undo brings what came after it back", lambda w: w.rewinding.branch()),
    Entry("live", "Train", "Back to the present", "Ctrl+Alt+L", "Look at the model as it is now (Esc does the same)", lambda w: w.rewinding.live()),
    Entry("compare", "Train", "Compare", "Ctrl+K", "Put the model as it is, or as it was at the step that is looked at, beside itself, and train both on the same batches; the same again ends it", lambda w: w.comparing.toggle()),
    Entry("theme", "View", "Light or dark", "Ctrl+T", "Switch between the light and the dark theme", lambda w: w.toggle_theme()),
    Entry("contrast", "View", "High contrast", "Ctrl+Shift+T", "Switch the high-contrast theme on or off", lambda w: w.toggle_contrast()),
    Entry("larger", "View", "Larger type", "Ctrl++", "Make every letter larger", lambda w: w.scale_type(1.1)),
    Entry("smaller", "View", "Smaller type", "Ctrl+-", "Make every letter smaller", lambda w: w.scale_type(1 / 1.1)),
    Entry("all_views", "View", "All views at once", "Ctrl+G", "Show every view side by side, or one at a time", lambda w: w.stage.toggle_all()),
    Entry("full_screen", "View", "Full screen", "F11", "Fill the screen", lambda w: w.toggle_full_screen()),
)  # fmt: skip


def make(window: MainWindow) -> dict[str, QAction]:
    """The table as QActions, added to the window and to its menu bar's menus; undo and redo come from the undo stack."""
    actions: dict[str, QAction] = {}
    undo, redo = window.document.stack.createUndoAction(window, "Undo"), window.document.stack.createRedoAction(window, "Redo")
    undo.setShortcut(QKeySequence(QKeySequence.StandardKey.Undo))
    redo.setShortcut(QKeySequence(QKeySequence.StandardKey.Redo))
    actions.update(undo=undo, redo=redo)
    for entry in ENTRIES:
        action = QAction(entry.text, window)
        action.setShortcut(QKeySequence(entry.shortcut))
        action.setToolTip(entry.tip)
        action.setStatusTip(entry.tip)
        action.triggered.connect(lambda _checked=False, run=entry.run: run(window))
        actions[entry.name] = action
    window.addActions(list(actions.values()))
    return actions


def menu_of(name: str) -> str:
    """In which menu an action stands."""
    return "Edit" if name in ("undo", "redo") else next(entry.menu for entry in ENTRIES if entry.name == name)
