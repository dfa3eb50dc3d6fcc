"""The person's own images and episodes: what can be read is, and what cannot gets a sentence."""

import struct
import zlib

import numpy as np
import pytest

from playground.data.errors import DataError
from playground.data.images import grey, read_image, scaled
from playground.data.modalities.continuous import Continuous, Discrete
from playground.data.worlds.own import read_captioned, read_episodes


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(pixels, filters, colour=None, depth=8, interlaced=0, palette=b""):
    """A PNG of pixels (height, width, channels), each row with its filter, written by the standard and nothing else."""
    height, width, channels = pixels.shape
    colour = {1: 0, 3: 2, 4: 6, 2: 4}[channels] if colour is None else colour
    raw, rows = b"", pixels.reshape(height, -1).astype(int)
    for y in range(height):
        kind, above = filters[y % len(filters)], rows[y - 1] if y else np.zeros_like(rows[0])
        line = []
        for x, value in enumerate(rows[y]):
            left, corner = (rows[y][x - channels], above[x - channels]) if x >= channels else (0, 0)
            guess = left + above[x] - corner
            distances = (abs(guess - left), abs(guess - above[x]), abs(guess - corner))
            paeth = (left, above[x], corner)[int(np.argmin(distances))]
            line.append((value - (0, left, above[x], (left + above[x]) // 2, paeth)[kind]) % 256)
        raw += bytes([kind, *line])
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    extra = chunk(b"PLTE", palette) if palette else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


PIXELS = np.random.default_rng(0).integers(0, 256, (7, 5, 3))


@pytest.mark.parametrize("filters", [[0], [1], [2], [3], [4], [4, 3, 2, 1, 0]])
def test_a_png_is_read_whatever_filter_its_rows_have(tmp_path, filters):
    path = tmp_path / "a.png"
    path.write_bytes(png(PIXELS, filters))
    assert read_image(path) == pytest.approx(PIXELS / 255)
    path.write_bytes(png(PIXELS[..., :1], filters))
    assert read_image(path) == pytest.approx(np.repeat(PIXELS[..., :1], 3, axis=2) / 255)
    path.write_bytes(png(np.concatenate((PIXELS, PIXELS[..., :1]), axis=2), filters))
    assert read_image(path) == pytest.approx(PIXELS / 255)


def test_palettes_and_plain_formats_are_read(tmp_path):
    path = tmp_path / "a.png"
    palette = bytes([255, 0, 0, 0, 0, 255])
    path.write_bytes(png(np.array([[[0], [1]]]), [0], colour=3, palette=palette))
    assert read_image(path).tolist() == [[[1, 0, 0], [0, 0, 1]]]
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5\n# drawn by hand\n2 1\n15\n" + bytes([0, 15]))
    assert read_image(path)[..., 0].tolist() == [[0, 1]]
    seen = grey(np.array([[[1.0, 1.0, 1.0], [0.0, 1.0, 0.0]]], dtype=np.float32))
    assert seen == pytest.approx(np.array([[1.0, 0.587]]), abs=1e-3)
    assert scaled(np.kron(np.eye(2), np.ones((4, 4))).astype(np.float32), 2, 2).tolist() == [[1, 0], [0, 1]]


def test_what_is_no_image_gets_a_sentence(tmp_path):
    good = png(PIXELS, [0])
    wrong = bytearray(good)
    wrong[45] ^= 1
    for data, why in (
        (b"GIF89a", "neither PNG"), (good[:60], "."), (bytes(wrong), "checksum"), (b"P5 9 9 255\n", "cut short"),
        (png(PIXELS, [0], depth=16), "16 bits"), (png(PIXELS, [0], interlaced=1), "interlaced"), (b"P5 9000 9 255\n", "9000"),
        (b"", "neither"),
    ):  # fmt: skip
        path = tmp_path / "a.png"
        path.write_bytes(data)
        with pytest.raises(DataError, match=r"a\.png is no image that can be read here.*" + why):
            read_image(path)


def test_a_folder_of_images_with_captions_tells_which_lines_it_cannot_use(tmp_path):
    (tmp_path / "a.png").write_bytes(png(PIXELS, [4]))
    (tmp_path / "b.png").write_bytes(b"no image")
    lines = ['a.png,"a cat, asleep"', "b.png,a dog", "c.png,a bird", "a.png", "../../etc/passwd,mine"]
    (tmp_path / "captions.csv").write_text("\n".join(lines), encoding="utf-8")
    found = read_captioned(tmp_path)
    assert found.captions == ("a cat, asleep",)
    assert found.images[0].shape == (7, 5, 3)
    said = "\n".join(found.unusable)
    for part in (
        "Line 2: b.png is no image",
        "Line 3: There is no image c.png",
        "Line 4: It needs two columns",
        "Line 5: ../../",
    ):
        assert part in said
    (tmp_path / "captions.csv").write_text("b.png,a dog")
    with pytest.raises(DataError, match=r"Not one line.*b\.png is no image"):
        read_captioned(tmp_path)
    (tmp_path / "captions.csv").unlink()
    with pytest.raises(DataError, match=r"has no captions\.csv"):
        read_captioned(tmp_path)
    with pytest.raises(DataError, match="is no folder"):
        read_captioned(tmp_path / "nowhere")


def episodes(**other):
    steps = {"observations": np.array([[0.5, -2.0], [1.0, 3.0], [0.0, 0.0]]), "actions": np.array([1, 0, 3]),
             "episode": np.array([0, 0, 1])}  # fmt: skip
    return {name: value for name, value in (steps | other).items() if value is not None}


def test_recorded_episodes_are_read_and_know_what_is_discrete(tmp_path):
    path = tmp_path / "e.npz"
    np.savez(path, **episodes())
    found = read_episodes(path, 8)
    assert found.action == Discrete("action", 4)
    assert found.observation == (Continuous("value 1", bent=True), Continuous("value 2", bent=True))
    assert found.episodes.episode.tolist() == [0, 0, 1]
    np.savez(path, **episodes(actions=np.array([[0.5], [-4.0], [0.0]])))
    assert read_episodes(path, 8).action.encode([4.0, -4.0], 16).tolist() == [15, 0]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"actions": None}, "has no “actions”"),
        ({"actions": np.array([1, 0])}, "3 observations, 2 actions"),
        ({"episode": np.array([0, 2, 3])}, "not in order.*step 1 has 2"),
        ({"episode": np.array([1, 1, 2])}, "not in order.*step 0 has 1"),
        ({"observations": np.array([[0.5], [np.nan], [1.0]])}, "no number.*Step 1"),
        ({"actions": np.array([1, 0, 9])}, "out of range.*one of 9"),
        ({"actions": np.array(["left", "right", "left"])}, "wrong shape"),
        ({"observations": np.zeros((3, 2, 2))}, r"wrong shape.*\(3, 2, 2\)"),
    ],
)
def test_a_broken_file_of_episodes_says_what_is_wrong(tmp_path, other, why):
    path = tmp_path / "e.npz"
    np.savez(path, **episodes(**other))
    with pytest.raises(DataError, match=why):
        read_episodes(path, 8)


def test_what_is_no_file_of_episodes_says_so(tmp_path):
    path = tmp_path / "e.npz"
    with pytest.raises(DataError, match="There is no file"):
        read_episodes(path, 8)
    path.write_bytes(b"something else")
    with pytest.raises(DataError, match="holds no episodes"):
        read_episodes(path, 8)
    np.savez(path, **episodes(observations=np.array([{"a": 1}] * 3, dtype=object)))
    with pytest.raises(DataError, match="holds no episodes"):
        read_episodes(path, 8)
