"""Two runs in turns: the second learns as it would alone, from the same batches, and is watched beside the first."""

import numpy as np
import pytest
import torch

from playground.spec import edit
from playground.training.branching import twin
from playground.training.run import Run
from playground.training.state import state_of, weights_of
from playground.training.trainer import Trainer
from playground.views.attention.frame import AttentionLook
from playground.views.tokens.frame import TokensLook
from playground.worker.commands import Apply, Ask, Compare, Play, Restart, Step, Watch
from playground.worker.comparing import same_batches
from playground.worker.mailbox import Fault


@pytest.fixture
def compared(ready):
    ready.send(Step(8), Compare())
    ready.wait(lambda: ready.status.beside is not None)
    return ready


def losses(client):
    return [report.loss for report in client.reports]


def test_a_twin_goes_on_alike_to_the_bit(tiny):
    run = Run.fresh(tiny, device="cpu")
    steps = run.trainer.steps()
    for _ in range(5):
        next(steps)
    other = twin(run)
    theirs = other.trainer.steps()
    for _ in range(5):
        assert next(steps).loss == next(theirs).loss
    mine, others = weights_of(run.trainer.model), weights_of(other.trainer.model)
    assert all(torch.equal(mine[name], others[name]) for name in mine)
    assert all(torch.equal(value, state_of(other.trainer)[name]) for name, value in state_of(run.trainer).items())
    assert len(other.trainer.history) == len(run.trainer.history) == 10


def test_the_same_model_learns_the_same_beside_the_first(compared):
    compared.send(Step(6))
    compared.wait(lambda: compared.status.step == 14 and compared.status.mode == "paused")
    beside = compared.status.beside
    assert (beside.step, beside.loss) == (14, compared.status.loss)
    assert beside.same
    assert not beside.standing


def test_an_edit_of_the_first_leaves_the_second_as_it_would_have_been_alone(compared, tiny):
    alone = Run.fresh(tiny, device="cpu")
    steps = alone.trainer.steps()
    wanted = [next(steps).loss for _ in range(12)][-1]
    compared.send(Apply(edit.replaced(compared.experiment, "model.decoder[0].attention.heads", 4), 3), Step(4))
    compared.wait(lambda: compared.status.step == 12 and compared.status.mode == "paused")
    beside = compared.status.beside
    assert beside.loss == pytest.approx(wanted, abs=1e-12)
    assert compared.status.loss != beside.loss
    assert beside.same, "the batches are the same, the models are not"


def test_another_experiment_is_put_beside_with_what_it_can_keep(ready):
    other = edit.replaced(ready.experiment, "model.decoder[0].attention.heads", 4)
    ready.send(Step(5), Compare(other), Step(3))
    ready.wait(lambda: ready.status.beside is not None and ready.status.step == 8 and ready.status.mode == "paused")
    assert ready.status.beside.experiment.model.decoder[0].attention.heads == 4
    assert ready.status.beside.step == 8
    assert ready.status.beside.same


def test_other_batches_are_owned_up_to(compared):
    compared.send(Apply(edit.replaced(compared.experiment, "training.batch", 2), 3), Step(1))
    compared.wait(lambda: compared.status.step == 9 and compared.status.mode == "paused")
    assert not compared.status.beside.same


def test_a_recorded_step_stands_still_and_is_what_it_was(ready):
    ready.send(Watch("attention", AttentionLook("the cat sat")), Watch("attention", AttentionLook("the cat sat"), beside=True))
    ready.send(Step(4), Compare(step=2), Step(4))
    ready.wait(lambda: ready.status.step == 8 and ready.status.mode == "paused" and "attention" in ready.beside)
    assert ready.status.beside.step == 2
    assert ready.status.beside.standing
    ready.wait(lambda: ready.frames["attention"].step == 8)
    assert ready.beside["attention"].step == 2
    assert not np.allclose(ready.beside["attention"].patterns[0], ready.frames["attention"].patterns[0])


def test_views_and_answers_come_of_both_while_training(compared):
    compared.send(Watch("tokens", TokensLook("the cat")), Watch("tokens", TokensLook("the dog"), beside=True))
    compared.send(Ask("the ", length=4, temperature=0), Play())
    compared.wait(lambda: "tokens" in compared.beside and compared.answers_beside and compared.status.step > 20)
    assert "".join(compared.beside["tokens"].tokens) == "the dog"
    assert "".join(compared.frames["tokens"].tokens) == "the cat"


def test_starting_again_starts_both_and_ending_ends_it(compared):
    compared.send(Restart(), Step(3))
    compared.wait(lambda: compared.status.step == 3 and compared.status.mode == "paused")
    assert compared.status.beside.step == 3
    assert compared.status.beside.loss == compared.status.loss
    compared.send(Compare(off=True))
    compared.wait(lambda: compared.status.beside is None)


def test_a_failing_second_run_stands_still_and_the_first_goes_on(compared, monkeypatch):
    trainers, steps = [], Trainer.steps

    def failing(self):
        trainers.append(self)
        for report in steps(self):
            if self.step >= 10 and len(trainers) > 1 and self is trainers[-1]:
                raise RuntimeError("broken")
            yield report

    monkeypatch.setattr(Trainer, "steps", failing)
    compared.send(Restart(), Step(14))
    compared.wait(lambda: compared.status.step == 14 and compared.status.mode == "paused")
    assert compared.status.beside.standing
    assert any(isinstance(event, Fault) and "compared" in event.what for event in compared.events)


def test_batches_of_other_texts_are_not_the_same(tiny):
    one, other = Run.fresh(tiny, device="cpu"), Run.fresh(edit.replaced(tiny, "model.n_ctx", 8), device="cpu")
    assert same_batches(one.trainer, twin(one).trainer)
    assert not same_batches(one.trainer, other.trainer)
