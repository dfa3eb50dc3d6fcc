"""Instructions in words: their length and wordings, what the splits hold apart, the best guess, and gist tokens behind them."""

from itertools import product

import numpy as np
import pytest
import torch

from playground.data.examples import gisted, make_examples
from playground.data.objectives import Special, dropped
from playground.data.special import Marked
from playground.data.symbols import Symbols
from playground.data.tasks import Pair, phrases
from playground.data.tasks.instructions import DIGITS, MAPS, ORDERS, Instructions, answer

TASK = Instructions()


def drawn(split, count=3000):
    rng = np.random.default_rng(1)
    return [TASK.of_split(split, rng) for _ in range(count)]


def read(pair):
    """The combination that a sentence asks for, found by its keys alone."""
    words = TASK.show(pair.source[: pair.prompt])
    one = [name for name, (_, keys) in ORDERS.items() if any(key in words for key in keys)]
    other = [name for name, (_, keys) in MAPS.items() if any(key in words for key in keys)]
    return one, other


@pytest.mark.parametrize("split", TASK.splits)
def test_every_sentence_has_26_known_words_says_one_thing_and_is_answered(split):
    combinations = set()
    for pair in drawn(split):
        assert (pair.prompt, len(pair.source), len(pair.target)) == (26, 26 + DIGITS, DIGITS)
        orders, maps = read(pair)
        assert len(orders) == len(maps) == 1
        combinations.add((orders[0], maps[0]))
        assert pair.target == answer(orders[0], maps[0], pair.source[26:])
    held = set(TASK.held)
    assert combinations == (held if split == "unseen_combination" else set(product(ORDERS, MAPS)) - held)


def test_one_map_of_every_order_and_one_order_of_every_map_is_held():
    assert sorted(order for order, _ in TASK.held) == sorted(ORDERS)
    assert sorted(kind for _, kind in TASK.held) == sorted(MAPS)


def test_unseen_phrasings_share_no_clause_with_what_is_read_in_training_but_all_words():
    told = {pair.source[:26] for split in ("seen", "unseen_combination") for pair in drawn(split)}
    unseen = {pair.source[:26] for pair in drawn("unseen_phrasing")}
    ends = {(row[:6], row[20:]) for row in told}
    clauses = {clause for row in told for clause in (row[6:13], row[13:20])}
    assert len(told) > 5900  # hardly any sentence comes twice
    assert len(unseen) > 2500
    for row in unseen:
        assert row[6:13] not in clauses
        assert row[13:20] not in clauses
        assert row[:6] not in {one for one, _ in ends}
        assert row[20:] not in {other for _, other in ends}
    assert {word for row in unseen for word in row} <= {word for row in told for word in row}


def test_the_numbers_of_wordings():
    around = phrases.around(True), phrases.around(False)
    assert [(len(each.told), len(each.held)) for each in around] == [(60, 12), (38, 10)]
    for at, (_, keys) in enumerate(ORDERS.values()):
        made = phrases.clauses(phrases.ORDER_FRAMES, keys, at)
        assert (len(made.told), len(made.held)) == (60, 12)


def test_answers_by_hand():
    assert answer("keep", "same", (1, 2, 3, 4)) == (1, 2, 3, 4)
    assert answer("left", "complement", (1, 2, 3, 4)) == (7, 6, 5, 8)
    assert answer("right", "previous", (0, 2, 3, 0)) == (9, 9, 1, 2)
    assert answer("pairs", "double", (1, 2, 6, 4)) == (4, 2, 8, 2)
    assert answer("halves", "triple", (1, 2, 3, 4)) == (9, 2, 3, 6)
    assert answer("last", "five", (1, 2, 3, 9)) == (4, 4, 4, 4)


def test_the_best_guess_is_what_no_rule_beats():
    guess = TASK.best_guess()
    rng = np.random.default_rng(5)
    inputs = [tuple(rng.integers(10, size=4).tolist()) for _ in range(4000)]
    always = np.mean(
        [answer("keep", "same", each) == answer(*TASK.told[int(rng.integers(len(TASK.told)))], each) for each in inputs]
    )
    assert 1 / len(TASK.told) < always < guess < 0.2


def test_the_seed_draws_and_validation_takes_turns():
    one, again = (make_examples(TASK, 4, 50, 30) for _ in range(2))
    assert torch.equal(one.train.source, again.train.source)
    assert one.splits == TASK.splits
    held = [tuple(row[:26].tolist()) for row in one.validation.source]
    combined = {tuple(read(Pair(row, (), 26))[side][0] for side in (0, 1)) for row in held[2::3]}
    assert combined <= set(TASK.held)


@pytest.mark.parametrize("k", [1, 4])
def test_gist_tokens_stand_behind_the_instruction_and_are_read_and_shown_by_name(k):
    marked = Marked(Symbols(TASK), gist=True)
    assert (marked.vocab, marked.gist) == (TASK.vocab + 1, TASK.vocab)
    examples = make_examples(TASK, 0, 20, 20, (marked.gist,) * k)
    row = examples.train.source[0].tolist()
    assert row[26 : 26 + k] == [marked.gist] * k
    assert len(row) == 26 + k + DIGITS
    text = marked.decode(row)
    assert text.count("[gist]") == k
    assert marked.encode(text).tolist() == row
    assert marked.unknown(text) == ""
    assert Marked(Symbols(TASK)).encode("1 [gist] 2").tolist() == [1, 2]


def test_a_question_without_an_instruction_gets_no_gist():
    assert gisted(Pair((1, 2), (3,)), (9,)) == Pair((1, 2), (3,))
    assert gisted(Pair((1, 2), (3,), 1), (9, 9)) == Pair((1, 9, 9, 2), (3,), 1)


def test_words_are_dropped_inside_the_instruction_alone():
    source = torch.full((2000, 10), 5)
    source[:, 6] = 99
    source[0, 6] = 5  # this one has none
    found = dropped(source, 0.25, Special(7, 8, 9, 99), torch.Generator().manual_seed(0))
    assert torch.equal(found[:, 6:], source[:, 6:])
    assert (found[0] == 5).all()
    assert abs((found[1:, :6] == 7).float().mean().item() - 0.25) < 0.02
