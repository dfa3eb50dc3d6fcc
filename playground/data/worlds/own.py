"""The person's own domains: a folder of images with captions, and recorded episodes in a file."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from playground.data.errors import DataError
from playground.data.images import SUFFIXES, Image, read_image
from playground.data.modalities.continuous import Continuous, Discrete
from playground.data.worlds.demonstrations import Episodes

CAPTIONS = "captions.csv"
ARRAYS = ("observations", "actions", "episode")
REMEDY = "The file is written with numpy.savez(path, observations=…, actions=…, episode=…)."


@dataclass(frozen=True)
class Captioned:
    """Images (height, width, 3) with what is said about each, and a sentence on every line that could not be used."""

    images: tuple[Image, ...]
    captions: tuple[str, ...]
    unusable: tuple[str, ...]


def read_captioned(folder: Path) -> Captioned:
    """The images of a folder with the captions that its captions.csv has: name of the file, caption.

    Lines that cannot be used are listed with the reason. Raises DataError where there is no such folder or nothing in it
    can be used.
    """
    table = folder / CAPTIONS
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder.", "Images with captions lie in one.", "Choose the folder that they are in.")
    try:
        text = table.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(text.splitlines()))
    except FileNotFoundError:
        raise DataError(
            f"{folder.name} has no {CAPTIONS}.",
            "It says what is on each image: one line each, the name of the file, a comma, and the caption.",
            f"Write {CAPTIONS} into the folder.",
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read.", f"{error}.", "Save it as UTF-8, two columns.") from None
    images, captions, unusable = [], [], []
    for line, row in enumerate(rows, 1):
        try:
            image, caption = _captioned(folder, row)
        except DataError as error:
            unusable.append(f"Line {line}: {error.what} {error.why}".strip())
            continue
        images.append(image)
        captions.append(caption)
    if not images:
        first = f" The first: {unusable[0]}" if unusable else " It is empty."
        raise DataError(f"Not one line of {table.name} can be used.", first.strip(), f"Use images of {', '.join(SUFFIXES)}.")
    return Captioned(tuple(images), tuple(captions), tuple(unusable))


def _captioned(folder: Path, row: list[str]) -> tuple[Image, str]:
    if len(row) != 2 or not row[0].strip() or not row[1].strip():
        raise DataError("It needs two columns, a file and a caption.", f"It has {len([c for c in row if c.strip()])}.")
    name = row[0].strip()
    path = (folder / name).resolve()
    if folder.resolve() not in path.parents:
        raise DataError(f"{name} lies outside of the folder.", "Only images inside it are read.")
    if not path.is_file():
        raise DataError(f"There is no image {name}.", "It may have been moved or renamed.")
    return read_image(path), row[1].strip()


@dataclass(frozen=True)
class Recorded:
    """Episodes of the person's own, and what each value of an observation and the action are."""

    episodes: Episodes
    observation: tuple[Continuous | Discrete, ...]
    action: Continuous | Discrete


def read_episodes(path: Path, discrete: int) -> Recorded:
    """Episodes from an .npz file: `observations` (step, values), `actions` (step,) and `episode` (step,), counted from 0.

    Whole numbers are discrete, of which there are `discrete` at most; others are continuous: observations are bent by the
    μ-law, actions divided by the largest. Raises DataError with what is wrong with it.
    """
    try:
        with path.open("rb") as whole, np.load(whole, allow_pickle=False) as file:
            missing = [name for name in ARRAYS if name not in file.files]
            found = {name: file[name] for name in ARRAYS} if not missing else {}
    except FileNotFoundError:
        raise DataError(
            f"There is no file {path}.", "It may have been moved, renamed or deleted.", "Choose it again."
        ) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError):
        raise DataError(f"{path.name} holds no episodes.", "It is no .npz file of plain numbers.", REMEDY) from None
    if missing:
        raise DataError(f"{path.name} has no “{missing[0]}”.", "It needs three arrays.", REMEDY)
    observations, actions, episode = (found[name] for name in ARRAYS)
    observations = observations[:, None] if observations.ndim == 1 else observations
    actions = actions[:, 0] if actions.ndim == 2 and actions.shape[1] == 1 else actions
    _refuse_shapes(path, observations, actions, episode)
    kinds = tuple(
        _kind(path, f"value {at + 1}", observations[:, at], discrete, seen=True) for at in range(observations.shape[1])
    )
    action = _kind(path, "action", actions, discrete, seen=False)
    count = int(episode[-1]) + 1
    numbers = np.asarray(actions, dtype=np.float64)
    made = Episodes(
        observations.astype(np.float64), numbers, numbers, episode.astype(np.int64), np.zeros(count, np.int64), np.zeros(count)
    )  # fmt: skip
    return Recorded(made, kinds, action)


def _refuse_shapes(path: Path, observations: np.ndarray, actions: np.ndarray, episode: np.ndarray) -> None:
    numeric = all(array.dtype.kind in "biuf" for array in (observations, actions, episode))
    if not numeric or observations.ndim != 2 or actions.ndim != 1 or episode.ndim != 1 or not observations.size:
        shapes = ", ".join(str(array.shape) for array in (observations, actions, episode))
        raise DataError(
            f"{path.name} has arrays of the wrong shape.",
            f"They are {shapes}, and should be (steps, values), (steps,) and (steps,) of numbers.",
            REMEDY,
        )
    if not len(observations) == len(actions) == len(episode):
        raise DataError(
            f"{path.name} does not fit together.",
            f"It has {len(observations):,} observations, {len(actions):,} actions and {len(episode):,} numbers of episodes.",
            "Every step needs one of each.",
        )
    jumps = np.diff(episode, prepend=0)
    if episode[0] != 0 or ((jumps != 0) & (jumps != 1)).any():
        at = int(np.flatnonzero((jumps != 0) & (jumps != 1))[0]) if episode[0] == 0 else 0
        raise DataError(
            f"The episodes of {path.name} are not in order.",
            f"Their numbers begin at 0 and go up by 1; step {at:,} has {episode[at]:g}.",
            "Sort the steps by episode, and count those from 0.",
        )


def _kind(path: Path, name: str, values: np.ndarray, discrete: int, seen: bool) -> Continuous | Discrete:
    if not np.isfinite(values.astype(np.float64)).all():
        at = int(np.flatnonzero(~np.isfinite(values.astype(np.float64)))[0])
        raise DataError(
            f"{path.name} has a {name} that is no number.", f"Step {at:,} has {values[at]}.", "Leave out that episode."
        )  # fmt: skip
    if values.dtype.kind in "bui":
        worst = int(values.min()) if values.min() < 0 else int(values.max())
        if not 0 <= worst < discrete:
            raise DataError(
                f"{path.name} has a {name} that is out of range.",
                f"Whole numbers go from 0 to {discrete - 1} here; there is one of {worst}.",
                "Raise Discrete values, or save them as floats.",
            )
        return Discrete(name, int(values.max()) + 1)
    return Continuous(name, bent=True) if seen else Continuous(name, 1.0 / max(1e-9, float(np.abs(values).max())))
