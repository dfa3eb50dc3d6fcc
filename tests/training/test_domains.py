"""Training on several domains: the loss is what it says, shares change while it trains, and acting is scored by the world."""

import json
import math

import numpy as np
import pytest
import torch

from playground.data.batch import IGNORE, Batch
from playground.data.modalities.ranges import Ranges
from playground.data.tokenizer import Bytes
from playground.data.worlds import WORLDS
from playground.data.worlds.grid import GridPlace
from playground.data.worlds.pictures import NAMES, halves
from playground.spec import edit, toml
from playground.spec.check import parse
from playground.spec.domains import NAMES as DOMAINS
from playground.spec.modalities import Modalities
from playground.training import checkpoint
from playground.training.acting import Player, compared, shown
from playground.training.losses import smoothed, weighted
from playground.training.picturing import captioned, judged, painted
from playground.training.run import Run

NONE = dict.fromkeys(DOMAINS, 0.0)


def experiment(steps=4, **share):
    return parse({
        "model": {"n_ctx": 72, "d_model": 32, "embedding": {"position": {"kind": "none"}, "modalities": {"bins": 32}},
                  "decoder": [{"attention": {"heads": 2, "position": {"kind": "rotary"}}, "mlp": {"d_mlp": 64}}]},
        "task": {"kind": "domains", "tokenizer": {"kind": "bytes"}, "domains": {"share": NONE | share}},
        "training": {"batch": 6, "steps": steps, "validate_every": 2, "validation_windows": 8, "warmup": 1, "lr": 3e-3},
    })  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    monkeypatch.setattr("playground.data.worlds.demonstrations.cache", lambda: tmp_path)
    monkeypatch.setattr("playground.data.worlds.pictures.POOL", 1500)
    for world in WORLDS.values():
        monkeypatch.setattr(world, "demonstrated", 600, raising=False)


def taken(run, count):
    steps = run.trainer.steps()
    return [next(steps) for _ in range(count)]


def test_the_loss_is_the_weighted_mean_of_what_is_asked_for():
    logits = torch.randn(6, 40)
    targets = torch.tensor([[3, IGNORE, 5], [IGNORE, 7, 9]])
    weights = torch.tensor([[0.1, 0.0, 0.2], [0.0, 0.3, 0.4]])
    batch = Batch(torch.zeros(2, 3, dtype=torch.long), targets, weights=weights)
    nats = [-logits.log_softmax(-1)[at, to].item() for at, to in ((0, 3), (2, 5), (4, 7), (5, 9))]
    want = sum(w * n for w, n in zip((0.1, 0.2, 0.3, 0.4), nats, strict=True))
    assert weighted(logits, batch).item() == pytest.approx(want, rel=1e-5)


def test_a_bell_around_the_bin_makes_near_misses_cheaper_and_leaves_other_targets_alone():
    ranges = Ranges(10, Modalities(bins=16, discrete=4))
    targets = torch.tensor([[3, ranges.bins + 8]])
    batch = Batch(torch.zeros(1, 2, dtype=torch.long), targets, weights=torch.tensor([[0.5, 0.5]]))

    def cost(at, spread):
        logits = torch.zeros(2, ranges.vocab)
        logits[1, ranges.bins + at] = 6.0
        return smoothed(logits, batch, ranges, spread).item()

    assert cost(8, 1.5) < cost(9, 1.5) < cost(12, 1.5)
    assert cost(9, 0.0) == pytest.approx(cost(12, 0.0))
    assert cost(8, 0.0) == pytest.approx(weighted(torch.zeros(2, ranges.vocab).index_put(
        (torch.tensor([1]), torch.tensor([ranges.bins + 8])), torch.tensor([6.0])), batch).item())  # fmt: skip
    # a model that says exactly the bell pays its entropy, and no other pays less
    away = (torch.arange(16) - 8).float()
    bell = torch.softmax(-0.5 * (away / 1.5) ** 2, dim=-1)
    logits = torch.full((2, ranges.vocab), -30.0)
    logits[0, 3], logits[1, ranges.bins : ranges.separator] = 30.0, bell.log()
    entropy = -(bell * bell.log()).sum().item()
    assert smoothed(logits, batch, ranges, 1.5).item() == pytest.approx(0.5 * entropy, rel=1e-4)


def test_it_trains_on_all_of_them_and_says_what_each_costs():
    run = Run.fresh(experiment(text=1.0, captions=1.0, paint=1.0, cartpole=1.0, pendulum=1.0, grid=1.0), device="cpu")
    reports = taken(run, 4)
    assert all(math.isfinite(report.loss) for report in reports)
    assert reports[3].loss < reports[0].loss
    assert set(run.trainer.by_domain) == {"text", "captions", "paint", "cartpole", "pendulum", "grid"}
    assert reports[1].validation == pytest.approx(np.mean(list(run.trainer.by_domain.values())), rel=0.5)
    assert run.corpus.name == "6 domains"


def test_shares_change_while_it_trains():
    run = Run.fresh(experiment(grid=1.0), device="cpu")
    taken(run, 1)
    made = edit.replaced(run.experiment, "task.domains.share.cartpole", 3.0)
    run, kind, _ = run.apply(made)
    assert kind == "hot"
    taken(run, 2)
    assert run.trainer.step == 3
    assert set(run.trainer.by_domain) == {"grid", "cartpole"}
    run, kind, _ = run.apply(edit.replaced(made, "task.domains.target", "logged"))
    assert kind == "fresh"
    assert run.trainer.step == 0


def test_parts_of_a_batch_add_up_to_the_whole():
    made = experiment(text=1.0, captions=1.0, pendulum=2.0)
    whole = Run.fresh(edit.replaced(made, "training.precision", "float32"), device="cpu")
    parts = Run.fresh(edit.replaced(whole.experiment, "training.accumulate", 3), device="cpu")
    for one, two in zip(taken(whole, 2), taken(parts, 2), strict=True):
        assert two.loss == pytest.approx(one.loss, rel=1e-4)
        assert two.grad_norm == pytest.approx(one.grad_norm, rel=1e-3)


def test_it_is_saved_and_goes_on_bit_for_bit(tmp_path):
    made = edit.replaced(experiment(grid=1.0, captions=1.0), "training.precision", "float32")
    run = Run.fresh(made, device="cpu")
    taken(run, 2)
    checkpoint.save(tmp_path / "kept", run)
    expected = [report.loss for report in taken(run, 2)]
    again = Run.open(tmp_path / "kept", device="cpu")
    assert again.experiment == run.experiment == toml.loads(toml.dumps(run.experiment))
    assert [report.loss for report in taken(again, 2)] == expected


class Told(torch.nn.Module):
    """Says what the expert would do, read from the last observation of each row."""

    def __init__(self, world, ranges):
        super().__init__()
        self.world, self.ranges, self.rows = world, ranges, []
        self.embed = torch.nn.Embedding(1, 1)
        self.spec = experiment(grid=1.0).model

    def forward(self, tokens, local):
        width = len(self.world.observation)
        self.rows.append((tokens.clone(), local.clone()))
        seen = tokens[:, -1 - width : -1].numpy()
        values = np.stack([self.ranges.decode(kind, seen[:, at]) for at, kind in enumerate(self.world.observation)], axis=1)
        logits = torch.zeros(*tokens.shape, self.ranges.vocab)
        ids = self.ranges.encode(self.world.action, self.world.expert(values))
        logits[torch.arange(len(tokens)), -1, torch.from_numpy(ids)] = 90.0
        return logits


@pytest.mark.parametrize("name", ["cartpole", "mountain", "grid", "taxi"])
def test_a_model_that_says_what_the_expert_says_does_as_well(name):
    world = WORLDS[name]
    ranges = Ranges(256, Modalities(bins=1024))
    seeds = range(600, 604)
    deeds = Player(Told(world, ranges), world, ranges, history=2).play(seeds)
    expert, chance = compared(world, seeds)
    assert deeds.returns.mean() == pytest.approx(expert.returns.mean(), rel=0.02)
    assert deeds.returns.mean() > chance.returns.mean()


def test_what_a_player_sees_is_built_as_in_training():
    world, ranges = WORLDS["grid"], Ranges(256, Modalities(bins=8, discrete=8))
    model = Told(world, ranges)
    Player(model, world, ranges, history=3).play([1], starts=np.array([[0, 0, 4, 0]]))
    tokens, local = model.rows[3]
    first, sep = ranges.discrete, ranges.separator
    right = first + 3
    assert tokens[0].tolist() == [
        first + 1, first, first + 4, first, sep, right, first + 2, first, first + 4, first, sep, right,
        first + 3, first, first + 4, first, sep,
    ]  # fmt: skip
    assert local[0].tolist() == [1, 2, 3, 4, 5, 81, 1, 2, 3, 4, 5, 81, 1, 2, 3, 4, 5]
    assert [rows[0].shape[1] for rows in model.rows] == [5, 11, 17, 17]


def test_every_start_of_the_grid_is_played_to_its_end():
    world, ranges = WORLDS["grid"], Ranges(256, Modalities())
    starts = np.array([[x, y, 2, 2] for x in range(5) for y in range(5) if (x, y) != (2, 2)])
    deeds = Player(Told(world, ranges), world, ranges).play(range(24), starts=starts)
    assert (deeds.returns == 1).all()
    assert deeds.steps.tolist() == [abs(x - 2) + abs(y - 2) for x, y, _, _ in starts.tolist()]
    assert isinstance(world.make(), GridPlace)


def test_a_demonstration_is_one_of_the_task_asked_for():
    world, ranges = WORLDS["goals"], Ranges(256, Modalities(discrete=8))
    for task in range(2):
        tokens = shown(world, ranges, task, 40)
        rows = tokens.reshape(-1, 8) - ranges.discrete
        assert len(tokens) <= 40
        x, y, action = rows[-1][0], rows[-1][1], rows[-1][7]
        after = np.array([x, y]) + ((0, -1), (0, 1), (-1, 0), (1, 0))[action]
        assert after.tolist() == rows[-1][2 + 2 * task : 4 + 2 * task].tolist()


def test_pictures_are_named_and_painted_by_an_untrained_model_too():
    run = Run.fresh(experiment(captions=1.0, paint=1.0), device="cpu")
    tokenizer, model = run.corpus.tokenizer, run.trainer.model.eval()
    _, _, pixels, _ = halves()
    said = captioned(model, tokenizer.ranges, tokenizer.inner, pixels[:3])
    assert len(said) == 3
    assert all("\n" not in name for name in said)
    one, two = (painted(model, tokenizer.ranges, tokenizer.inner, ["two", "seven", "two"], seed=4) for _ in range(2))
    assert np.array_equal(one, two)
    assert one.shape == (3, 64)
    assert 0 <= one.min() <= one.max() <= 15


def test_painting_step_by_step_is_what_one_pass_expects():
    run = Run.fresh(experiment(paint=1.0), device="cpu")
    tokenizer, model = run.corpus.tokenizer, run.trainer.model.eval()
    ranges = tokenizer.ranges
    best = painted(model, ranges, tokenizer.inner, ["six"], temperature=0.0)[0].astype(int)
    rows = torch.tensor([[*b"six", ranges.separator, *(best + ranges.discrete)]])
    local = torch.tensor([[0, 0, 0, *range(1, 66)]])
    with torch.no_grad():
        logits = model(rows[:, :-1], local=local[:, :-1])[0, 3:, ranges.discrete : ranges.discrete + 16]
    top = logits.max(dim=-1).values
    assert (top - logits[torch.arange(64), best] < 1e-4).all()


def test_an_independent_reader_reads_real_digits_and_finds_copies():
    train, names, held, labels = halves()
    gallery = judged(held, labels)
    assert gallery.right > 0.97
    assert gallery.copies == 0
    assert judged(train[:50], names[:50]).copies == 50
    assert len(NAMES) == 10
    assert Bytes().encode(NAMES[7]).tolist() == list(b"seven")


def test_the_command_line_trains_it_and_says_each_domains_loss(capsys, tmp_path):
    from playground.headless import train

    toml.save(tmp_path / "m" / "experiment.toml", experiment(text=1.0, grid=1.0))
    settings = {"text": None, "changes": [], "steps": 2, "device": "cpu", "out": None, "weights_only": False, "resume": False}
    assert train(tmp_path / "m", **settings, as_json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert set(lines[-1]["domains"]) == {"text", "grid"}
    assert lines[-1]["event"] == "done"
    assert set(next(line for line in lines if line["event"] == "validation")["domains"]) == {"text", "grid"}
