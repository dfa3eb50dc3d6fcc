"""What the forward pass leaves behind for the backward pass, in bytes, from the spec alone."""

from __future__ import annotations

from playground.spec.cost import FLOAT_BYTES, each_layer
from playground.spec.model import Attention, AttentionHeads, Mlp, ModelSpec, Norm, branches, d_head, kv_heads

TOKEN_BYTES = 2 * 8
"""A token and its target, as int64."""


def activation_bytes(model: ModelSpec, batch: int) -> int:
    """Bytes that the forward pass of `batch` full sequences leaves behind for the backward pass.

    Counted, in float32: the input of every matrix product, norm and activation; queries, keys, values and the output of
    the fused attention with one number a row (so no pattern, except where a cap or a sink needs it written out), and the
    copies that rotations and shared keys make; dropout masks; the log-probabilities of the loss; tokens and targets in 8
    bytes each. Each is counted once however many readers it has. For the options of GPT-2 and Llama that is what autograd
    holds on a CPU, to the byte; masks with a window, distances, gates and mixtures are estimated. Weights, gradients, the
    optimiser's state and what lives only within one operation come on top.
    """
    return sum(part_activation_bytes(model, batch).values())


def part_activation_bytes(model: ModelSpec, batch: int) -> dict[str, int]:
    """The same by path, such as "model.decoder[0].attention"; the parts do not overlap, so they add up to the whole.

    A token belongs to the embedding, its target, the final norm and the loss to the unembedding.
    """
    width, end = model.d_model, model.unembedding
    floats = {"model.embedding": (width if model.embedding.dropout else 0) + norm_floats(model.embedding.norm, width)}
    for path, layer in each_layer(model):
        times = 2 if layer.norm.place == "sandwich" else 1
        floats[f"{path}.norm"] = len(branches(layer)) * times * norm_floats(layer.norm, width)
        for name, branch in branches(layer):
            inner = _mlp_floats(model, branch) if isinstance(branch, Mlp) else _attention_floats(model, branch)
            floats[f"{path}.{name}"] = inner + width + (width if branch.dropout else 0)  # the product's input, and a mask
    if model.architecture == "encoder-decoder":
        floats["model.encoder_norm"] = norm_floats(model.encoder_norm, width) + width
    out = end.hidden if end.hidden is not None else width
    hidden = width + out if end.hidden is not None else 0
    floats["model.unembedding"] = hidden + norm_floats(end.norm, out) + out + model.vocab * (2 if end.soft_cap else 1)
    tokens = batch * model.n_ctx
    found = {path: tokens * count * FLOAT_BYTES for path, count in floats.items()}
    for path in ("model.embedding", "model.unembedding"):
        found[path] += tokens * TOKEN_BYTES // 2
    return found


def norm_floats(norm: Norm, width: int) -> int:
    """What a norm keeps of one token: its input and the statistics; RMSNorm also the vector before it is scaled."""
    return {"layer": width + 2, "rms": (2 if norm.learned else 1) * width + 1, "none": 0}[norm.kind]


def _attention_floats(model: ModelSpec, attention: AttentionHeads) -> int:
    """What attention keeps of one token between its first product and its last: q, k, v, output, a row's normaliser.

    q, k and v are views of one product, which stays whole while one of them does. Rotations copy q and k; keys and
    values that heads share are copied for each head.
    """
    heads, groups, size = attention.heads, kv_heads(attention), d_head(model, attention)
    rotary, shared = isinstance(attention, Attention) and attention.position.kind == "rotary", groups < heads
    product = 0 if rotary and shared else heads + 2 * groups
    copies = heads * (rotary + (rotary or shared) + shared)  # q, k, v
    if attention.qk_norm != "none":
        copies += 2 * (heads + groups)
    gate = 2 * heads * size if attention.gate else 0
    written = 3 * heads * model.n_ctx if attention.soft_cap or attention.sink else 0  # scores, bent scores, pattern
    dropped = heads * model.n_ctx if attention.pattern_dropout else 0
    return (product + copies + heads) * size + heads + gate + written + dropped


def _mlp_floats(model: ModelSpec, mlp: Mlp) -> int:
    """What an MLP keeps of one token: before and after the curve (ReLU needs only after), and the gate's other factor."""
    after_only = mlp.activation in ("relu", "tanh", "sigmoid")
    one = mlp.d_mlp * ((1 if after_only else 2) + (2 if mlp.gated else 0))
    if mlp.experts == 1:
        return one
    return min(mlp.top_k, mlp.experts) * (one + 2 * model.d_model) + 3 * mlp.experts
