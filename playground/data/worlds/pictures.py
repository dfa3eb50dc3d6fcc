"""Handwritten digits as two domains: say the name of a picture, and paint the picture of a name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from playground.data.digits import LEVELS, PIXELS, SIDE, load_digits
from playground.data.modalities.continuous import Discrete, Ids
from playground.data.modalities.images import covered, patches
from playground.data.modalities.ranges import Ranges
from playground.data.modalities.stream import Part, Stream, joined, shuffled, timesteps
from playground.data.tasks.task import share_of
from playground.data.tokenizer import Tokenizer

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
POOL = 16_000
"""Pictures that captions are learned from, made of the real ones."""
HELD = 0.2
"""The share of pictures that is never learned from; the same as in the generated tasks."""
GREY = Discrete("grey", LEVELS)
Grey = NDArray[np.float64]


def halves() -> tuple[Grey, Ids, Grey, Ids]:
    """Pictures (n, 64) in grey levels 0 to 15 with their labels (n,): to learn from, and held out. Raises DataError."""
    digits = load_digits()
    held = np.array([share_of(tuple(row)) < HELD for row in digits.pixels.tolist()])
    pixels, labels = digits.pixels.astype(np.float64), digits.labels.astype(np.int64)
    return pixels[~held], labels[~held], pixels[held], labels[held]


def caption_streams(ranges: Ranges, tokenizer: Tokenizer, seed: int) -> tuple[Stream, Stream]:
    """Four patches, then the name and a line end, which are asked for: to learn from, and held out."""
    train, names, held, held_names = halves()
    rng = np.random.default_rng(seed)
    grown, grown_names = varied(train, names, rng, POOL)
    return (
        shuffled(captions(grown, grown_names, ranges, tokenizer), rng),
        shuffled(captions(held, held_names, ranges, tokenizer), rng),
    )


def captions(pixels: Grey, labels: Ids, ranges: Ranges, tokenizer: Tokenizer) -> Stream:
    """One episode a picture; those of one name stand together."""
    side, streams, order = ranges.modalities.patch, [], np.argsort(labels, kind="stable")
    per = (SIDE // side) ** 2 if SIDE % side == 0 else 1
    at = 0
    for label in np.unique(labels).tolist():
        n = int((labels == label).sum())
        letters = np.tile(tokenizer.encode(NAMES[label] + "\n"), (n, 1))
        seen = np.arange(at * per, (at + n) * per).reshape(n, per)
        under = np.full((n, per), ranges.padding)
        parts = [Part(under, patches=seen), Part(letters, letters, "none")]
        streams.append(timesteps(parts, np.arange(n), ranges.modalities.places))
        at += n
    found = joined(streams)
    images = np.clip(pixels[order].reshape(-1, SIDE, SIDE) / (LEVELS - 1), 0.0, 1.0)
    cut = patches(images, side)
    places = np.tile(covered(SIDE, SIDE, side, ranges.modalities.intervals), (len(images), 1))
    return with_patches(found, cut.reshape(-1, *cut.shape[2:]), places)


def paint_streams(ranges: Ranges, tokenizer: Tokenizer, seed: int, asked: bool = True) -> tuple[Stream, Stream]:
    """The name, a separator and 64 grey levels row by row, which are `asked` for: to learn from, and held out.

    Gato never asks for images (Reed et al. 2022, §2.3); without being asked, a model cannot learn to paint.
    """
    train, names, held, held_names = halves()
    rng = np.random.default_rng(seed)
    both = ((train, names), (held, held_names))
    found = [shuffled(paintings(pixels, labels, ranges, tokenizer, asked), rng) for pixels, labels in both]
    return found[0], found[1]


def paintings(pixels: Grey, labels: Ids, ranges: Ranges, tokenizer: Tokenizer, asked: bool = True) -> Stream:
    """One episode a picture; those of one name stand together."""
    streams = []
    for label in np.unique(labels).tolist():
        levels = ranges.encode(GREY, pixels[labels == label])
        n = len(levels)
        letters = np.tile(tokenizer.encode(NAMES[label]), (n, 1))
        parts = [Part(letters, local="none"), Part(np.full((n, 1), ranges.separator)), Part(levels, levels if asked else None)]
        streams.append(timesteps(parts, np.arange(n), ranges.modalities.places))
    return joined(streams)


def with_patches(stream: Stream, pixels: NDArray[np.float32], places: Ids) -> Stream:
    """A stream with the table of patches that it names."""
    return replace(stream, pixels=pixels.astype(np.float32), covered=places)


def varied(pixels: Grey, labels: Ids, rng: np.random.Generator, count: int) -> tuple[Grey, Ids]:
    """`count` pictures made of real ones: 40 % as they are (half with a little noise), 20 % moved, 40 % turned and moved.

    As many have to stay as they are: interpolation blurs, and clean pictures would be something new to the model.
    """
    which = np.concatenate((np.arange(len(pixels)), rng.integers(len(pixels), size=max(0, count - len(pixels)))))[:count]
    found, kind = pixels[which].copy(), rng.random(len(which))
    moved, turned = (kind >= 0.4) & (kind < 0.6), kind >= 0.6
    square = found.reshape(-1, SIDE, SIDE)
    square[moved] = _moved(square[moved], rng)
    square[turned] = _turned(square[turned], rng)
    noise = np.where(turned, 0.6, np.where(kind < 0.2, 0.0, 0.3))
    found = square.reshape(-1, PIXELS) + rng.normal(size=(len(which), PIXELS)) * noise[:, None]
    return np.clip(found, 0, LEVELS - 1), labels[which]


def _moved(images: Grey, rng: np.random.Generator) -> Grey:
    """By at most one pixel each way; what comes in is paper."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    down, right = rng.integers(0, 3, size=(2, len(images)))
    rows, columns = np.arange(SIDE)[None, :, None] + down[:, None, None], np.arange(SIDE)[None, None] + right[:, None, None]
    found: Grey = padded[np.arange(len(images))[:, None, None], rows, columns]
    return found


def _turned(images: Grey, rng: np.random.Generator) -> Grey:
    """Turned by about 8°, moved by about half a pixel, 15 % more or less ink; between pixels by straight lines."""
    n = len(images)
    angle = rng.normal(0, np.deg2rad(8), n)[:, None, None]
    shift = rng.normal(0, 0.5, (2, n))[:, :, None, None]
    middle = (SIDE - 1) / 2
    y, x = np.meshgrid(np.arange(SIDE) - middle, np.arange(SIDE) - middle, indexing="ij")
    from_y = np.cos(angle) * y - np.sin(angle) * x + middle + shift[0]
    from_x = np.sin(angle) * y + np.cos(angle) * x + middle + shift[1]
    padded, which = np.pad(images, ((0, 0), (1, 2), (1, 2))), np.arange(n)[:, None, None]
    from_y, from_x = (np.clip(each + 1, 0, SIDE + 1 - 1e-9) for each in (from_y, from_x))
    top, left = np.floor(from_y).astype(int), np.floor(from_x).astype(int)
    below, beside = from_y - top, from_x - left
    upper = padded[which, top, left] * (1 - beside) + padded[which, top, left + 1] * beside
    lower = padded[which, top + 1, left] * (1 - beside) + padded[which, top + 1, left + 1] * beside
    found: Grey = (upper * (1 - below) + lower * below) * rng.uniform(0.85, 1.15, n)[:, None, None]
    return found
