"""Sequences of several modalities: positions restart, only text and actions are asked for, and no window mixes episodes."""

import numpy as np
import pytest
import torch

from playground.data.batch import IGNORE
from playground.data.modalities.stream import Part, joined, text_stream, timesteps
from playground.data.modalities.windows import Shelf


def control(lengths=(5, 4, 9), tasks=None, places=8):
    """Episodes of steps [observation, observation, separator 90, action]; an id tells episode and step."""
    episode = np.repeat(np.arange(len(lengths)), lengths)
    steps = np.concatenate([np.arange(length) for length in lengths])
    observed = np.stack((episode * 10 + steps, steps), axis=1)
    action = (50 + steps)[:, None]
    return timesteps(
        [Part(observed), Part(np.full((len(steps), 1), 90)), Part(action, action + 1, "action")], episode, places,
        tasks=None if tasks is None else np.array(tasks),
    )  # fmt: skip


def test_the_loss_mask_is_that_of_a_sequence_written_by_hand():
    stream = control((2, 1))
    assert stream.ids.tolist() == [0, 0, 90, 50, 1, 1, 90, 51, 10, 0, 90, 50]
    assert stream.targets.tolist() == [IGNORE, IGNORE, IGNORE, 51, IGNORE, IGNORE, IGNORE, 52, IGNORE, IGNORE, IGNORE, 51]
    assert stream.local.tolist() == [1, 2, 3, 9, 1, 2, 3, 9, 1, 2, 3, 9]
    assert stream.episodes.tolist() == [[0, 8], [8, 12]]
    row = Shelf(stream, 11, padding=99).spread(1)
    # what is read, and the action that is asked for at the separator before it; the executed one stands in the sequence
    assert row.tokens[0].tolist() == [0, 0, 90, 50, 1, 1, 90, 51, 10, 0, 90]
    assert row.targets[0].tolist() == [IGNORE, IGNORE, 51, IGNORE, IGNORE, IGNORE, 52, IGNORE, IGNORE, IGNORE, 51]
    assert row.segments[0].tolist() == [0] * 8 + [1] * 3


def test_text_is_asked_for_everywhere_and_a_caption_only_after_its_picture():
    text = Shelf(text_stream(np.arange(20), 6), 5, 99).spread(2)
    assert text.targets.tolist() == [[1, 2, 3, 4, 5], [15, 16, 17, 18, 19]]
    assert text.local.unique().tolist() == [0]
    letters = np.array([[7, 8]])
    patches = Part(np.full((1, 2), 99), patches=np.array([[0, 1]]))
    two = timesteps([patches, Part(letters, letters, "none")], np.array([0]), 8)
    row = Shelf(joined([two, two]), 7, 99).spread(1)
    assert row.tokens[0].tolist() == [99, 99, 7, 8, 99, 99, 7]
    assert row.patches[0].tolist() == [0, 1, -1, -1, 0, 1, -1]
    assert row.targets[0].tolist() == [IGNORE, 7, 8, IGNORE, IGNORE, 7, 8]  # the next picture is no answer to a caption
    assert row.segments[0].tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert row.local.unique().tolist() == [0]


def test_positions_restart_in_every_timestep_and_do_not_run_out_unnoticed():
    stream = control((30,))
    assert stream.local.reshape(-1, 4).tolist() == [[1, 2, 3, 9]] * 30
    with pytest.raises(ValueError, match="more than the 2 local positions"):
        control((3,), places=2)


def test_windows_never_mix_two_episodes():
    shelf = Shelf(control((5, 4, 9)), 24, 99)
    rows = shelf.draw(400, torch.Generator().manual_seed(0), prompted=0.5)
    ends_in_padding = (rows.tokens == 99).any(dim=1)
    assert ends_in_padding.any()
    for tokens, segments, targets in zip(rows.tokens, rows.segments, rows.targets, strict=True):
        for segment in segments.unique().tolist():
            if segment < 0:
                continue
            observed = tokens[(segments == segment)]
            firsts = observed[observed < 50].tolist()[::2]
            # consecutive steps of one episode, behind a prompt of another at the most
            jumps = [b - a for a, b in zip(firsts, firsts[1:], strict=False) if b - a != 1]
            assert len(jumps) <= 1
        asked = targets != IGNORE
        assert (tokens[asked] == 90).all()  # an answer is only asked for where the separator stands


def test_a_quarter_of_the_sequences_has_a_prompt_and_half_of_those_the_end_of_an_episode():
    lengths = (40, 41)
    shelf = Shelf(control(lengths, tasks=(0, 0)), 31, 99)
    rows = shelf.draw(4000, torch.Generator().manual_seed(1), prompted=0.25)
    # half a row is four steps; where the fifth does not follow from the fourth, the four are a prompt
    fourth, fifth = rows.tokens[:, 13], rows.tokens[:, 17]
    other = rows.tokens[:, 12] // 10 != rows.tokens[:, 16] // 10
    prompted = (fifth != fourth + 1) & (rows.segments[:, 13] == rows.segments[:, 17]) & (rows.tokens[:, 16] != 99)
    share = prompted.float().mean().item()
    assert share == pytest.approx(0.25, abs=0.03)
    at_end = ((fourth == 39) | (fourth == 40))[prompted].float().mean().item()
    assert at_end == pytest.approx(0.5 + 0.5 / 37, abs=0.06)
    assert other.any()


def test_a_prompt_is_of_the_same_task_and_another_episode():
    shelf = Shelf(control((20,) * 8, tasks=(0, 1) * 4), 39, 99)
    rows = shelf.draw(500, torch.Generator().manual_seed(2), prompted=1.0)
    kept = rows.segments[:, 20] >= 0
    # the first observation is episode * 10 + step, the second the step
    prompt = (rows.tokens[:, 0] - rows.tokens[:, 1]) // 10
    own = (rows.tokens[:, 20] - rows.tokens[:, 21]) // 10
    assert ((prompt - own)[kept] % 2 == 0).all()
    assert (prompt != own)[kept].all()


def test_the_same_generator_gives_the_same_windows():
    shelf = Shelf(control(), 12, 99)
    one, two = (shelf.draw(9, torch.Generator().manual_seed(5), prompted=0.5) for _ in range(2))
    assert torch.equal(one.tokens, two.tokens)
    assert torch.equal(one.targets, two.targets)
