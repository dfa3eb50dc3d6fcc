"""What the KV cache of an answer holds, by count: keys and values of what was read and said, and of an encoder's output."""

from __future__ import annotations

from playground.spec.cost import FLOAT_BYTES
from playground.spec.model import AttentionHeads, ModelSpec, d_head, kv_heads


def cache_bytes(model: ModelSpec, tokens: int, context: int = 0) -> int:
    """Bytes in float32 once a decoder has read `tokens`, and its encoder `context`; 0 where layers are not all causal.

    Windows hide old keys, they do not drop them.
    """
    layers = model.decoder
    if any(layer.attention is not None and layer.attention.mask != "causal" for layer in layers):
        return 0
    own = sum(_of(model, layer.attention) for layer in layers if layer.attention is not None)
    cross = sum(_of(model, layer.cross) for layer in layers if layer.cross is not None)
    return own * tokens + cross * context


def _of(model: ModelSpec, attention: AttentionHeads) -> int:
    return 2 * kv_heads(attention) * d_head(model, attention) * FLOAT_BYTES
