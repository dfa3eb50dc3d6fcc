"""Corpora: the split, the cache that may break in every way, learning that can be cancelled, and short texts."""

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from playground.data import corpus as corpus_module
from playground.data import learn, store
from playground.data import text as text_module
from playground.data.corpus import load_corpus
from playground.data.errors import Cancelled, DataError
from playground.data.tokenizer import Bytes, Characters
from playground.places import cache
from playground.spec.experiment import TaskSpec, TokenizerSpec

KINDS = ["characters", "bytes", "bpe", "unigram"]


def task(path, kind="characters", vocab=320, **more) -> TaskSpec:
    return TaskSpec(text=str(path), tokenizer=TokenizerSpec(kind=kind, vocab=vocab), **more)


def ids_of(corpus) -> list[int]:
    return torch.cat([corpus.train, corpus.validation]).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_a_corpus_is_the_text(kind, text_file, some_prose):
    corpus = load_corpus(task(text_file, kind), n_ctx=32)
    ids = ids_of(corpus)
    assert corpus.name == "prose.txt"
    assert corpus.tokenizer.kind == kind
    assert corpus.tokenizer.decode(ids) == some_prose
    assert corpus.counts.dtype == np.int64
    assert corpus.counts.tolist() == [ids.count(i) for i in range(corpus.tokenizer.vocab)]
    assert corpus.bytes_per_token == len(some_prose.encode()) / len(ids)
    again = load_corpus(task(text_file, kind), n_ctx=32)
    assert ids_of(again) == ids
    assert again.tokenizer.identity == corpus.tokenizer.identity


def test_the_split_is_that_of_nanogpt(tmp_path):
    """int(n * 0.9) characters to train on; 1,115,394 is the length of the text its figures are published for."""
    text = ("abcdefghi\n" * 111_540)[:1_115_394]
    (tmp_path / "t.txt").write_text(text)
    corpus = load_corpus(task(tmp_path / "t.txt", validation=0.1), n_ctx=64)
    assert (len(corpus.train), len(corpus.validation)) == (1_003_854, 111_540)
    assert corpus.tokenizer.decode(corpus.validation[:10]) == text[1_003_854:1_003_864]
    assert corpus.tokenizer.vocab == 10


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_change_nothing(kind, text_file, monkeypatch):
    whole = load_corpus(task(text_file, kind))
    shutil.rmtree(cache() / "tokens")
    monkeypatch.setattr(text_module, "CHUNK", 777)
    assert ids_of(load_corpus(task(text_file, kind))) == ids_of(whole)


def test_python_docs_with_the_default_tokenizer():
    corpus = load_corpus(TaskSpec(), n_ctx=64)
    assert corpus.name == "Python docs"
    assert corpus.tokenizer.vocab == TaskSpec().tokenizer.vocab
    assert corpus.bytes_per_token > 1.5
    assert "statement" in corpus.tokenizer.decode(corpus.train[:5000])


def test_a_given_tokenizer_is_used(text_file):
    given = Characters(" eotx")
    corpus = load_corpus(task(text_file), tokenizer=given)
    assert corpus.tokenizer is given
    assert max(ids_of(corpus)) < 5
    assert len(load_corpus(task(text_file), tokenizer=Bytes()).counts) == 256


def test_large_corpora_are_mapped_and_writable_for_torch(text_file, monkeypatch):
    monkeypatch.setattr(store, "MAPPED", 100)
    for _ in range(2):  # just written, and from the cache
        corpus = load_corpus(task(text_file))
        assert isinstance(store.read_tokens(next((cache() / "tokens").iterdir()), corpus.tokenizer.vocab)[0], np.memmap)
        assert corpus.train[torch.tensor([0, 5])].long().tolist() == corpus.train[[0, 5]].tolist()


@pytest.mark.parametrize(("vocab", "dtype"), [(256, np.uint8), (257, np.int16), (32768, np.int16), (32769, np.int32)])
def test_the_smallest_type_holds_every_id(vocab, dtype):
    assert store.smallest_type(vocab) == dtype
    assert np.iinfo(dtype).max >= vocab - 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no array at all"),
        lambda path: path.write_bytes(path.read_bytes()[:-200]),
        lambda path: np.save(path, np.full(100, 200, np.uint8)),  # ids outside the vocabulary
        lambda path: np.save(path, np.zeros(0, np.uint8)),
        lambda path: np.save(path, np.zeros((2, 2), np.uint8)),
        lambda path: np.save(path, np.zeros(100, np.float64)),
        lambda path: np.save(path, np.array([{}]), allow_pickle=True),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_broken_cache_entries_are_made_again(damage, text_file):
    expected = ids_of(load_corpus(task(text_file)))
    damage(next((cache() / "tokens").glob("*.npy")))
    assert ids_of(load_corpus(task(text_file))) == expected


def test_broken_cached_tokenizer_is_learned_again(text_file):
    expected = load_corpus(task(text_file, "bpe")).tokenizer.identity
    for name in ("tokenizer.model", "tokenizer.json"):
        next((cache() / "tokenizers").glob(f"*/{name}")).write_bytes(b"broken")
        assert load_corpus(task(text_file, "bpe")).tokenizer.identity == expected


def test_cached_is_not_learned_or_cut_again(text_file, monkeypatch):
    load_corpus(task(text_file, "bpe"))
    jobs = []
    monkeypatch.setattr(corpus_module, "learn_pieces", None)
    load_corpus(task(text_file, "bpe"), progress=lambda job, share: jobs.append(job))
    assert set(jobs) == {"Reading prose.txt"}


@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_a_cache_folder_that_cannot_be_made(kind, text_file, monkeypatch, some_prose):
    blocked = text_file.parent / "blocked"
    blocked.write_text("a file stands where the folder should be")
    monkeypatch.setattr(corpus_module, "cache", lambda: blocked)
    corpus = load_corpus(task(text_file, kind))
    assert corpus.tokenizer.decode(ids_of(corpus)) == some_prose


def test_a_full_disk_falls_back_to_memory(text_file, monkeypatch, some_prose):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("playground.data.store.os.fsync", full)
    corpus = load_corpus(task(text_file))
    assert corpus.tokenizer.decode(ids_of(corpus)) == some_prose
    assert not [path for path in cache().rglob("*") if path.is_file()]


def test_a_text_that_vanishes_on_the_way(text_file, monkeypatch):
    read = corpus_module.read_source

    def read_and_delete(*args):
        source = read(*args)
        Path(args[0]).unlink()
        return source

    monkeypatch.setattr(corpus_module, "read_source", read_and_delete)
    for kind in KINDS:
        text_file.write_text("some words\n" * 50)
        with pytest.raises(DataError, match="There is no file"):
            load_corpus(task(text_file, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_too_short_for_the_context(kind, tmp_path):
    path = tmp_path / "short.txt"
    path.write_text("a" * 99)
    with pytest.raises(DataError, match="too short") as caught:
        load_corpus(task(path, kind), n_ctx=64)
    assert "65" in caught.value.why
    assert "a context of 9 at most" in caught.value.remedy
    path.write_text("a")
    with pytest.raises(DataError, match="too short") as caught:
        load_corpus(task(path, kind))
    assert caught.value.remedy == "Choose a longer text."


def test_just_long_enough(tmp_path):
    path = tmp_path / "short.txt"
    path.write_text("ab" * 65)
    corpus = load_corpus(task(path, validation=0.5), n_ctx=64)
    assert (len(corpus.train), len(corpus.validation)) == (65, 65)
    with pytest.raises(DataError, match="too short"):
        load_corpus(task(path, validation=0.5), n_ctx=65)


def test_more_pieces_than_the_text_has(text_file):
    for kind in ("bpe", "unigram"):
        corpus = load_corpus(task(text_file, kind, vocab=20_000))
        assert 258 < corpus.tokenizer.vocab < 20_000
        assert len(corpus.counts) == corpus.tokenizer.vocab


def test_too_few_pieces(text_file):
    with pytest.raises(DataError, match="too few") as caught:
        load_corpus(
            task(text_file, "bpe").model_copy(update={"tokenizer": TokenizerSpec.model_construct(kind="bpe", vocab=100)})
        )
    assert str(learn.FEWEST) in caught.value.remedy
    assert load_corpus(task(text_file, "bpe", vocab=learn.FEWEST)).tokenizer.vocab <= learn.FEWEST


@pytest.mark.parametrize("program", ["raise SystemExit('out of luck')", "pass"])
def test_learning_that_fails(program, text_file, tmp_path, monkeypatch):
    script = tmp_path / "failing.py"
    script.write_text(program)
    monkeypatch.setattr(learn.learner, "__file__", str(script))
    with pytest.raises(DataError, match="could be learned") as caught:
        load_corpus(task(text_file, "bpe"))
    assert caught.value.remedy


def test_learning_that_cannot_start(text_file, monkeypatch):
    monkeypatch.setattr(learn.sys, "executable", str(text_file.parent / "no-python"))
    with pytest.raises(DataError, match="could not be started"):
        load_corpus(task(text_file, "bpe"))


def test_a_slow_start_loses_nothing_of_a_text_larger_than_a_pipe(tmp_path, monkeypatch, some_prose):
    text, slow, learner = tmp_path / "long.txt", tmp_path / "slow.py", learn.learner.__file__
    text.write_text(some_prose * 20)
    slow.write_text(f"import runpy, time\ntime.sleep(0.3)\nrunpy.run_path({learner!r}, run_name='__main__')\n")
    monkeypatch.setattr(learn.learner, "__file__", str(slow))
    started = time.monotonic()
    corpus = load_corpus(task(text, "bpe"), cancelled=lambda: time.monotonic() - started > 20)
    assert corpus.tokenizer.model == learn.learner.train(some_prose * 20, "bpe", 320)


def test_learning_is_cancelled_at_once(text_file, tmp_path, monkeypatch):
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(learn.learner, "__file__", str(tmp_path / "endless.py"))
    given_up, learning = threading.Event(), []

    def progress(job, share):
        if job.startswith("Learning"):
            learning.append(time.monotonic())
            threading.Timer(0.2, given_up.set).start()

    with pytest.raises(Cancelled):
        load_corpus(task(text_file, "bpe"), progress=progress, cancelled=given_up.is_set)
    assert time.monotonic() - learning[0] < 2
    assert not [path for path in cache().rglob("*") if path.is_file()]


def test_cutting_into_tokens_is_cancelled(text_file, monkeypatch):
    monkeypatch.setattr(text_module, "CHUNK", 2000)
    cutting = []
    with pytest.raises(Cancelled):
        load_corpus(
            task(text_file),
            progress=lambda job, share: job.startswith("Cutting") and cutting.append(share),
            cancelled=lambda: len(cutting) == 2,
        )
    assert len(cutting) == 2
    assert not list((cache() / "tokens").iterdir())


def test_counting_a_cached_text_is_cancelled(text_file):
    corpus = load_corpus(task(text_file))
    path = next((cache() / "tokens").iterdir())
    with pytest.raises(Cancelled):
        store.read_tokens(path, corpus.tokenizer.vocab, lambda: True)


def test_the_sample_of_a_long_text_is_disclosed(text_file, monkeypatch):
    monkeypatch.setattr(learn, "SAMPLE", 10_000)
    monkeypatch.setattr(text_module, "CHUNK", 1000)
    jobs = []
    load_corpus(task(text_file, "bpe"), progress=lambda job, share: jobs.append(job))
    assert any(job.startswith("Learning 320 pieces from prose.txt (0 MB of it)") for job in jobs)


def test_sentencepiece_is_silent(text_file, capfd):
    load_corpus(task(text_file, "unigram"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("text", "found"), [
    ("rest of a line\nsecond\n\nA paragraph begins here, and it is long enough.", "A paragraph"),
    ("rest of a line\nsecond line, and no paragraph at all in sight", "second line"),
    ("not one line break in all of this text, from its beginning to its end", "not one"),
])  # fmt: skip
def test_the_opening_is_where_a_paragraph_begins(tmp_path, text, found):
    path = tmp_path / "text.txt"
    path.write_text("x" * len(text) + text, encoding="utf-8")
    task = TaskSpec(text=str(path), tokenizer=TokenizerSpec(kind="characters"), validation=0.5)
    corpus = load_corpus(task)
    assert corpus.tokenizer.decode(corpus.validation[corpus.opening :].tolist()).startswith(found)
