"""What a machine needs before a window can open on it: versions, devices, Qt's platform, and sentences for what is wrong."""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import os
import platform
import re
import sys
from pathlib import Path

DEBIAN = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
}
"""Which Debian and Ubuntu package holds a library that Qt looks for."""

FOR_X11 = ("libxcb-cursor.so.0", "libxkbcommon-x11.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1")


def missing_library(name: str) -> str:
    """The sentence for a system library that is not there."""
    package = DEBIAN.get(name)
    advice = f"install it with “sudo apt install {package}”" if package else "install the package of your system that holds it"
    return f"Qt needs the system library {name}, which is not installed; {advice}, then start again."


def display_fault() -> str | None:
    """Why no window can open here, with what to do instead; None when one can."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return None
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    return (
        "There is no display here, so no window can open: use “playground train MODEL” to train without one, "
        "or “playground --screenshot FILE.png” to render the window into a picture."
    )


def qt_fault() -> str | None:
    """Why Qt cannot be used here; None when it can. Nothing is painted yet."""
    try:
        importlib.import_module("PySide6.QtWidgets")
        importlib.import_module("PySide6.QtSvg")
    except ImportError as error:
        found = re.search(r"(lib[\w.+-]+\.so[.\d]*)", str(error))
        return missing_library(found.group(1)) if found else f"Qt cannot be loaded: {error}. Install the application again."
    asked = os.environ.get("QT_QPA_PLATFORM", "")
    if sys.platform.startswith("linux") and (asked.startswith("xcb") or (not asked and not os.environ.get("WAYLAND_DISPLAY"))):
        for name in FOR_X11:  # Qt would abort the process instead of raising
            try:
                ctypes.CDLL(name)
            except OSError:
                return missing_library(name)
    return None


def report() -> tuple[list[str], bool]:
    """Lines for a person, and whether anything is wrong."""
    lines = [f"python       {platform.python_version()} on {platform.platform()}"]
    faults: list[str] = []
    for package in ("transformer-playground", "PySide6-Essentials", "pyqtgraph", "torch", "numpy", "sentencepiece"):
        try:
            lines.append(f"{package:22} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            if package != "transformer-playground":
                faults.append(f"{package} is not installed; install the application again.")
    lines += _devices(faults)
    if fault := qt_fault():
        faults.append(fault)
    else:
        lines.append(f"qt platform            {os.environ.get('QT_QPA_PLATFORM') or _platform_guess()}")
    if fault := display_fault():
        faults.append(fault)
    lines += _folders(faults)
    lines += [f"wrong: {fault}" for fault in faults] or ["everything is in place"]
    return lines, bool(faults)


def _devices(faults: list[str]) -> list[str]:
    try:
        import torch
    except (ImportError, OSError) as error:
        faults.append(f"torch cannot be loaded: {error}. Install the application again.")
        return []
    lines = [f"cpu                    {os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads when alone"]
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    lines.append(f"accelerator            {accelerator.type if accelerator else 'none; training runs on the CPU'}")
    return lines


def _platform_guess() -> str:
    if not sys.platform.startswith("linux"):
        return {"darwin": "cocoa", "win32": "windows"}.get(sys.platform, sys.platform)
    return "wayland" if os.environ.get("WAYLAND_DISPLAY") else "xcb" if os.environ.get("DISPLAY") else "none"


def _folders(faults: list[str]) -> list[str]:
    from playground.places import cache, shipped

    models = len(list(shipped("models").glob("*/experiment.toml")))
    if not models:
        faults.append(f"the shipped models are missing from {shipped('models')}; install the application again.")
    folder = cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        faults.append(f"the cache folder {folder} cannot be written ({error}); texts will be tokenised anew each time.")
    return [f"models                 {models} in {shipped('models')}", f"cache                  {Path(folder)}"]
