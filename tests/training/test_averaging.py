"""The average of the weights, batches in parts and smoothed labels, each against the same written out by hand."""

import itertools

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from playground.data.batch import IGNORE, Batch
from playground.spec import edit
from playground.training import checkpoint
from playground.training.averaging import Average
from playground.training.checkpoint import CheckpointError
from playground.training.run import Run


def set_(experiment, **changes):
    for path, value in changes.items():
        experiment = edit.replaced(experiment, path.replace("__", "."), value)
    return experiment


def take(run, count):
    return list(itertools.islice(run.trainer.steps(), count))


def weights(run):
    return {name: parameter.detach().clone() for name, parameter in run.trainer.model.named_parameters()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def plain(experiment):
    changes = {f"model__decoder[{index}]__attention__dropout": 0.0 for index in range(2)}
    return set_(experiment, **changes, training__precision="float32")


@pytest.fixture
def averaged(experiment):
    return set_(experiment, training__precision="float32", training__average="ema", training__average_decay=0.6)


# -- the average -----------------------------------------------------------------------------------------------------


def test_the_average_is_the_mean_that_its_formula_says(averaged):
    run = Run.fresh(averaged, device="cpu")
    expected = {name: value.double() for name, value in weights(run).items()}
    kept = []
    for n in range(12):
        take(run, 1)
        keep = min(0.6, (1 + n) / (10 + n))
        kept.append(keep)
        expected = {name: keep * value + (1 - keep) * weights(run)[name] for name, value in expected.items()}
    assert kept[0] == 0.1
    assert kept[-1] < 0.6  # still on its way: 12 / 21
    assert all(torch.allclose(run.trainer.average.weights[name].double(), expected[name], atol=1e-6) for name in expected)
    changed, kind, _ = run.apply(set_(run.experiment, training__average_decay=0.25))  # hot
    before = run.trainer.average.weights["norm.bias"].clone()
    take(changed, 1)
    assert kind == "hot"
    assert torch.allclose(changed.trainer.average.weights["norm.bias"], 0.25 * before + 0.75 * weights(run)["norm.bias"])


def test_the_weights_train_as_they_would_without(averaged):
    alone = Run.fresh(set_(averaged, training__average="none"), device="cpu")
    run = Run.fresh(averaged, device="cpu")
    assert [report.loss for report in take(run, 12)] == [report.loss for report in take(alone, 12)]  # one validation
    assert same(weights(run), weights(alone))


def test_validation_is_that_of_the_average_and_leaves_the_weights_as_they_were(averaged):
    run = Run.fresh(averaged, device="cpu")
    reports = take(run, 10)
    before, average = weights(run), {name: value.clone() for name, value in run.trainer.average.weights.items()}
    value = run.trainer.validate()
    assert reports[-1].validation == value
    assert same(weights(run), before)
    assert same(run.trainer.average.weights, average)
    twin = Run.fresh(set_(averaged, training__average="none"), device="cpu")
    checkpoint.fill(twin.trainer.model, average, None)
    assert twin.trainer.validate() == value
    checkpoint.fill(twin.trainer.model, before, None)
    assert twin.trainer.validate() != value


def test_weights_come_back_when_something_breaks_off_in_between(averaged, monkeypatch):
    run = Run.fresh(averaged, device="cpu")
    take(run, 3)
    before = weights(run)

    def broken(*arguments):
        assert not same(weights(run), before)
        raise KeyError("broken off")

    monkeypatch.setattr(run.trainer, "_logits", broken)
    with pytest.raises(KeyError, match="broken off"):
        run.trainer.validate()
    monkeypatch.undo()
    assert same(weights(run), before)
    take(run, 1)  # and the optimiser still moves them
    assert not same(weights(run), before)


def test_a_tied_matrix_is_averaged_once(averaged):
    run = Run.fresh(set_(averaged, model__unembedding__tied=True), device="cpu")
    take(run, 2)
    assert sum(name.endswith("embed.weight") for name in run.trainer.average.weights) == 1
    with run.trainer.average.in_place():
        assert run.trainer.model.unembed.weight is run.trainer.model.embed.weight
        assert torch.equal(run.trainer.model.embed.weight, run.trainer.average.weights["embed.weight"])


@pytest.mark.parametrize("optimiser", ["sgd", "adamw", "muon"])
def test_a_resumed_run_continues_to_the_bit(averaged, tmp_path, optimiser):
    """10 + save + 10 steps are 20 steps: weights, averages and validations, with dropout, batches in parts, smoothing."""
    averaged = set_(averaged, training__optimiser=optimiser, training__accumulate=3, training__label_smoothing=0.1)
    whole, half = Run.fresh(averaged, device="cpu"), Run.fresh(averaged, device="cpu")
    expected = [report.loss for report in take(whole, 20)]
    take(half, 10)
    checkpoint.save(tmp_path / "half", half)
    again = Run.open(tmp_path / "half", device="cpu")
    torch.manual_seed(2468)  # whatever else draws random numbers
    assert [report.loss for report in take(again, 10)] == expected[10:]
    assert same(weights(again), weights(whole))
    assert same(again.trainer.average.weights, whole.trainer.average.weights)
    assert again.trainer.average.steps == whole.trainer.average.steps == 20
    assert again.trainer.history.validation.tolist() == whole.trainer.history.validation.tolist()


@pytest.mark.parametrize(
    ("key", "value"),
    [("norm.bias/average", torch.zeros(3)), ("norm.bias/average", None), ("averaged", torch.zeros(2)),
     ("norm.bias/average", torch.zeros(16, dtype=torch.float64))],
)  # fmt: skip
def test_an_average_that_does_not_fit_is_refused(averaged, tmp_path, key, value):
    run = Run.fresh(averaged, device="cpu")
    take(run, 1)
    checkpoint.save(tmp_path / "kept", run)
    file = tmp_path / "kept" / "state.safetensors"
    state = {name: tensor.clone() for name, tensor in load_file(file).items()}
    assert state.pop(key) is not None
    save_file(state if value is None else {**state, key: value}, file)
    with pytest.raises(CheckpointError, match="cannot be used"):
        Run.open(tmp_path / "kept", device="cpu")


def test_averaging_begins_and_ends_while_it_trains(plain):
    run = Run.fresh(plain, device="cpu")
    take(run, 3)
    began, kind, _ = run.apply(set_(run.experiment, training__average="ema"))
    assert kind == "hot"
    assert same(began.trainer.average.weights, weights(run))
    take(began, 2)
    average = began.trainer.average
    other, _, _ = began.apply(set_(began.experiment, training__optimiser="sgd"))
    assert other.trainer.average is average  # another optimiser forgets its own memory only
    ended, _, _ = other.apply(set_(other.experiment, training__average="none"))
    assert ended.trainer.average is None
    assert take(ended, 1)[0].step == 6


def test_what_is_shared_is_the_average(averaged, tmp_path):
    run = Run.fresh(averaged, device="cpu")
    take(run, 8)
    checkpoint.save_weights(tmp_path / "small", run)
    found = checkpoint.load_weights(tmp_path / "small")
    assert same(found, {name: value.half().float() for name, value in run.trainer.average.weights.items()})


def test_an_average_of_a_linear_walk_lags_by_its_memory():
    """With w = t the average of keep = 0.9 lags 9 steps behind, as a geometric series says."""
    model = torch.nn.Linear(1, 1, bias=False)
    average = Average(model)
    for step in range(400):
        with torch.no_grad():
            model.weight.fill_(float(step))
        average.follow(0.9)
    assert average.weights["weight"].item() == pytest.approx(399 - 9, abs=1e-3)


# -- batches in parts ------------------------------------------------------------------------------------------------


def gradients(run):
    run.trainer._backward()
    found = {name: parameter.grad.clone() for name, parameter in run.trainer.model.named_parameters()}
    run.trainer.optimiser.zero_grad()
    return found


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("parts", [2, 3, 8, 100])
def test_the_gradient_of_the_parts_is_that_of_the_whole(plain, parts, smoothing):
    plain = set_(plain, training__label_smoothing=smoothing)
    whole, apart = Run.fresh(plain, device="cpu"), Run.fresh(set_(plain, training__accumulate=parts), device="cpu")
    calls = []
    apart.trainer.model.register_forward_hook(lambda module, inputs, output: calls.append(len(inputs[0])))
    one, other = gradients(whole), gradients(apart)
    assert len(calls) == min(parts, 8)
    assert sum(calls) == 8
    for name in one:
        assert torch.allclose(one[name], other[name], rtol=1e-4, atol=1e-7), name


def test_parts_with_different_numbers_of_targets_weigh_by_them(plain):
    run = Run.fresh(set_(plain, training__accumulate=2), device="cpu")
    drawn = run.trainer.batches.draw()
    inputs, targets = drawn.tokens, drawn.targets.clone()
    targets[:4, 1:] = IGNORE  # 4 targets in the first part, 64 in the second
    run.trainer.batches.draw = lambda: Batch(inputs, targets)
    loss = run.trainer._backward()
    model = run.trainer.model
    found = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    model.zero_grad()
    expected = functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    for name, parameter in model.named_parameters():
        assert torch.allclose(parameter.grad, found[name], rtol=1e-4, atol=1e-7), name


def test_a_run_in_parts_is_the_same_run(plain):
    whole, apart = Run.fresh(plain, device="cpu"), Run.fresh(plain, device="cpu")
    changed, kind, _ = apart.apply(set_(apart.experiment, training__accumulate=4))
    assert kind == "hot"
    expected = take(whole, 10)
    for one, other in zip(take(changed, 10), expected, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-3)
        assert one.grad_norm == pytest.approx(other.grad_norm, rel=1e-2)
    assert torch.equal(changed.trainer.batches.draw().tokens, whole.trainer.batches.draw().tokens)


# -- smoothed labels -------------------------------------------------------------------------------------------------


def test_smoothing_moves_the_goal_and_the_report_stays_plain(plain):
    sharp, smooth = Run.fresh(plain, device="cpu"), Run.fresh(set_(plain, training__label_smoothing=0.3), device="cpu")
    drawn = Run.fresh(plain, device="cpu").trainer.batches.draw()
    inputs, targets = drawn.tokens, drawn.targets
    model = smooth.trainer.model
    found = gradients(smooth)
    logp = model(inputs).log_softmax(dim=-1)  # (batch, pos, vocab)
    truth = logp.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    model.zero_grad()
    (-(0.7 * truth + 0.3 * logp.mean(dim=-1)).mean()).backward()
    for name, parameter in model.named_parameters():
        assert torch.allclose(parameter.grad, found[name], rtol=1e-4, atol=1e-7), name
    model.zero_grad()
    again = Run.fresh(smooth.experiment, device="cpu")
    assert take(again, 1)[0].loss == take(sharp, 1)[0].loss  # nats per token, as validation counts them
    assert take(again, 1)[0].loss != take(sharp, 1)[0].loss  # but other weights by now
    assert again.trainer.validate() != sharp.trainer.validate()


def test_a_graft_takes_the_averages_of_what_it_keeps_along(plain):
    run = Run.fresh(set_(plain, training__average="ema"), device="cpu")
    take(run, 6)
    layers = run.experiment.model.decoder
    longer = edit.replaced(run.experiment, "model.decoder", [*layers, layers[-1]])
    changed, kind, _ = run.apply(longer)
    assert kind == "graft"
    before, after = run.trainer.average, changed.trainer.average
    assert after.steps == before.steps == 6
    for name, value in before.weights.items():
        assert torch.equal(after.weights[name], value), name
        assert after.weights[name] is not value
