"""Own pairs: what is read from tables of every kind, which lines are named as useless, and which files are refused."""

import csv
import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.data import text as text_module
from playground.data.errors import Cancelled, DataError
from playground.data.pairs import LISTED, read_pairs


def read(tmp_path, content, name="pairs.txt", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_pairs(str(path), **options)


def refused(tmp_path, content, name="pairs.tsv"):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, name)
    error = caught.value
    assert error.what
    assert error.why
    assert error.remedy
    return error


WANTED = (("Go.", "Va !"), ("I see, you know.", "Je vois, tu sais."))


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("Go.\tVa !\nI see, you know.\tJe vois, tu sais.\n", "\t"),
        ("Go.\tVa !\tCC-BY 2.0 #1, #2\nI see, you know.\tJe vois, tu sais.\tCC-BY 2.0 #3, #4", "\t"),
        ('Go.,Va !\n"I see, you know.","Je vois, tu sais."\n', ","),
        ('"Go.", "Va !"\r\n"I see, you know.", "Je vois, tu sais."\r\n', ","),
        ("Go.;Va !\nI see, you know.;Je vois, tu sais.\n", ";"),
        ("I see, you know.;Je vois tu sais.\n" * 3, ";"),
        ("Go. | Va !\n\n\nI see, you know. | Je vois, tu sais.\n", "|"),
        ("\ufeffGo.\tVa !\nI see, you know.\tJe vois, tu sais.\n", "\t"),
    ],
)
def test_tables_of_every_kind(tmp_path, content, delimiter):
    found = read(tmp_path, content)
    assert found.pairs in (WANTED, (("I see, you know.", "Je vois tu sais."),) * 3)
    assert found.unusable == ()
    assert found.refused == 0
    assert found.delimiter == delimiter
    assert found.source.name == "pairs.txt"


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20).map(str.strip).filter(bool)


@settings(max_examples=150, deadline=None)
@given(pairs=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=12), chunk=st.integers(1, 30))
def test_what_the_csv_module_writes_is_read(pairs, chunk, tmp_path_factory):
    path = tmp_path_factory.mktemp("pairs") / "own.csv"
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(pairs)
    path.write_bytes(file.getvalue().encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "CHUNK", chunk)
        patch.setattr("playground.data.pairs._NAMES", frozenset())
        patch.setattr("playground.data.pairs._table", lambda source: (",", 2))
        assert list(read_pairs(str(path)).pairs) == pairs


@settings(max_examples=100, deadline=None)
@given(pairs=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=12), chunk=st.integers(1, 30))
def test_any_tsv_is_read_whatever_quotes_stand_in_it(pairs, chunk, tmp_path_factory):
    pairs = [tuple(side.replace('""', '"') for side in pair) for pair in pairs]
    path = tmp_path_factory.mktemp("pairs") / "own.tsv"
    path.write_bytes("".join(f"{a}\t{b}\n" for a, b in pairs).encode("utf-8"))
    if pairs[0][0].startswith("\ufeff"):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "CHUNK", chunk)
        patch.setattr("playground.data.pairs._NAMES", frozenset())
        wanted = [pair for pair in pairs if not any('""' in side for side in pair)]
        assert [pair for pair in read_pairs(str(path)).pairs if not any('""' in side for side in pair)] == wanted


def test_quotations_of_a_tsv_stay_and_those_of_a_program_go(tmp_path):
    content = '"Go!" he said.\t« Va ! »\n"Go!"\t"Va !"\n"She said ""Go!"""\t"Elle"\n"never closed\tjamais\nAnd on.\tEt puis.\n'
    assert read(tmp_path, content).pairs == (
        ('"Go!" he said.', "« Va ! »"), ('"Go!"', '"Va !"'), ('She said "Go!"', '"Elle"'),
        ('"never closed', "jamais"), ("And on.", "Et puis."),
    )  # fmt: skip


def test_a_quoted_text_of_a_csv_may_have_line_ends(tmp_path):
    found = read(tmp_path, 'one,un\n"two\nlines","deux\nlignes"\nonly\nthree,trois\n', "a.csv")
    assert found.pairs == (("one", "un"), ("two\nlines", "deux\nlignes"), ("three", "trois"))
    assert [(each.line, each.reason.split(":")[0]) for each in found.unusable] == [(5, "one column")]


def test_every_useless_line_is_named_with_its_number_and_reason(tmp_path):
    content = "English\tFrench\nGo.\tVa !\nHello\n\n\tVide\nEmpty\t  \n" + "x" * 51 + "\ty\nEnd.\tFin.\n"
    found = read(tmp_path, content, longest=50)
    assert found.pairs == (("Go.", "Va !"), ("End.", "Fin."))
    assert [(each.line, each.reason) for each in found.unusable] == [
        (1, "the names of the columns"),
        (3, "one column: there is no tab in it"),
        (5, "empty side: the first column has no text"),
        (6, "empty side: the second column has no text"),
        (7, "too long: 51 characters on one side, and at most 50 are read"),
    ]
    assert found.refused == 5


def test_a_comma_too_many_is_noticed(tmp_path):
    found = read(tmp_path, "Go.,Va !\nRun.,Cours !\nHello, you.,Salut.\nStop.,Arrête !\n", "a.csv")
    assert len(found.pairs) == 3
    assert found.unusable[0].line == 3
    assert "3 columns, not 2" in found.unusable[0].reason
    assert "quotation marks" in found.unusable[0].reason


@pytest.mark.parametrize("lines", [60, 20_000])
def test_a_quotation_mark_that_is_never_closed_is_named(tmp_path, lines):
    rest = "".join(f"number {i},nombre {i}\n" for i in range(lines))
    found = read(tmp_path, f'Go.,Va !\nRun.,Cours !\n"Stop.,Arrête !\n{rest}', "a.csv")
    assert found.pairs[:2] == (("Go.", "Va !"), ("Run.", "Cours !"))
    assert found.unusable[0].line == 3
    assert "quotation mark may be missing" in found.unusable[0].reason
    if lines > 1000:  # the csv module gives up in time for what comes after
        assert found.pairs[-1] == (f"number {lines - 1}", f"nombre {lines - 1}")


def test_only_so_many_lines_are_listed_and_all_counted(tmp_path):
    found = read(tmp_path, "Go.\tVa !\n" + "nothing\n" * (LISTED + 500), "a.tsv")
    assert len(found.unusable) == LISTED
    assert found.refused == LISTED + 500


def test_a_large_table_is_read_in_pieces_and_the_same(tmp_path):
    pairs = tuple((f"number {i}", f"nombre {i} é") for i in range(40_000))
    told = []
    found = read(tmp_path, "".join(f"{a}\t{b}\n" for a, b in pairs), progress=lambda job, share: told.append((job, share)))
    assert found.pairs == pairs
    jobs = [job for job, _ in told]
    assert "Reading the pairs of pairs.txt" in jobs
    assert told[-1][1] == 1.0
    shares = [share for job, share in told if job == jobs[-1]]
    assert len(shares) > 2
    assert shares == sorted(shares)


@pytest.mark.parametrize("after", [0, 2, 7])
def test_it_can_be_given_up(tmp_path, after):
    asked = []

    def cancelled():
        asked.append(None)
        return len(asked) > after

    with pytest.raises(Cancelled):
        read(tmp_path, "a\tb\n" * 400_000, cancelled=cancelled)
    assert len(asked) == after + 1


def test_files_that_are_no_tables(tmp_path):
    assert "is empty" in refused(tmp_path, b"").what
    assert "is empty" in refused(tmp_path, b"\n \n\t\n").what
    assert "binary" in refused(tmp_path, b"a\tb\n\0\1\2\3" * 9).why
    assert "not UTF-8" in refused(tmp_path, "é\tà\n".encode("latin-1")).what
    assert "UTF-16" in refused(tmp_path, "a\tb\n".encode("utf-16")).why
    none = refused(tmp_path, "Just some prose.\nAnd more of it.\n", "prose.txt")
    assert "no pair" in none.what
    assert "All 2 lines" in none.why
    assert "Line 1: one column" in none.why
    assert "one pair a line" in none.remedy
    assert "Line 1: one column" in refused(tmp_path, "alone").why


def test_places_that_hold_no_table(tmp_path):
    for path, word in ((tmp_path, "folder"), (tmp_path / "none.tsv", "no file"), ("", "No text"), ("python-docs", "no pairs")):
        with pytest.raises(DataError, match=word):
            read_pairs(str(path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not a file"):
        read_pairs(str(tmp_path / "pipe"))


def test_the_digest_follows_from_the_text(tmp_path):
    first, same, other = (read(tmp_path, text) for text in ("a\tb\n", "a\tb\r\n", "a\tc\n"))
    assert first.source.digest == same.source.digest != other.source.digest
