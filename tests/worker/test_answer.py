"""What is told of every token of an answer: against the model's own forward pass, for each architecture, and at its limits."""

import math

import numpy as np
import pytest
import torch

from playground.spec.cache_cost import cache_bytes
from playground.spec.check import parse
from playground.training.run import Run
from playground.transformer.cache import KVCache
from playground.views.subject import Subject
from playground.worker.answer import answer
from playground.worker.commands import Ask, AskWays, Step
from playground.worker.ways import asked
from tests.test_questions import STACKS

VERSE = "the cat sat on the mat and the dog sat on the log\n"


def made(tmp_path, architecture, objective="auto"):
    path = tmp_path / "verse.txt"
    path.write_text(VERSE * 100, encoding="utf-8")
    experiment = parse(
        {
            "model": {"d_model": 16, "n_ctx": 24, **STACKS[architecture]},
            "task": {"text": str(path), "tokenizer": {"kind": "characters"}, "objective": objective},
            "training": {"batch": 4},
            "seed": 5,
        }
    )
    run = Run.fresh(experiment, device="cpu")
    return Subject(run.trainer.model.eval(), run.corpus, run.trainer.history, 7, torch.device("cpu"))


@pytest.fixture
def gpt(tmp_path):
    return made(tmp_path, "decoder-only")


def expected(subject, tokens):
    with torch.no_grad():
        return subject.model(torch.tensor([tokens]))[0].softmax(-1)


def test_probability_rank_and_alternatives_are_those_of_the_forward_pass(gpt):
    said = answer(gpt, Ask("the cat", length=10, details=True))
    told = said.told
    assert "".join(each.piece for each in told.said) == said.continuation
    assert [each.piece for each in told.read] == list("the cat")
    assert math.isnan(told.read[0].chance)
    ids = [each.id for each in (*told.read, *told.said)]
    right = expected(gpt, ids)
    for place, each in enumerate((*told.read, *told.said)[1:], start=1):
        chances = right[place - 1]
        assert each.chance == pytest.approx(float(chances[each.id]), abs=1e-5)
        assert each.rank == 1 + int((chances > chances[each.id] + 1e-7).sum())
        assert each.others[0][0] == int(chances.argmax())
        assert each.surprise == pytest.approx(-math.log(each.chance))
    assert told.loss == pytest.approx(np.mean([each.surprise for each in told.read[1:]]))
    assert told.tokens_per_s > 0
    assert answer(gpt, Ask("the cat", length=10)).told is None


def test_the_cache_is_counted_as_it_is(gpt, tmp_path):
    for subject, source in ((gpt, None), (made(tmp_path, "encoder-decoder"), [1, 2, 3, 4, 5])):
        cache = KVCache()
        context = None if source is None else torch.tensor([source])
        with torch.no_grad():
            subject.model(torch.tensor([[1, 2, 3]]), context=context, cache=cache)
        assert cache_bytes(subject.model.spec, 3, 5) == cache.nbytes
    assert answer(gpt, Ask("the cat", length=5, details=True)).told.cache_bytes == cache_bytes(gpt.model.spec, 7 + 4)


def test_a_branch_begins_with_what_was_chosen_and_goes_on_from_there(gpt):
    first = answer(gpt, Ask("the cat", length=8, details=True)).told
    chosen = next(token for token, *_ in first.said[3].others if token != first.said[3].id)
    forced = (*(each.id for each in first.said[:3]), chosen)
    second = answer(gpt, Ask("the cat", length=8, forced=forced, details=True)).told
    assert tuple(each.id for each in second.said[:4]) == forced == second.forced
    assert len(second.said) == 8
    assert [each.chance for each in second.said[:3]] == pytest.approx([each.chance for each in first.said[:3]], abs=1e-5)
    same = next(chance for token, _, chance in first.said[3].others if token == chosen)
    assert second.said[3].chance == pytest.approx(same, abs=1e-5)


def test_one_more_token_at_a_time_is_the_same_as_all_of_them_where_nothing_is_drawn(gpt):
    whole = answer(gpt, Ask("the cat", length=6, temperature=0.0, details=True)).told
    forced = ()
    for length in range(1, 7):
        step = answer(gpt, Ask("the cat", length=length, temperature=0.0, forced=forced, details=True)).told
        forced = tuple(each.id for each in step.said)
        assert len(forced) == length
    assert forced == tuple(each.id for each in whole.said)


def test_a_prompt_longer_than_the_context_is_answered_with_a_sentence(gpt):
    said = answer(gpt, Ask("the cat sat on the mat and the dog", length=40, details=True))
    assert "sees the last 24 of these 34 tokens" in said.note
    assert len(said.told.read) == 24
    assert len(said.told.said) == 40
    assert not any(math.isnan(each.chance) for each in said.told.said)
    forced = tuple(each.id for each in said.told.said[:5])
    again = answer(gpt, Ask("the cat sat on the mat and the dog", length=9, forced=forced, details=True)).told
    assert len(again.said) == 9


def test_empty_unknown_and_chosen_for_another_model(gpt):
    assert "write a word" in answer(gpt, Ask("", details=True)).note
    strange = answer(gpt, Ask("the ☃ cat", details=True))
    assert "☃" in strange.note
    assert strange.told.said
    other = answer(gpt, Ask("the cat", forced=(3, 9999), details=True))
    assert "none of this model" in other.note
    assert other.told.forced == ()


def test_a_searched_answer_is_at_least_as_probable_as_the_greedy_one(gpt):
    found = answer(gpt, Ask("the cat", length=5, beams=6, details=True)).told
    greedy = answer(gpt, Ask("the cat", length=5, temperature=0.0, details=True)).told
    of = [sum(math.log(each.chance) for each in told.said) for told in (found, greedy)]
    assert of[0] >= of[1] - 1e-6
    assert found.searched[0][1] == pytest.approx(of[0], abs=1e-4)
    assert [score for _, score in found.searched] == sorted((score for _, score in found.searched), reverse=True)


def test_several_blanks_with_alternatives_and_one_that_is_chosen(tmp_path):
    bert = made(tmp_path, "encoder-only")
    told = answer(bert, Ask("the c_t s_t", temperature=0.0, details=True)).told
    blanks = [each for each in told.read if each.blank]
    assert len(blanks) == 2
    assert len(told.read) == 11
    assert all(each.others[0][0] == each.id and each.rank == 1 for each in blanks)
    assert not any(math.isnan(each.chance) for each in told.read)
    chosen = blanks[0].others[2][0]
    again = answer(bert, Ask("the c_t s_t", temperature=0.0, forced=(chosen, -1), details=True)).told
    first, second = (each for each in again.read if each.blank)
    assert (first.id, first.rank) == (chosen, 3)
    ids = [each.id for each in again.read]
    hidden = [*ids[:9], bert.corpus.tokenizer.mask, *ids[10:]]
    assert second.chance == pytest.approx(float(expected(bert, hidden)[9, second.id]), abs=1e-5), "knows what was chosen"


def test_blanks_are_drawn_as_tokens_are(tmp_path):
    bert = made(tmp_path, "encoder-only")

    def put(**settings):
        told = answer(bert, Ask("the c_t s_t", details=True, **settings)).told
        return tuple(each.id for each in told.read if each.blank)

    best = put(temperature=0.0)
    assert put(temperature=3.0, top_k=0, seed=1) == put(temperature=3.0, top_k=0, seed=1), "the same seed draws the same"
    assert len({put(temperature=3.0, top_k=0, seed=seed) for seed in range(12)}) > 1
    assert {put(temperature=3.0, top_k=1, seed=seed) for seed in range(4)} == {best}
    assert {put(temperature=3.0, top_p=1e-6, top_k=0, seed=seed) for seed in range(4)} == {best}
    assert put(temperature=0.0, repetition=1000.0)[1] != put(temperature=0.0, repetition=1000.0)[0]


def test_a_target_is_aligned_with_its_source(tmp_path):
    both = made(tmp_path, "encoder-decoder")
    told = answer(both, Ask("the cat", length=6, details=True)).told
    assert told.alignment.shape == (len(told.said), len(told.read))
    assert told.alignment.sum(axis=1) == pytest.approx(np.ones(len(told.said)), abs=1e-4)
    assert not told.alignment.flags.writeable
    assert [each.piece for each in told.read] == list("the cat")
    searched = answer(both, Ask("the cat", length=6, beams=3, details=True)).told
    assert len(searched.searched) == 3


def test_one_question_in_several_ways_is_compared_by_loss_and_answer(gpt):
    command = AskWays(("the cat", "zzz the cat", "the cat"), "", Ask("", length=4, temperature=0.0))
    told = asked(gpt, command)
    assert not told.of_answer
    assert [way.prompt for way in told.ways] == list(command.prompts)
    assert told.ways[0] == told.ways[2]
    assert told.ways[0].answer == answer(gpt, Ask("the cat", length=4, temperature=0.0)).continuation
    assert told.ways[0].loss == pytest.approx(answer(gpt, Ask("the cat", details=True)).told.loss)
    assert "never had" in told.ways[1].note
    ids = gpt.corpus.tokenizer.encode("the cat sat").tolist()
    right = expected(gpt, ids).log()
    loss = -sum(float(right[place - 1, ids[place]]) for place in range(7, 11)) / 4
    wanted = asked(gpt, AskWays(("the cat",), " sat", Ask("")))
    assert wanted.of_answer
    assert wanted.ways[0].loss == pytest.approx(loss, abs=1e-5)


def test_the_ways_are_answered_in_the_engine_until_nobody_asks(ready):
    ready.send(AskWays(("the cat", "Note: the cat"), "", Ask("")))
    ready.wait(lambda: ready.ways)
    assert len(ready.ways[-1].ways) == 2
    ready.send(Step(2))
    ready.wait(lambda: ready.ways[-1].step == 2)
    ready.send(AskWays(), Step(2))
    ready.wait(lambda: ready.status.step == 4)
    ready.idle(0.1)
    assert ready.ways[-1].step < 4
    assert ready.faults() == []
