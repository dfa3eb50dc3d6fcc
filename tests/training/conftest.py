"""A small experiment on a short verse, with dropout."""

import pytest

from playground.spec.check import parse

VERSE = "the cat sat on the mat and the dog sat on the log\n"


@pytest.fixture
def experiment(tmp_path):
    path = tmp_path / "verse.txt"
    path.write_text(VERSE * 100, encoding="utf-8")
    layer = {"attention": {"heads": 2, "dropout": 0.1}, "mlp": {"d_mlp": 32}}
    return parse(
        {
            "model": {"d_model": 16, "n_ctx": 16, "decoder": [layer, layer]},
            "task": {"text": str(path), "tokenizer": {"kind": "characters"}},
            "training": {"batch": 8, "lr": 0.01, "warmup": 5, "steps": 60, "validate_every": 10, "validation_windows": 8},
        }
    )
