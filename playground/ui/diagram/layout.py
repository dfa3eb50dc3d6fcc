"""Where every part of a model stands in the diagram: a pure function from the spec to rectangles, in logical pixels."""

from __future__ import annotations

from dataclasses import dataclass

from playground.spec import cost
from playground.spec.model import Attention, AttentionHeads, Layer, Mlp, ModelSpec, Norm

GAP = 8.0
SPINE_X = 12.0
CARD_X = 30.0
MARGIN = 6.0
"""Room around the cards for the glow of the chosen one."""


@dataclass(frozen=True)
class Box:
    """One part: `path` is its place in the spec, `kind` its colour, `aside` stands at the right, `thumbnails` counts heads."""

    path: str
    kind: str
    x: float
    y: float
    w: float
    h: float
    title: str
    detail: str = ""
    aside: str = ""
    help: str = ""
    parent: str = ""
    thumbnails: int = 0

    @property
    def middle(self) -> float:
        """Half its height down."""
        return self.y + self.h / 2


@dataclass(frozen=True)
class Layout:
    """All boxes from the tokens down to the logits (a card before the parts on it), and the size they take."""

    boxes: tuple[Box, ...]
    width: float
    height: float
    spine: tuple[float, float]
    """Top and bottom of the residual stream."""

    def box(self, path: str) -> Box | None:
        """The box of a part, or None."""
        return next((box for box in self.boxes if box.path == path), None)


def layout(model: ModelSpec, width: float = 264.0, scale: float = 1.0) -> Layout:
    """Lay the model out in a column `width` wide; `scale` is the type scale."""
    parameters = cost.part_parameters(model)
    whole = max(1, cost.parameters(model))
    w = width - CARD_X - MARGIN
    y = MARGIN
    high = _whole(48, scale)
    boxes = [Box("model.embedding", "embedding", CARD_X, y, w, high, "Token embedding", _embedding(model),
                 _position(model), "Tokens become vectors of the residual stream")]  # fmt: skip
    y += high + GAP
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            name = f"Layer {index + 1}" if len(model.stacks) == 1 else f"{stack.capitalize()} {index + 1}"
            made = _layer(layer, f"model.{stack}[{index}]", name, y, w, scale, parameters, whole)
            boxes += made
            y += made[0].h + GAP
    boxes.append(Box("model.unembedding", "unembedding", CARD_X, y, w, high, "Unembedding", _unembedding(model),
                     "", "Vectors of the residual stream become one logit for every token"))  # fmt: skip
    bottom = y + high
    return Layout(tuple(boxes), width, bottom + MARGIN, (MARGIN + high / 2, bottom - high / 2))


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


def attention_words(attention: AttentionHeads) -> str:
    """Heads, mask where it is not the usual one, and position in a few letters: 4 h · rot, 8/2 h, 4 h · full · w 16."""
    groups = attention.kv_heads
    words = [f"{attention.heads}/{groups} h" if groups not in (None, attention.heads) else f"{attention.heads} h"]
    if isinstance(attention, Attention):
        words += {"bidirectional": ["full"], "prefix": ["prefix"]}.get(attention.mask, [])
        words += {"rotary": ["rot"], "alibi": ["ALiBi"], "t5": ["T5"]}.get(attention.position.kind, [])
        words += [f"w {attention.window}"] if attention.window is not None else []
    return " · ".join(words)


CURVES = {
    "relu": ("ReLU", "ReGLU"), "relu2": ("ReLU²", "ReLU² gated"), "gelu": ("GELU", "GeGLU"), "gelu_tanh": ("GELU", "GeGLU"),
    "silu": ("SiLU", "SwiGLU"), "tanh": ("tanh", "tanh gated"), "sigmoid": ("sigmoid", "GLU"),
}  # fmt: skip
"""What an activation is called alone, and with a gate."""


def mlp_words(mlp: Mlp) -> str:
    """Activation and width: SwiGLU 384, GELU 512, 8 × GELU 512."""
    curve = CURVES[mlp.activation][mlp.gated]
    return f"{curve} {mlp.d_mlp}" if mlp.experts == 1 else f"{mlp.experts} × {curve} {mlp.d_mlp}"


def norm_words(norm: Norm) -> str:
    """The name of a norm: RMS, LayerNorm, no norm."""
    return {"rms": "RMS", "layer": "LayerNorm", "none": "no norm"}[norm.kind]


def _whole(size: float, scale: float) -> float:
    return float(round(size * scale))


def _layer(
    layer: Layer, path: str, title: str, y: float, w: float, scale: float, parameters: dict[str, int], whole: int
) -> list[Box]:
    pad, head = 8.0, _whole(28, scale)
    inner_x, inner_w = CARD_X + pad, w - 2 * pad
    norm_w = min(inner_w * 0.6, _whole(118, scale))
    places = {"pre": " · before", "post": " · after", "sandwich": " · around", "output": " · on output"}
    place = "" if layer.norm.kind == "none" else places[layer.norm.place]
    parts = [Box(f"{path}.norm", "norm", CARD_X + w - pad - norm_w, y + 4, norm_w, head - 6, norm_words(layer.norm) + place,
                 help="Normalises what the branches read (before) or the stream after them", parent=path)]  # fmt: skip
    at = y + head
    if layer.attention is not None:
        high = _whole(36, scale)
        parts.append(Box(f"{path}.attention", "attention", inner_x, at, inner_w, high, "Attention",
                         aside=attention_words(layer.attention), help=_attention_help(layer.attention), parent=path,
                         thumbnails=min(4, layer.attention.heads)))  # fmt: skip
        at += high + 4
    if layer.cross is not None:
        high = _whole(36, scale)
        parts.append(Box(f"{path}.cross", "cross_attention", inner_x, at, inner_w, high, "Cross-attention",
                         aside=attention_words(layer.cross), help="Looks at what the encoder made of the source", parent=path,
                         thumbnails=min(4, layer.cross.heads)))  # fmt: skip
        at += high + 4
    if layer.mlp is not None:
        high = _whole(26, scale)
        parts.append(Box(f"{path}.mlp", "mlp", inner_x, at, inner_w, high, "MLP", mlp_words(layer.mlp),
                         share(parameters.get(f"{path}.mlp", 0), whole), "Right: share of all parameters", path))  # fmt: skip
        at += high + 4
    card = Box(path, "layer", CARD_X, y, w, at + 4 - y, title, help="Reads the residual stream and adds to it")
    return [card, *parts]


def _attention_help(attention: Attention) -> str:
    heads = "1 head" if attention.heads == 1 else f"{attention.heads} heads"
    groups = f", {attention.kv_heads} with keys and values" if attention.kv_heads not in (None, attention.heads) else ""
    kinds = {"rotary": ", rotary positions", "alibi": ", ALiBi", "t5": ", T5 distances"}
    return f"{heads}{groups}, {attention.mask}{kinds.get(attention.position.kind, '')}"


def _embedding(model: ModelSpec) -> str:
    size = f"{model.vocab} × {model.d_model}"
    return f"{size} · tied with unembedding" if model.unembedding.tied else f"{size} · free"


def _position(model: ModelSpec) -> str:
    return {"none": "", "learned": "+ positions"}.get(model.embedding.position.kind, "+ sines")


def _unembedding(model: ModelSpec) -> str:
    norm = model.unembedding.norm
    name = "" if norm.kind == "none" else f"{'RMS norm' if norm.kind == 'rms' else 'LayerNorm'} "
    return f"{name}→ {model.vocab} logits"
