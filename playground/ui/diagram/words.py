"""What is written on the cards of the diagram: counts, shares, and each part in a few letters."""

from __future__ import annotations

from playground.spec.model import Attention, AttentionHeads, Layer, Mlp, ModelSpec
from playground.spec.norm import PlacedNorm

CURVES = {
    "relu": ("ReLU", "ReGLU"), "relu2": ("ReLU²", "ReLU² gated"), "gelu": ("GELU", "GeGLU"), "gelu_tanh": ("GELU", "GeGLU"),
    "silu": ("SiLU", "SwiGLU"), "tanh": ("tanh", "tanh gated"), "sigmoid": ("sigmoid", "GLU"),
}  # fmt: skip
"""What an activation is called alone, and with a gate."""


def compact(count: int) -> str:
    """A count as people say it: 812 K, 1.3 M."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if count >= limit:
            value = count / limit
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return str(count)


def share(part: int, whole: int) -> str:
    """A share in per cent: 18 %, 0.4 %, < 0.1 %."""
    value = 100 * part / max(1, whole)
    if 0 < value < 0.1:
        return "< 0.1 %"
    return f"{value:.0f} %" if value >= 9.95 or value == 0 else f"{value:.1f} %"


def heads_words(attention: AttentionHeads) -> str:
    """Heads, and those with keys and values where they are fewer: 4 h, 8/2 h."""
    groups = attention.kv_heads
    return f"{attention.heads}/{groups} h" if groups not in (None, attention.heads) else f"{attention.heads} h"


def attention_words(attention: AttentionHeads) -> str:
    """Heads, mask where it is not the usual one, and position in a few letters: 4 h · rot, 8/2 h, 4 h · full · w 16."""
    words = [heads_words(attention)]
    if isinstance(attention, Attention):
        words += {"bidirectional": ["full"], "prefix": ["prefix"]}.get(attention.mask, [])
        words += {"rotary": ["rot"], "alibi": ["ALiBi"], "t5": ["T5"]}.get(attention.position.kind, [])
        words += [f"w {attention.window}"] if attention.window is not None else []
    return " · ".join(words)


def sight_words(attention: AttentionHeads) -> str:
    """Position and mask in a few letters: rot · causal, full, ALiBi · w 16; what cross-attention looks at."""
    if not isinstance(attention, Attention):
        return "source"
    position = {"rotary": "rot", "alibi": "ALiBi", "t5": "T5"}.get(attention.position.kind, "")
    mask = {"bidirectional": "full", "prefix": "prefix"}.get(attention.mask, "causal")
    mask = mask if attention.window is None else f"w {attention.window}"
    return " · ".join(filter(None, (position, mask)))


def attention_help(attention: AttentionHeads) -> str:
    """The same in full, for a tool tip and for those who cannot see the card."""
    if not isinstance(attention, Attention):
        return "Looks at what the encoder made of the source"
    heads = "1 head" if attention.heads == 1 else f"{attention.heads} heads"
    groups = f", {attention.kv_heads} with keys and values" if attention.kv_heads not in (None, attention.heads) else ""
    kinds = {"rotary": ", rotary positions", "alibi": ", ALiBi", "t5": ", T5 distances"}
    return f"{heads}{groups}, {attention.mask}{kinds.get(attention.position.kind, '')}"


def mlp_words(mlp: Mlp, short: bool = False) -> str:
    """Activation and width: SwiGLU 384, GELU 512, 8 × GELU 512; where there is little room GELU, 8×GELU."""
    curve = CURVES[mlp.activation][mlp.gated]
    if short:
        return curve if mlp.experts == 1 else f"{mlp.experts}×{curve}"
    return f"{curve} {mlp.d_mlp}" if mlp.experts == 1 else f"{mlp.experts} × {curve} {mlp.d_mlp}"


def norm_words(norm: PlacedNorm, short: bool = False) -> str:
    """A norm and where it stands: RMS · before, LayerNorm · after; LN where there is little room; no norm."""
    if norm.kind == "none":
        return "no norm"
    name = {"rms": "RMS", "layer": "LN" if short else "LayerNorm"}[norm.kind]
    return f"{name} · { {'pre': 'before', 'post': 'after', 'sandwich': 'around', 'output': 'on output'}[norm.place] }"


def layer_words(layer: Layer) -> str:
    """A whole layer in one line: 4 h · rot | GELU 256."""
    parts = [attention_words(layer.attention)] if layer.attention is not None else []
    parts += [f"× {heads_words(layer.cross)}"] if layer.cross is not None else []
    parts += [mlp_words(layer.mlp)] if layer.mlp is not None else []
    return "  |  ".join(parts)


def embedding_words(model: ModelSpec) -> tuple[str, str]:
    """Size and tying of the token embedding, and its positions."""
    tied = "tied" if model.unembedding.tied else "free"
    position = {"none": "", "learned": "+ positions"}.get(model.embedding.position.kind, "+ sines")
    return f"{model.vocab} × {model.d_model} · {tied}", position


def unembedding_words(model: ModelSpec) -> str:
    """The final norm and the logits."""
    norm = model.unembedding.norm
    name = "" if norm.kind == "none" else f"{'RMS norm' if norm.kind == 'rms' else 'LayerNorm'} "
    return f"{name}→ {model.vocab} logits"
