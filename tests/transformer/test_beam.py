"""Beam search against looking at every possible text, on models small enough for that."""

import math
from itertools import product

import pytest
import torch

from playground.spec.model import Attention, CrossAttention, Layer, Mlp, ModelSpec
from playground.transformer.beam import beam_search
from playground.transformer.generate import generate
from playground.transformer.model import build

VOCAB, STOP = 5, 4


def small(both=False, seed=3):
    layer = Layer(attention=Attention(heads=2), mlp=Mlp(d_mlp=16))
    stacks = {"decoder": (layer, layer)}
    if both:
        layer = Layer(attention=Attention(heads=2, mask="bidirectional"), mlp=Mlp(d_mlp=16))
        stacks = {
            "encoder": (layer,),
            "decoder": (Layer(attention=Attention(heads=2), cross=CrossAttention(heads=2), mlp=Mlp(d_mlp=16)),),
        }
    made = build(ModelSpec(d_model=16, n_ctx=8, vocab=VOCAB, **stacks), seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(6.0)  # far from alike, or every search finds the same
    return made.eval()


def log_probability(model, begun, said, context):
    with torch.no_grad():
        source = None if context is None else torch.tensor([context])
        logits = model(torch.tensor([[*begun, *said]]), context=source)[0].double().log_softmax(-1)
    return sum(float(logits[len(begun) - 1 + at, token]) for at, token in enumerate(said))


def every_answer(length):
    """All that can be said in at most so many tokens: ended by the stop, or as long as may be."""
    for size in range(1, length + 1):
        for said in product(range(VOCAB), repeat=size):
            if STOP not in said[:-1] and (said[-1] == STOP or size == length):
                yield said


@pytest.mark.parametrize("both", [False, True])
def test_a_wide_beam_finds_what_looking_at_all_texts_finds(both):
    model, context = small(both), [1, 2, 3] if both else None
    truth = sorted(((log_probability(model, [0, 1], said, context), said) for said in every_answer(3)), reverse=True)
    found = beam_search(model, [0, 1], 3, 200, context=context, stop=STOP)
    assert len(found) == len(truth)
    assert [each.tokens for each in found[:20]] == [said for _, said in truth[:20]]
    for each, (right, _) in zip(found, truth, strict=True):
        assert each.log_probability == pytest.approx(right, abs=1e-4)


def test_a_wider_beam_is_never_worse_here_and_one_is_greedy():
    for seed in range(6):
        model = small(seed=seed)
        best = max(log_probability(model, [0], said, None) for said in every_answer(4))
        found = [beam_search(model, [0], 4, width, stop=STOP)[0].log_probability for width in (1, 3, 400)]
        greedy = [token for token, _ in generate(model, [0], 4, temperature=0.0, stop=STOP)]
        assert list(beam_search(model, [0], 4, 1, stop=STOP)[0].tokens) == greedy
        assert found[2] == pytest.approx(best, abs=1e-4)
        assert all(each <= found[2] + 1e-6 for each in found)


def test_the_length_penalty_prefers_the_mean_and_a_full_context_ends_an_answer():
    model = small()
    for penalty in (0.0, 1.0):
        found = beam_search(model, [0], 4, 400, stop=STOP, penalty=penalty)
        assert [each.score(penalty) for each in found] == sorted((each.score(penalty) for each in found), reverse=True)
    assert beam_search(model, [0], 4, 400, penalty=1.0)[0].score(1.0) >= math.log(1 / VOCAB)
    assert all(len(each.tokens) <= 3 for each in beam_search(model, [0] * 6, 50, 2))


def test_nothing_to_begin_with_is_said():
    with pytest.raises(ValueError, match="a token to begin with"):
        beam_search(small(), [], 3, 2)
    with pytest.raises(ValueError, match="width"):
        beam_search(small(), [0], 3, 0)
