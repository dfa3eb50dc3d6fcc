"""The three ways through attention, tap edits, stacks of other names, and generation where a cache must not be used."""

import math
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.spec.check import parse
from playground.spec.model import Attention, Layer, Mlp, ModelSpec, RelativePosition
from playground.transformer.generate import generate, sample
from playground.transformer.graft import graft
from playground.transformer.layer import Stack
from playground.transformer.model import Transformer, build
from playground.transformer.norm import RMSNorm
from playground.transformer.taps import Taps

VOCAB, CONTEXT = 20, 12


@st.composite
def attentions(draw) -> tuple[ModelSpec, int]:
    """A model of two unlike attentions, and how many tokens it reads."""
    heads = draw(st.sampled_from([1, 2, 4, 6]))
    layers = [
        {
            "attention": {
                "heads": heads,
                "kv_heads": draw(st.sampled_from([k for k in range(1, heads + 1) if heads % k == 0])),
                "d_head": draw(st.sampled_from([2, 4, 6])),
                "mask": draw(st.sampled_from(["causal", "bidirectional"])),
                "position": {"kind": draw(st.sampled_from(["none", "rotary"]))},
                "bias": draw(st.booleans()),
            },
            "mlp": None,
        }
        for _ in range(2)
    ]
    added = draw(st.sampled_from(["none", "learned", "sinusoidal"]))
    length = draw(st.integers(1, CONTEXT))
    data = {"d_model": 12, "n_ctx": CONTEXT, "vocab": VOCAB, "decoder": layers, "init": {"std": 0.5}}
    data["embedding"] = {"position": {"kind": added}}
    return parse({"model": data}).model, length


def some_tokens(length: int, batch: int = 2) -> torch.Tensor:
    return torch.randint(VOCAB, (batch, length), generator=torch.Generator().manual_seed(length))


def gpt(**attention) -> Transformer:
    layer = {"attention": {"heads": 2, **attention}, "mlp": {"d_mlp": 16}}
    data = {"d_model": 8, "n_ctx": CONTEXT, "vocab": VOCAB, "decoder": [layer, layer], "init": {"std": 0.5}}
    return build(parse({"model": data}).model, 3).eval()


@given(attentions())
@settings(max_examples=80, deadline=None)
def test_every_path_gives_the_same_logits_and_gradients(drawn):
    spec, length = drawn
    model, x = build(spec, 0).double(), some_tokens(length)
    taps = Taps(["decoder.0.scores", "decoder.1.pattern"])
    fused, observed = model(x), model(x, taps=taps)
    assert (fused - observed).abs().max() < 1e-10
    gradients = [torch.autograd.grad(out.square().sum(), list(model.decoder.parameters())) for out in (fused, observed)]
    for one, other in zip(*gradients, strict=True):
        assert (one - other).abs().max() < 1e-8 * (1 + one.abs().max())
    for index, layer in enumerate(spec.decoder):
        if layer.attention.mask == "bidirectional" and index == 1:
            assert (taps.values["decoder.1.pattern"] > 0).all()


@given(attentions())
@settings(max_examples=40, deadline=None)
def test_bfloat16_takes_products_that_stay_near_full_precision(drawn):
    spec, length = drawn
    model, x = build(spec, 0), some_tokens(length)
    with torch.autocast("cpu", torch.bfloat16):
        low = model(x).float()
    full = model(x)
    assert (low - full).norm() < 0.15 * full.norm()  # a median of 0.01, the worst of 1,500 models 0.04


def test_the_fused_kernel_is_left_alone_in_bfloat16_on_a_processor(monkeypatch):
    called = []
    kernel = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional, "scaled_dot_product_attention", lambda *a, **k: called.append(a[0].dtype) or kernel(*a, **k)
    )
    model, x = gpt(), some_tokens(CONTEXT)
    with torch.autocast("cpu", torch.bfloat16):
        model(x)
    assert called == []
    model(x)
    assert called == [torch.float32, torch.float32]
    model(x, taps=Taps(["decoder.0.pattern"]))  # only the layer that is looked at is written out
    assert len(called) == 3


@pytest.mark.parametrize("place", ["pre", "post", "sandwich", "output"])
@pytest.mark.parametrize("qk_norm", ["none", "head", "full"])
def test_rms_norms_are_quiet_and_near_full_precision_in_bfloat16(place, qk_norm):
    """Behind a branch, or on queries and keys, such a norm reads bfloat16 while its scale is float32."""
    layer = {
        "norm": {"kind": "rms", "place": place},
        "attention": {"heads": 2, "qk_norm": qk_norm, "position": {"kind": "rotary"}},
        "mlp": {"d_mlp": 16},
    }
    data = {"d_model": 8, "n_ctx": CONTEXT, "vocab": VOCAB, "decoder": [layer, layer], "init": {"std": 0.5}}
    model, x = build(parse({"model": data}).model, 3), some_tokens(CONTEXT)
    torch.set_warn_always(True)  # not only the first time
    try:
        with warnings.catch_warnings(), torch.autocast("cpu", torch.bfloat16):
            warnings.simplefilter("error")
            low = model(x).float()
            low.sum().backward()
    finally:
        torch.set_warn_always(False)
    with torch.no_grad():
        full = model(x)
    assert (low - full).norm() < 0.1 * full.norm()


def test_an_rms_norm_of_another_type_is_that_of_full_precision_rounded():
    norm, x = RMSNorm(64, 1e-6), torch.randn(5, 64, generator=torch.Generator().manual_seed(0)).bfloat16()
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(0.5, 2, 64))
        assert torch.equal(norm(x), norm(x.float()).bfloat16())


@pytest.mark.parametrize("qk_norm", ["head", "full"])
def test_queries_and_keys_can_be_normalised_after_the_rotation(qk_norm):
    """Written out with a scale that differs from feature to feature, or before and after would be the same."""
    layer = {"heads": 2, "qk_norm": qk_norm, "position": {"kind": "rotary"}}
    made = {}
    for place in ("before", "after"):
        data = {"d_model": 8, "n_ctx": CONTEXT, "vocab": VOCAB, "decoder": [{"attention": layer | {"qk_norm_place": place}}]}
        model = build(parse({"model": data | {"init": {"std": 0.5}}}).model, 3).eval()
        attention, taps = model.decoder[0].attention, Taps(["decoder.0.q"])
        with torch.no_grad():
            attention.q_norm.weight.copy_(torch.linspace(0.5, 2, len(attention.q_norm.weight)))
            model(some_tokens(CONTEXT), taps=taps)
            read = model.decoder[0].norm1(model.embed(some_tokens(CONTEXT)) + model.position.weight)
            q = attention.qkv(read)[..., :8].unflatten(-1, (2, 4)).transpose(1, 2)
            turned = attention.rotary(q, 0)
        made[place] = taps.values["decoder.0.q"]
    scale = attention.q_norm.weight.view(2, 1, 4) if qk_norm == "full" else attention.q_norm.weight
    size = turned.square().mean((1, 3) if qk_norm == "full" else -1, keepdim=True)
    assert torch.allclose(made["after"], turned / (size + 1e-6).sqrt() * scale, atol=1e-5)
    assert (made["after"] - made["before"]).abs().max() > 0.1


def test_a_context_with_nothing_real_is_finite_on_every_path_and_none_at_all_is_refused():
    encoder = {"attention": {"heads": 2, "mask": "bidirectional"}, "mlp": None}
    decoder = {"attention": {"heads": 2}, "cross": {"heads": 2}, "mlp": None}
    data = {"d_model": 8, "n_ctx": CONTEXT, "vocab": VOCAB, "encoder": [encoder], "decoder": [decoder]}
    model, x = build(parse({"model": data}).model, 0).eval(), some_tokens(CONTEXT)
    read = {"context": x, "context_lengths": torch.tensor([0, CONTEXT])}
    with torch.no_grad():
        fused, observed = model(x, **read), model(x, **read, taps=Taps(["decoder.0.cross.pattern"]))
    assert fused.isfinite().all()
    assert (fused - observed).abs().max() < 1e-5
    with pytest.raises(ValueError, match="reads a context as well"):
        model(x, context=x[:, :0])


def test_edits_reach_the_output():
    model, x = gpt(), some_tokens(CONTEXT)
    looking = Taps(["decoder.0.z", "decoder.0.v"], {"decoder.0.pattern": lambda p: torch.eye(p.shape[-1]).expand_as(p)})
    with torch.no_grad():
        model(x, taps=looking)
        assert torch.allclose(looking.values["decoder.0.z"], looking.values["decoder.0.v"])  # each token sees itself only
        blocked = Taps(["decoder.0.pattern"], {"decoder.0.scores": lambda s: s.masked_fill(torch.eye(CONTEXT).bool(), -1e9)})
        model(x, taps=blocked)
        assert blocked.values["decoder.0.pattern"].diagonal(dim1=-2, dim2=-1)[..., 1:].abs().max() == 0
        one_head = Taps(["decoder.0.z"], {"decoder.0.z": lambda z: z * torch.tensor([0.0, 1.0])[:, None, None]})
        changed = model(x, taps=one_head)
        assert one_head.values["decoder.0.z"][:, 0].abs().max() == 0
        assert not torch.allclose(changed, model(x))
        assert torch.equal(model(x, taps=Taps(edits={"logits": torch.zeros_like})), torch.zeros(2, CONTEXT, VOCAB))


def test_a_stack_of_another_name_taps_under_that_name():
    spec = ModelSpec(d_model=8, n_ctx=CONTEXT)
    layer = Layer(
        attention=Attention(heads=2, mask="bidirectional", position=RelativePosition(kind="rotary")), mlp=Mlp(d_mlp=8)
    )
    stack = Stack(spec, (layer, layer), "encoder")
    taps = Taps([f"encoder.{i}.{name}" for i in (0, 1) for name in ("pattern", "mlp_out", "resid_post")])
    out = stack(torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0)), taps=taps)
    assert set(taps.values) == taps.wanted
    assert torch.equal(out, taps.values["encoder.1.resid_post"])
    assert (taps.values["encoder.0.pattern"] > 0).all()


@pytest.mark.parametrize("mask", ["causal", "bidirectional"])
def test_generation_says_what_a_full_pass_says_whatever_the_mask(mask):
    model, text = gpt(mask=mask).train(), [1, 2, 3]
    for token, chances in generate(model, text, CONTEXT - 3, temperature=0.0):
        assert model.training
        with torch.no_grad():
            full = model(torch.tensor([text]))[0, -1].softmax(-1)
        assert torch.allclose(chances, full, atol=1e-6)
        assert token == int(full.argmax())
        text.append(token)


def test_the_window_slides_over_the_newer_half():
    model = gpt()
    text, drawn = [5] * CONTEXT, []
    for token, chances in generate(model, text, 2, temperature=0.0):
        seen = torch.tensor([text if not drawn else (text + drawn)[-(CONTEXT // 2) :]])
        with torch.no_grad():
            assert torch.allclose(chances, model(seen)[0, -1].softmax(-1), atol=1e-6)
        drawn.append(token)


def test_generation_leaves_the_model_training_when_it_fails():
    model = gpt().train()
    with pytest.raises(IndexError):
        next(generate(model, [VOCAB + 5], 1))
    assert model.training


def test_sampling_at_its_limits():
    logits, generator = torch.tensor([-50.0, 3.0, 90.0, 89.0]), torch.Generator().manual_seed(0)
    assert {sample(logits, 1e-38, 4, generator) for _ in range(20)} == {2}
    assert {sample(torch.zeros(4), 1.0, 0, generator) for _ in range(80)} == {0, 1, 2, 3}
    assert {sample(logits, 5.0, 2, generator) for _ in range(80)} == {2, 3}


def test_a_long_context_costs_no_square_of_it():
    model = build(ModelSpec(d_model=4, n_ctx=65536, vocab=5, decoder=(Layer(attention=Attention(heads=1), mlp=None),)), 0)
    assert sum(buffer.numel() for buffer in model.buffers()) <= 65536 * 4
    assert model(some_tokens(3) % 5).shape == (2, 3, 5)


def test_other_heads_of_the_same_width_keep_every_weight():
    old = build(ModelSpec(), 0).double()
    layer = Layer(attention=Attention(heads=8))
    new, report = graft(old, ModelSpec(decoder=(layer,) * 4), 1)
    assert report.kept == report.total
    assert "All" in report.sentence
    assert new.embed.weight.dtype == torch.float64
    kept = old.embed.weight.clone()
    with torch.no_grad():
        new.embed.weight.add_(1.0)
    assert torch.equal(old.embed.weight, kept)  # the new model has numbers of its own
    untied, report = graft(old, ModelSpec(decoder=(layer,) * 4, n_ctx=32, unembedding={"tied": False}), 1)
    assert report.total - report.kept == 32 * 128  # fewer places
    assert report.added == 0  # two matrices where there was one are copies
    assert untied.unembed.weight is not untied.embed.weight
    assert torch.equal(untied.unembed.weight, untied.embed.weight)


def test_starting_weights_have_the_asked_spread():
    spec = ModelSpec(init={"std": 0.05})
    model = build(spec, 0)
    assert model.decoder[1].mlp.up.weight.std().item() == pytest.approx(0.05, rel=0.02)
    for layer in model.decoder:
        for part in (layer.attention.out, layer.mlp.down):
            assert part.weight.std().item() == pytest.approx(0.05 / math.sqrt(8), rel=0.03)
            assert part.bias.abs().max() == 0
    flat = build(ModelSpec(init={"std": 0.05, "depth_scaled": False}), 0)
    assert flat.decoder[0].mlp.down.weight.std().item() == pytest.approx(0.05, rel=0.02)


def test_dropout_acts_in_training_only():
    data = {"d_model": 8, "n_ctx": CONTEXT, "vocab": VOCAB, "embedding": {"dropout": 0.5}}
    data["decoder"] = [{"attention": {"heads": 2, "dropout": 0.5}, "mlp": {"dropout": 0.5}}]
    model, x = build(parse({"model": data}).model, 0), some_tokens(CONTEXT)
    torch.manual_seed(0)
    model.train()
    assert not torch.equal(model(x), model(x))
    taps = Taps(["embed"])
    model(x, taps=taps)
    assert 0.3 < (taps.values["embed"] == 0).double().mean() < 0.7
    model.eval()
    assert torch.equal(model(x), model(x))
