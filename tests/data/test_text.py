"""Reading texts: what is the same whatever the file looks like, and what is refused with a sentence."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.data import text as text_module
from playground.data.text import Cancelled, DataError, read_source


def whole(path) -> str:
    return "".join(read_source(str(path)).pieces())


def test_python_docs_are_real_and_stable():
    first, second = read_source("python-docs"), read_source("python-docs")
    text = "".join(first.pieces())
    assert first == second
    assert first.name == "Python docs"
    assert first.size == len(text.encode()) > 300_000
    assert '"assert" statement' in text


def test_byte_order_mark_and_line_ends_make_no_difference(tmp_path):
    texts = {}
    for name, data in {
        "plain": "é1\nß2\n".encode(),
        "bom": "é1\nß2\n".encode("utf-8-sig"),
        "windows": b"\xc3\xa91\r\n\xc3\x9f2\r\n",
        "old mac": b"\xc3\xa91\r\xc3\x9f2\r",
    }.items():
        (tmp_path / name).write_bytes(data)
        texts[name] = (read_source(str(tmp_path / name)).digest, whole(tmp_path / name))
    assert {text for _, text in texts.values()} == {"é1\nß2\n"}
    assert len({digest for digest, _ in texts.values()}) == 1


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200).filter(
        lambda text: not text.startswith("\ufeff")
    ),
    chunk=st.integers(1, 9),
)
def test_any_chunk_size_gives_the_same_text(text, chunk, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "any.txt"
    path.write_bytes(text.encode())
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "CHUNK", chunk)
        source = read_source(str(path))
        assert "".join(source.pieces()) == expected
    assert source.size == len(expected.encode())


def test_reading_does_not_depend_on_the_locale(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONUTF8", "0")
    (tmp_path / "größe.md").write_bytes("# Größe 漢字 😀\n".encode())
    assert whole(tmp_path / "größe.md") == "# Größe 漢字 😀\n"


def test_one_byte_is_a_text(tmp_path):
    (tmp_path / "one").write_bytes(b"a")
    assert whole(tmp_path / "one") == "a"


def test_spread_takes_parts_of_the_whole_text(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module, "CHUNK", 100)
    text = "".join(f"{line:09d}\n" for line in range(1000))
    (tmp_path / "long").write_text(text)
    source = read_source(str(tmp_path / "long"))
    sample = source.spread(1000)
    assert len(sample) <= 1200
    assert int(sample.split()[0]) < 50
    assert int(sample.split()[-1]) > 850
    assert source.spread(10**6) == text


FILES = {
    "empty": b"",
    "only a mark": b"\xef\xbb\xbf",
    "binary": bytes(range(256)) * 50,
    "picture": b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" * 20,
    "binary behind text": b"a fine beginning\n" * 40_000 + b"\0\1\2\3",
    "latin-1": "un café à Paris\n".encode("latin-1"),
    "late latin-1": b"plain\n" * 60_000 + b"caf\xe9\n",
    "utf-16 with mark": "Some text that Windows saved\n".encode("utf-16"),
    "utf-16 without mark": ("Some text that Windows saved\n" * 9).encode("utf-16-le"),
    "cut inside a character": "ab€".encode()[:-1],
    "overlong": b"a\xc0\x80b",
    "surrogate": b"a\xed\xa0\x80b",
}
SAID = {
    "empty": "is empty",
    "only a mark": "is empty",
    "binary": "binary data",
    "picture": "binary data",
    "binary behind text": "binary data",
    "late latin-1": "Line 60,001 has the byte 0xE9",
    "utf-16 with mark": "UTF-16",
    "utf-16 without mark": "UTF-16",
}


def assert_sentences(error: DataError) -> None:
    for part in (error.what, error.why, error.remedy):
        assert part[:1].strip()
        assert part.endswith(".")
    assert str(error) == f"{error.what} {error.why} {error.remedy}"


@pytest.mark.parametrize("name", FILES)
def test_refused_content(name, tmp_path):
    path = tmp_path / "given.txt"
    path.write_bytes(FILES[name])
    with pytest.raises(DataError) as caught:
        read_source(str(path))
    assert_sentences(caught.value)
    assert "given.txt" in caught.value.what
    assert SAID.get(name, "not UTF-8") in str(caught.value)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "No text was chosen"),
        ("{folder}", "is a folder"),
        ("{folder}/missing.txt", "There is no file"),
        ("{folder}/prose.txt/inside", "cannot be read"),
        ("{folder}/" + "x" * 400, "cannot be read"),
        ("{folder}/a\0b", "no path of a file"),
        ("~nobody-of-that-name/text.txt", "no path of a file"),
    ],
)
def test_refused_places(source, said, text_file):
    with pytest.raises(DataError, match=said) as caught:
        read_source(source.replace("{folder}", str(text_file.parent)))
    assert_sentences(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not a file"):
        read_source(str(tmp_path / "pipe"))


def test_no_permission(text_file, monkeypatch):
    def refuse(*_args, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(text_file), "open", refuse)  # as root, chmod refuses nothing
    with pytest.raises(DataError, match="no permission") as caught:
        read_source(str(text_file))
    assert_sentences(caught.value)


def test_too_large(text_file, monkeypatch):
    monkeypatch.setattr(text_module, "LARGEST", 100)
    with pytest.raises(DataError, match="too large") as caught:
        read_source(str(text_file))
    assert_sentences(caught.value)


def test_deleted_or_changed_after_it_was_opened(text_file):
    source = read_source(str(text_file))
    text_file.write_text("another text of another length\n")
    with pytest.raises(DataError, match="changed"):
        list(source.pieces())
    text_file.unlink()
    with pytest.raises(DataError, match="There is no file") as caught:
        list(source.pieces())
    assert_sentences(caught.value)


def test_cancel_is_asked_at_every_chunk(text_file, monkeypatch):
    monkeypatch.setattr(text_module, "CHUNK", 1000)
    asked, told = [], []

    def third_time():
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        read_source(str(text_file), lambda job, share: told.append(share), third_time)
    assert len(told) == 2
    assert 0 < told[0] < told[1] < 1
