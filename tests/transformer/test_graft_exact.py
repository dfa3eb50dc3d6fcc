"""Which grafts leave the logits as they were, to the last digits, and that what they add can learn."""

import pytest
import torch

from playground.spec import edit
from playground.spec.check import parse
from playground.spec.grafting.carry import Fill
from playground.transformer.graft import graft, remembered
from playground.transformer.model import build
from playground.transformer.taps import Taps
from tests.transformer.test_options import inputs


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def experiment(norm="rms", attention=None, layer=None, **changes):
    """Three layers whose norms have no epsilon, so that a wider stream can be exact."""
    placed = {"kind": norm, "eps": 0.0}
    made = {"norm": placed, "attention": {"heads": 4, "kv_heads": 2, "d_head": 6} | (attention or {}), "mlp": {"d_mlp": 20}}
    model = {
        "d_model": 16, "n_ctx": 12, "vocab": 30, "decoder": [made | (layer or {})] * 3, "unembedding": {"norm": placed},
        "init": {"std": 0.3},
    }  # fmt: skip
    return parse({"model": model | changes})


def model_of(spec, seed=1):
    """A model none of whose weights is as it starts."""
    model = build(spec, seed).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return model


def grafted(before, *changes):
    old = model_of(before.model)
    for path, value in changes:
        before = edit.replaced(before, path, value)
    new, report = graft(old, before.model, 7)
    return old, new.eval(), report


def difference(old, new):
    length = min(10, old.spec.n_ctx, new.spec.n_ctx)
    with torch.no_grad():
        return float((new(**inputs(new.spec, length=length)) - old(**inputs(old.spec, length=length))).abs().max())


ROTARY = {"position": {"kind": "rotary"}}
ROOT = {"embedding": {"scale": "root"}, "unembedding": {"norm": {"kind": "rms", "eps": 0.0}, "scale": "root"}}
HIDDEN = {"unembedding": {"hidden": 10, "tied": False, "norm": {"kind": "rms", "eps": 0.0}}}
FIRST = "model.decoder[0]"
EXACT = {
    "more heads, each with keys of its own": (experiment(attention={"kv_heads": None}), f"{FIRST}.attention.heads", 7),
    "more heads that share keys": (experiment(), f"{FIRST}.attention.heads", 8),
    "keys no longer shared": (experiment(), f"{FIRST}.attention.kv_heads", 4),
    "keys of one no longer shared": (experiment(attention={"kv_heads": 1}), f"{FIRST}.attention.kv_heads", 2),
    "more heads, slopes": (
        experiment(attention={"kv_heads": None, "position": {"kind": "alibi"}}), f"{FIRST}.attention.heads", 8),
    "larger heads": (experiment(), f"{FIRST}.attention.d_head", 11),
    "larger heads, unscaled": (experiment(attention={"scaled": False}), f"{FIRST}.attention.d_head", 11),
    "rotated heads twice as large": (experiment(attention=ROTARY), f"{FIRST}.attention.d_head", 12),
    "other pairs": (experiment(attention=ROTARY), f"{FIRST}.attention.position.pairing", "neighbours"),
    "a gate on what heads say": (experiment(), f"{FIRST}.attention.gate", True),
    "a table of distances": (experiment(), f"{FIRST}.attention.position.kind", "t5"),
    "offsets": (experiment(attention={"bias": False}), f"{FIRST}.attention.bias", True),
    "more neurons": (experiment(), f"{FIRST}.mlp.d_mlp", 33),
    "a gated MLP": (experiment(), f"{FIRST}.mlp.gated", True),
    "experts": (experiment(), f"{FIRST}.mlp.experts", 3),
    "a longer context": (experiment(), "model.n_ctx", 20),
    "learned positions": (experiment(embedding={"position": {"kind": "none"}}), "model.embedding.position.kind", "learned"),
    "untied": (experiment(), "model.unembedding.tied", False),
    "offsets of logits": (experiment(), "model.unembedding.bias", True),
    "a learned scale": (experiment(layer={"norm": {"kind": "rms", "learned": False}}), f"{FIRST}.norm.learned", True),
    "an offset of the norm": (experiment("layer", layer={"norm": {"kind": "layer", "bias": False}}), f"{FIRST}.norm.bias", True),
    "wider": (experiment(), "model.d_model", 24),
    "wider, untied": (experiment(unembedding={"tied": False, "norm": {"kind": "rms", "eps": 0.0}}), "model.d_model", 19),
    "wider with layer norms": (experiment("layer"), "model.d_model", 24),
    "wider, norms on the outputs": (
        experiment(layer={"norm": {"kind": "rms", "eps": 0.0, "place": "sandwich"}}), "model.d_model", 24),
    "wider, norms after the sum": (experiment(layer={"norm": {"kind": "rms", "eps": 0.0, "place": "post"}}), "model.d_model", 24),
    "wider, with heads": (experiment(attention={"d_head": None, "kv_heads": None}), "model.d_model", 28),
    "wider, with rotated heads": (experiment(attention={"d_head": None, **ROTARY}), "model.d_model", 32),
    "wider, no norms": (experiment("none"), "model.d_model", 24),
    "wider, tokens scaled": (experiment(**ROOT), "model.d_model", 24),
    "a wider end": (experiment(**HIDDEN), "model.unembedding.hidden", 14),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_the_logits_stay(name):
    before, path, value = EXACT[name]
    old, new, report = grafted(before, (path, value))
    assert difference(old, new) < 1e-10
    assert report.kept == report.total
    assert report.sentence.startswith("All ")


@pytest.mark.parametrize("name", EXACT)
def test_what_is_added_learns(name):
    """No new entry is stuck: after a few steps each weight has moved where it is new."""
    before, path, value = EXACT[name]
    _, new, report = grafted(before, (path, value))
    start = {weight: parameter.detach().clone() for weight, parameter in new.named_parameters()}
    optimiser = torch.optim.AdamW(new.parameters(), lr=1e-2, weight_decay=0.0)
    for seed in range(4):
        optimiser.zero_grad()
        new(**inputs(new.spec, length=new.spec.n_ctx, seed=seed)).square().mean().backward()
        optimiser.step()
    for weight, parameter in new.named_parameters():
        for dim, axis in enumerate(report.carries[weight].axes):
            added = [at for fill in Fill for at in axis.filled(fill)]
            if added and not weight.endswith("qkv.bias"):  # a key's offset changes no pattern
                moved = (parameter - start[weight]).abs().transpose(0, dim)[added]
                assert (moved.reshape(len(added), -1).amax(1) > 0).all(), weight


def test_a_wider_model_remembers_the_gradients_that_it_would_have_had():
    """A gain that is smaller by a factor has a gradient larger by it, and so has what the optimiser remembers."""
    old, new, report = grafted(experiment(attention={"d_head": None, "kv_heads": None}), ("model.d_model", 32))
    for model in (old, new):
        model(**inputs(model.spec)).square().mean().backward()
    before, scaled = dict(old.named_parameters()), 0
    for name, parameter in new.named_parameters():
        carry, gradient = report.carries[name], before[report.carries[name].source].grad
        found = remembered(carry, {"exp_avg": gradient, "exp_avg_sq": gradient.square(), "step": torch.tensor(4.0)})
        known = torch.meshgrid(*(torch.tensor(axis.known) for axis in carry.axes), indexing="ij")
        assert torch.allclose(found["exp_avg"][known], parameter.grad[known], atol=1e-9), name
        assert torch.allclose(found["exp_avg_sq"][known], parameter.grad[known].square(), atol=1e-9), name
        assert found["exp_avg"].count_nonzero() <= carry.known
        assert found["step"] == 4.0
        scaled += any(axis.factors is not None for axis in carry.axes)
    assert scaled > 3


def test_keys_that_are_normalised_keep_their_length_in_larger_heads():
    old, new, _ = grafted(experiment(attention={"qk_norm": "head"}), (f"{FIRST}.attention.d_head", 12))
    taps = [Taps(["decoder.0.k"]), Taps(["decoder.0.k"])]
    for model, seen in zip((old, new), taps, strict=True):
        model(**inputs(model.spec), taps=seen)
    was, now = (seen.values["decoder.0.k"] for seen in taps)
    assert torch.allclose(now[..., :6], was, rtol=1e-5)  # but for the epsilon
    assert not now[..., 6:].any()


def test_an_mlp_goes_on_reading_what_its_norm_made_when_an_attention_shares_it():
    alone = experiment(layer={"order": "parallel_shared", "attention": None})
    old, new, report = grafted(alone, (f"{FIRST}.attention", {"heads": 2}))
    assert difference(old, new) < 1e-10
    assert report.carries["decoder.0.norm1.weight"].source == "decoder.0.norm2.weight"


def test_what_cannot_be_exact_is_near():
    """A wider stream of two kinds of norms, and rotated heads that grow by half."""
    mixed = experiment(unembedding={"norm": {"kind": "layer"}})
    old, new, _ = grafted(mixed, ("model.d_model", 20))
    apart = graft(old, mixed.model, 7)[0]
    with torch.no_grad():
        for parameter in apart.parameters():
            parameter.copy_(parameter[torch.randperm(len(parameter))])
    assert difference(old, new) < 0.5 * difference(old, apart)


def test_a_cut_by_speed_keeps_rotations():
    """Eight heads of half the size: the pairs of a head that was are dealt out to the two by their speed, and come back."""
    before = experiment(attention={"heads": 4, "kv_heads": None, "d_head": 8, **ROTARY})
    old = model_of(before.model)
    layers = [layer.model_copy(update={"attention": layer.attention.model_copy(update={"heads": 8, "d_head": 4})})
              for layer in before.model.decoder]  # fmt: skip
    new, report = graft(old, before.model.model_copy(update={"decoder": tuple(layers)}), 7)
    assert report.kept == report.total
    was, now = (model.decoder[0].attention.qkv.weight[:32] for model in (old, new))
    # pair i of head 2 h + r is pair 2 i + r of head h; a pair is a feature and the one half a head further
    for head in range(4):
        for pair in range(2):
            for sub in range(2):
                place, source = (2 * head + sub) * 4 + pair, head * 8 + 2 * pair + sub
                assert torch.equal(now[place], was[source])
                assert torch.equal(now[place + 2], was[source + 4])
    back, _ = graft(new, before.model, 3)
    assert all(torch.equal(one, other) for one, other in zip(back.parameters(), old.parameters(), strict=True))
