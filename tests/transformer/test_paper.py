"""The paper's Algorithm 10 written out token by token, with plain numbers and loops, against the batched model."""

import math

import pytest
import torch

from playground.spec.check import parse
from playground.transformer.model import Transformer, build
from playground.transformer.norm import RMSNorm
from playground.transformer.position import Rotary, sinusoids

Vector = list[float]
Matrix = list[list[float]]

WIDTH, HEADS, VOCAB, CONTEXT = 6, 3, 7, 5


def numbers(tensor: torch.Tensor) -> Matrix:
    return tensor.detach().tolist()


def times(matrix: Matrix, x: Vector, offset: Vector) -> Vector:
    return [sum(w * value for w, value in zip(row, x, strict=True)) + b for row, b in zip(matrix, offset, strict=True)]


def layer_norm(x: Vector, gain: Vector, offset: Vector, eps: float = 1e-5) -> Vector:
    """Algorithm 6, with the biased variance."""
    mean = sum(x) / len(x)
    variance = sum((value - mean) ** 2 for value in x) / len(x)
    return [(value - mean) / math.sqrt(variance + eps) * g + b for value, g, b in zip(x, gain, offset, strict=True)]


def attended(query: Vector, keys: Matrix, values: Matrix) -> Vector:
    """Algorithm 3 for one query over the keys that its mask leaves."""
    weights = [math.exp(sum(a * b for a, b in zip(query, key, strict=True)) / math.sqrt(len(query))) for key in keys]
    return [sum(w * value[i] for w, value in zip(weights, values, strict=True)) / sum(weights) for i in range(len(values[0]))]


def gelu(x: float) -> float:
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


def paper(model: Transformer, text: list[int], causal: bool) -> Matrix:
    """Logits of every place by Algorithm 10."""
    embed, place = numbers(model.embed.weight), numbers(model.position.weight)
    xs = [[e + p for e, p in zip(embed[token], place[t], strict=True)] for t, token in enumerate(text)]
    for layer in model.decoder:
        norm = [numbers(p) for p in (layer.norm1.weight, layer.norm1.bias)]
        qkv, qkv_bias = numbers(layer.attention.qkv.weight), numbers(layer.attention.qkv.bias)
        rows = [times(qkv, layer_norm(x, *norm), qkv_bias) for x in xs]
        size, outs = WIDTH // HEADS, []
        for t, row in enumerate(rows):
            seen, joined = rows[: t + 1] if causal else rows, []
            for head in range(HEADS):
                q, k, v = (slice(part * WIDTH + head * size, part * WIDTH + (head + 1) * size) for part in range(3))
                joined += attended(row[q], [other[k] for other in seen], [other[v] for other in seen])
            outs.append(times(numbers(layer.attention.out.weight), joined, numbers(layer.attention.out.bias)))
        xs = [[a + b for a, b in zip(x, out, strict=True)] for x, out in zip(xs, outs, strict=True)]
        norm = [numbers(p) for p in (layer.norm2.weight, layer.norm2.bias)]
        up, down = layer.mlp.up, layer.mlp.down
        for t, x in enumerate(xs):
            hidden = [gelu(value) for value in times(numbers(up.weight), layer_norm(x, *norm), numbers(up.bias))]
            out = times(numbers(down.weight), hidden, numbers(down.bias))
            xs[t] = [a + b for a, b in zip(x, out, strict=True)]
    final = [numbers(p) for p in (model.norm.weight, model.norm.bias)]
    return [times(numbers(model.unembed.weight), layer_norm(x, *final), [0.0] * VOCAB) for x in xs]


@pytest.mark.parametrize("mask", ["causal", "bidirectional"])
def test_algorithm_10_line_by_line(mask):
    layer = {"attention": {"heads": HEADS, "mask": mask}, "mlp": {"d_mlp": 5}}
    data = {"d_model": WIDTH, "n_ctx": CONTEXT, "vocab": VOCAB, "decoder": [layer, layer], "unembedding": {"tied": False}}
    model = build(parse({"model": data}).model, 0).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.5)
    text = [3, 0, 6, 3, 1]
    expected = torch.tensor(paper(model, text, mask == "causal"), dtype=torch.float64)
    assert (model(torch.tensor([text]))[0] - expected).abs().max() < 1e-12


def test_the_sinusoidal_table_is_the_printed_one():
    table = sinusoids(9, 6, 10000.0)
    for t in range(9):
        for i in range(3):
            angle = t / 10000 ** (2 * i / 6)
            assert table[t, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-14)
            assert table[t, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-14)


def test_rotary_turns_feature_i_with_feature_i_plus_half():
    rotary, x = Rotary(8, 6, 100.0).double(), torch.randn(1, 1, 8, 6, dtype=torch.float64)
    turned = rotary(x, 0)
    for t in range(8):
        for i in range(3):
            angle = t * 100.0 ** (-2 * i / 6)
            a, b = x[0, 0, t, i].item(), x[0, 0, t, i + 3].item()
            assert turned[0, 0, t, i].item() == pytest.approx(a * math.cos(angle) - b * math.sin(angle), abs=1e-6)
            assert turned[0, 0, t, i + 3].item() == pytest.approx(a * math.sin(angle) + b * math.cos(angle), abs=1e-6)


def test_rms_norm_is_algorithm_6_with_mean_and_offset_zero():
    norm, x = RMSNorm(6, 1e-5).double(), [0.3, -1.0, 2.0, 0.0, 4.0, -0.5]
    with torch.no_grad():
        norm.weight.copy_(torch.arange(1, 7))
    root = math.sqrt(sum(value**2 for value in x) / 6 + 1e-5)
    expected = [value / root * (i + 1) for i, value in enumerate(x)]
    assert norm(torch.tensor(x, dtype=torch.float64)).tolist() == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    ("kind", "curve"),
    [
        ("relu", lambda x: max(x, 0.0)),
        ("gelu", gelu),
        ("gelu_tanh", lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
        ("silu", lambda x: x / (1 + math.exp(-x))),
    ],
)
@pytest.mark.parametrize("gated", [False, True])
def test_the_mlp_and_its_curves(kind, curve, gated):
    data = {"d_model": 4, "decoder": [{"attention": None, "mlp": {"d_mlp": 3, "activation": kind, "gated": gated}}]}
    mlp = build(parse({"model": {**data, "init": {"std": 1.0}}}).model, 0).double().decoder[0].mlp
    x = [0.5, -1.5, 2.0, 0.1]
    pre = times(numbers(mlp.gate.weight if gated else mlp.up.weight), x, [0.0] * 3)
    other = times(numbers(mlp.up.weight), x, [0.0] * 3) if gated else [1.0] * 3
    expected = times(numbers(mlp.down.weight), [curve(a) * b for a, b in zip(pre, other, strict=True)], [0.0] * 4)
    assert mlp(torch.tensor(x, dtype=torch.float64)).tolist() == pytest.approx(expected, abs=1e-12)
