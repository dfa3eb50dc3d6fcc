"""Whatever is dropped is named for what it is, and what cannot be opened says why and what to do."""

import os
import shutil

import pytest

from playground.places import shipped
from playground.ui.opening import IMAGES, Opening, is_table, kind_of


def written(path, text="one line\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def model(tmp_path):
    return shutil.copytree(shipped("models") / "gpt", tmp_path / "my gpt")


def refusal(*paths):
    found = kind_of(*paths)
    assert found.kind == "none", found
    assert found.what
    assert found.remedy.endswith(".")
    assert str(found).startswith(found.what)
    return str(found)


def test_a_model_is_its_folder_whichever_of_its_files_is_dropped(model):
    for path in (model, *(model / name for name in ("experiment.toml", "model.safetensors", "card.md", "tokenizer.model"))):
        assert kind_of(path) == Opening("model", model), path
    assert kind_of(model / "experiment.toml", model / "model.safetensors") == Opening("model", model)


def test_a_text_that_lies_in_a_model_folder_is_still_a_text(model):
    assert kind_of(written(model / "corpus.txt")).kind == "text"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.tsv", "table"), ("A.CSV", "table"), ("a.tab", "table"), ("a.txt", "text"), ("a.md", "text"), ("a.py", "text"),
     ("no suffix", "text"), ("a.toml", "text"), ("a.png", "image"), ("a.JPEG", "image"), ("card.md", "text")],
)  # fmt: skip
def test_files_by_their_names(tmp_path, name, kind):
    path = written(tmp_path / name)
    assert kind_of(path) == Opening(kind, path)
    assert is_table(path) == (kind == "table")
    assert (path.suffix.lower() in IMAGES) == (kind == "image")


def test_utf_16_is_left_to_the_reader_of_texts_who_says_more(tmp_path):
    assert kind_of(written(tmp_path / "windows.txt", "one line\n".encode("utf-16"))).kind == "text"


def test_weights_alone_are_refused_with_what_is_missing(tmp_path):
    said = refusal(written(tmp_path / "lone" / "model.safetensors", b"\0\0"))
    assert "experiment.toml" in said
    assert "weights" in said


@pytest.mark.parametrize("name", ["old.pt", "old.PTH", "data.pkl", "pytorch_model.bin"])
def test_what_could_run_a_program_is_never_opened(tmp_path, name):
    assert "safetensors" in refusal(written(tmp_path / name))


@pytest.mark.parametrize(("name", "word"), [("paper.pdf", "PDF"), ("all.zip", "Unpack"), ("pairs.xlsx", "CSV")])
def test_foreign_formats_are_named_with_the_way_out(tmp_path, name, word):
    assert word in refusal(written(tmp_path / name))


def test_binary_data_is_no_text(tmp_path):
    assert "binary" in refusal(written(tmp_path / "program", b"\x7fELF\0\0\0"))


def test_an_experiment_under_another_name_is_not_learned_as_a_text(tmp_path):
    assert "experiment.toml" in refusal(written(tmp_path / "mine.toml", "seed = 1\n[[model.decoder]]\nrepeat = 2\n"))


def test_folders_of_nothing_known_and_of_several_models(tmp_path):
    (tmp_path / "photos").mkdir()
    assert "experiment.toml" in refusal(tmp_path / "photos")
    assert "gpt" in refusal(shipped("models"))


def test_several_things_nothing_and_what_is_gone(tmp_path):
    assert "2 things" in refusal(written(tmp_path / "a.txt"), written(tmp_path / "b.txt"))
    refusal()
    assert "moved" in refusal(tmp_path / "gone.txt")
    refusal(tmp_path / ("x" * 300))
    assert "cannot be read" in refusal(tmp_path / "a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "never end" in refusal(tmp_path / "pipe")
