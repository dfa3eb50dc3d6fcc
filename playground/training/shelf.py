"""The shelf: packed tensors of recorded steps in memory, or on disk where memory does not do, and what all of them take."""

from __future__ import annotations

import itertools
import os
import shutil
import weakref
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from playground import places

MEMORY, DISK = 256 << 20, 2 << 30
"""Bytes that recorded steps may take, in memory and on disk."""


class Packed:
    """Tensors by name, copied to the CPU; the float32 ones lie in one piece, which is quick to copy and to write."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """`tensors` are contiguous or not, on any one device."""
        plain = {name: value for name, value in tensors.items() if value.dtype == torch.float32}
        self._layout = [(name, value.shape, value.numel()) for name, value in plain.items()]
        # the step counts of a fused optimiser may lie beside the device, so pieces are only joined where they are together
        homes = {value.device for value in plain.values()}
        pieces = [value.reshape(-1) if len(homes) == 1 else value.reshape(-1).cpu() for value in plain.values()]
        self._flat: Tensor | None = torch.cat(pieces).cpu() if pieces else torch.zeros(0)
        self._rest = {name: value.to("cpu", copy=True) for name, value in tensors.items() if name not in plain}
        self._file: Path | None = None
        self.bytes = self._flat.nbytes + sum(value.nbytes for value in self._rest.values())

    @property
    def on_disk(self) -> bool:
        """Whether it lies in a file."""
        return self._file is not None

    def tensors(self) -> dict[str, Tensor]:
        """The tensors, to be read and never written to. Raises OSError where its file is gone."""
        flat = self._flat if self._flat is not None else self._read()
        sizes = [size for _, _, size in self._layout]
        found = {
            name: piece.view(shape) for (name, shape, _), piece in zip(self._layout, torch.split(flat, sizes), strict=True)
        }
        return found | self._rest

    def move_to(self, file: Path) -> None:
        """Write it to a file that goes when this goes. Raises OSError, and then it stays where it was."""
        assert self._flat is not None
        try:
            save_file({"flat": self._flat}, file)
        except Exception as error:  # safetensors says "I/O error" in a class of its own
            file.unlink(missing_ok=True)
            raise error if isinstance(error, OSError) else OSError(str(error)) from error
        weakref.finalize(self, file.unlink, missing_ok=True)
        self._flat, self._file = None, file

    def _read(self) -> Tensor:
        assert self._file is not None
        try:
            return load_file(self._file)["flat"]
        except Exception as error:
            raise OSError(f"{self._file} cannot be read ({error})") from error


class Shelf:
    """Knows everything packed that is still in use, by whatever recording, and the folder for what lies on disk."""

    def __init__(self, memory: int = MEMORY, disk: int = DISK, folder: Path | None = None) -> None:
        self.memory, self.disk = memory, disk
        self.users: list[weakref.ref[object]] = []
        """The recordings that keep things here, the one at work last."""
        self._folder, self._made = folder, False
        self._things: weakref.WeakSet[Packed] = weakref.WeakSet()
        self._numbers = itertools.count()
        self.fault: OSError | None = None
        """Why the disk is no longer used, where that is so."""

    def pack(self, tensors: Mapping[str, Tensor]) -> Packed:
        """Copy tensors onto the shelf."""
        made = Packed(tensors)
        self._things.add(made)
        return made

    def taken(self) -> tuple[int, int]:
        """Bytes in memory and on disk; what several recordings share counts once."""
        things = list(self._things)
        on_disk = sum(thing.bytes for thing in things if thing.on_disk)
        return sum(thing.bytes for thing in things) - on_disk, on_disk

    def move(self, thing: Packed) -> bool:
        """Move something to disk; False where there is no room, and never again once the disk has failed (`fault`)."""
        if thing.on_disk or self.fault is not None or self.taken()[1] + thing.bytes > self.disk:
            return False
        try:
            thing.move_to(self._place() / f"{next(self._numbers)}.safetensors")
        except OSError as error:
            self.fault = error
            return False
        return True

    def _place(self) -> Path:
        if self._folder is None:
            self._folder = places.cache() / "recorded" / f"{os.getpid()}-{id(self)}"
        if not self._made:
            tidy(self._folder.parent)
            self._folder.mkdir(parents=True, exist_ok=True)
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            self._made = True
        return self._folder


def tidy(parent: Path) -> None:
    """Remove what processes that are no more have left."""
    for folder in parent.glob("*-*") if parent.is_dir() else ():
        process = folder.name.partition("-")[0]
        if process.isdecimal() and not _alive(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    if os.name != "posix":  # os.kill would end it there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
