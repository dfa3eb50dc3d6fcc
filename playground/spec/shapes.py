"""The shapes of the tensors on the way through a part of a model, in words, from its spec alone."""

from __future__ import annotations

from playground.spec.cost import each_layer
from playground.spec.model import AttentionHeads, Layer, Mlp, ModelSpec, branches, d_head, kv_heads

Shapes = list[tuple[str, str]]


def shapes(model: ModelSpec, path: str, batch: int) -> Shapes:
    """Shapes on the way through the part at `path`, as (label, text) in the order of computation.

    Sizes are joined by " × ": batch × positions × width. Empty for a path that is no part of this model.
    """
    stream = _text(batch, model.n_ctx, model.d_model)
    if path == "model.embedding":
        return _embedding(model, batch)
    if path == "model.unembedding":
        return _unembedding(model, batch)
    for name, layer in each_layer(model):
        if path == name:
            return [("residual stream", stream), *_widest(model, layer, batch)]
        if path.startswith(f"{name}."):
            return _part(model, layer, path.removeprefix(f"{name}."), batch)
    return []


def _part(model: ModelSpec, layer: Layer, part: str, batch: int) -> Shapes:
    stream = _text(batch, model.n_ctx, model.d_model)
    if part == "norm":
        scale = layer.norm.kind != "none" and layer.norm.learned
        return [("in and out", stream), *([("scale", _text(model.d_model))] if scale else [])]
    branch = dict(branches(layer)).get(part)
    if branch is None:
        return []
    if not isinstance(branch, Mlp):
        return _heads(model, branch, part == "cross", batch)
    hidden = _text(batch, model.n_ctx, branch.d_mlp)
    between = [("gate", hidden), ("up", hidden), ("gate · up", hidden)] if branch.gated else [("hidden", hidden)]
    if branch.experts > 1:
        between.insert(0, ("router", _text(batch, model.n_ctx, branch.experts)))
    return [("in", stream), *between, ("out", stream)]


def _widest(model: ModelSpec, layer: Layer, batch: int) -> Shapes:
    """The largest tensor of each branch of a layer."""
    found = []
    for name, branch in branches(layer):
        if isinstance(branch, Mlp):
            found.append(("hidden", _text(batch, model.n_ctx, branch.d_mlp)))
        else:
            label = "cross pattern" if name == "cross" else "pattern"
            found.append((label, _text(batch, branch.heads, model.n_ctx, model.n_ctx)))
    return found


def _embedding(model: ModelSpec, batch: int) -> Shapes:
    found = [("tokens", _text(batch, model.n_ctx)), ("matrix", _text(model.vocab, model.d_model))]
    if model.embedding.position.kind != "none":
        found.append(("positions", _text(model.n_ctx, model.d_model)))
    return [*found, ("residual stream", _text(batch, model.n_ctx, model.d_model))]


def _unembedding(model: ModelSpec, batch: int) -> Shapes:
    end = model.unembedding
    width = end.hidden if end.hidden is not None else model.d_model
    found = [("residual stream", _text(batch, model.n_ctx, model.d_model))]
    if end.hidden is not None:
        found.append(("hidden", _text(batch, model.n_ctx, width)))
    return [*found, ("matrix", _text(width, model.vocab)), ("logits", _text(batch, model.n_ctx, model.vocab))]


def _heads(model: ModelSpec, attention: AttentionHeads, cross: bool, batch: int) -> Shapes:
    size, groups = d_head(model, attention), kv_heads(attention)
    stream = _text(batch, model.n_ctx, model.d_model)
    queries, keys = (_text(batch, heads, model.n_ctx, size) for heads in (attention.heads, groups))
    projected = [("q, k, v", queries)] if groups == attention.heads and not cross else [("q", queries), ("k, v", keys)]
    source = [("encoder", stream)] if cross else []
    pattern = ("pattern", _text(batch, attention.heads, model.n_ctx, model.n_ctx))
    return [("in", stream), *source, *projected, pattern, ("z", queries), ("out", stream)]


def _text(*sizes: int) -> str:
    return " × ".join(map(str, sizes))
