"""Generated tasks: answers against independent computation, entropies against counting and sampling, texts there and back."""

import re
import subprocess
import sys
import time
from collections import Counter
from datetime import date, datetime
from itertools import pairwise, product
from math import log

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.data.errors import DataError
from playground.data.objectives import masked
from playground.data.tasks import TASKS, Pair
from playground.data.tasks.addition import Addition
from playground.data.tasks.brackets import Brackets
from playground.data.tasks.dates import written
from playground.data.tasks.grammar import RULES, Grammar, _weight
from playground.data.tasks.markov import MarkovChain
from playground.data.tasks.modular import ModularAddition
from playground.data.tasks.numbers import NumberWords, spelled
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


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sort(6, 11),
        lambda: Brackets(4, 5),
        lambda: MarkovChain(27),
        lambda: MarkovChain(1),
        lambda: NumberWords(7),
        lambda: Repeats(6, 5),
    ],
)
def test_settings_beyond_the_alphabet_are_refused(make):
    with pytest.raises(ValueError, match="digits|brackets|letters|spelled|periods"):
        make()


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


# Questions in words


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(1998, 5, 3), date(2000, 2, 29), date(2023, 11, 22), date(2099, 12, 31)])
def test_dates_are_what_other_readers_make_of_them(day):
    formats = ["%d %B %Y", "%B %d, %Y", None, "%a, %d %b %Y", "%d-%b-%Y", "%d.%m.%Y", "%d.%m.%Y", "%Y %b %d"]
    for form, layout in enumerate(formats):
        text = written(day, form)
        if layout is None:
            text, layout = re.sub(r"^(\d+)(st|nd|rd|th) of", r"\1", text), "%d %B %Y"
        assert datetime.strptime(text, layout).date() == day
        assert TASKS["dates"].show(TASKS["dates"].read(written(day, form))) == written(day, form)
    assert [written(date(2001, 1, n), 2).split()[0] for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30, 31)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th", "31st",
    ]  # fmt: skip


def test_dates_are_drawn_in_all_forms_of_all_years_and_held_out_by_the_day():
    task = TASKS["dates"]
    sides, years, longest = {}, set(), 0
    for pair in drawn(task, 20_000):
        source, target = said(task, pair)
        day = date.fromisoformat(target)
        assert source in {written(day, form) for form in range(8)}
        years.add(day.year)
        longest = max(longest, len(source))
        sides.setdefault(day, set()).add(task.held_out(pair))
    assert years == set(range(1900, 2100))
    assert longest <= task.longest()[0]
    assert all(len(side) == 1 for side in sides.values())


def test_every_symbol_of_a_date_is_in_the_alphabet_and_none_too_many():
    start = date(2023, 1, 1).toordinal()
    used = {letter for day in range(start, start + 365) for form in range(8) for letter in written(date.fromordinal(day), form)}
    assert used | {"-"} == set(TASKS["dates"].symbols)


def value(words):
    """The number that words spell, computed the other way round."""
    total = part = 0
    small = {word: number for number in range(20) for word in spelled(number)}
    tens = {spelled(number)[0]: number for number in range(20, 100, 10)}
    for word in words:
        if word == "thousand":
            total, part = part * 1000, 0
        elif word == "hundred":
            part *= 100
        else:
            part += (small | tens | {"and": 0})[word]
    return total + part


def test_number_words_spell_their_number():
    for number in [*range(2200), *range(9_990, 1_000_000, 977), 100_000, 999_999]:
        assert value(spelled(number)) == number
    assert " ".join(spelled(342)) == "three hundred and forty two"
    assert " ".join(spelled(120_007)) == "one hundred and twenty thousand and seven"
    lengths = Counter()
    for pair in drawn(TASKS["number-words"], 3000):
        source, target = said(TASKS["number-words"], pair)
        assert source == " ".join(spelled(int(target)))
        lengths[len(target)] += 1
    assert set(lengths) == set(range(1, 7))
    assert max(len(spelled(number)) for number in range(777_000, 778_000)) == TASKS["number-words"].longest()[0]


def test_number_words_are_read_as_people_write_them():
    task = TASKS["number-words"]
    assert task.show(task.read("Three hundred and forty-two")) == "three hundred and forty two"
    assert task.show(task.read("342")) == "342"
    with pytest.raises(DataError, match="million"):
        task.read("one million")


def test_two_numbers_have_the_sum_and_no_others_do():
    task = TASKS["two-sum"]
    places = Counter()
    for pair in drawn(task, 2000):
        source, target = said(task, pair)
        numbers, total = ([int(number) for number in side.split()] for side in source.split("?"))
        assert len(set(numbers)) == len(numbers) == 5
        fitting = [(a, b) for i, a in enumerate(numbers) for b in numbers[i + 1 :] if a + b == total[0]]
        assert fitting == [tuple(map(int, target.split()))]
        places[tuple(numbers.index(int(number)) for number in target.split())] += 1
    assert len(places) == 10
    assert min(places.values()) > 120


def test_temporal_order_is_that_of_the_two_signs():
    classes = {"XX": "Q", "XY": "R", "YX": "S", "YY": "U"}
    counts, places = Counter(), Counter()
    for pair in drawn(TASKS["temporal-order"], 4000):
        source, target = said(TASKS["temporal-order"], pair)
        assert target == classes[re.sub("[abcd]", "", source)]
        assert 20 <= len(source) <= 30
        counts[target] += 1
        places.update(place for place, letter in enumerate(source) if letter in "XY")
    assert min(counts.values()) > 850
    assert set(places) == set(range(30))


# Streams


def test_copy_memory_comes_back_after_the_blank():
    task = TASKS["copy-memory"]
    for pair in drawn(task, 50):
        parts = {name: task.show(pair.target[part]) for name, part in task.parts(pair).items()}
        assert parts["symbols"] == parts["recall"]
        assert set(parts["symbols"]) <= set("abcdefgh")
        assert parts["blank"] == "_" * 30 + "!"
        assert "".join(parts.values()) == task.show(pair.target)
    assert task.floor(eos=False) * 47 == pytest.approx(8 * log(8))


def balanced(text):
    while True:
        shorter = text.replace("()", "").replace("[]", "").replace("{}", "").replace("<>", "")
        if shorter == text:
            return not text
        text = shorter


def test_brackets_are_balanced_and_all_equally_likely():
    for pair in drawn(TASKS["brackets"], 500):
        text = TASKS["brackets"].show(pair.target)
        assert len(text) == 24
        assert balanced(text)
    small = Brackets(3, 2)
    every = [text for text in map("".join, product("()[]", repeat=6)) if balanced(text)]
    assert small.entropy() == pytest.approx(log(len(every)), rel=1e-12)
    counts = Counter(small.show(pair.target) for pair in drawn(small, 50 * len(every)))
    assert set(counts) == set(every)
    assert sum((counts[text] - 50) ** 2 / 50 for text in every) < len(every) + 6 * (2 * len(every)) ** 0.5


def by_hand(chances, ratio):
    """`masked_floor` from a table of all sequences, as slowly as it is defined."""
    nats = hidden = 0.0
    for length in {len(sequence) for sequence in chances}:
        these = {sequence: chance for sequence, chance in chances.items() if len(sequence) == length}
        for pattern in product((False, True), repeat=length):
            count = sum(pattern)
            single = (count == 1) / length
            if ratio is None:
                weight = single
            else:
                weight = (count > 0) * ratio**count * (1 - ratio) ** (length - count) + single * (1 - ratio) ** length
            for place in [place for place in range(length) if pattern[place]]:
                joint, context = Counter(), Counter()
                for sequence, chance in these.items():
                    seen = tuple(None if gone else symbol for gone, symbol in zip(pattern, sequence, strict=True))
                    joint[seen, sequence[place]] += chance
                    context[seen] += chance
                nats -= weight * sum(chance * log(chance / context[seen]) for (seen, _), chance in joint.items())
                hidden += weight * sum(these.values())
    return nats / hidden


@pytest.mark.parametrize("ratio", [None, 0.15, 0.5, 1.0])
def test_entropies_of_a_markov_chain_are_those_of_counting_all(ratio):
    task = MarkovChain(3, 5, chain=4)
    chances = {}
    for sequence in product(range(3), repeat=5):
        chance = task.stationary[sequence[0]]
        for before, after in pairwise(sequence):
            chance *= task.transitions[before, after]
        chances[sequence] = float(chance)
    assert sum(chances.values()) == pytest.approx(1)
    assert task.entropy() == pytest.approx(-sum(chance * log(chance) for chance in chances.values()), rel=1e-10)
    assert task.masked_floor(ratio) == pytest.approx(by_hand(chances, ratio), rel=1e-10)


def test_a_markov_chain_is_stationary_and_drawn_as_it_says():
    task = TASKS["markov"]
    assert task.stationary @ task.transitions == pytest.approx(task.stationary, abs=1e-12)
    assert task.floor() * 25 == pytest.approx(task.entropy())
    assert task.entropy() > 24 * task.rate()
    sequences = np.array([pair.target for pair in drawn(task, 4000)])
    shares = np.bincount(sequences[:, 0], minlength=12) / len(sequences)
    assert np.abs(shares - task.stationary).max() < 0.03
    surprise = -np.log(task.stationary[sequences[:, 0]])
    surprise = surprise - np.log(task.transitions[sequences[:, :-1], sequences[:, 1:]]).sum(axis=1)
    assert surprise.mean() == pytest.approx(task.entropy(), abs=5 * surprise.std() / len(sequences) ** 0.5)
    assert task.masked_floor() < task.masked_floor(0.15) < task.floor(eos=False)


def test_the_chain_is_the_same_for_ever():
    """Shipped weights have learned this one."""
    assert MarkovChain().transitions[0, :3] == pytest.approx([0.2242042732, 0.1455388084, 0.0137968121], abs=1e-9)
    assert not np.allclose(MarkovChain(chain=1).transitions, MarkovChain().transitions)


def test_the_grammar_is_drawn_as_it_says():
    task = TASKS["grammar"]
    chances = task.sentences
    assert sum(chances.values()) == pytest.approx(1)
    assert all(sum(rules.values()) == pytest.approx(1) for rules in RULES.values())
    pairs = drawn(task, 20_000)
    surprise = np.array([-log(chances[pair.target]) for pair in pairs])
    assert surprise.mean() == pytest.approx(task.entropy(), abs=5 * surprise.std() / len(pairs) ** 0.5)
    assert np.mean([len(pair.target) for pair in pairs]) == pytest.approx(task.mean_length(), abs=0.03)
    assert not any(map(task.held_out, pairs))
    subjects = {re.search("dogs?|cats?|birds?|child(ren)?", task.show(pair.target))[0] for pair in pairs}
    assert len(subjects) == 8


def test_entropy_of_the_grammar_is_the_sum_over_its_rules():
    """Booth & Thompson: no sentence can be derived in two ways, so what its rules cost adds up."""

    def nats(name):
        rules = RULES.get(name, {})
        return sum(chance * (-log(chance) + sum(map(nats, body.split()))) for body, chance in rules.items())

    assert TASKS["grammar"].entropy() == pytest.approx(nats("sentence"), rel=1e-10)


def test_the_end_of_a_sentence_is_certain():
    """No sentence goes on where another ends, so the end adds nothing to the entropy."""
    sentences = set(TASKS["grammar"].sentences)
    assert not any(sentence[:end] in sentences for sentence in sentences for end in range(1, len(sentence)))


@pytest.mark.parametrize("ratio", [None, 0.15, 0.6])
def test_masked_floor_of_a_grammar_is_that_of_counting_all(ratio, monkeypatch):
    monkeypatch.setitem(RULES, "adj", {"small": 0.7, "old": 0.3})
    for name in ("noun1", "noun2", "does", "do"):
        monkeypatch.setitem(RULES, name, dict(zip(list(RULES[name])[:2], (0.8, 0.2), strict=True)))
    task = Grammar()
    assert len(task.sentences) == 2 * 12 * 2 * 24
    assert task.masked_floor(ratio) == pytest.approx(by_hand(task.sentences, ratio), rel=1e-9)


def test_masked_floor_of_the_grammar_needs_no_patience():
    began = time.perf_counter()
    floor = TASKS["grammar"].masked_floor(0.15)
    assert time.perf_counter() - began < 5
    assert 1.1 < TASKS["grammar"].masked_floor() < floor < 1.3


def test_floors_hide_as_the_objective_does():
    hidden = masked(
        torch.zeros(40_000, 4, dtype=torch.long), 0.15, "always", 1, torch.Generator().manual_seed(0)
    ).tokens.tolist()
    counts = Counter(map(tuple, hidden))
    for pattern in product((0, 1), repeat=4):
        expected = _weight(sum(pattern), 4, 0.15)
        assert counts[pattern] / 40_000 == pytest.approx(expected, abs=5 * (expected / 40_000) ** 0.5)
