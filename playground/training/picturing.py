"""A multi-domain model names pictures and paints names; an independent classifier reads what it has painted."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from playground.data.digits import PIXELS
from playground.data.errors import DataError
from playground.data.modalities.continuous import Ids
from playground.data.modalities.ranges import Ranges
from playground.data.modalities.stream import Stream
from playground.data.tokenizer import Tokenizer
from playground.data.worlds.pictures import GREY, captions, halves
from playground.training.acting import Choice, chosen
from playground.transformer.cache import KVCache
from playground.transformer.model import Transformer

Pixels = NDArray[np.float64]
LONGEST = 8
"""Letters after which a caption is over."""


@torch.inference_mode()
def captioned(model: Transformer, ranges: Ranges, tokenizer: Tokenizer, pixels: Pixels) -> list[str]:
    """What the model calls pictures (n, 64) of grey levels 0 to 15, letter by letter up to the end of the line."""
    seen: Stream = captions(pixels, np.zeros(len(pixels), np.int64), ranges, tokenizer)
    assert seen.pixels is not None
    assert seen.covered is not None
    device, n = model.embed.weight.device, len(pixels)
    per = len(seen.pixels) // n
    at = torch.cartesian_prod(torch.arange(n), torch.arange(per)).to(device)
    middle = torch.from_numpy(seen.covered).view(-1, 2, 2).float().mean(dim=-1).round().long().to(device)
    patches, rows = torch.from_numpy(seen.pixels).to(device), torch.full((n, per), ranges.padding, device=device)
    for _ in range(LONGEST):
        logits = model(rows, local=torch.zeros_like(rows), patches=patches, patch_at=at, patch_places=middle)
        said = logits[:, -1, : ranges.text].argmax(dim=-1)
        rows = torch.cat((rows, said[:, None]), dim=1)
    return [tokenizer.decode(row).split("\n")[0] for row in rows[:, per:].cpu().numpy()]


@torch.inference_mode()
def painted(
    model: Transformer, ranges: Ranges, tokenizer: Tokenizer, names: Sequence[str], *, temperature: float = 0.8, seed: int = 0
) -> Pixels:
    """Pictures (n, 64) of grey levels 0 to 15, drawn pixel by pixel after each name; a temperature of 0 takes the likeliest."""
    found, generator = np.zeros((len(names), PIXELS)), torch.Generator().manual_seed(seed)
    for name in dict.fromkeys(names):
        rows = np.flatnonzero([each == name for each in names])
        found[rows] = _painted(model, ranges, tokenizer.encode(name), len(rows), temperature, generator)
    return found


def _painted(
    model: Transformer, ranges: Ranges, letters: Ids, count: int, temperature: float, generator: torch.Generator
) -> Pixels:
    device, grey = model.embed.weight.device, ranges.allowed(GREY)
    start = torch.tensor([*letters.tolist(), ranges.separator], device=device).expand(count, -1)
    places = torch.tensor([0] * len(letters) + [1], device=device).expand(count, -1)
    choice: Choice = "sample" if temperature > 0 else "best"
    cache, pixels = KVCache(), []
    for index in range(PIXELS):
        logits = model(start, local=places, cache=cache)[:, -1, grey.start : grey.stop].float()
        level = chosen(logits, choice, generator, temperature).to(device)
        pixels.append(level)
        start, places = (level + grey.start)[:, None], torch.full((count, 1), index + 2, device=device)
    made: Pixels = torch.stack(pixels, dim=1).cpu().numpy().astype(np.float64)
    return made


@lru_cache(maxsize=1)
def reader() -> Any:
    """A support vector machine that has learned to read from the real pictures that models learn from; raises DataError."""
    try:
        svm: Any = importlib.import_module("sklearn.svm")
    except ImportError as error:
        raise DataError(
            "Nobody can read the painted digits.",
            f"scikit-learn cannot be loaded here ({error}).",
            'Install it with: python -m pip install "scikit-learn>=1.5,<2"',
        ) from None
    pixels, labels, _, _ = halves()
    return svm.SVC(gamma=0.005, C=10.0).fit(pixels, labels)


@dataclass(frozen=True)
class Gallery:
    """How paintings did: the share that is read as what was asked for, how many differ, and how many are copies."""

    right: float
    different: int
    copies: int


def judged(pixels: Pixels, labels: Ids) -> Gallery:
    """Paintings (n, 64) of known labels (n,) read by somebody else, and compared with every picture learned from."""
    learned = {tuple(row) for row in halves()[0].astype(int).tolist()}
    rows = [tuple(row) for row in pixels.astype(int).tolist()]
    right = float((reader().predict(pixels) == labels).mean())
    return Gallery(right, len(set(rows)), sum(row in learned for row in rows))
