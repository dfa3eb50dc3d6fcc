"""Gist caching: answers from the gist's keys and values alone equal the masked forward pass; what each way costs."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from playground.spec.gist_cost import PAPER_LENGTHS, costs, flops, saved, token_bytes
from playground.spec.model import Attention, Position, RelativePosition
from playground.transformer import gist
from playground.transformer.generate import generate
from playground.transformer.model import build
from playground.transformer.taps import Taps
from tests.transformer.test_gist_masks import GIST, model, question, spec

RELATIVE = RelativePosition.model_fields["kind"].annotation.__args__
ADDED = Position.model_fields["kind"].annotation.__args__


def difference(made, prompt, k, rest):
    """The largest difference of the logits behind the gist, of the whole forward pass and of one from the gist alone."""
    whole = question(prompt, k, rest, batch=1).expand(3, -1).clone()
    whole[:, prompt + k :] = torch.randint(GIST, (3, rest), generator=torch.Generator().manual_seed(rest))
    cache = gist.compressed(made, whole[0, : prompt + k].tolist())
    assert cache.nbytes == k * token_bytes(made.spec) * made.embed.weight.element_size() // 4
    told = (
        torch.randint(GIST, (3, 4), generator=torch.Generator().manual_seed(1))
        if made.spec.encoder and made.spec.decoder
        else None
    )
    with torch.no_grad():
        full = made(whole)[:, prompt + k :] if told is None else made(told, context=whole)
        found = [gist.answered(made, cache, whole[:, prompt + k :], told) for _ in range(2)]
    assert torch.equal(*found)  # the cache is as it was
    return (full - found[0]).abs().max().item()


@pytest.mark.parametrize("stacks", ["decoder", "encoder", "both"])
@pytest.mark.parametrize("added", ADDED)
@pytest.mark.parametrize("position", RELATIVE)
def test_it_equals_the_masked_forward_for_every_position_kind(stacks, added, position):
    made = build(spec(stacks=stacks, position=position, added=added), 1).eval()
    for k in (1, 2, 4):
        assert difference(made, 7, k, 5) < 1e-5
    double = made.double()
    for k in (1, 4):
        assert difference(double, 7, k, 5) < 1e-10


@given(st.integers(1, 8), st.sampled_from([1, 2, 4, 8]), st.integers(1, 8), st.sampled_from(["decoder", "encoder", "both"]),
       st.sampled_from(RELATIVE), st.sampled_from([1, 2]), st.sampled_from([None, 4]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_over_lengths_counts_groups_and_windows(prompt, k, rest, stacks, position, kv_heads, window):
    assert difference(model(stacks=stacks, position=position, kv_heads=kv_heads, window=window), prompt, k, rest) < 1e-10


@pytest.mark.parametrize("stacks", ["decoder", "both"])
def test_generation_goes_on_from_a_gist_as_from_the_whole_and_leaves_it_for_the_next(stacks):
    made, row = model(stacks=stacks, position="rotary"), question(7, 2, 3, batch=1)[0].tolist()
    cache = gist.compressed(made, row[:9])
    for seed in (0, 1):
        draw = {"temperature": 1.0, "top_k": 0}
        if stacks == "both":
            whole = generate(made, [1], 6, context=row, generator=torch.Generator().manual_seed(seed), **draw)
            short = generate(made, [1], 6, context=row[9:], held=cache, generator=torch.Generator().manual_seed(seed), **draw)
        else:
            whole = generate(made, row, 6, generator=torch.Generator().manual_seed(seed), **draw)
            short = generate(made, row[9:], 6, held=cache, generator=torch.Generator().manual_seed(seed), **draw)
        assert [token for token, _ in whole] == [token for token, _ in short]


def test_a_full_context_ends_what_goes_on_from_a_cache():
    made, row = model(), question(7, 1, 3, batch=1)[0].tolist()
    cache = gist.compressed(made, row[:8])
    assert len(list(generate(made, row[8:], 50, held=cache))) == made.spec.n_ctx - len(row) + 1


def test_what_cannot_be_compressed_is_said():
    with pytest.raises(ValueError, match="there are none"):
        gist.compressed(model(), [1, 2, 3])
    with pytest.raises(ValueError, match="“positive” does not answer from gist tokens"):
        gist.compressed(model(mask="positive"), [1, GIST])
    with pytest.raises(ValueError, match="do not fit into a context"):
        gist.compressed(model(), [1] * 40 + [GIST])
    cache = gist.read(model(), [1, 2, 3])
    with pytest.raises(ValueError, match="not the last of those kept"):
        cache.cut(1, 2)


@pytest.mark.parametrize("stacks", ["decoder", "both"])
def test_bytes_of_a_cache_are_those_that_are_counted(stacks):
    made = build(spec(stacks=stacks, kv_heads=1), 0)
    row = question(9, 2, 4, batch=1)[0].tolist()
    found = costs(made.spec, 9, 2, 4)
    assert gist.compressed(made, row[:11]).nbytes == found["gist"].cache_bytes
    assert gist.read(made, row[:9]).nbytes == found["prompt"].cache_bytes
    assert found["nothing"].cache_bytes == 0
    assert found["prompt"].cache_bytes - found["gist"].cache_bytes == (9 - 2) * token_bytes(made.spec)


def test_flops_are_those_that_torch_counts_where_nothing_is_hidden():
    made = build(spec(stacks="encoder"), 0).requires_grad_(False)
    for read, kept in ((9, 0), (4, 5)):
        rows = torch.randint(GIST, (1, read + kept))
        cache = gist.read(made, rows[0, :kept].tolist()) if kept else None
        with FlopCounterMode(display=False) as counter:
            made(rows[:, kept:], cache=cache, taps=Taps(["encoder.0.pattern", "encoder.1.pattern"]))  # not in a kernel
        assert counter.get_total_flops() == flops(made.spec, read, kept)


def test_a_gist_saves_most_against_nothing_and_little_against_the_cached_instruction():
    large = spec().model_copy(update={"d_model": 512, "vocab": 1000})
    attention = Attention(heads=8)
    large = large.model_copy(update={"decoder": tuple(layer.model_copy(update={
        "attention": attention, "mlp": layer.mlp.model_copy(update={"d_mlp": 2048})}) for layer in large.decoder)})  # fmt: skip
    prompt, rest = PAPER_LENGTHS
    assert 0.39 < saved(large, prompt, 1, rest) < 0.42
    assert 0.0 < saved(large, prompt, 1, rest, against="prompt") < 0.02
    found = costs(large, prompt, 1, rest)
    assert [(way.read, way.kept) for way in found.values()] == [(69, 0), (42, 27), (42, 1)]


def test_seconds_are_measured_for_each_way():
    found = gist.seconds(model(), question(7, 1, 3, batch=1)[0, :8].tolist(), [1, 2, 3], rounds=3)
    assert list(found) == ["nothing", "prompt", "gist"]
    assert all(0 < each < 1 for each in found.values())
