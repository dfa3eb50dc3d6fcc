"""Costs from the spec alone equal those of the model that is built, and the paper's own formula."""

import pytest
from hypothesis import given, settings

from playground.spec import activations, cost, shapes
from playground.spec.check import parse
from playground.spec.model import Attention, Embedding, Layer, Mlp, ModelSpec, Unembedding
from playground.transformer.model import build
from tests.spec.strategies import models


@given(models())
@settings(max_examples=60, deadline=None)
def test_parameters_equal_the_built_model(data):
    model = parse({"model": data}).model
    assert cost.parameters(model) == sum(parameter.numel() for parameter in build(model, 0).parameters())


def test_parameters_equal_the_formula_of_the_paper():
    """DTransformer: N_V d_e + d_e l_max + L (P_att + P_mlp + 4 d_e) + 2 d_e + N_V d_e, with every bias."""
    vocab, width, context, layers, heads, size, hidden = 50, 24, 16, 3, 4, 6, 96
    p_att = heads * (2 * size * width + 2 * size + size * width + size) + width * heads * size + width
    p_mlp = 2 * hidden * width + hidden + width
    expected = vocab * width + width * context + layers * (p_att + p_mlp + 4 * width) + 2 * width + vocab * width
    layer = Layer(attention=Attention(heads=heads), mlp=Mlp(d_mlp=hidden))
    model = ModelSpec(
        d_model=width,
        n_ctx=context,
        vocab=vocab,
        decoder=(layer,) * layers,
        embedding=Embedding(),
        unembedding=Unembedding(tied=False),
    )
    assert cost.parameters(model) == expected


def test_cache_flops_and_memory_by_hand():
    layer = Layer(attention=Attention(heads=4, kv_heads=2, bias=False), mlp=Mlp(d_mlp=10, bias=False))
    model = ModelSpec(d_model=8, n_ctx=3, vocab=5, decoder=(layer,))
    assert cost.kv_cache_bytes(model) == 4 * 3 * 2 * 2 * 2
    matrices = 8 * 8 + 2 * 8 * 4 + 8 * 8 + 2 * 8 * 10
    assert cost.flops_per_token(model) == 2 * (matrices + 5 * 8) + 4 * 4 * 2 * 2
    assert activations.activation_bytes(model, 2) == 2 * activations.activation_bytes(model, 1)


@pytest.mark.parametrize("path", ["model.embedding", "model.decoder[0].attention", "model.decoder[0].mlp", "model.unembedding"])
def test_shapes_name_the_tensors_of_a_part(path):
    found = shapes.shapes(ModelSpec(), path, 12)
    assert found
    assert all("×" in shape for _, shape in found)


@given(models())
@settings(max_examples=40, deadline=None)
def test_memory_by_part_adds_up_and_names_the_parts_that_are_there(data):
    model = parse({"model": data}).model
    held, kept = activations.part_activation_bytes(model, 3), cost.part_cache_bytes(model)
    assert sum(held.values()) == activations.activation_bytes(model, 3)
    assert set(held) == set(cost.part_parameters(model))
    assert set(kept) == {path for path in held if path.startswith("model.decoder") and path.endswith((".attention", ".cross"))}


def test_memory_of_one_mlp_by_hand():
    layer = Layer(mlp=Mlp(d_mlp=10, activation="gelu", dropout=0.1))
    model = ModelSpec(d_model=8, n_ctx=3, vocab=5, decoder=(layer,))
    floats = 2 * 10 + 8 + 8  # before and after the curve, the input, the mask
    assert activations.part_activation_bytes(model, 2)["model.decoder[0].mlp"] == 2 * 3 * 4 * floats


def test_a_whole_layer_shows_its_largest_tensors():
    found = dict(shapes.shapes(ModelSpec(), "model.decoder[0]", 12))
    assert found == {"residual stream": "12 × 64 × 128", "pattern": "12 × 4 × 64 × 64", "hidden": "12 × 64 × 512"}
