"""Tokenizers: nothing is lost on the way to ids and back, whatever the text, and folders keep them whole."""

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.data.errors import DataError
from playground.data.learner import lines, train
from playground.data.tokenizer import Bytes, Characters, Pieces, load_tokenizer

KINDS = ["characters", "bytes", "bpe", "unigram"]
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@pytest.mark.parametrize("kind", ["bytes", "bpe", "unigram"])
@settings(max_examples=150, deadline=None)
@given(text=ANY_TEXT | st.text(" \t\n\r▁▅�ab<0x4>漢", max_size=30))
@example(text="a\tb\0c  d \n\n\n\t x")
@example(text="▁a▁▁ ▅ ⁇ � <0x41> <unk>\r\n")
@example(text="   lead and trail   ")
def test_any_text_survives(kind, text, tokenizers):
    tokenizer = tokenizers[kind]
    ids = tokenizer.encode(text)
    assert ids.dtype == np.int64
    assert ids.ndim == 1
    assert tokenizer.decode(ids) == text
    assert len(ids) <= len(text.encode())
    assert not len(ids) or 0 <= ids.min() <= ids.max() < tokenizer.vocab
    assert tokenizer.unknown(text) == ""


@settings(max_examples=100, deadline=None)
@given(text=ANY_TEXT.filter(bool))
def test_characters_of_a_text_survive(text):
    tokenizer = Characters("".join(sorted(set(text))))
    assert tokenizer.vocab == len(set(text))
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert "".join(tokenizer.pieces(tokenizer.encode(text))) == text


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=20))
def test_nothing_typed_raises(kind, text, tokenizers):
    tokenizer = tokenizers[kind]  # lone surrogates among it
    assert isinstance(tokenizer.decode(tokenizer.encode(text)), str)


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_are_the_text_of_each_token(kind, tokenizers):
    text = "the model attends\n\tto every token"
    tokenizer = tokenizers[kind]
    assert "".join(tokenizer.pieces(tokenizer.encode(text))) == text
    assert tokenizer.pieces(list(range(tokenizer.vocab)))  # every id has one
    with pytest.raises(IndexError):
        tokenizer.decode([tokenizer.vocab])


def test_half_a_character_is_shown_as_such(tokenizers):
    for kind in ("bytes", "bpe", "unigram"):
        ids = tokenizers[kind].encode("漢")
        assert len(ids) == 3
        assert tokenizers[kind].pieces(ids) == ["�"] * 3
        assert tokenizers[kind].decode(ids[:2]) == "�"


def test_unknown_characters_do_not_enlarge_the_vocabulary():
    assert Characters("\n ab").decode(Characters("\n ab").encode("aé😀b")) == "a  b"
    assert Characters("ab�").decode(Characters("ab�").encode("aéb")) == "a�b"
    assert Characters("bc").decode(Characters("bc").encode("ac")) == "bc"
    assert Characters("\n ab").unknown("aéé😀b") == "é😀"


def test_pieces_are_learned_and_shorten_the_text(tokenizers, some_prose):
    for kind in ("bpe", "unigram"):
        assert len(tokenizers[kind].encode(some_prose)) < len(some_prose) / 2
        assert tokenizers[kind].vocab <= 400


def test_line_by_line_is_the_same_as_at_once(tokenizers, some_prose):
    for kind in ("bpe", "unigram"):
        assert tokenizers[kind].encode(some_prose).tolist() == tokenizers[kind]._processor.encode(some_prose)


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
@pytest.mark.parametrize("text", ["a", "\n\n\n", "\t\0▁", "a" * 5000, "".join(map(chr, range(0x4E00, 0x5E00)))])
def test_odd_texts_can_be_learned_from(kind, text):
    tokenizer = Pieces(kind, train(text, kind, 400))
    assert 258 <= tokenizer.vocab <= 400
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_lines_given_to_sentencepiece_are_short_and_clean():
    given_to_it = list(lines("a" * 2500 + "\tb\0c▁d▅\r\n\n" + "漢字", 300))
    assert max(map(len, given_to_it)) <= 1000
    assert not set("".join(given_to_it)) & set("\n\t\0▁▅")


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded(kind, tokenizers, tmp_path):
    tokenizers[kind].save(tmp_path / "model")
    loaded = load_tokenizer(tmp_path / "model")
    assert (loaded.kind, loaded.vocab, loaded.identity) == (kind, tokenizers[kind].vocab, tokenizers[kind].identity)
    assert loaded.encode("the token\n").tolist() == tokenizers[kind].encode("the token\n").tolist()
    assert not [path for path in (tmp_path / "model").iterdir() if path.name.startswith(".")]


def test_identities_differ(tokenizers):
    assert len({tokenizer.identity for tokenizer in tokenizers.values()} | {Characters("ab").identity}) == 5


def test_a_full_disk_leaves_the_saved_tokenizer_as_it_was(tmp_path, monkeypatch):
    Characters("ab").save(tmp_path)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("playground.data.store.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        Characters("xyz").save(tmp_path)
    assert load_tokenizer(tmp_path).decode([0, 1]) == "ab"
    assert len(list(tmp_path.iterdir())) == 1


GOOD = {"kind": "characters", "vocab": 2, "characters": "ab"}
BROKEN = {
    "not json": "{",
    "a list": "[]",
    "null": "null",
    "no kind": json.dumps({"vocab": 2}),
    "unknown kind": json.dumps({**GOOD, "kind": "words"}),
    "no vocab": json.dumps({"kind": "bytes"}),
    "wrong vocab": json.dumps({**GOOD, "vocab": 3}),
    "no characters": json.dumps({**GOOD, "characters": ""}),
    "characters twice": json.dumps({**GOOD, "characters": "aa"}),
    "characters as numbers": json.dumps({**GOOD, "characters": [1, 2]}),
    "half a character": '{"kind": "characters", "vocab": 1, "characters": "\\ud800"}',
    "no model": json.dumps({"kind": "bpe", "vocab": 300}),
    "in another encoding": '{"kind": "é"}'.encode("utf-16"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_folders(name, tmp_path):
    content = BROKEN[name]
    (tmp_path / "tokenizer.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        load_tokenizer(tmp_path)
    assert caught.value.why
    assert caught.value.remedy


def test_missing_folder(tmp_path):
    with pytest.raises(DataError, match="no tokenizer.json"):
        load_tokenizer(tmp_path / "nowhere")


@pytest.mark.parametrize("damage", [lambda model: b"", lambda model: model[:-100], lambda model: b"garbage"])
def test_damaged_model(damage, tokenizers, tmp_path):
    tokenizers["bpe"].save(tmp_path)
    model = tmp_path / "tokenizer.model"
    model.write_bytes(damage(model.read_bytes()))
    with pytest.raises(DataError, match=r"tokenizer\.model"):
        load_tokenizer(tmp_path)


def test_a_model_put_there_by_hand(tokenizers, tmp_path):
    tokenizers["bpe"].save(tmp_path)
    described = {"kind": "bpe", "vocab": tokenizers["bpe"].vocab}
    (tmp_path / "tokenizer.json").write_text(json.dumps(described))
    assert load_tokenizer(tmp_path).identity == tokenizers["bpe"].identity
    (tmp_path / "tokenizer.model").write_bytes(tokenizers["bpe"].model[:-100])
    with pytest.raises(DataError):
        load_tokenizer(tmp_path)


def test_bytes_need_no_state():
    assert Bytes().encode("é").tolist() == [0xC3, 0xA9]
