"""Positions, norms and activation curves beside their formulas with plain numbers."""

import math

import pytest
import torch

from playground.spec.check import parse
from playground.transformer.distance import Alibi, T5Bias, bucket
from playground.transformer.model import build
from playground.transformer.norm import RMSNorm
from playground.transformer.position import Rotary, sinusoids

Vector = list[float]
Matrix = list[list[float]]


def numbers(tensor: torch.Tensor) -> Matrix:
    return tensor.detach().tolist()


def times(matrix: Matrix, x: Vector, offset: Vector) -> Vector:
    return [sum(w * value for w, value in zip(row, x, strict=True)) + b for row, b in zip(matrix, offset, strict=True)]


def gelu(x: float) -> float:
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


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


def test_rotary_turns_neighbours_and_leaves_the_rest():
    rotary, x = Rotary(8, 4, 100.0, neighbours=True).double(), torch.randn(1, 1, 8, 6, dtype=torch.float64)
    turned = rotary(x, 0)
    assert torch.equal(turned[..., 4:], x[..., 4:])
    for t in range(8):
        for i in range(2):
            angle = t * 100.0 ** (-2 * i / 4)
            a, b = x[0, 0, t, 2 * i].item(), x[0, 0, t, 2 * i + 1].item()
            assert turned[0, 0, t, 2 * i].item() == pytest.approx(a * math.cos(angle) - b * math.sin(angle), abs=1e-6)
            assert turned[0, 0, t, 2 * i + 1].item() == pytest.approx(a * math.sin(angle) + b * math.cos(angle), abs=1e-6)


@pytest.mark.parametrize(("start", "queries", "keys"), [(0, 5, 5), (3, 1, 4), (7, 2, 9)])
def test_distances_do_not_depend_on_where_the_text_stands(start, queries, keys):
    alibi, t5 = Alibi(4), T5Bias(4, 8, 16, True)
    torch.nn.init.normal_(t5.weight)
    for bias in (alibi, t5):
        whole = bias(0, start + queries, max(keys, start + queries))
        assert torch.equal(bias(start, queries, keys), whole[:, start : start + queries, :keys])
        diagonals = [whole[0].diagonal(offset).unique() for offset in range(-3, 4)]
        assert all(len(values) == 1 for values in diagonals)


def test_near_distances_have_a_bucket_each_and_far_ones_share():
    far = bucket(-torch.arange(200), 32, 128, both_sides=False)
    assert far[:16].tolist() == list(range(16))
    assert (far.diff() >= 0).all()
    assert far[128:].unique().tolist() == [31]
    ahead = bucket(torch.arange(-20, 21), 32, 128, both_sides=True)
    assert ahead[20] == 0
    assert (ahead[21:] >= 16).all()
    assert (ahead[:21] < 16).all()


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
        ("relu2", lambda x: max(x, 0.0) ** 2),
        ("tanh", math.tanh),
        ("sigmoid", lambda x: 1 / (1 + math.exp(-x))),
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
