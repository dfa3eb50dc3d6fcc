"""What is recorded of a run, what it may take, and that nothing of it is lost to a bit."""

import itertools

import pytest
import torch

from playground.data.errors import Cancelled
from playground.spec import edit
from playground.training import shelf as shelves
from playground.training.branching import NotRecorded, branch
from playground.training.recording import DENSE, STRIDE, Recording, kept
from playground.training.run import Run
from playground.training.shelf import Shelf, tidy


def silent(job, share):
    pass


def never():
    return False


def begun(experiment, **recording):
    """A run that is recorded, at step 0; its stride stays as it is, however slow the machine is."""
    run = Run.fresh(experiment, device="cpu")
    run.recording.share = float("inf")
    for name, value in recording.items():
        setattr(run.recording, name, value)
    run.recording.begin(run.trainer, run.corpus)
    return run


def train(run, count):
    """Take steps, recorded; the weights after each."""
    seen = {}
    for _ in itertools.islice(run.trainer.steps(), count):
        run.recording.follow(run.trainer, run.corpus)
        seen[run.trainer.step] = weights(run)
    return seen


def weights(run):
    return {name: value.detach().clone() for name, value in run.trainer.model.named_parameters()}


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_schedule_holds_the_early_and_the_young_and_forgets_for_good():
    held = set()
    for now in range(6000):
        held = {step for step in held | {now} if kept(step, now, STRIDE, DENSE)}
        if now in (300, 5000):
            assert held >= {2**power for power in range(13) if 2**power <= now} | {0}
            assert held >= set(range(now // STRIDE * STRIDE, now - 200, -STRIDE)), "the young are as dense as the stride"
            assert held == {step for step in range(now + 1) if kept(step, now, STRIDE, DENSE)}, "nothing is wanted back"
    ordered = sorted(held)
    gaps = [later - earlier for earlier, later in itertools.pairwise(ordered) if earlier >= 64]
    assert 60 < len(ordered) < 130
    assert all(gap <= max(STRIDE, (6000 - at) // 8) for at, gap in zip([o for o in ordered if o >= 64], gaps, strict=False))


def test_recorded_weights_are_those_of_their_step_to_the_bit(experiment):
    run = begun(experiment)
    start = weights(run)
    seen = {0: start} | train(run, 100)
    assert run.recording.steps()[:6] == (0, 1, 2, 4, 8, 16)
    assert run.recording.steps()[-1] == 96
    for step in run.recording.steps():
        assert equal(run.recording.nearest(step).weights.tensors(), seen[step])


@pytest.mark.parametrize("average", ["none", "ema"])
def test_a_branch_is_the_original_continuation_to_the_bit(experiment, average):
    """From a whole state, and from one whose steps have to be taken again; a hot change between is taken again too."""
    experiment = edit.replaced(experiment, "training.average", average)
    run = begun(experiment)
    train(run, 82)
    run, kind, _ = run.apply(edit.replaced(run.experiment, "training.lr", 0.003))
    assert kind == "hot"
    seen = train(run, 60)
    losses = dict(zip(run.trainer.history.steps.tolist(), run.trainer.history.loss.tolist(), strict=True))
    for step in (64, 88, 104, 136):
        made, said = branch(run, step, silent, never)
        assert "anew" not in said
        assert "rounding" not in said
        assert (made.trainer.step, len(made.trainer.history)) == (step, step)
        assert made.recording.steps()[-1] == step
        if step == 64:  # there the change was still to come
            assert made.experiment.training.lr == experiment.training.lr
            train(made, 18)
            made = made.apply(run.experiment)[0]
        goes_on = train(made, 142 - made.trainer.step)
        assert equal(goes_on[142], seen[142])
        found = dict(zip(made.trainer.history.steps.tolist(), made.trainer.history.loss.tolist(), strict=True))
        assert found == losses
        if average != "none":
            assert equal(made.trainer.average.weights, run.trainer.average.weights)
    assert equal(weights(run), seen[142]), "a branch leaves the run as it is"


def test_a_branch_across_a_graft_has_the_earlier_architecture(experiment):
    run = begun(experiment)
    before = train(run, 40)
    grafted = run.apply(edit.replaced(run.experiment, "model.decoder[1].attention.heads", 4))[0]
    grafted.recording.begin(grafted.trainer, grafted.corpus, "heads 2 → 4")
    train(grafted, 40)
    assert grafted.recording.marks() == ((40, "heads 2 → 4"),)
    made, _ = branch(grafted, 32, silent, never)
    assert made.experiment == run.experiment
    assert equal(train(made, 8)[40], before[40])
    after = branch(grafted, 48, silent, never)[0]
    assert after.experiment == grafted.experiment


def test_what_broke_off_between_is_not_taken_again(experiment):
    """A step that failed has drawn a batch: training does not lead there from before, so a new whole state is kept."""
    run = begun(experiment)
    train(run, 70)
    run.trainer.batches.draw()
    run.recording.begin(run.trainer, run.corpus)
    seen = train(run, 20)
    made, said = branch(run, 88, silent, never)
    assert "anew" not in said
    assert equal(train(made, 2)[90], seen[90])


def test_a_precision_that_was_measured_is_not_measured_again(experiment):
    run = begun(edit.replaced(experiment, "training.precision", "auto"))
    seen = train(run, 20)
    run.trainer.low = not run.trainer.low
    assert branch(run, 16, silent, never)[0].trainer.low is run.trainer.low
    run.trainer.low = not run.trainer.low
    assert equal(train(branch(run, 16, silent, never)[0], 4)[20], seen[20])


def test_nothing_recorded_and_given_up(experiment):
    run = Run.fresh(experiment, device="cpu")
    with pytest.raises(NotRecorded, match="Nothing of this run"):
        branch(run, 3, silent, never)
    run = begun(experiment)
    train(run, 40)
    with pytest.raises(Cancelled):
        branch(run, 40, silent, lambda: True)


def test_the_budget_makes_the_schedule_thinner_and_keeps_first_and_newest(experiment):
    run = begun(experiment)
    one = run.recording.nearest(0).weights.bytes
    run.recording.shelf.memory, run.recording.shelf.disk = 40 * one, 0
    train(run, 600)
    assert run.recording.dense < DENSE
    assert run.recording.shelf.taken()[0] <= 40 * one
    assert run.recording.steps()[0] == 0
    assert run.recording.steps()[-1] == 600
    made, _ = branch(run, 600, silent, never)
    assert equal(weights(made), weights(run))


def test_where_memory_does_not_do_the_oldest_lie_on_disk(experiment, tmp_path):
    run = begun(experiment, shelf=Shelf(folder=tmp_path / "recorded"))
    run.recording.shelf.memory = 12 * run.recording.nearest(0).weights.bytes
    seen = train(run, 200)
    memory, disk = run.recording.shelf.taken()
    assert memory <= run.recording.shelf.memory
    assert disk > 0
    assert run.recording.nearest(1).weights.on_disk
    for step in run.recording.steps()[1:]:
        assert equal(run.recording.nearest(step).weights.tensors(), seen[step])
    files = len(list((tmp_path / "recorded").iterdir()))
    assert equal(train(branch(run, 64, silent, never)[0], 1)[65], seen[65])
    run.recording.snapshots.clear()
    assert len(list((tmp_path / "recorded").iterdir())) < files


def test_a_full_disk_makes_it_thinner_and_training_goes_on(experiment, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelves, "save_file", full)
    run = begun(experiment, shelf=Shelf(folder=tmp_path / "recorded"))
    run.recording.shelf.memory = 12 * run.recording.nearest(0).weights.bytes
    train(run, 200)
    assert run.recording.shelf.fault.errno == 28
    assert run.recording.shelf.taken()[0] <= run.recording.shelf.memory
    assert run.recording.steps()[0] == 0
    assert run.recording.steps()[-1] == 200


def test_a_model_too_large_is_not_recorded(experiment):
    run = Run.fresh(experiment, device="cpu")
    run.recording.shelf = Shelf(memory=1000, disk=1000)
    run.recording.begin(run.trainer, run.corpus)
    assert run.recording.off
    assert run.recording.steps() == ()
    train(run, 3)


def test_what_forks_share_counts_once_and_the_one_that_was_left_gives_way(experiment):
    run = begun(experiment)
    train(run, 100)
    alone = run.recording.shelf.taken()
    fork = run.recording.fork(100)
    assert run.recording.shelf.taken() == alone
    other = Run(run.experiment, run.corpus, run.trainer, "", fork)
    run.recording.shelf.memory, run.recording.shelf.disk = alone[0] + run.recording.nearest(0).weights.bytes, 0
    train(other, 30)
    assert set(run.recording.steps()) < set(range(101)), "the one at work keeps more than the one that was left"
    assert fork.dense < DENSE or len(run.recording.steps()) <= len(fork.steps())


def test_recording_that_costs_too_much_takes_longer_strides(experiment):
    run = begun(experiment, share=0.0)
    train(run, 64)
    assert run.recording.stride > STRIDE
    assert Recording().stride == STRIDE


def test_files_of_processes_that_are_no_more_are_removed(tmp_path):
    import os

    for name in ("4194399-1", f"{os.getpid()}-2", "notes"):
        (tmp_path / name).mkdir()
    tidy(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{os.getpid()}-2", "notes"}
