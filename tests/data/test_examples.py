"""Examples: what the tensors hold, what the seed decides, and which questions are kept for validation."""

import time
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.data.errors import DataError
from playground.data.examples import make_examples, own_examples
from playground.data.tasks import TASKS, Pair
from playground.data.tasks.copying import Copy
from playground.data.tasks.modular import ModularAddition
from playground.data.tasks.sort import Sort

EVERY = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
PAIRS = st.lists(
    st.builds(Pair, st.lists(st.integers(0, 8), max_size=6).map(tuple), st.lists(st.integers(0, 8), max_size=6).map(tuple)),
    min_size=1,
    max_size=60,
)


def pairs_of(part):
    rows = zip(*(each.tolist() for each in part), strict=True)
    return [Pair(tuple(source[:s]), tuple(target[:t])) for source, s, target, t in rows]


def equal(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@EVERY
def test_tensors_hold_pairs_and_padding(task):
    examples = make_examples(task, seed=3, count=400, validation=100)
    for part, count in ((examples.train, 400), (examples.validation, 100)):
        assert all(each.dtype == torch.int64 for each in part)
        assert part.source.shape[1] == task.longest()[0]
        assert part.target.shape[1] == task.longest()[1]
        assert {len(each) for each in part} == {min(count, len(part.source))}
        for ids, lengths in ((part.source, part.source_lengths), (part.target, part.target_lengths)):
            real = torch.arange(ids.shape[1]) < lengths[:, None]
            assert (ids[~real] == task.eos).all()
            assert (ids[real] < len(task.symbols)).all()
    for pair in pairs_of(examples.train)[:50]:
        assert task.read(task.show(pair.source)) == pair.source
    assert len(examples.train.source) == 400


@EVERY
def test_the_seed_decides(task):
    first, again, other = (make_examples(task, seed, 300, 50) for seed in (1, 1, 2))
    assert equal(first.train, again.train)
    assert equal(first.validation, again.validation)
    assert not equal(first.train, other.train)


@EVERY
def test_no_question_is_on_both_sides_whatever_the_seed(task):
    if task.splits:
        pytest.skip("what of it is held is tested beside the task")
    keys = {"train": set(), "validation": set()}
    for seed in (0, 1):
        examples = make_examples(task, seed, 3000, 500)
        keys["train"] |= set(map(task.key, pairs_of(examples.train)))
        keys["validation"] |= set(map(task.key, pairs_of(examples.validation)))
        assert examples.disjoint == (task.name != "grammar")
    assert examples.disjoint == (not keys["train"] & keys["validation"])


def test_all_pairs_come_once_where_there_are_no_more():
    examples = make_examples(Sort(), seed=0, count=50_000, validation=50_000)
    found = pairs_of(examples.train) + pairs_of(examples.validation)
    assert len(found) == len(set(found)) == 729
    assert examples.disjoint
    assert 40 < len(examples.validation.source) < 110
    modular = make_examples(ModularAddition(), seed=0, count=961, validation=961)
    assert len(modular.train.source) + len(modular.validation.source) == 961


def test_fewer_than_all_are_different_ones():
    found = pairs_of(make_examples(Sort(), seed=0, count=300, validation=20).train)
    assert len(found) == len(set(found)) == 300


@pytest.mark.parametrize("task", [Sort(6, 10), TASKS["sort"], TASKS["reverse"], TASKS["dates"]])
def test_fifty_thousand_take_about_a_second(task):
    began = time.perf_counter()
    make_examples(task, seed=0, count=50_000, validation=1000)
    assert time.perf_counter() - began < 4  # 0.8 s on an idle core; this only has to catch what is slow by nature


@dataclass(frozen=True)
class Tiny(Copy):
    """Two questions in all, which it does not list."""

    shortest: int = 1
    longest_source: int = 1
    symbols = ("0", "1")

    def pair(self, rng):
        source = (int(rng.integers(2)),)
        return Pair(source, source)


def test_too_few_different_questions_are_said_to_be():
    examples = make_examples(Tiny(), seed=0, count=50, validation=10)
    assert not examples.disjoint
    assert len(examples.train.source) == 50
    assert len(examples.validation.source) == 10
    assert not make_examples(ModularAddition(1), seed=0, count=5, validation=5).disjoint


@pytest.mark.parametrize(("count", "validation"), [(0, 10), (10, 0), (-1, 1)])
def test_an_empty_part_is_refused(count, validation):
    with pytest.raises(ValueError, match="were asked for"):
        make_examples(Sort(), 0, count, validation)


@settings(max_examples=100, deadline=None)
@given(pairs=PAIRS, seed=st.integers(0, 5), share=st.floats(0.05, 0.95))
def test_own_pairs_are_all_there_and_split_by_their_source(pairs, seed, share):
    examples = own_examples(pairs, eos=11, seed=seed, validation=share)
    train, held = pairs_of(examples.train), pairs_of(examples.validation)
    if examples.disjoint:
        assert sorted(train + held, key=repr) == sorted(pairs, key=repr)
        assert not {pair.source for pair in train} & {pair.source for pair in held}
    else:
        assert sorted(train, key=repr) == sorted(held, key=repr) == sorted(pairs, key=repr)
    assert examples.train.source.shape[1] == examples.validation.source.shape[1] == max(len(p.source) for p in pairs)
    assert examples.train.target.shape[1] == max(len(p.target) for p in pairs)
    assert equal(examples.train, own_examples(pairs, eos=11, seed=seed, validation=share).train)


def test_own_pairs_split_about_as_asked():
    pairs = [Pair((a, b), (a,)) for a in range(100) for b in range(20)]
    examples = own_examples(pairs, eos=200, seed=0, validation=0.2)
    assert examples.disjoint
    assert len(examples.validation.source) == pytest.approx(400, abs=80)


def test_one_own_pair_is_on_both_sides_and_none_is_refused():
    examples = own_examples([Pair((1, 2), (3,))], eos=9, seed=0)
    assert not examples.disjoint
    assert pairs_of(examples.train) == pairs_of(examples.validation) == [Pair((1, 2), (3,))]
    with pytest.raises(DataError, match="no pairs"):
        own_examples([], eos=9, seed=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        own_examples([Pair((1,), (1,))], eos=9, seed=0, validation=1.0)
