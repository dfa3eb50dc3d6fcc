"""Generated tasks: answers against independent computation, entropies against counting and sampling, texts there and back."""

import subprocess
import sys
from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.data.errors import DataError
from playground.data.tasks import TASKS, Pair
from playground.data.tasks.addition import Addition
from playground.data.tasks.modular import ModularAddition
from playground.data.tasks.repeats import Repeats
from playground.data.tasks.sort import Sort
from playground.data.tasks.task import Stream

EVERY = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def drawn(task, count=300, seed=0):
    rng = np.random.default_rng(seed)
    return [task.pair(rng) for _ in range(count)]


def said(task, pair):
    return task.show(pair.source), task.show(pair.target)


@EVERY
def test_draws_follow_from_the_seed_and_keep_to_what_the_task_says(task):
    pairs = drawn(task)
    assert pairs == drawn(task)
    assert len(set(pairs)) > 5
    assert pairs != drawn(task, seed=1)
    longest_source, longest_target = task.longest()
    for pair in pairs:
        assert all(type(i) is int and 0 <= i < len(task.symbols) for i in (*pair.source, *pair.target))
        assert len(pair.source) <= longest_source
        assert 1 <= len(pair.target) <= longest_target
        assert bool(pair.source) != isinstance(task, Stream)


@EVERY
def test_a_task_tells_people_about_itself(task):
    assert TASKS[task.name] is task
    assert task.title
    assert task.help.endswith(".")
    assert bool(task.cite) == bool(task.url)
    assert task.url.startswith("https://") or not task.url


@EVERY
def test_special_tokens_stand_behind_the_symbols(task):
    size = len(task.symbols)
    assert len(set(task.symbols)) == size
    assert (task.mask, task.bos, task.eos, task.vocab) == (size, size + 1, size + 2, size + 3)
    assert task.names[size:] == ("[mask]", "[bos]", "[eos]")


@EVERY
def test_what_is_shown_can_be_read(task):
    for pair in drawn(task, 100):
        for ids in pair.source, pair.target:
            assert task.read(task.show(ids)) == ids


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_anything_that_a_model_may_say_can_be_shown_and_read(data):
    task = TASKS[data.draw(st.sampled_from(sorted(TASKS)))]
    ids = tuple(data.draw(st.lists(st.integers(0, task.vocab - 1), max_size=70)))
    assert task.read(task.show(ids)) == ids


@EVERY
def test_a_strange_symbol_is_refused_in_words(task):
    with pytest.raises(DataError) as caught:
        task.read("é §")
    assert "é" in caught.value.what
    assert task.title in caught.value.what
    assert task.symbols[0] in caught.value.why
    assert caught.value.remedy


@EVERY
def test_everything_is_each_pair_once_and_drawn_evenly(task):
    everything = task.everything()
    if everything is None:
        assert len(set(map(task.key, drawn(task, 2000)))) > 400
        return
    pairs = list(everything)
    assert len(set(pairs)) == len(pairs)
    counts = Counter(drawn(task, 20 * len(pairs)))
    assert set(counts) <= set(pairs)
    expected = 20.0
    chi = sum((counts[pair] - expected) ** 2 / expected for pair in pairs)
    assert abs(chi - len(pairs)) < 6 * (2 * len(pairs)) ** 0.5


@EVERY
def test_held_out_is_a_share_of_all_inputs_and_the_same_everywhere(task):
    pairs = list(task.everything() or drawn(task, 3000))
    keys = {task.key(pair): pair for pair in pairs}
    share = sum(map(task.held_out, keys.values())) / len(keys)
    assert abs(share - task.held_share) <= 5 * (task.held_share / len(keys)) ** 0.5
    code = (
        "from playground.data.tasks import TASKS, Pair\n"
        f"print([TASKS[{task.name!r}].held_out(Pair(*p)) for p in {[(p.source, p.target) for p in pairs[:20]]}])"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str([task.held_out(pair) for pair in pairs[:20]])


def test_tasks_do_without_torch_and_scikit_learn():
    code = "import sys, playground.data.tasks; print(sorted({'torch', 'sklearn', 'PySide6'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("copy", lambda text: text),
        ("reverse", lambda text: text[::-1]),
        ("sort", lambda text: "".join(sorted(text))),
        ("addition", lambda text: str(eval(text))),
        ("addition-reversed", lambda text: str(eval(text))[::-1]),
        ("modular-addition", lambda text: str(eval(text) % 31)),
        ("parity", lambda text: str(int(text, 2).bit_count() % 2)),
    ],
)
def test_answers_are_right(name, answer):
    for pair in drawn(TASKS[name], 1000):
        source, target = said(TASKS[name], pair)
        assert target == answer(source)
    assert TASKS[name].floor() == TASKS[name].masked_floor() == 0.0


def test_how_many_inputs_there_are():
    sizes = {name: sum(1 for _ in task.everything()) for name, task in TASKS.items() if task.everything()}
    assert {name: sizes[name] for name in ("sort", "addition", "modular-addition", "parity")} == {
        "sort": 729, "addition": 10_000, "modular-addition": 961, "parity": 1024,
    }  # fmt: skip
    assert Sort(12, 10).everything() is None
    assert Addition(3).everything() is None


@pytest.mark.parametrize("task", [Addition(), ModularAddition(53)])
def test_swapped_numbers_stay_on_one_side(task):
    by_numbers = {}
    for pair in task.everything():
        first, second = task.show(pair.source).replace(" ", "").split("+")
        by_numbers.setdefault(frozenset((first, second)), set()).add(task.held_out(pair))
    assert all(len(sides) == 1 for sides in by_numbers.values())
    assert {side for sides in by_numbers.values() for side in sides} == {True, False}


def test_texts_may_have_spaces_between_characters():
    assert TASKS["sort"].read(" 2 1\n0") == (2, 1, 0)


# Repeated sequences


def test_a_sequence_repeats_and_its_parts_say_where():
    task = TASKS["induction"]
    periods = Counter()
    for pair in drawn(task, 2000):
        parts = task.parts(pair)
        first, second = pair.target[parts["first"]], pair.target[parts["second"]]
        assert first + second == pair.target
        assert (first * 5)[len(first) : 24] == second
        periods[len(first)] += 1
    assert set(periods) == set(range(5, 13))
    assert min(periods.values()) > 150


def test_entropy_of_repeats_is_that_of_counting_all():
    class Small(Repeats):
        symbols = ("a", "b", "c")

    task = Small(2, 4)
    chances = Counter()
    for period in (2, 3, 4):
        for number in range(3**period):
            first = tuple(number // 3**place % 3 for place in range(period))
            chances[(first * 8)[:8]] += 1 / 3 / 3**period
    assert task.entropy() == pytest.approx(-sum(chance * log(chance) for chance in chances.values()), rel=1e-12)
    assert task.floor() == pytest.approx(task.entropy() / 9)
    assert task.floor(eos=False) == pytest.approx(task.entropy() / 8)


def test_entropy_of_one_period_is_that_of_its_letters():
    assert Repeats(12, 12).entropy() == pytest.approx(12 * log(24), rel=1e-9)
    with pytest.raises(ValueError, match="does not repeat"):
        TASKS["induction"].parts(Pair((), tuple(range(24))))
