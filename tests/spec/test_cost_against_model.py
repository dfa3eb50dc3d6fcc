"""What is computed from the spec equals what torch really holds and computes, part by part."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812
from torch.utils.flop_counter import FlopCounterMode

from playground.spec import activations, cost, shapes
from playground.spec.model import (
    Attention,
    Embedding,
    Layer,
    Mlp,
    ModelSpec,
    Norm,
    PlacedNorm,
    Position,
    RelativePosition,
    Unembedding,
)
from playground.transformer.cache import KVCache
from playground.transformer.model import Transformer, build
from playground.transformer.taps import Taps

attentions = st.builds(
    Attention,
    heads=st.sampled_from([1, 2, 4]),
    kv_heads=st.sampled_from([None, 1]),
    d_head=st.sampled_from([None, 2, 6]),
    mask=st.sampled_from(["causal", "bidirectional"]),
    position=st.builds(RelativePosition, kind=st.sampled_from(["none", "rotary"])),
    bias=st.booleans(),
    dropout=st.sampled_from([0.0, 0.5]),
)
mlps = st.builds(
    Mlp,
    d_mlp=st.integers(1, 40),
    activation=st.sampled_from(["relu", "gelu", "gelu_tanh", "silu"]),
    gated=st.booleans(),
    bias=st.booleans(),
    dropout=st.sampled_from([0.0, 0.5]),
)
kinds = st.sampled_from(["layer", "rms", "none"])
norms = st.builds(PlacedNorm, kind=kinds, bias=st.booleans(), place=st.sampled_from(["pre", "post"]))
layers = st.one_of(
    st.builds(Layer, norm=norms, attention=attentions, mlp=mlps),
    st.builds(Layer, norm=norms, attention=attentions, mlp=st.none()),
    st.builds(Layer, norm=norms, attention=st.none(), mlp=mlps),
)
models = st.builds(
    ModelSpec,
    d_model=st.sampled_from([8, 16]),
    n_ctx=st.integers(2, 9),
    vocab=st.integers(2, 30),
    embedding=st.builds(
        Embedding,
        position=st.builds(Position, kind=st.sampled_from(["none", "learned", "sinusoidal"])),
        dropout=st.sampled_from([0.0, 0.5]),
    ),
    decoder=st.lists(layers, min_size=1, max_size=3).map(tuple),
    unembedding=st.builds(Unembedding, norm=st.builds(Norm, kind=kinds, bias=st.booleans()), tied=st.booleans()),
)


def counted(*modules):
    """Parameters of modules, shared ones once."""
    return sum({id(p): p.numel() for module in modules if module is not None for p in module.parameters()}.values())


@given(models)
@settings(max_examples=100, deadline=None)
def test_parameters_of_every_part(spec):
    model = build(spec, 0)
    expected = {"model.embedding": counted(model.embed, model.position)}
    for index, layer in enumerate(model.decoder):
        expected[f"model.decoder[{index}].norm"] = counted(layer.norm1, layer.norm2)
        for name, part in (("attention", layer.attention), ("mlp", layer.mlp)):
            if part is not None:
                expected[f"model.decoder[{index}].{name}"] = counted(part)
        assert cost.under(cost.part_parameters(spec), f"model.decoder[{index}]") == counted(layer)
    expected["model.unembedding"] = counted(model.norm) + (0 if spec.unembedding.tied else counted(model.unembed))
    assert cost.part_parameters(spec) == expected
    assert cost.parameters(spec) == counted(model)
    assert cost.under(expected, "model") == counted(model)


def held(model: Transformer, spec: ModelSpec, batch: int) -> int:
    """Bytes of the storages that autograd keeps from the forward pass and the loss, without weights and tables."""
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own and tensor.dim():  # the loss' own weight is a single number
            kept[storage.data_ptr()] = storage
        return tensor

    tokens = torch.zeros((batch, spec.n_ctx), dtype=torch.int64)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        F.cross_entropy(model(tokens).flatten(0, 1), torch.zeros_like(tokens).flatten())
    return sum(storage.nbytes() for storage in kept.values())


@given(models, st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_activations_are_what_autograd_holds(spec, batch):
    assert activations.activation_bytes(spec, batch) == held(build(spec, 0).train(), spec, batch)


@given(models)
@settings(max_examples=40, deadline=None)
def test_flops_of_the_matrix_products(spec):
    """torch counts attention as if nothing were masked; what lies behind the causal mask comes off."""
    model, context = build(spec, 0), spec.n_ctx
    with FlopCounterMode(display=False) as counter:
        patterns = Taps([f"decoder.{index}.pattern" for index in range(len(spec.decoder))])  # products instead of a kernel
        model(torch.zeros((1, context), dtype=torch.int64), taps=patterns)
    masked = 0
    for layer in spec.decoder:
        if layer.attention is not None and layer.attention.mask == "causal":
            size = layer.attention.d_head or spec.d_model // layer.attention.heads
            masked += 4 * layer.attention.heads * size * (context * context - context * (context + 1) // 2)
    assert cost.flops_per_token(spec) * context == counter.get_total_flops() - masked


@given(models)
@settings(max_examples=30, deadline=None)
def test_the_cache_of_a_full_context(spec):
    cache = KVCache()
    with torch.no_grad():
        build(spec, 0)(torch.zeros((1, spec.n_ctx), dtype=torch.int64), cache=cache)
    assert cost.kv_cache_bytes(spec) == sum(k.nbytes + v.nbytes for k, v in cache._stored.values())


@given(models, st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_shapes_are_those_of_the_tapped_tensors(spec, batch):
    points = [f"decoder.{i}.{p}" for i in range(len(spec.decoder)) for p in ("q", "k", "pattern", "z", "mlp_pre", "resid_post")]
    taps = Taps([*points, "embed", "logits"])
    with torch.no_grad():
        build(spec, 0)(torch.zeros((batch, spec.n_ctx), dtype=torch.int64), taps=taps)
    real = {name: " × ".join(map(str, value.shape)) for name, value in taps.values.items()}
    assert dict(shapes.shapes(spec, "model.embedding", batch))["residual stream"] == real["embed"]
    assert dict(shapes.shapes(spec, "model.unembedding", batch))["logits"] == real["logits"]
    for index, layer in enumerate(spec.decoder):
        path, tap = f"model.decoder[{index}]", f"decoder.{index}"
        assert dict(shapes.shapes(spec, path, batch))["residual stream"] == real[f"{tap}.resid_post"]
        if layer.attention is not None:
            said = dict(shapes.shapes(spec, f"{path}.attention", batch))
            assert said.get("q", said.get("q, k, v")) == said["z"] == real[f"{tap}.q"] == real[f"{tap}.z"]
            assert said.get("k, v", said.get("q, k, v")) == real[f"{tap}.k"]
            assert said["pattern"] == real[f"{tap}.pattern"]
        if layer.mlp is not None:
            said = dict(shapes.shapes(spec, f"{path}.mlp", batch))
            assert said["gate" if layer.mlp.gated else "hidden"] == real[f"{tap}.mlp_pre"]


def test_there_are_no_shapes_where_there_is_no_part():
    without = ModelSpec(decoder=(Layer(mlp=None),))
    assert shapes.shapes(without, "model.decoder[0].mlp", 1) == []
    assert shapes.shapes(without, "model.decoder[1]", 1) == []
    assert shapes.shapes(without, "training", 1) == []
