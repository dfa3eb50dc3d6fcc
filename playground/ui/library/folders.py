"""What the library does with folders: make a copy in the person's own place, and move one to the trash."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from PySide6.QtCore import QFile

from playground.ui.opening import EXPERIMENT


def duplicate(folder: Path, title: str, into: Path) -> Path:
    """Copy a model folder to "TITLE copy" in `into`, or "TITLE copy 2" and so on; raises OSError, and leaves nothing then."""
    into.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r'[<>:"/\\|?*\x00-\x1f]+', " ", title).strip(" .")[:80] or "model"
    target, number = into / f"{stem} copy", 2
    while target.exists():
        target, number = into / f"{stem} copy {number}", number + 1
    draft = Path(tempfile.mkdtemp(dir=into, prefix=".copy-"))  # the library passes over names that begin with a dot
    try:
        draft.chmod(0o755)
        shutil.copytree(folder, draft, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)
        (draft / EXPERIMENT).touch()  # new among the person's own, so it stands first
        draft.rename(target)
    except shutil.Error as error:  # a list of (from, to, why); the first is enough for a sentence
        shutil.rmtree(draft, ignore_errors=True)
        raise OSError(0, str(error.args[0][0][2])) from None
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def to_trash(folder: Path) -> bool:
    """Move a folder to the system's trash; False where there is none or it may not be moved."""
    done = QFile.moveToTrash(str(folder))
    return bool(done[0] if isinstance(done, tuple) else done)
