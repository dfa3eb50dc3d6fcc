"""What a model costs, from its spec alone: parameters, FLOPs, bytes of the KV cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from playground.spec.modalities import Modalities
from playground.spec.model import Attention, AttentionHeads, Layer, Mlp, ModelSpec, Norm, branches, d_head, kv_heads

FLOAT_BYTES = 4
"""Weights, activations and the cache are counted in float32."""


def parameters(model: ModelSpec) -> int:
    """How many numbers are learned; a tied matrix counts once."""
    return sum(part_parameters(model).values())


def part_parameters(model: ModelSpec) -> dict[str, int]:
    """Parameters by path, such as "model.decoder[0].attention"; the parts do not overlap, so they add up to the whole.

    The final norm belongs to "model.unembedding", the learned positions and the norm after them to "model.embedding", and
    a tied matrix to the embedding.
    """
    width, end = model.d_model, model.unembedding
    places = model.n_ctx if model.embedding.position.kind == "learned" else 0
    parts = {"model.embedding": (model.vocab + places) * width + norm_parameters(model.embedding.norm, width)}
    parts["model.embedding"] += _modalities(model.embedding.modalities, width)
    for path, layer in each_layer(model):
        parts[f"{path}.norm"] = norms(layer) * norm_parameters(layer.norm, width)
        for name, branch in branches(layer):
            parts[f"{path}.{name}"] = _mlp(model, branch) if isinstance(branch, Mlp) else _heads(model, branch)
    if model.architecture == "encoder-decoder":
        parts["model.encoder_norm"] = norm_parameters(model.encoder_norm, width)
    out = end.hidden if end.hidden is not None else width
    hidden = linear(width, out, True) if end.hidden is not None else 0
    matrix = (0 if end.tied else out * model.vocab) + (model.vocab if end.bias else 0)
    parts["model.unembedding"] = hidden + norm_parameters(end.norm, out) + matrix
    return parts


def under(parts: Mapping[str, int], path: str) -> int:
    """The sum over the part at `path` and all parts inside it, such as those of a whole layer."""
    return sum(count for name, count in parts.items() if name == path or name.startswith((f"{path}.", f"{path}[")))


def flops_per_token(model: ModelSpec) -> int:
    """Floating-point operations of the forward pass for one token of a full context; training takes about three times this.

    An encoder-decoder is counted with a source and a target of n_ctx tokens each, per pair of tokens.
    """
    return sum(part_flops(model).values())


def part_flops(model: ModelSpec) -> dict[str, int]:
    """FLOPs of the forward pass per token, by path; parts without a matrix product (norms, embedding) are left out.

    Two for each multiply-add of a matrix product. A matrix (a, b) costs `2 a b`. Scores and the weighted sum of values
    cost `2 · 2 · heads · d_head · visible`, where `visible` is how many keys a query sees on average at full context:
    `(n_ctx + 1) / 2` with the causal mask, `n_ctx` without, fewer with a window. Of a mixture only the experts that work
    on a token count. Offsets, norms, activations, softmax, rotations and the look-up of embeddings are not counted
    (Kaplan et al. 2020, table 1, with the attention's masked half left out).
    """
    parts: dict[str, int] = {}
    for path, layer in each_layer(model):
        for name, branch in branches(layer):
            if isinstance(branch, Mlp):
                used = min(branch.top_k, branch.experts) if branch.experts > 1 else 1
                router = 2 * model.d_model * branch.experts if branch.experts > 1 else 0
                parts[f"{path}.{name}"] = router + used * sum(2 * rows * columns for rows, columns in products(model, branch))
            else:
                matrices = sum(2 * rows * columns for rows, columns in products(model, branch))
                pairs = visible(model, branch)  # over all queries
                parts[f"{path}.{name}"] = matrices + 4 * branch.heads * d_head(model, branch) * pairs // model.n_ctx
    end = model.unembedding
    out = end.hidden if end.hidden is not None else model.d_model
    hidden = 2 * model.d_model * out if end.hidden is not None else 0
    parts["model.unembedding"] = hidden + 2 * out * model.vocab
    return parts


def visible(model: ModelSpec, attention: AttentionHeads) -> int:
    """How many (query, key) pairs of a full context are seen, over all queries of one head."""
    n = model.n_ctx
    if not isinstance(attention, Attention):
        return n * n
    window = min(attention.window or n, n)
    before = window * (window + 1) // 2 + (n - window) * window  # the query itself and what comes before it
    return before if attention.mask == "causal" else 2 * before - n


def kv_cache_bytes(model: ModelSpec) -> int:
    """Bytes of the keys and values of one sequence of n_ctx tokens in all layers of the decoder, in float32.

    Those of cross-attention are counted for a source of n_ctx tokens.
    """
    return sum(part_cache_bytes(model).values())


def part_cache_bytes(model: ModelSpec) -> dict[str, int]:
    """The same by path; only attention of the decoder keeps keys and values."""
    return {
        f"{path}.{name}": 2 * kv_heads(branch) * d_head(model, branch) * model.n_ctx * FLOAT_BYTES
        for path, layer in each_layer(model)
        if path.startswith("model.decoder")
        for name, branch in branches(layer)
        if not isinstance(branch, Mlp)
    }


def each_layer(model: ModelSpec) -> Iterator[tuple[str, Layer]]:
    """Every layer with its path, the encoder's first."""
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            yield f"model.{stack}[{index}]", layer


def norms(layer: Layer) -> int:
    """How many norms a layer has: one for each branch, two where it is a sandwich, one for two branches that share it."""
    count = len(branches(layer))
    if layer.order == "parallel_shared" and layer.attention is not None and layer.mlp is not None:
        return count - 1
    return 2 * count if layer.norm.place == "sandwich" else count


def products(model: ModelSpec, branch: AttentionHeads | Mlp) -> list[tuple[int, int]]:
    """(in, out) of every matrix of a branch; of a mixture, those of one expert."""
    width = model.d_model
    if isinstance(branch, Mlp):
        return [(width, branch.d_mlp)] * (2 if branch.gated else 1) + [(branch.d_mlp, width)]
    size = d_head(model, branch)
    queries, keys = branch.heads * size, kv_heads(branch) * size
    gate = [(width, queries)] if branch.gate else []
    return [(width, queries), (width, keys), (width, keys), *gate, (queries, width)]


def linear(rows: int, columns: int, bias: bool) -> int:
    """Parameters of a matrix, and its offset where it has one."""
    return rows * columns + (columns if bias else 0)


def norm_parameters(norm: Norm, width: int) -> int:
    """Scale and offset of a norm."""
    if norm.kind == "none":
        return 0
    return width * (norm.learned + (norm.kind == "layer" and norm.bias))


def _modalities(about: Modalities | None, width: int) -> int:
    """Local positions, the residual block of the patches, and their rows and columns."""
    if about is None:
        return 0
    inner, area = about.channels, about.patch**2
    block = linear(9 * about.colours, inner, True) + 2 * (linear(9 * inner, inner, True) + 2 * inner)
    return (about.places + 2 + 2 * about.intervals) * width + block + linear(inner * area, width, True)


def _heads(model: ModelSpec, attention: AttentionHeads) -> int:
    """Projections, gate, norms of queries and keys, sink, and the learned distances."""
    size = d_head(model, attention)
    scales = {"none": 0, "head": 2 * size, "full": (attention.heads + kv_heads(attention)) * size}[attention.qk_norm]
    found = sum(linear(*sizes, attention.bias) for sizes in products(model, attention)) + scales
    found += attention.heads if attention.sink else 0
    if isinstance(attention, Attention) and attention.position.kind == "t5":
        found += attention.position.buckets * attention.heads
    return found


def _mlp(model: ModelSpec, mlp: Mlp) -> int:
    one = sum(linear(*sizes, mlp.bias) for sizes in products(model, mlp))
    return one if mlp.experts == 1 else mlp.experts * (one + model.d_model)
