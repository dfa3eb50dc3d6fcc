"""What each objective makes of a text or of a question: tokens, targets, lengths and prefixes, by hand and at random."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.data.batch import IGNORE
from playground.data.feeds import ExamplesFeed, TextFeed
from playground.data.objectives import Special, answered, following, halves, masked, prefixed

CPU = torch.device("cpu")
MASK, BOS, EOS = 7, 8, 9
SPECIAL = Special(MASK, BOS, EOS)
NO = IGNORE

SOURCE, SOURCE_LENGTHS = torch.tensor([[1, 2, 3], [4, EOS, EOS]]), torch.tensor([3, 1])
TARGET, TARGET_LENGTHS = torch.tensor([[3, EOS], [5, 6]]), torch.tensor([1, 2])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_question_for_an_encoder_decoder():
    made = answered(SOURCE, SOURCE_LENGTHS, TARGET, TARGET_LENGTHS, SPECIAL, "sequence")
    assert made.context.tolist() == SOURCE.tolist()
    assert made.context_lengths.tolist() == [3, 1]
    assert made.tokens.tolist() == [[BOS, 3, EOS], [BOS, 5, 6]]
    assert made.targets.tolist() == [[3, EOS, NO], [5, 6, EOS]]
    assert made.lengths.tolist() == [2, 3]


@pytest.mark.parametrize(("objective", "prefix"), [("next", None), ("prefix", [4, 2])])
def test_a_question_as_one_text(objective, prefix):
    made = answered(SOURCE, SOURCE_LENGTHS, TARGET, TARGET_LENGTHS, SPECIAL, objective)
    assert made.tokens.tolist() == [[1, 2, 3, BOS, 3, EOS], [4, BOS, 5, 6, EOS, EOS]]
    assert made.targets.tolist() == [[NO, NO, NO, 3, EOS, NO], [NO, 5, 6, EOS, NO, NO]]
    assert made.lengths.tolist() == [5, 4]
    assert (made.prefix.tolist() if made.prefix is not None else None) == prefix


def test_a_question_for_an_encoder_is_blanks_to_fill():
    made = answered(SOURCE, SOURCE_LENGTHS, TARGET, TARGET_LENGTHS, SPECIAL, "masked")
    assert made.tokens.tolist() == [[1, 2, 3, BOS, MASK, EOS], [4, BOS, MASK, MASK, EOS, EOS]]
    assert made.targets.tolist() == [[NO, NO, NO, NO, 3, NO], [NO, NO, 5, 6, NO, NO]]
    assert made.lengths.tolist() == [5, 4]


@given(st.integers(1, 6), st.integers(2, 12), st.floats(0.0, 1.0), st.sampled_from(["always", "bert"]), st.integers(0, 99))
def test_masking_hides_what_it_asks_for_and_nothing_else(batch, length, ratio, rule, seed):
    text = torch.randint(MASK, (batch, length), generator=seeded(seed))
    made = masked(text, ratio, rule, MASK, seeded(seed + 1))
    chosen = made.targets != IGNORE
    assert chosen.any(dim=1).all()
    assert torch.equal(made.targets[chosen], text[chosen])
    assert torch.equal(made.tokens[~chosen], text[~chosen])
    if rule == "always":
        assert (made.tokens[chosen] == MASK).all()
    assert (made.tokens <= MASK).all()


def test_padding_is_never_asked_for():
    text, lengths = torch.zeros(50, 6, dtype=torch.int64), torch.arange(50) % 6 + 1
    made = masked(text, 0.0, "always", MASK, seeded(), lengths)
    assert ((made.targets != IGNORE).sum(dim=1) == 1).all()
    assert (made.targets[torch.arange(6) >= lengths[:, None]] == IGNORE).all()


def test_berts_shares():
    text = torch.randint(MASK, (400, 100), generator=seeded())
    made = masked(text, 0.15, "bert", MASK, seeded(1))
    chosen = made.targets != IGNORE
    hidden = (made.tokens[chosen] == MASK).float().mean().item()
    kept = (made.tokens[chosen] == text[chosen]).float().mean().item()
    assert chosen.float().mean().item() == pytest.approx(0.15, abs=0.01)
    assert hidden == pytest.approx(0.8, abs=0.02)
    assert kept == pytest.approx(0.1 + 0.1 / MASK, abs=0.02)  # a random token is the same one now and then


@given(st.integers(1, 5), st.integers(1, 12), st.integers(0, 99))
def test_after_a_prefix_everything_is_asked_for(batch, length, seed):
    text = torch.randint(MASK, (batch, length + 1), generator=seeded(seed))
    made = prefixed(text, seeded(seed))
    assert torch.equal(made.tokens, text[:, :-1])
    for row, prefix in enumerate(made.prefix.tolist()):
        assert 1 <= prefix <= length
        assert made.targets[row].tolist() == [NO] * (prefix - 1) + text[row, prefix:].tolist()


@pytest.mark.parametrize("length", [1, 2, 5, 8])
def test_halves_of_a_text_meet_in_the_middle(length):
    text = torch.arange(length + 1).expand(2, -1)
    made = halves(text, BOS)
    assert torch.equal(torch.cat((made.context, made.targets), dim=1), text)
    assert (made.tokens[:, 0] == BOS).all()
    assert torch.equal(made.tokens[:, 1:], made.targets[:, :-1])


@pytest.mark.parametrize("objective", ["next", "masked", "prefix", "sequence"])
def test_feeds_of_text_repeat_themselves_and_validate_on_the_same(objective):
    text = torch.arange(200) % MASK

    def feed():
        return TextFeed(text, text, 8, 4, seeded(3), CPU, objective=objective, special=SPECIAL)

    one, two = feed(), feed()
    first = [one.draw() for _ in range(3)]
    assert all(torch.equal(a.tokens, two.draw().tokens) for a in first)
    fixed = [torch.cat([part.targets for part in each.fixed(10, 24)]) for each in (one, one, two)]
    assert torch.equal(fixed[0], fixed[1])
    assert torch.equal(fixed[0], fixed[2])
    assert len(fixed[0]) == 10
    if objective == "next":
        plain = following(text[:9][None])
        assert torch.equal(next(one.fixed(10, 24)).targets[0], plain.targets[0])


@pytest.mark.parametrize("objective", ["next", "masked", "prefix", "sequence"])
@pytest.mark.parametrize("causal", [True, False])
def test_feeds_of_examples_are_what_answered_makes_of_their_rows(objective, causal):
    part = (SOURCE, SOURCE_LENGTHS, TARGET, TARGET_LENGTHS)
    feed = ExamplesFeed(part, part, 3, seeded(), CPU, objective=objective, special=SPECIAL, causal=causal)
    whole = answered(*part, SPECIAL, objective)
    (fixed,) = feed.fixed(100, 1000)
    assert torch.equal(fixed.targets, whole.targets)
    assert (fixed.lengths is None) is causal
    drawn = feed.draw()
    rows = {tuple(row) for row in whole.tokens.tolist()}
    assert {tuple(row) for row in drawn.tokens.tolist()} <= rows
    assert [len(each.tokens) for each in feed.fixed(1, 1000)] == [1]


@pytest.mark.parametrize("objective", ["masked", "sequence", "next"])
def test_texts_without_a_question(objective):
    nothing = (torch.zeros(2, 0, dtype=torch.int64), torch.zeros(2, dtype=torch.int64), TARGET, TARGET_LENGTHS)
    made = ExamplesFeed(nothing, nothing, 2, seeded(), CPU, objective=objective, special=SPECIAL, causal=False)
    (fixed,) = made.fixed(2, 1000)
    asked = [[token for token in row if token != NO] for row in fixed.targets.tolist()]
    if objective == "masked":
        assert all(1 <= len(row) <= length for row, length in zip(asked, TARGET_LENGTHS.tolist(), strict=True))
    else:
        assert asked == [[3, EOS], [5, 6, EOS]]
    if objective == "sequence":
        assert fixed.context.tolist() == [[BOS], [BOS]]
