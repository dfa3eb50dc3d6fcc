"""Batches: every window is a stretch of the text, targets are one place on, and the generator's state decides."""

import pytest
import torch

from playground.data.batches import Batches, windows

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_a_batch(dtype):
    tokens = torch.arange(100).to(dtype)
    inputs, targets = Batches(tokens, 8, 16, torch.Generator().manual_seed(1), CPU).draw()
    assert inputs.shape == targets.shape == (16, 8)
    assert inputs.dtype == targets.dtype == torch.int64
    assert torch.equal(targets, inputs + 1)
    assert torch.equal(inputs - inputs[:, :1], torch.arange(8).expand(16, 8))


def test_every_place_is_drawn():
    batches = Batches(torch.arange(12), 4, 64, torch.Generator().manual_seed(0), CPU)
    starts = torch.cat([batches.draw()[0][:, 0] for _ in range(10)])
    assert set(starts.tolist()) == set(range(8))


def test_the_smallest_text_has_one_window():
    inputs, targets = Batches(torch.arange(5), 4, 2, torch.Generator(), CPU).draw()
    assert inputs.tolist() == [[0, 1, 2, 3]] * 2
    assert targets.tolist() == [[1, 2, 3, 4]] * 2
    assert windows(torch.arange(5), 4, 1)[1].tolist() == [[1, 2, 3, 4]]


def test_the_state_of_the_generator_can_be_saved():
    batches = Batches(torch.arange(1000), 8, 4, torch.Generator().manual_seed(3), CPU)
    batches.draw()
    state = batches.generator.get_state()
    before = torch.random.get_rng_state()
    expected = [batches.draw()[0] for _ in range(3)]
    batches.generator.set_state(state)
    assert all(torch.equal(batches.draw()[0], inputs) for inputs in expected)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_windows_are_fixed_and_reach_both_ends():
    inputs, targets = windows(torch.arange(10_000).to(torch.int16), 64, 200)
    assert inputs.shape == targets.shape == (200, 64)
    assert torch.equal(targets, inputs + 1)
    assert inputs[0, 0] == 0
    assert targets[-1, -1] == 9_999
    steps = inputs[1:, 0] - inputs[:-1, 0]
    assert steps.max() - steps.min() <= 1
    assert torch.equal(inputs, windows(torch.arange(10_000), 64, 200)[0])


def test_too_short():
    with pytest.raises(ValueError, match="no window"):
        Batches(torch.arange(8), 8, 1, torch.Generator(), CPU)
    with pytest.raises(ValueError, match="no window"):
        windows(torch.arange(8), 8, 1)
