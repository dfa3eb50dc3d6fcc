"""The load-balance loss against the formula by hand and against another library, and what it does to training."""

import itertools
import math

import pytest
import torch

from playground.data.batch import IGNORE, Batch
from playground.spec import edit
from playground.training.balance import imbalance, load_loss, routed
from playground.training.run import Run


@pytest.fixture
def mixture(experiment):
    """Four experts in the second layer, two a token; no dropout, in float32."""
    for path, value in (
        ("model.decoder[0].attention.dropout", 0.0),
        ("model.decoder[1].attention.dropout", 0.0),
        ("model.decoder[1].mlp.experts", 4),
        ("training.precision", "float32"),
    ):
        experiment = edit.replaced(experiment, path, value)
    return experiment


def weighing(experiment, balance):
    return edit.replaced(experiment, "model.decoder[1].mlp.balance", balance)


def take(run, count):
    return list(itertools.islice(run.trainer.steps(), count))


def shares(run):
    """Which share of the choices falls on each expert of the second layer, in the first training batch."""
    heard = []
    handle = run.trainer.model.decoder[1].mlp.router.register_forward_hook(lambda module, read, said: heard.append(said))
    with torch.no_grad():
        run.trainer.model(next(iter(run.trainer.batches.fixed(8, 4096))).tokens)
    handle.remove()
    return heard[0].topk(2, dim=-1).indices.flatten().bincount(minlength=4) / heard[0][..., 0].numel() / 2


def test_by_hand():
    scores = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.0, 3.0], [4.0, 1.0, 0.0], [0.5, 0.0, 0.0]])
    chosen = [3 / 4, 0.0, 1 / 4]  # tokens 1, 3 and 4 choose the first expert, token 2 the third
    rows = [[math.exp(x) / sum(map(math.exp, row)) for x in row] for row in scores.tolist()]
    probable = [sum(column) / 4 for column in zip(*rows, strict=True)]
    expected = 3 * sum(f * p for f, p in zip(chosen, probable, strict=True))
    assert load_loss(scores, 1).item() == pytest.approx(expected, rel=1e-6)


def test_it_is_one_where_all_are_even_and_as_many_as_there_are_where_one_does_everything():
    even = 100 * torch.eye(4)
    assert load_loss(even, 1).item() == pytest.approx(1)
    assert load_loss(even[:1].expand(9, 4), 1).item() == pytest.approx(4)
    assert load_loss(torch.randn(50, 4), 4).item() == pytest.approx(1)  # who chooses all cannot choose unevenly


@pytest.mark.parametrize("top_k", [1, 2, 3])
def test_it_is_that_of_mixtral(top_k):
    mixtral = pytest.importorskip("transformers.models.mixtral.modeling_mixtral")
    scores = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))
    theirs = mixtral.load_balancing_loss_func((scores,), 5, top_k)  # which adds the choices up instead of taking their mean
    assert top_k * load_loss(scores, top_k).item() == pytest.approx(theirs.item(), rel=1e-5)


def test_the_reported_loss_is_without_it_and_only_the_gradient_knows(mixture):
    runs = [Run.fresh(weighing(mixture, balance), device="cpu") for balance in (0.0, 1.0)]
    free, held = (take(run, 1)[0] for run in runs)
    assert free.loss == held.loss
    one, other = (run.trainer.gradients() for run in runs)
    assert one["decoder.1.mlp.router.weight"] != other["decoder.1.mlp.router.weight"]
    assert one["decoder.1.mlp.experts.0.up.weight"] == other["decoder.1.mlp.experts.0.up.weight"]
    assert not runs[1].trainer.model.decoder[1].mlp.router._forward_hooks  # nobody listens between two steps


def test_the_gradient_is_that_of_the_sum_of_both_losses(mixture):
    run = Run.fresh(weighing(mixture, 0.5), device="cpu")
    run.trainer._backward()
    made = run.trainer.model.decoder[1].mlp.router.weight.grad.clone()
    run.trainer.model.zero_grad()
    batch = run.trainer.drawn
    with routed(run.trainer.model) as heard:
        logits = run.trainer.model(batch.tokens)
    scores = heard[0][2].flatten(0, 1)
    chosen = torch.zeros_like(scores).scatter(1, scores.topk(2).indices, 0.5).mean(0)
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten())
    (loss + 0.5 * 4 * (chosen * scores.softmax(-1).mean(0)).sum()).backward()
    assert torch.allclose(made, run.trainer.model.decoder[1].mlp.router.weight.grad, atol=1e-7)


def test_parts_of_a_batch_count_by_their_size(mixture):
    """All parts alike: then the mean of their losses is that of the whole."""
    whole = Run.fresh(weighing(mixture, 1.0), device="cpu")
    parts = Run.fresh(edit.replaced(weighing(mixture, 1.0), "training.accumulate", 4), device="cpu")
    for run in (whole, parts):
        row = run.trainer.batches.draw()
        same = Batch(row.tokens[:1].expand(8, -1), row.targets[:1].expand(8, -1))
        run.trainer.batches.draw = lambda same=same: same
        run.trainer._backward()
    one, other = (run.trainer.model.decoder[1].mlp.router.weight.grad for run in (whole, parts))
    assert torch.allclose(one, other, atol=1e-7)


def test_a_router_that_sends_all_to_two_experts_learns_to_spread(mixture):
    spread = {}
    for balance in (0.0, 0.1):
        run = Run.fresh(weighing(mixture, balance), device="cpu")
        with torch.no_grad():  # what two experts have in common with every token
            norm = run.trainer.model.decoder[1].norm2
            norm.bias.fill_(1.0)
            run.trainer.model.decoder[1].mlp.router.weight[:2] += 0.2
        assert shares(run)[2:].sum() < 0.05
        take(run, 40)
        spread[balance] = shares(run)
    assert spread[0.1].min() > 0.1
    assert spread[0.1].min() > 2 * spread[0.0].min()


def test_it_is_a_hot_change(mixture):
    run = Run.fresh(weighing(mixture, 0.0), device="cpu")
    take(run, 1)
    changed, kind, _ = run.apply(weighing(run.experiment, 1.0))
    with routed(changed.trainer.model) as heard:
        changed.trainer.model(torch.zeros(1, 4, dtype=torch.int64))
    assert kind == "hot"
    assert changed.trainer.model is run.trainer.model
    assert [mlp.balance for _, mlp, _ in heard] == [1.0]


def test_padding_does_not_count(mixture):
    mlp = mixture.model.decoder[1].mlp
    scores = torch.randn(2, 4, 4)
    tokens, targets = torch.zeros(2, 4, dtype=torch.int64), torch.tensor([[IGNORE, 1, IGNORE, IGNORE], [IGNORE, 1, 2, 3]])
    real = torch.cat((scores[0, :2], scores[1]))
    lengths = torch.tensor([2, 4])
    for stack, batch in (
        ("decoder", Batch(tokens, targets)),
        ("encoder", Batch(tokens, targets, lengths=lengths)),
        ("encoder", Batch(tokens, targets, context=tokens, context_lengths=lengths)),
    ):
        assert imbalance([(stack, mlp, scores)], batch) == mlp.balance * load_loss(real, 2)
    everything = Batch(tokens, targets)  # blanks may stand anywhere in an encoder's text
    assert imbalance([("encoder", mlp, scores)], everything) == mlp.balance * load_loss(scores.flatten(0, 1), 2)
