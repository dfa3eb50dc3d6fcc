"""What a model costs, from its spec alone: parameters, FLOPs, memory, and the shapes that pass through a part."""

from __future__ import annotations

from playground.spec.model import Attention, Layer, Mlp, ModelSpec, Norm, d_head, kv_heads

BYTES = 4
"""Memory is counted in float32."""


def parameters(model: ModelSpec) -> int:
    """How many numbers are learned; equal to the count of the model that is built."""
    return sum(count for path, count in part_parameters(model).items() if path.count(".") == 1)


def part_parameters(model: ModelSpec) -> dict[str, int]:
    """Parameters by path: embedding, each layer and its attention, mlp and norm, unembedding.

    A layer's own path ("model.decoder[0]") is the sum of its parts. A tied unembedding owns only its norm.
    """
    found = {"model.embedding": _embedding(model)}
    for path, layer in _layers(model):
        parts = {
            "attention": _attention(model, layer.attention) if layer.attention else 0,
            "mlp": _mlp(model, layer.mlp) if layer.mlp else 0,
            "norm": _branches(layer) * _norm(layer.norm, model.d_model),
        }
        found[path] = sum(parts.values())
        found.update({f"{path}.{name}": count for name, count in parts.items()})
    read_out = 0 if model.unembedding.tied else model.vocab * model.d_model
    found["model.unembedding"] = _norm(model.unembedding.norm, model.d_model) + read_out
    return found


def flops_per_token(model: ModelSpec) -> int:
    """FLOPs of a forward pass per token at full context, two for each multiply-add."""
    found = part_flops(model)
    return sum(count for path, count in found.items() if path.count(".") == 1)


def part_flops(model: ModelSpec) -> dict[str, int]:
    """FLOPs per token by path, as in `part_parameters`.

    Matrices cost 2 a weight; attention 4 · heads · d_head · visible keys (scores and mixing), where a causal query
    sees (n_ctx + 1) / 2 keys on average. Norms, activations, softmax and additions are left out.
    """
    found = {"model.embedding": 0}
    for path, layer in _layers(model):
        parts = {
            "attention": _attention_flops(model, layer.attention) if layer.attention else 0,
            "mlp": 2 * _mlp_weights(model, layer.mlp) if layer.mlp else 0,
            "norm": 0,
        }
        found[path] = sum(parts.values())
        found.update({f"{path}.{name}": count for name, count in parts.items()})
    found["model.unembedding"] = 2 * model.vocab * model.d_model
    return found


def activation_bytes(model: ModelSpec, batch: int) -> int:
    """Bytes of the tensors that one training step keeps for its backward pass, in float32.

    Counted are the residual stream before each branch, the norms' outputs, q, k, v and z, the MLP's hidden tensors
    before and after the activation, and the logits with their gradient; patterns are not kept by the fused kernel.
    """
    width = model.d_model
    per_token = width + 2 * width + 2 * model.vocab
    for _, layer in _layers(model):
        per_token += _branches(layer) * 2 * width
        if layer.attention:
            size = d_head(model, layer.attention)
            per_token += size * (2 * layer.attention.heads + 2 * kv_heads(layer.attention))
        if layer.mlp:
            per_token += layer.mlp.d_mlp * (4 if layer.mlp.gated else 2)
    return BYTES * batch * model.n_ctx * per_token


def kv_cache_bytes(model: ModelSpec) -> int:
    """Bytes of the keys and values of a full context, for one sequence in float32."""
    per_token = sum(
        2 * kv_heads(layer.attention) * d_head(model, layer.attention) for _, layer in _layers(model) if layer.attention
    )
    return BYTES * model.n_ctx * per_token


def shapes(model: ModelSpec, path: str, batch: int) -> list[tuple[str, str]]:
    """The tensors that pass through a part with a full batch, as (name, shape) in the order in which they arise."""
    stream = f"{batch} × {model.n_ctx} × {model.d_model}"
    if path == "model.embedding":
        return [("tokens", f"{batch} × {model.n_ctx}"), ("table", f"{model.vocab} × {model.d_model}"), ("embed", stream)]
    if path == "model.unembedding":
        return [("final", stream), ("logits", f"{batch} × {model.n_ctx} × {model.vocab}")]
    layer = next((layer for place, layer in _layers(model) if path == place or path.startswith(place + ".")), None)
    if layer is None:
        return [("tokens", f"{batch} × {model.n_ctx}"), ("logits", f"{batch} × {model.n_ctx} × {model.vocab}")]
    if path.endswith(".attention") and layer.attention:
        heads, groups, size = layer.attention.heads, kv_heads(layer.attention), d_head(model, layer.attention)
        return [
            ("resid_pre", stream),
            ("q", f"{batch} × {heads} × {model.n_ctx} × {size}"),
            ("k, v", f"{batch} × {groups} × {model.n_ctx} × {size}"),
            ("pattern", f"{batch} × {heads} × {model.n_ctx} × {model.n_ctx}"),
            ("attn_out", stream),
        ]
    if path.endswith(".mlp") and layer.mlp:
        hidden = f"{batch} × {model.n_ctx} × {layer.mlp.d_mlp}"
        return [("resid_mid", stream), ("mlp_post", hidden), ("mlp_out", stream)]
    return [("resid_pre", stream), ("resid_post", stream)]


def _layers(model: ModelSpec) -> list[tuple[str, Layer]]:
    return [(f"model.{stack}[{i}]", layer) for stack, layers in model.stacks.items() for i, layer in enumerate(layers)]


def _branches(layer: Layer) -> int:
    return (layer.attention is not None) + (layer.mlp is not None)


def _norm(norm: Norm, width: int) -> int:
    return {"layer": width * (2 if norm.bias else 1), "rms": width, "none": 0}[norm.kind]


def _embedding(model: ModelSpec) -> int:
    places = model.n_ctx * model.d_model if model.embedding.position.kind == "learned" else 0
    return model.vocab * model.d_model + places


def _attention(model: ModelSpec, attention: Attention) -> int:
    size, groups = d_head(model, attention), kv_heads(attention)
    queries, pairs = attention.heads * size, groups * size
    weights = model.d_model * (queries + 2 * pairs) + queries * model.d_model
    return weights + (queries + 2 * pairs + model.d_model if attention.bias else 0)


def _attention_flops(model: ModelSpec, attention: Attention) -> int:
    size, groups = d_head(model, attention), kv_heads(attention)
    weights = model.d_model * size * (2 * attention.heads + 2 * groups)
    seen = (model.n_ctx + 1) / 2 if attention.mask == "causal" else model.n_ctx
    return 2 * weights + round(4 * attention.heads * size * seen)


def _mlp_weights(model: ModelSpec, mlp: Mlp) -> int:
    return model.d_model * mlp.d_mlp * (3 if mlp.gated else 2)


def _mlp(model: ModelSpec, mlp: Mlp) -> int:
    offsets = mlp.d_mlp * (2 if mlp.gated else 1) + model.d_model if mlp.bias else 0
    return _mlp_weights(model, mlp) + offsets
