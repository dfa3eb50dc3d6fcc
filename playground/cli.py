"""The command line: the window, and the same jobs without one. A stable contract for scripts."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playground import __version__
from playground.bench import WHAT
from playground.places import model_folder, shipped
from playground.views.table import TABS

PICTURES = (".png", ".jpg")
FAILED = 1
MISUSED = 2


class UsageError(Exception):
    """Something the caller can mend; its text is a whole sentence."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 failed, 2 asked for something that cannot be."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.DEBUG if arguments.debug else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    try:
        return int(arguments.run(arguments))
    except (UsageError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output has gone, as "head" does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="playground", description="Build, train and look into transformers.")
    parser.add_argument("--version", action="version", version=f"playground {__version__}")
    parser.add_argument("--debug", action="store_true", help="log more, to standard error")
    parser.add_argument("--model", default="gpt", metavar="NAME|FOLDER", help="a shipped model or a saved one (default: gpt)")
    parser.add_argument("--text", metavar="FILE", help="train on this text")
    parser.add_argument("--play", action="store_true", help="start training at once")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--theme", default="dark", choices=("light", "dark", "contrast"))
    parser.add_argument("--size", type=_size, metavar="1280x720", help="size of the window")
    parser.add_argument(
        "--view",
        default="attention",
        choices=(*(view.name for view in TABS), "all"),
        help="what the stage shows",
    )
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="render the window into this file and leave")
    parser.add_argument("--after-steps", type=_count, default=0, metavar="N", help="with --screenshot: train N steps first")
    parser.set_defaults(run=_window)
    commands = parser.add_subparsers(title="without a window")
    train = commands.add_parser("train", help="train a model")
    train.add_argument("model", metavar="MODEL")
    train.add_argument("--text", metavar="FILE")
    train.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="change a field, e.g. training.lr=3e-4")
    train.add_argument(
        "--steps", type=_count, metavar="N", help="steps to take; the schedule is as long unless training.steps is set"
    )
    train.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    train.add_argument("--out", type=Path, metavar="FOLDER", help="save model and training state here")
    train.add_argument("--weights-only", action="store_true", help="with --out: half-precision weights, without training state")
    train.add_argument("--resume", type=Path, metavar="FOLDER", help="go on from what --out saved")
    train.add_argument("--json", action="store_true", help="one JSON object a line")
    train.set_defaults(run=_train)
    bench = commands.add_parser("bench", help="measure this machine")
    bench.add_argument("what", choices=WHAT)
    bench.add_argument("--json", action="store_true")
    bench.set_defaults(run=_bench)
    models = commands.add_parser("models", help="the shipped models")
    models.set_defaults(run=_models)
    doctor = commands.add_parser("doctor", help="versions, devices, and what is wrong")
    doctor.set_defaults(run=_doctor)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a number of steps is a whole number from 0 on, not {text!r}")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"a size looks like 1280x720, not {text!r}") from None
    if not (200 <= width <= 16384 and 200 <= height <= 16384):
        raise argparse.ArgumentTypeError("a window is between 200 and 16384 pixels on each side")
    return width, height


def _window(arguments: argparse.Namespace) -> int:
    from playground.doctor import display_fault, qt_fault

    if arguments.screenshot is not None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        target = arguments.screenshot.absolute().parent
        if not target.is_dir():
            raise UsageError(f"There is no folder {target}; make it, or choose another place for the picture.")
        if arguments.screenshot.suffix.lower() not in PICTURES or arguments.screenshot.is_dir():
            raise UsageError(f"A picture is a file that ends in {' or '.join(PICTURES)}, not {arguments.screenshot}.")
    for fault in (display_fault(), qt_fault()):
        if fault:
            raise UsageError(fault)
    folder = model_folder(arguments.model)
    if arguments.text is not None and not Path(arguments.text).is_file():
        raise UsageError(f"There is no file {arguments.text}. --text takes the path of a text file.")
    from playground.app import Wishes, run

    return run(
        Wishes(
            folder, arguments.text, arguments.play, arguments.device, arguments.theme, arguments.size,
            arguments.screenshot, arguments.after_steps, arguments.view,
        )
    )  # fmt: skip


def _train(arguments: argparse.Namespace) -> int:
    from playground.headless import train

    folder = model_folder(arguments.model)
    return train(
        arguments.resume or folder,
        text=arguments.text, changes=_changes(arguments.set), steps=arguments.steps, device=arguments.device,
        out=arguments.out, weights_only=arguments.weights_only, resume=arguments.resume is not None, as_json=arguments.json,
    )  # fmt: skip


def _changes(items: list[str]) -> list[tuple[str, Any]]:
    """PATH=VALUE pairs; values are JSON where they can be, plain words otherwise."""
    changes = []
    for item in items:
        path, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"--set takes PATH=VALUE, for example training.lr=3e-4, not {item!r}.")
        try:
            changes.append((path.strip(), json.loads(value)))
        except json.JSONDecodeError:
            changes.append((path.strip(), value))
    return changes


def _bench(arguments: argparse.Namespace) -> int:
    figures = importlib.import_module(f"playground.bench.{arguments.what}").measure()
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:22} {value}")
    return 0


def _models(arguments: argparse.Namespace) -> int:
    for file in sorted(shipped("models").glob("*/card.md")):
        first = next((line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")), "")
        print(f"{file.parent.name:16} {first}")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from playground.doctor import report

    lines, wrong = report()
    print("\n".join(lines))
    return FAILED if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
