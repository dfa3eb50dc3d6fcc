"""Handwritten digits: the real pictures, both tasks on them, and what happens without scikit-learn."""

import sys

import numpy as np
import pytest
import torch

from playground.data.digits import load_digits
from playground.data.errors import DataError
from playground.data.examples import make_examples
from playground.data.tasks import TASKS
from playground.data.tasks.pictures import Classify

PAINT, CLASSIFY = TASKS["digits-paint"], TASKS["digits-classify"]


@pytest.fixture
def forgotten():
    """Digits that were read before do not count, and those read in a test are forgotten after it."""
    load_digits.cache_clear()
    yield
    load_digits.cache_clear()


def test_the_pictures_are_those_of_scikit_learn():
    sklearn = pytest.importorskip("sklearn.datasets")
    real, digits = sklearn.load_digits(), load_digits()
    assert digits.pixels.shape == (1797, 64)
    assert (digits.labels == real.target).all()
    assert (digits.pixels[real.data < 16] == real.data[real.data < 16]).all()
    assert (digits.pixels[real.data == 16] == 15).all()
    assert sorted(set(digits.pixels.ravel().tolist())) == list(range(16))
    assert len(np.unique(digits.pixels, axis=0)) == 1797
    with pytest.raises(ValueError, match="read-only"):
        digits.pixels[0, 0] = 1


def test_both_tasks_have_all_pictures():
    digits = load_digits()
    painted, classified = list(PAINT.everything()), list(CLASSIFY.everything())
    assert len(painted) == len(classified) == 1797
    for at in (0, 17, 1796):
        assert painted[at].target == classified[at].source == tuple(digits.pixels[at].tolist())
        assert painted[at].source == classified[at].target == (16 + digits.labels[at],)
        assert PAINT.names[painted[at].source[0]] == str(digits.labels[at])
    assert PAINT.floor() is None
    assert CLASSIFY.masked_floor() is None


def test_the_same_pictures_are_held_out_in_both_and_every_digit_is_among_them():
    held = [PAINT.held_out(pair) for pair in PAINT.everything()]
    assert held == [CLASSIFY.held_out(pair) for pair in CLASSIFY.everything()]
    assert sum(held) == 364  # fixed for ever: figures are compared on these
    counts = np.bincount(load_digits().labels[np.array(held)], minlength=10)
    assert counts.min() >= 25


def test_examples_are_every_picture_once():
    examples = make_examples(CLASSIFY, seed=0, count=10_000, validation=10_000)
    assert examples.disjoint
    rows = torch.cat((examples.train.source, examples.validation.source))
    assert rows.shape == (1797, 64)
    assert len(torch.unique(rows, dim=0)) == 1797
    assert len(examples.validation.target) == 364


def test_a_picture_is_shown_as_one():
    pair = next(PAINT.everything())
    lines = PAINT.show(pair.target).split("\n")
    assert [len(line) for line in lines] == [8] * 8
    assert lines[0] == "··~&*.··"  # 0 0 5 13 9 1 0 0 in the file
    assert PAINT.show(pair.source) == "0"
    assert PAINT.show(pair.source + pair.target[:10] + (PAINT.eos,)) == f"0\n{lines[0]}\n{lines[1][:2]}\n[eos]"


def test_without_scikit_learn_it_says_what_to_install(monkeypatch, forgotten):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError) as caught:
        make_examples(Classify(), seed=0, count=10, validation=10)
    assert "missing" in caught.value.what
    assert "scikit-learn" in caught.value.why
    assert "pip install" in caught.value.remedy
    with pytest.raises(DataError):
        Classify().pair(np.random.default_rng(0))


def test_a_damaged_scikit_learn_is_named(monkeypatch, forgotten):
    datasets = pytest.importorskip("sklearn.datasets")

    def broken():
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(datasets, "load_digits", broken)
    with pytest.raises(DataError, match="cannot be read.*No such file.*pip install"):
        load_digits()
