"""What must hold for every transformer that the spec can describe."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.spec.check import SpecError, parse
from playground.spec.model import ModelSpec
from playground.transformer.generate import generate, sample
from playground.transformer.graft import graft
from playground.transformer.model import Transformer, build
from playground.transformer.norm import LayerNorm, RMSNorm
from playground.transformer.taps import LAYER, MODEL, Taps

CONTEXT, VOCAB = 10, 20


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def make(**attention) -> Transformer:
    position = attention.pop("added", "none")
    layer = {"attention": {"heads": 4, **attention}, "mlp": {"d_mlp": 24}}
    data = {"d_model": 16, "n_ctx": CONTEXT, "vocab": VOCAB, "decoder": [layer, layer], "init": {"std": 0.4}}
    data["embedding"] = {"position": {"kind": position}}
    return build(parse({"model": data}).model, 1).eval()


def tokens(batch=2, length=CONTEXT, seed=0) -> torch.Tensor:
    return torch.randint(VOCAB, (batch, length), generator=torch.Generator().manual_seed(seed))


KINDS = [
    {"mask": mask, "kv_heads": groups, "position": {"kind": position}, "added": added}
    for mask in ("causal", "bidirectional")
    for groups in (None, 2, 1)
    for position, added in (("none", "learned"), ("rotary", "none"), ("none", "sinusoidal"))
]


@pytest.mark.parametrize("kind", KINDS)
def test_fused_observed_and_products_agree(kind):
    model, x = make(**kind), tokens()
    taps = Taps(["decoder.0.pattern", "decoder.1.pattern"])
    with torch.no_grad():
        fused = model(x)
        assert (model(x, taps=taps) - fused).abs().max() < 1e-12
        for layer in model.decoder:
            layer.attention._path = lambda q, taps: "products"
        assert (model(x) - fused).abs().max() < 1e-12
    pattern = taps.values["decoder.1.pattern"]  # (batch, heads, query, key)
    assert pattern.shape == (2, 4, CONTEXT, CONTEXT)
    assert torch.allclose(pattern.sum(-1), torch.ones(()))
    if kind["mask"] == "causal":
        assert pattern.triu(1).abs().max() == 0


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind["mask"] == "causal"])
def test_nothing_leaks_from_the_future(kind):
    model, x = make(**kind), tokens()
    with torch.no_grad():
        before = model(x)
        for place in range(1, CONTEXT):
            changed = x.clone()
            changed[:, place] = (changed[:, place] + 1) % VOCAB
            after = model(changed)
            assert torch.equal(after[:, :place], before[:, :place])
            assert not torch.equal(after[:, place:], before[:, place:])


def test_without_positions_an_encoder_does_not_know_the_order():
    model, x = make(mask="bidirectional"), tokens()
    order = torch.randperm(CONTEXT, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        assert (model(x[:, order]) - model(x)[:, order]).abs().max() < 1e-12


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind["mask"] == "causal"])
@pytest.mark.parametrize("pieces", [(1,) * CONTEXT, (4, 3, 3), (9, 1)])
def test_cached_decoding_equals_full_decoding(kind, pieces):
    from playground.transformer.cache import KVCache

    model, x, cache, start, out = make(**kind), tokens(), KVCache(), 0, []
    with torch.no_grad():
        for piece in pieces:
            out.append(model(x[:, start : start + piece], cache=cache))
            start += piece
        assert (torch.cat(out, 1) - model(x)).abs().max() < 1e-12
        with pytest.raises(ValueError, match="do not fit"):
            model(x[:, :1], cache=cache)


def test_grouped_heads_equal_repeated_ones():
    grouped, whole = make(kv_heads=2), make()
    with torch.no_grad():
        for small, large in zip(grouped.decoder, whole.decoder, strict=True):
            for name in ("weight", "bias"):
                q, k, v = getattr(small.attention.qkv, name).split(small.attention.widths)
                rows = [part.view(2, 4, *part.shape[1:]).repeat_interleave(2, 0).flatten(0, 1) for part in (k, v)]
                getattr(large.attention.qkv, name).copy_(torch.cat((q, *rows)))
        state = {name: value for name, value in grouped.state_dict().items() if "qkv" not in name}
        whole.load_state_dict(state, strict=False)
        assert (grouped(tokens()) - whole(tokens())).abs().max() < 1e-12


def test_rotary_scores_see_distances_only():
    from playground.transformer.position import Rotary

    rotary = Rotary(64, 8, 10000.0)
    q, k = torch.randn(2, 1, 1, 5, 8, generator=torch.Generator().manual_seed(0))
    near = rotary(q, 0) @ rotary(k, 0).transpose(-1, -2)
    far = rotary(q, 31) @ rotary(k, 31).transpose(-1, -2)
    assert (near - far).abs().max() < 1e-12


def test_rms_norm_is_layer_norm_without_mean_and_bias():
    x = torch.randn(7, 16, generator=torch.Generator().manual_seed(0))
    x = x - x.mean(-1, keepdim=True)
    assert (RMSNorm(16, 1e-5)(x) - LayerNorm(16, 1e-5, False)(x)).abs().max() < 1e-12
    variance = x.var(-1, unbiased=False, keepdim=True)
    assert (LayerNorm(16, 0.0, True)(x) - x / variance.sqrt()).abs().max() < 1e-12


def test_taps_collect_and_edit_every_point():
    model, x = make(), tokens()
    names = [f"decoder.{i}.{name}" for i in range(2) for name in LAYER] + list(MODEL)
    taps = Taps(names)
    with torch.no_grad():
        plain = model(x, taps=taps)
        assert set(taps.values) == set(names)
        assert torch.equal(taps.values["logits"], plain)
        silent = Taps(edits={f"decoder.0.{name}": torch.zeros_like for name in ("attn_out", "mlp_out")})
        without = model(x, taps=silent)
        first = Taps(["decoder.0.resid_pre", "decoder.1.resid_pre"], silent.edits)
        model(x, taps=first)
    assert not torch.allclose(without, plain)
    assert torch.equal(*first.values.values())


def test_building_is_repeatable_and_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    one, two, other = make(), make(), build(make().spec, 2)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(one.embed.weight, other.embed.weight)


def test_the_first_loss_is_that_of_guessing():
    model = build(ModelSpec(vocab=65), 0)
    x = torch.randint(65, (8, 65), generator=torch.Generator().manual_seed(0))
    loss = torch.nn.functional.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten()).item()
    assert abs(loss / math.log(65) - 1) < 0.05


def test_impossible_models_are_refused_by_the_spec():
    with pytest.raises(SpecError, match="does not divide"):
        Transformer(ModelSpec(d_model=30))


def test_generation_is_greedy_at_zero_seeded_otherwise_and_goes_beyond_the_context():
    model = make()
    greedy = [token for token, _ in generate(model, [1, 2], 6, temperature=0.0)]
    text = [1, 2]
    with torch.no_grad():
        for token in greedy:
            assert int(model(torch.tensor([text]))[0, -1].argmax()) == token
            text.append(token)
    seeded = [[t for t, _ in generate(model, [1], 40, generator=torch.Generator().manual_seed(s))] for s in (4, 4, 5)]
    assert seeded[0] == seeded[1] != seeded[2]
    assert len(seeded[0]) == 40
    with pytest.raises(ValueError, match="prompt"):
        next(generate(model, [], 1))


@given(st.floats(0.1, 5.0))
@settings(max_examples=20, deadline=None)
def test_temperature_is_a_power_of_the_probabilities(temperature):
    logits = torch.tensor([0.3, -1.0, 2.0, 0.5])
    powered = logits.softmax(-1) ** (1 / temperature)
    expected = torch.multinomial(powered / powered.sum(), 50, replacement=True, generator=torch.Generator().manual_seed(1))
    assert torch.allclose((logits / temperature).softmax(-1), powered / powered.sum())
    assert sample(logits, 0.0, 4) == 2
    assert sample(logits, temperature, 1, torch.Generator().manual_seed(0)) == 2
    assert len(expected) == 50


def test_a_graft_keeps_what_fits_and_leaves_the_old_model_alone():
    old = make()
    before = [parameter.clone() for parameter in old.parameters()]
    data = old.spec.model_dump()
    data["decoder"][1]["mlp"]["d_mlp"] = 32
    new, report = graft(old, parse({"model": data}).model, 9)
    added = 8 * (16 + 1 + 16)  # neurons: rows, offsets and columns
    assert report.added == added
    assert report.kept == report.total
    assert torch.equal(new.decoder[0].attention.qkv.weight, old.decoder[0].attention.qkv.weight)
    assert new.decoder[0].attention.qkv.weight is not old.decoder[0].attention.qkv.weight
    assert all(torch.equal(a, b) for a, b in zip(old.parameters(), before, strict=True))
    same, report = graft(old, old.spec, 9)
    assert report.kept == report.total
    assert torch.equal(same(tokens()), old(tokens()))
