"""What a model costs, from its spec alone: parameters, FLOPs, memory of activations and KV cache, shapes through a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from playground.spec.model import Attention, Layer, Mlp, ModelSpec, Norm, d_head, kv_heads

FLOAT_BYTES = 4
"""Weights, activations and the cache are counted in float32."""

TOKEN_BYTES = 2 * 8
"""A token and its target, as int64."""

Shapes = list[tuple[str, str]]


def parameters(model: ModelSpec) -> int:
    """How many numbers are learned; a tied matrix counts once."""
    return sum(part_parameters(model).values())


def part_parameters(model: ModelSpec) -> dict[str, int]:
    """Parameters by path, such as "model.decoder[0].attention"; the parts do not overlap, so they add up to the whole.

    A layer has its norm once before (or after) each of its branches. The final norm belongs to "model.unembedding", the
    learned positions to "model.embedding", and a tied matrix to the embedding.
    """
    width = model.d_model
    places = model.n_ctx if model.embedding.position.kind == "learned" else 0
    parts = {"model.embedding": (model.vocab + places) * width}
    for path, layer in _layers(model):
        branches = (layer.attention is not None) + (layer.mlp is not None)
        parts[f"{path}.norm"] = branches * _norm_parameters(layer.norm, width)
        if layer.attention is not None:
            parts[f"{path}.attention"] = sum(
                _linear(*sizes, layer.attention.bias) for sizes in _products(model, layer.attention)
            )
        if layer.mlp is not None:
            parts[f"{path}.mlp"] = sum(_linear(*sizes, layer.mlp.bias) for sizes in _products(model, layer.mlp))
    readout = 0 if model.unembedding.tied else width * model.vocab
    parts["model.unembedding"] = _norm_parameters(model.unembedding.norm, width) + readout
    return parts


def under(parts: Mapping[str, int], path: str) -> int:
    """The sum over the part at `path` and all parts inside it, such as those of a whole layer."""
    return sum(count for name, count in parts.items() if name == path or name.startswith((f"{path}.", f"{path}[")))


def flops_per_token(model: ModelSpec) -> int:
    """Floating-point operations of the forward pass for one token of a full context; training takes about three times this."""
    return sum(part_flops(model).values())


def part_flops(model: ModelSpec) -> dict[str, int]:
    """FLOPs of the forward pass per token, by path; parts without a matrix product (norms, embedding) are left out.

    Two for each multiply-add of a matrix product. A matrix (a, b) costs `2 a b`. Scores and the weighted sum of values
    cost `2 · 2 · heads · d_head · visible`, where `visible` is how many keys a query sees on average at full context:
    `(n_ctx + 1) / 2` with the causal mask, `n_ctx` without. Offsets, norms, activations, softmax, rotations and the
    look-up of embeddings are not counted (Kaplan et al. 2020, table 1, with the attention's masked half left out).
    """
    parts: dict[str, int] = {}
    for path, layer in _layers(model):
        if layer.attention is not None:
            attention = layer.attention
            visible_twice = model.n_ctx + 1 if attention.mask == "causal" else 2 * model.n_ctx
            matrices = sum(2 * rows * columns for rows, columns in _products(model, attention))
            parts[f"{path}.attention"] = matrices + 2 * attention.heads * d_head(model, attention) * visible_twice
        if layer.mlp is not None:
            parts[f"{path}.mlp"] = sum(2 * rows * columns for rows, columns in _products(model, layer.mlp))
    parts["model.unembedding"] = 2 * model.d_model * model.vocab
    return parts


def activation_bytes(model: ModelSpec, batch: int) -> int:
    """Bytes that the forward pass of `batch` full sequences leaves behind for the backward pass.

    Counted, in float32: the input of every matrix product, norm and activation; queries, keys, values and the output of
    the fused attention with one number a row (so no pattern), and the copies that rotations and shared keys make;
    dropout masks; the log-probabilities of the loss; tokens and targets in 8 bytes each. Each is counted once however
    many readers it has: what autograd holds on a CPU, to the byte. Weights, gradients, the optimiser's state and what
    lives only within one operation come on top.
    """
    width = model.d_model
    token = width if model.embedding.dropout else 0  # its mask
    for _, layer in _layers(model):
        for branch in (layer.attention, layer.mlp):
            if branch is not None:
                token += _norm_floats(layer.norm, width) + width  # the norm's input, and the product's
                token += _attention_floats(model, branch) if isinstance(branch, Attention) else _mlp_floats(branch)
                token += width if branch.dropout else 0
    token += _norm_floats(model.unembedding.norm, width) + width + model.vocab
    return batch * model.n_ctx * (token * FLOAT_BYTES + TOKEN_BYTES)


def kv_cache_bytes(model: ModelSpec) -> int:
    """Bytes of the keys and values of one sequence of n_ctx tokens in all layers of the decoder, in float32."""
    floats = 0
    for layer in model.decoder:
        if layer.attention is not None:
            floats += 2 * kv_heads(layer.attention) * d_head(model, layer.attention)
    return floats * model.n_ctx * FLOAT_BYTES


def shapes(model: ModelSpec, path: str, batch: int) -> Shapes:
    """Shapes on the way through the part at `path`, as (label, text) in the order of computation.

    Sizes are joined by " × ": batch × positions × width. Empty for a path that is no part of this model.
    """
    stream = _text(batch, model.n_ctx, model.d_model)
    if path == "model.embedding":
        return _embedding_shapes(model, batch)
    if path == "model.unembedding":
        found = [("residual stream", stream), ("matrix", _text(model.d_model, model.vocab))]
        return [*found, ("logits", _text(batch, model.n_ctx, model.vocab))]
    for name, layer in _layers(model):
        if path == name:
            return [("residual stream", stream)]
        if path == f"{name}.norm":
            return [("in and out", stream), *([("scale", _text(model.d_model))] if layer.norm.kind != "none" else [])]
        if path == f"{name}.attention" and layer.attention is not None:
            return _attention_shapes(model, layer.attention, batch)
        if path == f"{name}.mlp" and layer.mlp is not None:
            hidden = _text(batch, model.n_ctx, layer.mlp.d_mlp)
            between = [("gate", hidden), ("up", hidden), ("gate · up", hidden)] if layer.mlp.gated else [("hidden", hidden)]
            return [("in", stream), *between, ("out", stream)]
    return []


def _layers(model: ModelSpec) -> Iterator[tuple[str, Layer]]:
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            yield f"model.{stack}[{index}]", layer


def _products(model: ModelSpec, branch: Attention | Mlp) -> list[tuple[int, int]]:
    """(in, out) of every matrix of a branch."""
    width = model.d_model
    if isinstance(branch, Mlp):
        return [(width, branch.d_mlp)] * (2 if branch.gated else 1) + [(branch.d_mlp, width)]
    size = d_head(model, branch)
    queries, keys = branch.heads * size, kv_heads(branch) * size
    return [(width, queries), (width, keys), (width, keys), (queries, width)]


def _linear(rows: int, columns: int, bias: bool) -> int:
    return rows * columns + (columns if bias else 0)


def _norm_parameters(norm: Norm, width: int) -> int:
    if norm.kind == "none":
        return 0
    return 2 * width if norm.kind == "layer" and norm.bias else width


def _norm_floats(norm: Norm, width: int) -> int:
    """What a norm keeps of one token: its input and the statistics; RMSNorm also the vector before it is scaled."""
    return {"layer": width + 2, "rms": 2 * width + 1, "none": 0}[norm.kind]


def _attention_floats(model: ModelSpec, attention: Attention) -> int:
    """What attention keeps of one token between its first product and its last: q, k, v, output, a row's normaliser.

    q, k and v are views of one product, which stays whole while one of them does. Rotations copy q and k; keys and
    values that heads share are copied for each head.
    """
    heads, groups = attention.heads, kv_heads(attention)
    rotary, shared = attention.position.kind == "rotary", groups < heads
    product = 0 if rotary and shared else heads + 2 * groups
    copies = heads * (rotary + (rotary or shared) + shared)  # q, k, v
    return (product + copies + heads) * d_head(model, attention) + heads


def _mlp_floats(mlp: Mlp) -> int:
    """What an MLP keeps of one token: before and after the curve (ReLU needs only after), and the gate's other factor."""
    return mlp.d_mlp * ((1 if mlp.activation == "relu" else 2) + (2 if mlp.gated else 0))


def _embedding_shapes(model: ModelSpec, batch: int) -> Shapes:
    found = [("tokens", _text(batch, model.n_ctx)), ("matrix", _text(model.vocab, model.d_model))]
    if model.embedding.position.kind != "none":
        found.append(("positions", _text(model.n_ctx, model.d_model)))
    return [*found, ("residual stream", _text(batch, model.n_ctx, model.d_model))]


def _attention_shapes(model: ModelSpec, attention: Attention, batch: int) -> Shapes:
    size, groups = d_head(model, attention), kv_heads(attention)
    stream = _text(batch, model.n_ctx, model.d_model)
    queries, keys = (_text(batch, heads, model.n_ctx, size) for heads in (attention.heads, groups))
    projected = [("q, k, v", queries)] if groups == attention.heads else [("q", queries), ("k, v", keys)]
    pattern = ("pattern", _text(batch, attention.heads, model.n_ctx, model.n_ctx))
    return [("in", stream), *projected, pattern, ("z", queries), ("out", stream)]


def _text(*sizes: int) -> str:
    return " × ".join(map(str, sizes))
