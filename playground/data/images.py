"""Image files without a library for them: PNG, and the plain PGM and PPM, as arrays from 0 to 1."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playground.data.errors import DataError

Image = NDArray[np.float32]
LARGEST = 4096
"""Pixels of a side at most."""
SUFFIXES = (".png", ".pgm", ".ppm")
_SIGN = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Numbers a pixel by PNG's colour type: grey, colour, palette, grey with alpha, colour with alpha."""
_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""How bright red, green and blue look (ITU-R BT.601)."""


def read_image(path: Path) -> Image:
    """An image (height, width, 3), each from 0 to 1; grey ones three times the same, alpha is left out. Raises DataError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name} cannot be read.", f"{error.strerror or error}.", "Choose another image.") from None
    try:
        if data.startswith(_SIGN):
            return _png(data)
        if data[:2] in (b"P5", b"P6"):
            return _netpbm(data)
        raise ValueError("it is neither PNG nor PGM nor PPM")
    except (ValueError, struct.error, zlib.error, IndexError, KeyError) as error:
        why = str(error) if isinstance(error, ValueError) else "it is damaged or cut short"
        raise DataError(
            f"{path.name} is no image that can be read here.",
            f"{why[:1].upper()}{why[1:]}.",
            "Save it as PNG, 8 bits a colour, not interlaced.",
        ) from None


def grey(image: Image) -> Image:
    """An image (height, width, 3) as (height, width), as bright as it looks."""
    made: Image = image @ _GREY
    return np.clip(made, 0.0, 1.0)


def scaled(image: Image, height: int, width: int) -> Image:
    """An image in another size: every new pixel is the mean of the old ones that it covers, or the nearest one."""
    rows, columns = (
        np.clip(((np.arange(new * 4) + 0.5) * old / (new * 4)).astype(int), 0, old - 1)
        for new, old in ((height, image.shape[0]), (width, image.shape[1]))
    )
    fine = image[rows][:, columns].reshape(height, 4, width, 4, *image.shape[2:])
    made: Image = fine.mean(axis=(1, 3)).astype(np.float32)
    return made


def _png(data: bytes) -> Image:
    """PNG (ISO/IEC 15948), 8 bits a sample, not interlaced."""
    chunks = list(_chunks(data))
    head = dict(chunks)[b"IHDR"]
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    if depth != 8 or interlaced:
        raise ValueError(f"it has {depth} bits a colour" + (" and is interlaced" if interlaced else ""))
    _refuse_size(width, height)
    channels = _CHANNELS[colour]
    packed = b"".join(body for name, body in chunks if name == b"IDAT")
    unpacker = zlib.decompressobj()
    size = height * (width * channels + 1)
    raw = unpacker.decompress(packed, size)
    if len(raw) != size:
        raise ValueError("it is cut short")
    pixels = _unfiltered(np.frombuffer(raw, np.uint8).reshape(height, -1), channels).reshape(height, width, channels)
    if colour == 3:
        palette = np.frombuffer(dict(chunks)[b"PLTE"], np.uint8).reshape(-1, 3)
        pixels = palette[pixels[..., 0]]
    shown = pixels[..., :3] if colour in (2, 3, 6) else np.repeat(pixels[..., :1], 3, axis=2)
    return shown.astype(np.float32) / 255.0


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGN)
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        body, (sum_,) = data[at + 8 : at + 8 + length], struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        if zlib.crc32(name + body) != sum_:
            raise ValueError("one of its checksums is wrong")
        yield name, body
        at += 12 + length


def _unfiltered(rows: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Rows whose first byte names the filter (0 none, 1 left, 2 above, 3 their mean, 4 Paeth), without it."""
    height, width = rows.shape[0], rows.shape[1] - 1
    found = np.zeros((height + 1, width + channels), dtype=np.int64)  # nothing above, nothing to the left
    for y in range(height):
        kind, line, above, here = int(rows[y, 0]), rows[y, 1:].astype(np.int64), found[y], found[y + 1]
        if kind in (0, 2):
            here[channels:] = (line + (above[channels:] if kind else 0)) % 256
            continue
        if kind > 4:
            raise ValueError("it has a filter that PNG does not know")
        for x in range(width):
            left, up, corner = int(here[x]), int(above[x + channels]), int(above[x])
            guess = left if kind == 1 else (left + up) // 2 if kind == 3 else _paeth(left, up, corner)
            here[x + channels] = (line[x] + guess) % 256
    return found[1:, channels:].astype(np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    """Whichever is nearest to left + up − corner."""
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))


def _netpbm(data: bytes) -> Image:
    """Binary PGM (P5) and PPM (P6)."""
    words: list[int] = []
    at = 2
    while len(words) < 3:
        while data[at : at + 1].isspace():
            at += 1
        if data[at : at + 1] == b"#":
            at = data.index(b"\n", at)
            continue
        end = at
        while data[end : end + 1].isdigit():
            end += 1
        words.append(int(data[at:end]))
        at = end
    width, height, most = words
    _refuse_size(width, height)
    channels = 3 if data[:2] == b"P6" else 1
    if not 0 < most < 256:
        raise ValueError("it has more than 8 bits a colour")
    body = np.frombuffer(data[at + 1 :], np.uint8)
    if len(body) < width * height * channels:
        raise ValueError("it is cut short")
    pixels = body[: width * height * channels].reshape(height, width, channels)
    return np.clip(np.repeat(pixels, 3 // channels, axis=2).astype(np.float32) / most, 0.0, 1.0)


def _refuse_size(width: int, height: int) -> None:
    if not (0 < width <= LARGEST and 0 < height <= LARGEST):
        raise ValueError(f"it has {width} × {height} pixels, and {LARGEST} a side is the most")
