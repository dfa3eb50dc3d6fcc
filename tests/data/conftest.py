"""Texts that tests make for themselves, and pieces learned from them once."""

import random

import pytest

from playground.data.learner import train
from playground.data.tokenizer import Bytes, Characters, Pieces

SENTENCE = "the model learns a token from what stood before it and attends to every place in its context window"
WORDS = SENTENCE.split()


def prose(words: int, seed: int = 0) -> str:
    chance = random.Random(seed)
    return "".join(chance.choice(WORDS) + chance.choice([" ", " ", " ", ", ", ".\n", "\n\n\t"]) for _ in range(words))


@pytest.fixture(scope="session")
def some_prose():
    return prose(4000)


@pytest.fixture(scope="session")
def tokenizers(some_prose):
    """One of each kind, made from the same text."""
    learned = {kind: Pieces(kind, train(some_prose, kind, 400)) for kind in ("bpe", "unigram")}
    return {"characters": Characters("".join(sorted(set(some_prose)))), "bytes": Bytes()} | learned


@pytest.fixture
def text_file(tmp_path, some_prose):
    path = tmp_path / "prose.txt"
    path.write_text(some_prose, encoding="utf-8", newline="")
    return path
