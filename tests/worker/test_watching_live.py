"""Pictures and answers from a running engine: fresh at once where they must be, read-only, and within the budget."""

import dataclasses

import numpy as np
import pytest

from playground.spec import edit
from playground.views.attention.frame import AttentionLook
from playground.views.curves.frame import CurvesLook
from playground.views.embeddings.frame import EmbeddingLook
from playground.views.tokens.frame import TokensLook
from playground.worker.commands import Apply, Ask, Pause, Play, Restart, Step, Watch

LOOKS = {"attention": AttentionLook(), "embeddings": EmbeddingLook(), "curves": CurvesLook(), "tokens": TokensLook()}


@pytest.fixture
def watched(ready):
    """All four views and the prompt, at rest at step 0."""
    ready.send(*(Watch(view, look) for view, look in LOOKS.items()), Ask("the cat", length=8))
    ready.wait(lambda: set(ready.frames) == set(LOOKS) and ready.answers)
    return ready


def all_at(client, step):
    return client.wait(lambda: {f.step for f in client.frames.values()} == {step} and client.answers[-1].step == step)


def test_every_view_draws_at_once_while_paused_and_then_rests(watched):
    all_at(watched, 0)
    watched.frame_log.clear()
    watched.idle(0.6)
    assert watched.frame_log == []


def test_frames_cannot_be_written_to(watched):
    for frame in watched.frames.values():
        arrays = []
        for f in dataclasses.fields(frame):
            value = getattr(frame, f.name)
            arrays += [v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, np.ndarray)]
        assert arrays
        assert not any(array.flags.writeable for array in arrays)


def test_step_restart_graft_and_pause_give_fresh_pictures(watched):
    watched.send(Step())
    all_at(watched, 1)
    watched.send(Step(3))
    all_at(watched, 4)
    watched.send(Apply(edit.replaced(watched.experiment, "model.decoder[0].attention.heads", 1), 2))
    watched.wait(lambda: watched.frames["attention"].patterns[0].shape[0] == 1)
    watched.send(Restart())
    all_at(watched, 0)
    watched.send(Play())
    watched.wait(lambda: watched.status.step > 20)
    watched.send(Pause())
    watched.wait(lambda: watched.status.mode == "paused")
    all_at(watched, watched.status.step)


def test_a_new_look_draws_at_once_and_only_its_view(watched):
    watched.frame_log.clear()
    watched.send(Watch("attention", AttentionLook(text="the dog")))
    watched.wait(lambda: watched.frames["attention"].tokens == tuple("the dog"))
    watched.idle(0.2)
    assert [view for view, _ in watched.frame_log] == ["attention"]


def test_a_view_nobody_looks_at_costs_nothing(watched):
    watched.send(Watch("tokens", None))
    watched.frame_log.clear()
    watched.send(Step())
    watched.wait(lambda: watched.frames["curves"].step == 1)
    watched.idle(0.1)
    assert "tokens" not in [view for view, _ in watched.frame_log]


def test_twenty_looks_in_a_row_end_with_the_last(watched):
    watched.send(Play())
    watched.send(*(Watch("tokens", TokensLook(max_tokens=10 + i)) for i in range(20)))
    watched.wait(lambda: len(watched.frames["tokens"].ids) == 29)
    assert not watched.faults()


def test_only_the_newest_picture_waits_to_be_fetched(watched):
    watched.send(Play())
    watched.wait(lambda: watched.status.step > 5)
    watched.frame_log.clear()
    watched.idle(1.0)
    views = [view for view, _ in watched.frame_log]
    assert len(views) == len(set(views)) > 0


def test_watching_everything_stays_within_its_share(watched):
    watched.send(Apply(edit.replaced(watched.experiment, "model.d_model", 64), 2), Play())
    watched.applied(2)
    watched.idle(2.0)
    shares, counts = [], len(watched.frame_log)
    for _ in range(15):
        watched.idle(0.2)
        shares.append(watched.status.watching)
    assert 0 < np.median(shares) < 0.09
    assert len(watched.frame_log) - counts >= 4  # and yet it moves
    assert len({id(answer) for answer in watched.answers}) > 1


def test_answers_follow_the_model_and_are_the_same_for_the_same_model(watched):
    first = watched.answers[-1]
    assert first.prompt == "the cat"
    assert len(first.continuation) == 8
    assert sum(chance for _, chance in first.choices) <= 1.0001
    chances = [chance for _, chance in first.choices]
    assert chances == sorted(chances, reverse=True)
    assert len(chances) == 10
    watched.send(Ask("the dog", length=8))
    watched.wait(lambda: watched.answers[-1].prompt == "the dog")
    watched.send(Ask("the cat", length=8))
    again = watched.wait(lambda: watched.answers[-1].prompt == "the cat" and watched.answers[-1])
    assert again == first
    watched.send(Step(60))
    moved = watched.wait(lambda: watched.answers[-1].step == 60 and watched.answers[-1])
    assert moved.choices != first.choices


def test_an_empty_prompt_ends_the_answers(watched):
    watched.send(Ask(""))
    watched.answers.clear()
    watched.send(Step())
    watched.wait(lambda: watched.frames["curves"].step == 1)
    watched.idle(0.1)
    assert watched.answers == []


def test_characters_the_model_has_never_seen_get_a_note(watched):
    watched.send(Ask("the é cat"))
    answer = watched.wait(lambda: watched.answers[-1].prompt == "the é cat" and watched.answers[-1])
    assert "é" in answer.note
    assert answer.continuation


def test_a_prompt_longer_than_the_context_says_so(watched):
    prompt = "the cat sat on the mat and the dog"
    watched.send(Ask(prompt))
    answer = watched.wait(lambda: watched.answers[-1].prompt == prompt and watched.answers[-1])
    assert "last 16 of these 34" in answer.note


def test_bytes_of_one_character_are_joined(start, tiny, tmp_path):
    path = tmp_path / "greek.txt"
    path.write_text("ψψψψψψψψ" * 400, encoding="utf-8")
    experiment = edit.replaced(edit.replaced(tiny, "task.text", str(path)), "task.tokenizer.kind", "bytes")
    experiment = edit.replaced(experiment, "model.unembedding.tied", False)
    client = start()
    client.send(Apply(experiment, 1), Step(150), Ask("ψψ", length=9, temperature=0.0))
    answer = client.wait(lambda: client.answers and client.answers[-1].step == 150 and client.answers[-1])
    assert answer.continuation == "ψψψψ"
