"""What a dropped or chosen file is: a model, a table of pairs, a text, a picture, or nothing that can be opened, and why."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["model", "table", "text", "image", "none"]

EXPERIMENT = "experiment.toml"
TABLES = "*.tsv *.tab *.csv"
IMAGES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"))
WEIGHTS = ".safetensors"
NAMED = 12  # models of a folder that a refusal names
BELONGING = frozenset((EXPERIMENT, "card.md", "tokenizer.json", "tokenizer.model"))
"""Beside an experiment these are parts of a model; elsewhere they are files like any other."""
_HEAD = 4096
_MODEL_TABLE = re.compile(rb"^\s*\[+\s*model\s*[.\]]", re.MULTILINE)
_PICKLES = frozenset((".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".npy", ".npz", ".joblib"))
_FOREIGN = {
    ".pdf": "a PDF", ".docx": "a Word document", ".doc": "a Word document", ".odt": "a document of a word processor",
    ".epub": "an e-book", ".xlsx": "a spreadsheet", ".xls": "a spreadsheet", ".ods": "a spreadsheet",
    ".zip": "an archive", ".gz": "an archive", ".tar": "an archive", ".7z": "an archive", ".xz": "an archive",
    ".rar": "an archive", ".zst": "an archive", ".bz2": "an archive",
}  # fmt: skip
_REMEDIES = {
    "an archive": "Unpack it, then open what is inside.",
    "a spreadsheet": "Save its sheet as CSV, then open that.",
}


@dataclass(frozen=True)
class Opening:
    """What to open: of a model its folder, else the file. With kind "none", what is the matter, why, and what to do."""

    kind: Kind
    path: Path
    what: str = ""
    why: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.remedy) if part)


def is_table(path: Path) -> bool:
    """Whether a file's name says that it holds a table."""
    return f"*{path.suffix.lower()}" in TABLES.split()


def kind_of(*paths: Path) -> Opening:
    """What was dropped or chosen; several files are one thing only where all of them belong to one model. Never raises."""
    if not paths:
        return Opening("none", Path(), "Nothing was dropped that lies on this machine.", "", "Save it as a file first.")
    found = [_one(path) for path in paths]
    if len(found) > 1 and len({(one.kind, one.path) for one in found}) > 1:
        return Opening(
            "none", paths[0], f"These are {len(paths)} things at once.", "One model, text or table is open at a time.",
            "Drop one of them.",
        )  # fmt: skip
    return found[0]


def _one(path: Path) -> Opening:
    try:
        mode = path.stat().st_mode
        return _folder(path) if stat.S_ISDIR(mode) else _file(path, mode)
    except FileNotFoundError:
        return _no(path, "is not there.", "It may have been moved, renamed or deleted.", "Choose it again.")
    except PermissionError:
        return _no(path, "cannot be read.", "You have no permission to read it.", "Change that, or choose another.")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return _no(path, "cannot be read.", f"{reason or 'The system does not say why'}.", "Choose another.")


def _folder(path: Path) -> Opening:
    if (path / EXPERIMENT).is_file():
        return Opening("model", path)
    inside = sorted(file.parent.name for file in path.glob(f"*/{EXPERIMENT}"))
    if inside:
        names = ", ".join(inside[:NAMED]) + (f" and {len(inside) - NAMED} more" if len(inside) > NAMED else "")
        return _no(path, "is a folder of models.", f"It holds {names}.", "Open one of them.")
    return _no(
        path, "is no model.", f"A model is a folder with an {EXPERIMENT} in it.", "Open such a folder, or a single text file."
    )


def _file(path: Path, mode: int) -> Opening:
    suffix = path.suffix.lower()
    beside = (path.parent / EXPERIMENT).is_file()
    if beside and (path.name in BELONGING or suffix == WEIGHTS):
        return Opening("model", path.parent)
    if not stat.S_ISREG(mode):
        return _no(path, "is not a file.", "It is a device or a pipe, which may never end.", "Choose a text file.")
    if is_table(path):
        return Opening("table", path)
    if suffix in IMAGES:
        return Opening("image", path)
    return _refused(path, suffix) or Opening("text", path)


def _refused(path: Path, suffix: str) -> Opening | None:
    """Why a file is no text, as far as its name and its beginning tell."""
    if suffix == WEIGHTS:
        return _no(
            path, "holds weights alone.", f"Without an {EXPERIMENT} beside it nobody knows the model that they fit.",
            "Open the folder of a saved model.",
        )  # fmt: skip
    if suffix in _PICKLES:
        return _no(
            path, "is not opened.", "Such files may hold programs that would run at once.",
            "Save the weights as safetensors in a model's folder, and open that.",
        )  # fmt: skip
    if suffix in _FOREIGN:
        kind = _FOREIGN[suffix]
        remedy = _REMEDIES.get(kind, "Save its text as a plain text file (UTF-8), then open that.")
        return _no(path, f"is {kind}.", "Only plain text can be learned from.", remedy)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if suffix == ".toml" and _MODEL_TABLE.search(head):
        return _no(
            path, "is a model under another name.", f"A model is a folder with an {EXPERIMENT} in it.",
            f"Put it into a folder of its own, as {EXPERIMENT}, and open that.",
        )  # fmt: skip
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):  # of UTF-16 the reader of texts says more
        return _no(path, "is not a text.", "It holds binary data.", "Choose plain text, Markdown, source code or a table.")
    return None


def _no(path: Path, what: str, why: str, remedy: str) -> Opening:
    return Opening("none", path, f"{path.name or path} {what}", why, remedy)
