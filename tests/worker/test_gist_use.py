"""A gist in use: what is answered from it is what the whole forward pass says, and each way costs what is counted."""

import pytest
import torch

from playground.data.tasks.instructions import ORDERS
from playground.spec import edit
from playground.spec.gist_cost import costs
from playground.training.run import Run
from playground.transformer.gist import compressed
from playground.views.subject import Subject
from playground.worker.commands import Apply, Compress, Step
from playground.worker.gist_use import used
from tests.test_gist import experiment
from tests.test_questions import STACKS


def subject_of(run):
    trainer = run.trainer
    return Subject(trainer.model, run.corpus, trainer.history, trainer.step, trainer.device)


def question(run, row=0):
    source, length, *_ = (column[row] for column in run.corpus.examples.validation)
    return run.corpus.tokenizer.decode(source[: int(length)].tolist())


@pytest.mark.parametrize("architecture", ["decoder-only", "encoder-decoder", "encoder-only"])
def test_answers_are_those_of_the_whole_and_costs_are_counted(architecture):
    assert set(STACKS) >= {architecture}
    run = Run.fresh(experiment("gist", architecture, tokens=2), device="cpu")
    steps = run.trainer.steps()
    for _ in range(3):
        next(steps)
    told = used(subject_of(run), Compress(question(run), ("1 2 3 4", "7 7 0 9"), 4))
    assert told.note == ""
    assert len(told.answers) == 3
    assert told.answers[1][0] == "1 2 3 4"
    assert told.same
    nothing, prompt, gist = told.ways
    assert [way.way for way in told.ways] == ["nothing", "prompt", "gist"]
    assert (nothing.kept, prompt.kept, gist.kept) == (0, 28, 2)
    assert nothing.read == prompt.read + 28 == gist.read + 28
    assert prompt.cache_bytes == 14 * gist.cache_bytes > 0
    right = costs(run.experiment.model, 28, 2, gist.read)
    assert [way.flops for way in told.ways] == [each.flops for each in right.values()]
    assert all(way.seconds > 0 for way in told.ways)


def test_the_gist_says_what_the_masked_forward_pass_says():
    run = Run.fresh(experiment("gist"), device="cpu")
    next(run.trainer.steps())
    tokenizer, model, asked = run.corpus.tokenizer, run.trainer.model.eval(), question(run)
    told = used(subject_of(run), Compress(asked, (), 1))
    row = [*tokenizer.encode(asked).tolist(), tokenizer.bos]
    with torch.no_grad():
        logits = model(torch.tensor([row]))[0, -1]
    logits[tokenizer.gist] = -torch.inf
    assert told.answers[0][1] == tokenizer.decode([int(logits.argmax())]).strip()


def test_what_cannot_be_is_said():
    run = Run.fresh(experiment("gist"), device="cpu")
    subject, asked = subject_of(run), question(run)
    words, _, digits = asked.partition("[gist]")
    assert "no instruction" in used(subject, Compress(f"[gist] {digits}")).note
    assert "no input" in used(subject, Compress(words)).note
    assert used(subject, Compress(words, (digits,))).answers == used(subject, Compress(asked)).answers
    assert "tokens too long for a context of 48" in used(subject, Compress(asked, ("1 2 3 4 " * 20,))).note
    base = Run.fresh(experiment("none"), device="cpu")
    assert "press Gist" in used(subject_of(base), Compress(asked)).note


def test_in_the_engine_it_follows_training_and_a_stage_begins_anew(client):
    base = experiment("none")
    client.send(Apply(base, 1))
    client.applied(1)
    client.send(Compress("write it"), Step(2))
    client.wait(lambda: client.status.step == 2 and client.gists)
    assert "press Gist" in client.gists[-1].note
    client.send(Apply(edit.replaced(client.applied(1).experiment, "model.gist.mask", "gist"), 2, stage=True))
    assert client.applied(2).change == "fresh"
    client.wait(lambda: client.status.step == 0)
    run = client.engine._run
    client.send(Compress(question(run), ("1 2 3 4",)))
    client.wait(lambda: client.gists[-1].answers)
    client.send(Step(1))
    client.wait(lambda: client.gists[-1].step == 1)
    client.send(Apply(base, 3, back=1))  # undo: the base with its steps
    client.wait(lambda: client.status.step == 2)
    assert client.faults() == []


@pytest.mark.parametrize("architecture", ["decoder-only", "encoder-decoder"])
def test_the_map_holds_the_keys_and_values_of_each_gist(architecture):
    spec = experiment("gist", architecture, tokens=2)
    stack = "encoder" if architecture == "encoder-decoder" else "decoder"
    layers = getattr(spec.model, stack)  # of one layer alone no instruction reaches the gist's keys and values
    run = Run.fresh(edit.replaced(spec, f"model.{stack}", (*layers, *layers)), device="cpu")
    model, subject = run.trainer.model.eval(), subject_of(run)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)
    told = used(subject, Compress(" ", (), map=True))
    made = told.map
    assert told.note == ""
    assert made.points.shape == (len(made.said), 2)
    assert not made.points.flags.writeable
    assert set(made.names) <= {*ORDERS, "others"}
    for text, kind in zip(made.said, made.kinds, strict=True):
        assert any(key in text for key in ORDERS[made.names[kind]][1])
    tokenizer = run.corpus.tokenizer
    rows = [[*tokenizer.encode(text).tolist(), tokenizer.gist, tokenizer.gist] for text in made.said]
    vectors = torch.cat([compressed(model, row).vectors() for row in rows])
    right = torch.cdist(vectors, vectors).fill_diagonal_(torch.inf).argmin(1).numpy()
    assert made.alike == pytest.approx((made.kinds[right] == made.kinds).mean(), abs=0.05)
    centred = vectors - vectors.mean(0)
    spread = centred.pow(2).sum()
    assert made.kept == pytest.approx(float((made.points**2).sum() / spread), abs=1e-2)
