"""Every optimiser against its algorithm written out by hand, which weights it moves, and what changes do to its memory."""

import itertools
import math
from typing import get_args

import pytest
import torch

from playground.spec import edit
from playground.spec.check import parse
from playground.spec.experiment import TrainingSpec
from playground.spec.record import means
from playground.training import checkpoint
from playground.training.muon import Muon, hidden_matrices
from playground.training.optimiser import OPTIMISERS, Optimiser
from playground.training.run import Run
from playground.training.schedule import learning_rate
from playground.training.trainer import Diverged
from playground.transformer.model import build

KINDS = get_args(TrainingSpec.model_fields["optimiser"].annotation)


def set_(experiment, **changes):
    for path, value in changes.items():
        experiment = edit.replaced(experiment, path.replace("__", "."), value)
    return experiment


def take(run, count):
    return list(itertools.islice(run.trainer.steps(), count))


def weights(run):
    return {name: parameter.detach().clone() for name, parameter in run.trainer.model.named_parameters()}


def memory(run):
    state = run.trainer.optimiser.state
    return {name: {k: v.clone() for k, v in state.get(p, {}).items()} for name, p in run.trainer.model.named_parameters()}


def same(one, other):
    return one.keys() == other.keys() and all(
        same(one[name], other[name]) if isinstance(one[name], dict) else torch.equal(one[name], other[name]) for name in one
    )


@pytest.fixture
def plain(experiment):
    """Without dropout, in float32; without biases, since that of the keys has no gradient but rounding."""
    changes = {f"model__decoder[{index}]__attention__{name}": 0 for index in range(2) for name in ("dropout",)}
    biases = {f"model__decoder[{index}]__attention__bias": False for index in range(2)}
    return set_(experiment, **changes, **biases, training__precision="float32", training__muon_lr=0.05)


def orthogonal(matrix):
    """Five Newton-Schulz steps towards the nearest half-orthogonal matrix, as in Jordan et al. 2024, in bfloat16."""
    x = matrix.bfloat16()
    x = x.T if matrix.shape[0] > matrix.shape[1] else x
    x = x / x.norm()
    for _ in range(5):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=-4.7750, alpha=2.0315), x, beta=3.4445)  # rounded once
    return (x.T if matrix.shape[0] > matrix.shape[1] else x).float()


def is_hidden(name):
    return name.startswith("decoder.") and name.endswith(("qkv.weight", "out.weight", "up.weight", "down.weight"))


def moved(kind, settings, t, rate, parameter, gradient, memory_, hidden):
    """A weight after step t (from 1), and what is remembered of it."""
    decay = settings.weight_decay if parameter.dim() >= 2 else 0.0
    if kind == "sgd":
        return parameter - rate * gradient
    if hidden:
        rate *= settings.muon_lr / settings.lr
        mean = memory_.setdefault("mean", torch.zeros_like(parameter))
        mean.copy_(settings.momentum * mean + (1 - settings.momentum) * gradient)
        ahead = settings.momentum * mean + (1 - settings.momentum) * gradient
        parts = [math.sqrt(max(1.0, len(part) / part.shape[1])) * orthogonal(part) for part in ahead.split(hidden)]
        return parameter - rate * (decay * parameter + torch.cat(parts))
    m = memory_.setdefault("m", torch.zeros_like(parameter))
    v = memory_.setdefault("v", torch.zeros_like(parameter))
    m.copy_(settings.beta1 * m + (1 - settings.beta1) * gradient)
    v.copy_(settings.beta2 * v + (1 - settings.beta2) * gradient * gradient)
    m_hat, v_hat = m / (1 - settings.beta1**t), v / (1 - settings.beta2**t)
    return parameter - rate * (m_hat / (v_hat.sqrt() + 1e-8) + (0.0 if kind == "adam" else decay) * parameter)


@pytest.mark.parametrize("on_device", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_it_does_what_its_algorithm_says(plain, kind, on_device):
    run = Run.fresh(set_(plain, training__optimiser=kind, training__clip=0.0), device="cpu")
    run.trainer.checks_on_device = on_device
    settings, model, remembered = run.experiment.training, build(run.experiment.model, run.experiment.seed), {}
    twin = Run.fresh(run.experiment, device="cpu").trainer.batches
    hidden = {id(p): [16, 16, 16] if "qkv" in name else len(p) for name, p in model.named_parameters() if is_hidden(name)}
    hidden = hidden if kind == "muon" else {}
    for t in range(1, 9):
        before = weights(run)  # every step is compared from the same place: Muon's directions are sensitive
        with torch.no_grad():
            for name, p in model.named_parameters():
                p.copy_(before[name])
        take(run, 1)
        batch = twin.draw()
        x, y = batch.tokens, batch.targets
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten()).backward()
        after, rate = weights(run), learning_rate(settings, t - 1)
        for name, p in model.named_parameters():
            expected = moved(kind, settings, t, rate, p.detach(), p.grad, remembered.setdefault(name, {}), hidden.get(id(p)))
            off = (after[name] - expected).norm() / (expected - before[name]).norm()
            # Newton-Schulz blows up what rounding to bfloat16 does to the smallest directions
            assert off < (0.1 if id(p) in hidden else 1e-4), f"{name} in step {t}"


def test_every_optimiser_has_its_row():
    assert tuple(OPTIMISERS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_is_moved_by_one_part_and_only_matrices_decay(plain, kind):
    model = build(plain.model, 0)
    optimiser = Optimiser(model, set_(plain, training__optimiser=kind).training)
    groups = {id(p): group for group in optimiser.param_groups for p in group["params"]}
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(groups) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        decays = kind in ("adamw", "muon") and parameter.dim() >= 2
        assert (groups[id(parameter)].get("weight_decay", 0.0) > 0) == decays, name


def test_muon_moves_the_matrices_of_the_layers_and_nothing_else(plain):
    odd = set_(plain, model__embedding__position__kind="learned", **{"model__decoder[0]__attention__position__kind": "t5"})
    model = build(odd.model, 0)
    optimiser = Optimiser(model, set_(odd, training__optimiser="muon").training)
    moved_ = {id(p) for group in optimiser.param_groups if "momentum" in group for p in group["params"]}
    names = {name for name, parameter in model.named_parameters() if id(parameter) in moved_}
    assert names == {
        f"decoder.{i}.{part}.weight" for i in range(2) for part in ("attention.qkv", "attention.out", "mlp.up", "mlp.down")
    }
    others = {name for name, p in model.named_parameters() if id(p) not in moved_ and p.dim() == 2}
    assert {"embed.weight", "position.weight"} < others
    assert any(name.startswith("decoder.0.attention") for name in others)  # the table of distances


def test_muon_takes_queries_keys_and_values_for_three_matrices():
    layer = {"attention": {"heads": 4, "kv_heads": 2, "d_head": 6, "gate": True}, "mlp": {"d_mlp": 8, "gated": True}}
    both = parse({"model": {"d_model": 16, "encoder": [layer], "decoder": [{**layer, "cross": {"heads": 2, "d_head": 5}}]}})
    model = build(both.model, 0)
    found = hidden_matrices(model)
    rows = {name: list(found[p]) for name, p in model.named_parameters() if p in found}
    own = {
        "attention.qkv": [24, 12, 12],
        "attention.out": [16],
        "attention.gate": [24],
        "mlp.up": [8],
        "mlp.gate": [8],
        "mlp.down": [16],
    }
    cross = {"cross.query": [10], "cross.kv": [10, 10], "cross.out": [16]}
    expected = {f"encoder.0.{name}.weight": value for name, value in own.items()}
    expected |= {f"decoder.0.{name}.weight": value for name, value in (own | cross).items()}
    assert rows == expected


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_all_matrices_of_one_shape_move_as_torch_moves_each(decay):
    layer = {"attention": {"heads": 4, "kv_heads": 2}, "mlp": {"d_mlp": 40, "gated": True}}
    model = build(parse({"model": {"d_model": 16, "decoder": [layer, layer]}}).model, 0)
    found = hidden_matrices(model)
    generator = torch.Generator().manual_seed(3)
    alone = [torch.nn.Parameter(part.clone()) for weight, rows in found.items() for part in weight.detach().split(list(rows))]
    torchs = torch.optim.Muon(alone, lr=0.03, momentum=0.9, weight_decay=decay)
    ours = Muon([{"params": list(found), "rows": list(found.values())}], lr=0.03, momentum=0.9, weight_decay=decay)
    for _ in range(4):
        for weight in found:
            weight.grad = torch.randn(weight.shape, generator=generator)
        parts = [part for weight, rows in found.items() for part in weight.grad.split(list(rows))]
        for parameter, part in zip(alone, parts, strict=True):
            parameter.grad = part.clone()
        torchs.step()
        ours.step()
    moved = [part for weight, rows in found.items() for part in weight.detach().split(list(rows))]
    for mine, theirs in zip(moved, alone, strict=True):
        # Newton-Schulz in bfloat16: two orders of summation differ in the third figure of the step
        torch.testing.assert_close(mine, theirs.detach(), atol=4 * 0.03 * 0.03, rtol=0)
        assert float((mine - theirs.detach()).norm() / theirs.detach().norm()) < 0.02


def test_routers_of_experts_are_no_hidden_matrices():
    layer = {"attention": {"heads": 2}, "mlp": {"d_mlp": 8, "experts": 4, "top_k": 2}}
    model = build(parse({"model": {"d_model": 16, "decoder": [layer]}}).model, 0)
    found = hidden_matrices(model)
    names = {name for name, parameter in model.named_parameters() if parameter in found}
    assert not any("router" in name for name in names)
    assert sum("expert" in name for name in names) == 8


def test_both_rates_of_muon_follow_the_schedule(plain):
    run = Run.fresh(set_(plain, training__optimiser="muon", training__lr=0.01, training__muon_lr=0.04), device="cpu")
    for _ in range(12):
        (report,) = take(run, 1)
        rates = {"momentum" in group: group["lr"] for group in run.trainer.optimiser.param_groups}
        assert rates[False] == report.lr
        assert rates[True] == pytest.approx(4 * report.lr, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns(plain, kind):
    run = Run.fresh(set_(plain, training__optimiser=kind, training__lr=1.0 if kind == "sgd" else 0.01), device="cpu")
    start = run.trainer.validate()
    take(run, 60)
    assert run.trainer.validate() < 0.75 * start


@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_continues_to_the_bit(experiment, tmp_path, kind):
    """10 + save + 10 steps are 20 steps, dropout and validation among them."""
    experiment = set_(experiment, training__precision="float32", training__optimiser=kind)
    whole, half = Run.fresh(experiment, device="cpu"), Run.fresh(experiment, device="cpu")
    expected = [report.loss for report in take(whole, 20)]
    take(half, 10)
    checkpoint.save(tmp_path / "half", half)
    again = Run.open(tmp_path / "half", device="cpu")
    torch.manual_seed(54321)  # whatever else draws random numbers
    assert [report.loss for report in take(again, 10)] == expected[10:]
    assert same(weights(again), weights(whole))
    assert same(memory(again), memory(whole))
    assert any(memory(again).values()) == (kind != "sgd")


@pytest.mark.parametrize("on_device", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_an_update_that_is_not_finite_touches_nothing(plain, kind, on_device):
    run = Run.fresh(set_(plain, training__optimiser=kind), device="cpu")
    run.trainer.checks_on_device = on_device
    take(run, 3)
    before, remembered = weights(run), memory(run)
    hook = run.trainer.model.embed.weight.register_hook(lambda gradient: gradient * math.nan)
    with pytest.raises(Diverged, match="the gradient is no longer a number"):
        take(run, 1)
    hook.remove()
    assert same(weights(run), before)
    assert same(memory(run), remembered)
    assert math.isfinite(take(run, 1)[0].loss)


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(KINDS, 2)))
def test_another_optimiser_is_hot_and_starts_without_memory(plain, old, new):
    run = Run.fresh(set_(plain, training__optimiser=old), device="cpu")
    take(run, 3)
    changed, kind, said = run.apply(set_(run.experiment, training__optimiser=new))
    assert (kind, said) == ("hot", "")
    assert len(changed.trainer.optimiser.state) == 0
    assert take(changed, 1)[0].step == 4
    fresh = {name: values.get("step") for name, values in memory(changed).items()}
    assert all(step is None or step.item() == 1 for step in fresh.values())


def test_betas_momentum_and_decay_stay_hot_and_keep_the_memory(plain):
    run = Run.fresh(set_(plain, training__optimiser="muon"), device="cpu")
    take(run, 3)
    before = memory(run)
    changes = {"training__beta1": 0.5, "training__beta2": 0.6, "training__momentum": 0.7, "training__weight_decay": 0.8}
    changed, kind, _ = run.apply(set_(run.experiment, **changes))
    assert kind == "hot"
    assert same(memory(changed), before)
    for group in changed.trainer.optimiser.param_groups:
        assert group["weight_decay"] == (0.8 if group["decays"] else 0.0)
        assert group.get("momentum", 0.7) == 0.7
        assert group.get("betas", (0.5, 0.6)) == (0.5, 0.6)


@pytest.mark.parametrize("new", KINDS)
@pytest.mark.parametrize("old", KINDS)
def test_a_graft_carries_the_memory_that_the_optimiser_understands(plain, old, new):
    run = Run.fresh(set_(plain, training__optimiser=old), device="cpu")
    take(run, 3)
    changed, kind, _ = run.apply(set_(run.experiment, training__optimiser=new, model__n_ctx=12))
    assert kind == "graft"
    if old == new:
        kept = [name for name, values in memory(run).items() if values and name != "position.weight"]
        assert all(same(memory(changed)[name], memory(run)[name]) for name in kept)
    assert math.isfinite(take(changed, 2)[-1].loss)


def test_a_folder_edited_by_hand_to_another_optimiser_goes_on_with_the_weights(plain, tmp_path):
    run = Run.fresh(plain, device="cpu")
    take(run, 3)
    checkpoint.save(tmp_path / "kept", run)
    file = tmp_path / "kept" / "experiment.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"adamw"', '"muon"'), encoding="utf-8")
    again = Run.open(tmp_path / "kept", device="cpu")
    assert again.experiment.training.optimiser == "muon"
    assert same(weights(again), weights(run))
    assert take(again, 1)[0].step == 4


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("sgd", set()),
        ("adam", {"beta1", "beta2"}),
        ("adamw", {"beta1", "beta2", "weight_decay"}),
        ("muon", {"beta1", "beta2", "weight_decay", "momentum", "muon_lr"}),
    ],
)
def test_an_optimiser_needs_its_own_fields_only(kind, needed):
    training = TrainingSpec(optimiser=kind)
    names = ("beta1", "beta2", "weight_decay", "momentum", "muon_lr")
    assert {name for name in names if means(training, name)} == needed
