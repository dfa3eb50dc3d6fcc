"""Files and menus of the window: shipped models, texts, dialogs, and how an experiment is named in a few words."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from playground.places import documents, shipped
from playground.spec import toml
from playground.spec.experiment import GENERATED, PYTHON_DOCS, Experiment
from playground.ui import actions
from playground.ui.opening import TABLES
from playground.ui.opening import is_table as is_table

if TYPE_CHECKING:
    from playground.ui.window import MainWindow

TITLES = {
    "gpt": "GPT", "fast": "Fast", "gato": "Gato", "gato-control": "Gato (control)",
    "nanogpt-cpu": "nanoGPT (CPU)", "gpt-paper": "GPT (paper)", "bert": "BERT (paper)", "edt": "EDT (paper)",
    "gist": "Gist", "gist-encoder-decoder": "Gist (encoder-decoder)",
    "llama": "Llama", "t5": "T5", "gpt2": "GPT-2 (124 M)", "bert-base": "BERT base (110 M)",
}  # fmt: skip
TOKENIZERS = {"characters": "characters", "bytes": "bytes", "bpe": "BPE", "unigram": "unigram"}


def title(name: str) -> str:
    """A model's name for people."""
    return TITLES.get(name, name or "Untitled")


def describe(name: str, experiment: Experiment) -> tuple[str, str, str, str]:
    """Model, its detail, text, its detail: what the transport bar says."""
    model, task = experiment.model, experiment.task
    kind = "encoder-decoder" if len(model.stacks) == 2 else "encoder-only" if model.encoder else "decoder-only"
    depth = sum(len(layers) for layers in model.stacks.values())
    detail = f"{kind} · {depth} layer{'s' if depth != 1 else ''}"
    if task.generated:
        return title(name), detail, task_title(task.kind), f"{task.examples:,} examples"
    text = "Python docs" if task.text == PYTHON_DOCS else Path(task.text).name
    text = text if len(text) <= 24 else text[:23] + "…"
    pairs = f"{task.kind} · " if task.table else ""
    return title(name), detail, text, f"{pairs}{TOKENIZERS[task.tokenizer.kind]} {model.vocab:,}"


def task_title(kind: str) -> str:
    """A generated task's name for people: "copy-memory" is "Copy memory"."""
    return kind.replace("-", " ").capitalize()


def shipped_base(name: str, exact: bool = False) -> tuple[str, Experiment]:
    """The shipped model of a name, or the default one; where it has to be `exact`, FileNotFoundError for a name of none."""
    file = shipped("models") / name / "experiment.toml"
    if not name or not file.is_file():
        if exact:
            raise FileNotFoundError(f"There is no shipped model “{name}”.")
        name, file = "gpt", shipped("models") / "gpt" / "experiment.toml"
    return name, toml.load(file)


def fill_menus(window: MainWindow) -> None:
    """Fill the model, text and "all actions" menus from what is shipped and from the table of actions."""
    made = window.actions_by_name
    bar = window.transport
    bar.model_menu.aboutToShow.connect(lambda: _fill_models(window))
    bar.text_menu.addAction("Python docs", lambda: window.filing.open_text(PYTHON_DOCS))
    bar.text_menu.addAction(made["open_text"])
    bar.text_menu.addAction(made["open_pairs"])
    generated = bar.text_menu.addMenu("Generated tasks")
    for kind in GENERATED:
        generated.addAction(task_title(kind), partial(window.filing.open_task, kind))
    submenus: dict[str, QMenu] = {}
    for name, action in made.items():
        menu = actions.menu_of(name)
        if menu not in submenus:
            submenus[menu] = bar.more_menu.addMenu(menu)
        submenus[menu].addAction(action)


def _fill_models(window: MainWindow) -> None:
    menu = window.transport.model_menu
    menu.clear()
    for file in sorted(shipped("models").glob("*/experiment.toml")):
        folder = file.parent
        menu.addAction(title(folder.name), partial(window.filing.open_model, folder))
    menu.addSeparator()
    if recent := window.keeper.recent.folders():
        own = menu.addMenu("Recent")
        for folder in recent:
            own.addAction(folder.name, partial(window.filing.open_model, folder))
    menu.addAction(window.actions_by_name["library"])
    menu.addAction(window.actions_by_name["open_model"])
    menu.addAction(window.actions_by_name["save"])


def choose_text(parent: QWidget) -> str:
    """A text file chosen by the person, or nothing."""
    chosen, _ = QFileDialog.getOpenFileName(
        parent, "Train on a text", str(Path.home()), "Text, Markdown, code (*);;Text (*.txt *.md)"
    )
    return chosen


def choose_pairs(parent: QWidget) -> str:
    """A table of pairs chosen by the person, or nothing."""
    chosen, _ = QFileDialog.getOpenFileName(
        parent, "Train on pairs of texts: source and target", str(Path.home()), f"Tables ({TABLES}) ;; All files (*)"
    )
    return chosen


def choose_model(parent: QWidget) -> Path | None:
    """A model folder chosen by the person, or None."""
    chosen = QFileDialog.getExistingDirectory(parent, "Open a model folder", str(documents()))
    return Path(chosen) if chosen else None


def choose_target(parent: QWidget, name: str = "") -> Path | None:
    """Where to save, or None; `name` is what is offered."""
    offered = documents() / (re.sub(r'[/\\:*?"<>|]', "-", name) or "my model")
    chosen, _ = QFileDialog.getSaveFileName(parent, "Save the model as a folder", str(offered))
    return Path(chosen) if chosen else None
