"""Where things lie: shipped models and resources (in a wheel or a checkout), and the user's own folders."""

from __future__ import annotations

from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def shipped(kind: str) -> Path:
    """The folder "models" or "resources", whether this is an installed wheel or a checkout."""
    inside = _PACKAGE / f"_{kind}"
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def cache() -> Path:
    """Where learned tokenizers and tokenised texts are kept; may be deleted at any time."""
    return platformdirs.user_cache_path("transformer-playground", appauthor=False)


def state() -> Path:
    """Where the application keeps what it remembers between starts: what was open, and changes not saved yet."""
    return platformdirs.user_state_path("transformer-playground", appauthor=False)


def documents() -> Path:
    """Where the user's own models are saved unless they choose another place."""
    return platformdirs.user_documents_path() / "Transformer Playground"


def model_folder(name: str) -> Path:
    """The folder of a model given by shipped name or by path; raises FileNotFoundError with a sentence."""
    for folder in (shipped("models") / name, Path(name).expanduser()):
        if (folder / "experiment.toml").is_file():
            return folder
    known = ", ".join(sorted(path.parent.name for path in shipped("models").glob("*/experiment.toml")))
    raise FileNotFoundError(
        f"There is no model “{name}”. Shipped models are {known}; a folder with an experiment.toml works too."
    )
