"""The loop against one written out by hand, and what hot changes, grafts and other texts do to it."""

import itertools
import math

import pytest
import torch
from torch.nn import functional

from playground.spec import edit
from playground.spec.experiment import TrainingSpec
from playground.training import checkpoint, device, memory
from playground.training.optimiser import Optimiser
from playground.training.run import Run
from playground.training.schedule import learning_rate
from playground.training.trainer import Diverged
from playground.transformer.model import build


def set_(experiment, **changes):
    for path, value in changes.items():
        experiment = edit.replaced(experiment, path.replace("__", "."), value)
    return experiment


@pytest.fixture
def plain(experiment):
    """Without dropout, in float32."""
    for index in range(2):
        experiment = edit.replaced(experiment, f"model.decoder[{index}].attention.dropout", 0.0)
    return edit.replaced(experiment, "training.precision", "float32")


def take(run, count):
    return list(itertools.islice(run.trainer.steps(), count))


def by_hand(run, count):
    """AdamW as in Algorithm 2 of Loshchilov & Hutter, clipping and cosine written out; weights, norms and losses."""
    settings, model = run.experiment.training, build(run.experiment.model, run.experiment.seed)
    generator = torch.Generator().manual_seed(run.experiment.seed)
    data, n_ctx = run.corpus.train.long(), run.experiment.model.n_ctx
    moments = {name: (torch.zeros_like(p), torch.zeros_like(p)) for name, p in model.named_parameters()}
    norms, losses = [], []
    for t in range(1, count + 1):
        starts = torch.randint(len(data) - n_ctx, (settings.batch, 1), generator=generator).flatten().tolist()
        x = torch.stack([data[i : i + n_ctx] for i in starts])
        y = torch.stack([data[i + 1 : i + 1 + n_ctx] for i in starts])
        loss = functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        model.zero_grad()
        loss.backward()
        norm = math.sqrt(sum(p.grad.double().pow(2).sum().item() for p in model.parameters()))
        if t <= settings.warmup:
            rate = settings.lr * t / (settings.warmup + 1)
        else:
            angle = math.pi * (t - 1 - settings.warmup) / (settings.steps - settings.warmup)
            rate = settings.lr_min + 0.5 * (1 + math.cos(angle)) * (settings.lr - settings.lr_min)
        with torch.no_grad():
            for name, p in model.named_parameters():
                m, v = moments[name]
                g = p.grad * min(1.0, settings.clip / (norm + 1e-6))
                m.copy_(settings.beta1 * m + (1 - settings.beta1) * g)
                v.copy_(settings.beta2 * v + (1 - settings.beta2) * g * g)
                decay = settings.weight_decay if p.dim() >= 2 else 0.0
                m_hat, v_hat = m / (1 - settings.beta1**t), v / (1 - settings.beta2**t)
                p.copy_(p - rate * (m_hat / (v_hat.sqrt() + 1e-8) + decay * p))
        norms.append(norm)
        losses.append(loss.item())
    return dict(model.named_parameters()), norms, losses


@pytest.mark.parametrize("on_device", [False, True])
@pytest.mark.parametrize("clip", [0.05, 100.0])
def test_it_does_what_a_loop_written_by_hand_does(plain, clip, on_device):
    # a bias of the keys has no gradient but rounding, which Adam blows up to full steps: both loops do without
    unbiased = {f"model__decoder[{index}]__attention__bias": False for index in range(2)}
    run = Run.fresh(set_(plain, training__clip=clip, **unbiased), device="cpu")
    run.trainer.checks_on_device = on_device
    reports = take(run, 12)  # warm-up and the first part of the cosine
    weights, norms, losses = by_hand(run, 12)
    assert [report.grad_norm for report in reports] == pytest.approx(norms, rel=1e-3)
    assert [report.loss for report in reports] == pytest.approx(losses, rel=1e-5)
    for name, parameter in run.trainer.model.named_parameters():
        assert torch.allclose(parameter, weights[name], atol=1e-4), name


def test_checking_on_the_device_is_the_same_run(plain):
    here, there = Run.fresh(plain, device="cpu"), Run.fresh(plain, device="cpu")
    there.trainer.checks_on_device = True
    assert [report.loss for report in take(here, 10)] == [report.loss for report in take(there, 10)]


@pytest.mark.parametrize("on_device", [False, True])
def test_an_update_that_is_not_finite_touches_nothing(plain, on_device):
    run = Run.fresh(plain, device="cpu")
    run.trainer.checks_on_device = on_device
    take(run, 3)
    model, optimiser = run.trainer.model, run.trainer.optimiser
    hook = model.embed.weight.register_hook(lambda gradient: gradient * math.nan)
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    states = {name: {k: v.clone() for k, v in optimiser.state[p].items()} for name, p in model.named_parameters()}
    with pytest.raises(Diverged, match="the gradient is no longer a number"):
        take(run, 1)
    hook.remove()
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, weights[name])
        assert all(torch.equal(value, states[name][key]) for key, value in optimiser.state[parameter].items())
    assert run.trainer.step == 3
    assert math.isfinite(take(run, 1)[0].loss)  # it can go on


def test_only_matrices_decay(plain):
    run = Run.fresh(plain, device="cpu")
    decaying = {id(p) for group in run.trainer.optimiser.param_groups if group["weight_decay"] for p in group["params"]}
    for name, parameter in run.trainer.model.named_parameters():
        assert (id(parameter) in decaying) == (parameter.dim() >= 2), name
    optimiser = Optimiser(run.trainer.model, plain.training)
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(list(run.trainer.model.parameters()))


def test_resuming_brings_back_the_whole_optimiser(experiment, tmp_path):
    """5 + 5 steps are 10 steps: weights, both moments, step counts, and the next random batch."""
    experiment = edit.replaced(experiment, "training.precision", "float32")
    whole, half = Run.fresh(experiment, device="cpu"), Run.fresh(experiment, device="cpu")
    take(whole, 10)
    take(half, 5)
    checkpoint.save(tmp_path / "half", half)
    again = Run.open(tmp_path / "half", device="cpu")
    torch.manual_seed(12345)  # whatever else draws random numbers
    take(again, 5)
    expected = dict(whole.trainer.model.named_parameters())
    for name, parameter in again.trainer.model.named_parameters():
        assert torch.equal(parameter, expected[name]), name
        memory_, wanted = again.trainer.optimiser.state[parameter], whole.trainer.optimiser.state[expected[name]]
        assert memory_.keys() == wanted.keys()
        assert all(torch.equal(memory_[key], wanted[key]) for key in wanted), name
    assert torch.equal(again.trainer.dropout_state, whole.trainer.dropout_state)
    assert torch.equal(again.trainer.batches.draw().tokens, whole.trainer.batches.draw().tokens)


def test_another_precision_is_used_by_the_next_step(plain):
    run = Run.fresh(plain, device="cpu")
    steps = run.trainer.steps()
    next(steps)
    seen = []
    run.trainer.model.unembed.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    changed, kind, _ = run.apply(edit.replaced(run.experiment, "training.precision", "bfloat16"))
    next(steps)  # the same generator goes on
    assert kind == "hot"
    assert seen == [torch.bfloat16]
    assert changed.trainer.low is True


def test_the_speed_forgets_steps_of_another_batch_size(plain):
    run = Run.fresh(plain, device="cpu")
    take(run, 10)
    assert len(run.trainer._times) == 10
    changed, _, _ = run.apply(edit.replaced(run.experiment, "training.batch", 4))
    take(changed, 2)
    assert len(changed.trainer._times) == 2


def test_a_longer_context_is_a_graft_with_its_optimiser(plain):
    run = Run.fresh(plain, device="cpu")
    take(run, 5)
    longer, kind, _ = run.apply(edit.replaced(run.experiment, "model.n_ctx", 24))
    assert kind == "graft"
    assert longer.trainer.batches.draw().tokens.shape == (8, 24)
    old = run.trainer.optimiser.state[run.trainer.model.decoder[0].mlp.up.weight]
    new = longer.trainer.optimiser.state[longer.trainer.model.decoder[0].mlp.up.weight]
    assert all(torch.equal(old[key], new[key]) for key in ("step", "exp_avg", "exp_avg_sq"))
    before = {key: value.clone() for key, value in old.items()}
    take(longer, 1)
    assert all(torch.equal(old[key], before[key]) for key in before)  # a copy: the old run stays usable
    assert longer.trainer.step == 6


def test_another_text_with_characters_is_a_fresh_start(plain, tmp_path):
    run = Run.fresh(plain, device="cpu")
    take(run, 3)
    checkpoint.save(tmp_path / "kept", run)
    other = tmp_path / "other.txt"
    other.write_text("0123456789 other characters altogether!\n" * 100, encoding="utf-8")
    again = Run.open(tmp_path / "kept", device="cpu", text=str(other))
    assert again.trainer.step == 0
    assert again.experiment.model.vocab == again.corpus.tokenizer.vocab != run.corpus.tokenizer.vocab
    assert again.corpus.tokenizer.decode(again.corpus.tokenizer.encode("90!")) == "90!"
    assert math.isfinite(take(again, 1)[0].loss)


def test_a_rate_after_the_last_step_is_the_lowest():
    training = TrainingSpec(lr=1.0, lr_min=0.1, warmup=10, steps=5)  # a short run of a long recipe
    rates = [learning_rate(training, step) for step in range(20)]
    assert rates[:10] == pytest.approx([(step + 1) / 11 for step in range(10)])
    assert rates[10:] == [0.1] * 10
    warm = TrainingSpec(lr=1.0, warmup=3, schedule="constant")
    assert [learning_rate(warm, step) for step in (0, 2, 3, 10**6)] == [0.25, 0.75, 1.0, 1.0]


def test_a_slow_model_is_measured_once_only(plain, monkeypatch):
    run, passes = Run.fresh(plain, device="cpu"), []
    monkeypatch.setattr(device, "_TRIAL_SECONDS", 0.0)
    monkeypatch.setattr(device, "_faster", {})
    monkeypatch.setattr(device, "_pass", lambda model, tokens, low: passes.append(low) or (0.5 if low else 1.0))
    assert device.bfloat16_is_faster(run.trainer.model, 8, run.device)
    assert passes == [False, True, False, True]  # one to warm up, one to measure
    assert device.bfloat16_is_faster(run.trainer.model, 8, run.device)
    assert len(passes) == 4


def test_keeping_memory_says_whether_it_could(monkeypatch):
    monkeypatch.setattr(memory.platform, "libc_ver", lambda: ("musl", "1.2"))
    assert memory.keep() is False
