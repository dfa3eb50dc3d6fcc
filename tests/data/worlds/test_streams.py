"""Domains as tokens: what stands in the sequence, what is asked for, and which pictures are held out."""

import numpy as np
import pytest

from playground.data.batch import IGNORE
from playground.data.modalities.ranges import Ranges
from playground.data.tokenizer import Bytes
from playground.data.worlds import WORLDS, pictures
from playground.data.worlds.demonstrations import Episodes
from playground.data.worlds.streams import Making, control_stream
from playground.spec.modalities import Modalities

RANGES = Ranges(256, Modalities(bins=64, discrete=16))


def episode(actions, advice):
    seen = np.array([[1.0, 0.0, -8.0], [0.0, 1.0, 8.0]])
    return Episodes(seen, np.array(actions), np.array(advice), np.zeros(2, int), np.zeros(1, int), np.zeros(1))


def test_the_executed_action_stands_in_the_sequence_and_the_experts_is_asked_for():
    for target, said in (("expert", [-2.0, 2.0]), ("logged", [2.0, -2.0])):
        stream = control_stream(WORLDS["pendulum"], episode([2.0, -2.0], [-2.0, 2.0]), Making(RANGES, Bytes(), 0, target))
        rows, asked = stream.ids.reshape(2, 5), stream.targets.reshape(2, 5)
        assert rows[:, 3].tolist() == [RANGES.separator] * 2
        assert rows[:, 4].tolist() == [RANGES.bins + 63, RANGES.bins]
        assert (asked[:, :4] == IGNORE).all()
        # a bin's middle is half a bin from the end
        assert RANGES.decode(WORLDS["pendulum"].action, asked[:, 4]) == pytest.approx(np.array(said) * (1 - 1 / 64))
    # cos and sin are cut as they are, speed is bent first
    assert rows[0, :2].tolist() == [RANGES.bins + 63, RANGES.bins + 32]
    bent = np.log(8 * 100 + 1) / np.log(256 * 100 + 1)
    assert rows[0, 2] == RANGES.bins + int((1 - bent) / 2 * 64)


def test_captions_ask_for_the_name_and_paintings_for_the_pixels():
    pixels, labels = np.tile(np.arange(64.0) % 16, (2, 1)), np.array([7, 3])
    caption = pictures.captions(pixels, labels, RANGES, Bytes())
    text = bytes(value for value in caption.targets.tolist() if value != IGNORE).decode()
    assert text == "three\nseven\n"
    assert caption.pixels.shape == (8, 1, 4, 4)
    assert caption.patches[:4].tolist() == [0, 1, 2, 3]
    assert (caption.ids[:4] == RANGES.padding).all()
    painting = pictures.paintings(pixels, labels, RANGES, Bytes())
    first = slice(0, 5 + 1 + 64)
    assert bytes(painting.ids[:5].tolist()) == b"three"
    assert painting.ids[5] == RANGES.separator
    assert painting.targets[first].tolist() == [IGNORE] * 6 + [RANGES.discrete + level % 16 for level in range(64)]
    assert painting.local[first].tolist() == [0] * 5 + list(range(1, 66))  # the name's length does not move the pixels
    assert painting.local[70 + 5 :].tolist() == list(range(1, 66))
    assert (pictures.paintings(pixels, labels, RANGES, Bytes(), asked=False).targets == IGNORE).all()


def test_held_out_pictures_are_never_learned_from_and_a_pool_has_clean_ones():
    train, names, held, held_names = pictures.halves()
    assert len(train) + len(held) == 1797
    assert 300 < len(held) < 420
    assert set(held_names) == set(range(10))
    assert not {tuple(row) for row in train.tolist()} & {tuple(row) for row in held.tolist()}
    pool, labels = pictures.varied(train, names, np.random.default_rng(0), 4000)
    real = {tuple(row) for row in train.tolist()}
    clean = np.mean([tuple(row) in real for row in pool.tolist()])
    assert clean == pytest.approx(0.2, abs=0.03)
    assert pool.shape == (4000, 64)
    assert 0 <= pool.min() <= pool.max() <= 15
    # a turned picture still has about the ink it had
    assert pool.sum(axis=1).mean() == pytest.approx(train.sum(axis=1).mean(), rel=0.1)
    assert set(labels) == set(range(10))
