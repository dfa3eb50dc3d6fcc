"""The batched modules beside Algorithms 1 to 15 written out as printed, in float64, for sizes and weights drawn at random."""

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.data.batch import IGNORE
from playground.data.objectives import Special, answered
from playground.spec.check import parse
from playground.transformer.generate import generate
from playground.transformer.model import Transformer, build
from playground.transformer.norm import LayerNorm, RMSNorm
from playground.transformer.position import paper_sinusoids
from tests.transformer import algorithms as paper

CLOSE = 1e-10


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@st.composite
def printed(draw, kind):
    """One of the three architectures with the paper's settings and sizes drawn at random."""
    heads, size = draw(st.sampled_from([1, 2, 3])), draw(st.sampled_from([2, 4]))
    width = heads * size
    attention = {"heads": heads, "d_head": draw(st.sampled_from([None, 3]))}
    post, mlp = {"place": "post", "eps": 0.0}, {"d_mlp": draw(st.integers(1, 9))}
    encoder = {"norm": post, "attention": attention | {"mask": "bidirectional"}, "mlp": mlp}
    data = {
        "d_model": width, "n_ctx": draw(st.integers(2, 6)), "vocab": draw(st.integers(4, 9)), "init": {"std": 0.7},
        "unembedding": {"tied": False, "norm": {"eps": 0.0}},
    }  # fmt: skip
    layers = draw(st.integers(1, 2))
    if kind == "EDT":
        relu = mlp | {"activation": "relu"}
        data["encoder"] = [encoder | {"mlp": relu}] * layers
        data["decoder"] = [{"norm": post, "attention": attention, "cross": attention, "mlp": relu}] * draw(st.integers(1, 2))
        data["unembedding"]["norm"] = {"kind": "none"}
    elif kind == "E":
        data["encoder"], data["decoder"] = [encoder] * layers, []
        data["unembedding"]["hidden"] = draw(st.integers(2, 7))
    else:
        data["decoder"] = [{"norm": {"eps": 0.0}, "attention": attention, "mlp": mlp}] * layers
    model = build(parse({"model": data}).model, 0).eval()
    generator = torch.Generator().manual_seed(draw(st.integers(0, 999)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.6)
    return model


def numbers(tensor):
    return tensor.detach().numpy()


def heads_of(attention):
    """W of Algorithm 5 from a module: its heads from 1."""
    if hasattr(attention, "qkv"):
        weights, offsets = (part.split(attention.widths) for part in (attention.qkv.weight, attention.qkv.bias))
    else:
        weights = (attention.query.weight, *attention.kv.weight.split(attention.widths[1:]))
        offsets = (attention.query.bias, *attention.kv.bias.split(attention.widths[1:]))
    size, made = attention.d_head, [None]
    for h in range(attention.heads):
        rows = slice(h * size, (h + 1) * size)
        made.append({name: numbers(w[rows]) for name, w in zip("qkv", weights, strict=True)}
                    | {f"b{name}": numbers(b[rows]) for name, b in zip("qkv", offsets, strict=True)})  # fmt: skip
    return {"heads": made, "o": numbers(attention.out.weight), "bo": numbers(attention.out.bias)}


def pair(norm):
    return numbers(norm.weight), numbers(norm.bias)


def theta_of(model: Transformer):
    """θ of the paper from a model: everything from 1."""
    theta = {"e": [None, *numbers(model.embed.weight)], "p": [None, *numbers(model.position.weight)],
             "u": numbers(model.unembed.weight)}  # fmt: skip
    for name in ("encoder", "decoder"):
        theta[name] = [None]
        for layer in getattr(model, name):
            made = {"attention": heads_of(layer.attention), "norm1": pair(layer.norm1), "norm2": pair(layer.norm2),
                    "mlp": {"1": numbers(layer.mlp.up.weight), "b1": numbers(layer.mlp.up.bias),
                            "2": numbers(layer.mlp.down.weight), "b2": numbers(layer.mlp.down.bias)}}  # fmt: skip
            if layer.cross is not None:
                made |= {"cross": heads_of(layer.cross), "norm_cross": pair(layer.norm_cross)}
            theta[name].append(made)
    if model.hidden is not None:
        theta |= {"f": numbers(model.hidden.weight), "bf": numbers(model.hidden.bias)}
    if isinstance(model.norm, LayerNorm):
        theta["norm"] = pair(model.norm)
    return theta


def text(model, length, seed):
    return torch.randint(model.spec.vocab, (1, length), generator=torch.Generator().manual_seed(seed))


def from_one(tokens):
    return [None] + [token + 1 for token in tokens[0].tolist()]


def apart(columns, logits):
    return np.abs(np.array(columns[1:]) - numbers(logits[0].softmax(-1))).max()


MANY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@given(printed("EDT"), st.data())
@MANY
def test_edtransformer(model, data):
    n = model.spec.n_ctx
    z, x = text(model, data.draw(st.integers(1, n)), 1), text(model, data.draw(st.integers(1, n)), 2)
    assert apart(paper.algorithm_8(from_one(z), from_one(x), theta_of(model)), model(x, context=z)) < CLOSE


@given(printed("E"), st.data())
@MANY
def test_etransformer(model, data):
    x = text(model, data.draw(st.integers(1, model.spec.n_ctx)), 1)
    assert apart(paper.algorithm_9(from_one(x), theta_of(model)), model(x)) < CLOSE


@given(printed("D"), st.data())
@MANY
def test_dtransformer(model, data):
    x = text(model, data.draw(st.integers(1, model.spec.n_ctx)), 1)
    assert apart(paper.algorithm_10(from_one(x), theta_of(model)), model(x)) < CLOSE


@given(printed("D"), st.integers(0, 99))
@MANY
def test_single_query_attention_is_one_row_of_the_whole(model, seed):
    attention, xs = model.decoder[0].attention, np.random.default_rng(seed).normal(size=(4, model.spec.d_model))
    w, columns = heads_of(attention)["heads"][1], [None, *xs]
    rows = paper.algorithm_4(columns, columns, w, paper.unidirectional)
    for t in range(1, 5):
        assert np.abs(paper.algorithm_3(columns[t], columns[: t + 1], w) - rows[t]).max() < CLOSE


def loss_of(logits, targets):
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum", ignore_index=IGNORE)


@given(printed("EDT"), st.integers(0, 99))
@MANY
def test_edtraining_takes_the_same_loss(model, seed):
    """bos x eos, teacher forcing, a sum over positions; ours is a mean, so times its number of targets."""
    vocab, n = model.spec.vocab, model.spec.n_ctx
    special = Special(vocab - 3, vocab - 2, vocab - 1)
    answer = torch.randint(vocab - 3, (1, n - 1), generator=torch.Generator().manual_seed(seed))
    question = text(model, n, seed + 1)
    batch = answered(question, torch.tensor([n]), answer, torch.tensor([n - 1]), special, "sequence")
    whole = [None, special.bos + 1, *(token + 1 for token in answer[0].tolist()), special.eos + 1]
    theta = theta_of(model)
    theta["p"].append(theta["p"][-1])  # eos is only a target; its place is never read
    printed_loss = paper.algorithm_11_loss(from_one(question), whole, theta)
    assert loss_of(model(batch.tokens, **batch.reads), batch.targets).item() == pytest.approx(printed_loss, abs=CLOSE)


@given(printed("E"), st.data())
@MANY
def test_etraining_takes_the_same_loss(model, data):
    n, mask = model.spec.n_ctx, model.spec.vocab - 3
    x = text(model, n, 3)
    hidden = data.draw(st.sets(st.integers(1, n), min_size=1))
    places = torch.tensor([t in hidden for t in range(1, n + 1)])
    logits = model(torch.where(places, mask, x))
    ours = loss_of(logits, torch.where(places, x, IGNORE)).item()
    assert ours == pytest.approx(paper.algorithm_12_loss(from_one(x), hidden, theta_of(model), mask + 1), abs=CLOSE)


@given(printed("D"), st.integers(0, 99))
@MANY
def test_dtraining_takes_the_same_loss_and_step(model, seed):
    x, eta = text(model, model.spec.n_ctx + 1, seed), 0.01
    with torch.enable_grad():
        loss = loss_of(model(x[:, :-1]), x[:, 1:])
        loss.backward()
    theta = theta_of(model)
    theta["p"].append(theta["p"][-1])  # the last token is only a target; its place is never read
    assert loss.item() == pytest.approx(paper.algorithm_13_loss(from_one(x), theta), abs=1e-9)
    # line 5, θ ← θ - η ∇loss: the printed loss changes by -η |∇|² to first order, measured along one offset
    offset = model.decoder[0].mlp.down.bias
    column, h = theta["decoder"][1]["mlp"]["b2"], 1e-6
    for index in range(len(column)):
        moved = column.copy()
        moved[index] += h
        theta["decoder"][1]["mlp"]["b2"] = moved
        slope = (paper.algorithm_13_loss(from_one(x), theta) - loss.item()) / h
        assert offset.grad[index].item() == pytest.approx(slope, abs=1e-3)
        before = offset[index].item()
        torch.optim.SGD([offset], lr=eta).step() if index == 0 else None
        if index == 0:
            assert offset[0].item() == pytest.approx(before - eta * offset.grad[0].item(), abs=1e-15)
            with torch.no_grad():
                offset += eta * offset.grad


def best(q):
    return int(np.argmax(q)) + 1


@given(printed("D"), st.sampled_from([0.5, 1.0, 2.0]))
@MANY
def test_dinference(model, tau):
    n = model.spec.n_ctx
    x = text(model, 1, 4)
    ours = [token + 1 for token, _ in generate(model, x[0].tolist(), n - 1, temperature=0.0)]
    assert ours == paper.algorithm_14(from_one(x), theta_of(model), n - 1, tau, best)
    p = paper.algorithm_10(from_one(x), theta_of(model))[1]
    logits = model(x)[0, -1]
    assert np.abs(paper.tempered(p, tau) - numbers((logits / tau).softmax(-1))).max() < CLOSE


@given(printed("EDT"))
@MANY
def test_edinference(model):
    bos, eos, z = model.spec.vocab - 2, model.spec.vocab - 1, text(model, 2, 5)
    most = model.spec.n_ctx - 1
    ours = generate(model, [bos], most, context=z[0].tolist(), temperature=0.0, stop=eos)
    assert [token + 1 for token, _ in ours] == paper.algorithm_15(
        from_one(z), theta_of(model), 1.0, best, bos + 1, eos + 1, most
    )


@pytest.mark.parametrize(("length", "width"), [(1, 2), (7, 8), (12, 6)])
def test_hard_coded_positions(length, width):
    expected = [paper.hard_coded(t, width, length) for t in range(1, length + 1)]
    assert np.abs(numbers(paper_sinusoids(length, width)) - np.array(expected)).max() < CLOSE


def test_norms():
    e, gamma, beta = np.random.default_rng(0).normal(size=(3, 8))
    layer, rms = LayerNorm(8, 0.0, True), RMSNorm(8, 0.0)
    with torch.no_grad():
        for parameter, value in ((layer.weight, gamma), (layer.bias, beta), (rms.weight, gamma)):
            parameter.copy_(torch.from_numpy(value))
        assert np.abs(numbers(layer(torch.from_numpy(e))) - paper.algorithm_6(e, gamma, beta)).max() < CLOSE
        assert np.abs(numbers(rms(torch.from_numpy(e))) - paper.rms_norm(e, gamma)).max() < CLOSE
    assert math.isclose(sum(paper.algorithm_7(e, np.eye(8))), 1.0)
