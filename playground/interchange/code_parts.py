"""The parts of a model as classes of the written file: which settings each use of a class has, from the spec."""

from __future__ import annotations

from collections.abc import Sequence

from playground.interchange import code_attention, code_blocks
from playground.interchange.code_lines import Kind, Row, number
from playground.spec.model import (
    Attention,
    AttentionHeads,
    CrossAttention,
    Mlp,
    ModelSpec,
    Norm,
    d_head,
    kv_heads,
    rotated,
)

_QK_NORM = {"eps": "1e-6", "learned": "True"}
"""Queries and keys are normalised by an RMSNorm that is not the record's."""


class Parts:
    """Every class that a model needs below its layers, innermost first, and the sizes on which all their uses agree."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.sizes: dict[str, int] = {}
        layers = [*spec.encoder, *spec.decoder]
        selves = [layer.attention for layer in layers if layer.attention]
        crosses = [layer.cross for layer in layers if layer.cross]
        mlps = [layer.mlp for layer in layers if layer.mlp]
        self._both = spec.architecture == "encoder-decoder"
        self.prefixed = any(attention.mask == "prefix" for attention in selves)
        self.gisted = spec.gist.mask in ("gist", "negative")
        """Whether gist tokens hide anything."""
        self._windowed = any(attention.window for attention in selves)
        self._make_norms([*selves, *crosses])
        heads = self._size_rows(selves, "")
        self._make_positions(selves, heads)
        self._make_attention(selves, heads)
        self._make_cross(crosses, self._size_rows(crosses, "cross_"))
        self._make_mlps(mlps)
        self.kinds = [self.layer_norm, self.rms_norm, self.rotary, self.t5, self.attention, self.cross, self.mlp, self.experts]

    def norm(self, norm: Norm, width: str = "d_model") -> str:
        """The text that makes a norm; empty where there is none."""
        if norm.kind == "none":
            return ""
        return (self.layer_norm if norm.kind == "layer" else self.rms_norm).call(_norm_row(norm), width)

    def branch(self, branch: AttentionHeads | Mlp) -> str:
        """The text that makes a layer's attention, cross-attention or MLP."""
        if isinstance(branch, Mlp):
            return self.mlp.call(self._mlp_row(branch)) if branch.experts == 1 else self.experts.call(self._experts_row(branch))
        row = self._rows[branch]
        return (self.attention if isinstance(branch, Attention) else self.cross).call(row)

    def _make_norms(self, attentions: Sequence[AttentionHeads]) -> None:
        rows = {kind: [_norm_row(norm) for norm in norms_of(self.spec) if norm.kind == kind] for kind in ("layer", "rms")}
        rows["rms"] += [_QK_NORM for attention in attentions if attention.qk_norm != "none"]
        then = [word for word, name in (("scaled", "learned"), ("shifted", "offset")) if _any(rows["layer"], name)]
        texts = {"then": f", then {' and '.join(then)}" if then else ""}
        self.layer_norm = Kind("LayerNorm", code_blocks.LAYER_NORM, rows["layer"], texts=texts)
        self.rms_norm = Kind("RMSNorm", code_blocks.RMS_NORM, rows["rms"])

    def _size_rows(self, attentions: Sequence[AttentionHeads], prefix: str) -> list[Row]:
        """Heads and their sizes: the name of a constant where all agree, numbers where they do not."""
        rows = [{"heads": a.heads, "kv_heads": kv_heads(a), "d_head": d_head(self.spec, a)} for a in attentions]
        if all(row["kv_heads"] == row["heads"] for row in rows):
            rows = [{"heads": row["heads"], "d_head": row["d_head"]} for row in rows]
        return self._named(rows, prefix)

    def _named(self, rows: list[dict[str, int]], prefix: str = "") -> list[Row]:
        texts = [{name: str(value) for name, value in row.items()} for row in rows]
        for name in rows[0] if rows else ():
            if len({row[name] for row in rows}) == 1:
                value = rows[0][name]
                constant = name if self.sizes.get(name) == value else prefix + name
                self.sizes[constant] = value
                texts = [{**text, name: constant} for text in texts]
        return [*texts]

    def _make_positions(self, attentions: Sequence[Attention], heads: Sequence[Row]) -> None:
        kinds = {kind: [(a, r) for a, r in zip(attentions, heads, strict=True) if a.position.kind == kind]
                 for kind in ("rotary", "t5", "alibi")}  # fmt: skip
        partly = any(rotated(size, a.position) < size for a, _ in kinds["rotary"] for size in [d_head(self.spec, a)])
        rows = [self._rotary_row(a, row) for a, row in kinds["rotary"]]
        self.rotary = Kind("Rotary", code_blocks.ROTARY, rows, {"partly": partly})
        self.t5 = Kind("T5Bias", code_blocks.T5_BIAS, [_t5_row(a, row) for a, row in kinds["t5"]])
        self.slopes = Kind("slopes", code_blocks.SLOPES, [{} for _ in kinds["alibi"]],
                           {"whole": all(a.heads & (a.heads - 1) == 0 for a, _ in kinds["alibi"])})  # fmt: skip

    def _rotary_row(self, attention: Attention, heads: Row) -> Row:
        position, size = attention.position, d_head(self.spec, attention)
        turned = rotated(size, position)
        return {
            "base": number(position.base),
            "turned": heads["d_head"] if turned == size else str(turned),
            "pairing": f'"{position.pairing}"',
        }

    def _make_attention(self, attentions: Sequence[Attention], heads: Sequence[Row]) -> None:
        rows: list[Row] = [{**row, **self._attention_row(a, row)} for a, row in zip(attentions, heads, strict=True)]
        self._rows: dict[AttentionHeads, Row] = dict(zip(attentions, rows, strict=True))
        places = any(a.mask != "bidirectional" or a.window or a.position.kind in ("alibi", "t5") for a in attentions)
        prefix = ", prefix: Tensor | None = None" if self.prefixed else ""
        prefix += ", hidden: Tensor | None = None" if self.gisted else ""
        self.attention = self._heads("Attention", code_attention.ATTENTION, rows, {"places": places}, prefix)

    def _make_cross(self, attentions: Sequence[CrossAttention], heads: Sequence[Row]) -> None:
        rows: list[Row] = [{**row, **_heads_row(a)} for a, row in zip(attentions, heads, strict=True)]
        self._rows |= dict(zip(attentions, rows, strict=True))
        self.cross = self._heads("CrossAttention", code_attention.CROSS, rows, {}, ", unseen: Tensor" if self.gisted else "")

    def _heads(self, name: str, template: str, rows: Sequence[Row], flags: dict[str, bool], prefix: str) -> Kind:
        grouped = bool(rows) and "kv_heads" in rows[0]
        rms = "".join(f", {text}" for text in self.rms_norm.given(_QK_NORM)) if self.rms_norm.rows else ""
        flags = {"grouped": grouped, "prefixed": self.prefixed, "gisted": self.gisted, "both": self._both, **flags}
        return Kind(name, template, rows, flags, {"rms": rms, "prefix": prefix})

    def _attention_row(self, attention: Attention, heads: Row) -> Row:
        kind = attention.position.kind
        after = attention.qk_norm != "none" and attention.qk_norm_place == "after" and kind == "rotary"
        return {
            "mask": f'"{attention.mask}"',
            "window": "None" if not self._windowed else str(attention.window or "n_ctx"),
            "rotary": self.rotary.call(self._rotary_row(attention, heads)) if kind == "rotary" else "None",
            "distance": self.t5.call(_t5_row(attention, heads)) if kind == "t5" else "None",
            "alibi": str(kind == "alibi"),
            "steep": str(kind == "alibi" and attention.position.slope != 1.0),
            "slope": repr(attention.position.slope if kind == "alibi" else 1.0),
            **_heads_row(attention),
            "qk_norm": f'"{attention.qk_norm}{"_after" if after else ""}"',
        }

    def _make_mlps(self, mlps: Sequence[Mlp]) -> None:
        sizes = self._named([{"d_mlp": mlp.d_mlp} for mlp in mlps])
        self._widths = {mlp.d_mlp: row["d_mlp"] for mlp, row in zip(mlps, sizes, strict=True)}
        rows = [self._mlp_row(mlp) for mlp in mlps]
        where = "" if all(mlp.gated for mlp in mlps) else " where gated"
        gate = f", times a third{where} (Shazeer 2020)" if _any(rows, "gated") else ""
        self.mlp = Kind("Mlp", code_blocks.MLP, rows, texts={"gate": gate})
        several = [self._experts_row(mlp) for mlp in mlps if mlp.experts > 1]
        self.experts = Kind("Experts", code_blocks.EXPERTS, several)

    def _mlp_row(self, mlp: Mlp) -> Row:
        return {
            "d_mlp": self._widths[mlp.d_mlp],
            "activation": code_blocks.ACTIVATIONS[mlp.activation],
            "gated": str(mlp.gated),
            "bias": str(mlp.bias),
        }

    def _experts_row(self, mlp: Mlp) -> Row:
        one = self.mlp.call(self._mlp_row(mlp))
        return {"experts": f"nn.ModuleList({one} for _ in range({mlp.experts}))", "top_k": str(mlp.top_k)}


def _any(rows: Sequence[Row], name: str) -> bool:
    return any(row[name] == "True" for row in rows)


def _heads_row(attention: AttentionHeads) -> Row:
    return {
        "qk_norm": f'"{attention.qk_norm}"',
        "scaled": str(attention.scaled),
        "soft_cap": number(attention.soft_cap),
        "with_sink": str(attention.sink),
        "gated": str(attention.gate),
        "bias": str(attention.bias),
        "pattern_dropout": number(attention.pattern_dropout),
    }


def _norm_row(norm: Norm) -> Row:
    row = {"eps": number(norm.eps), "learned": str(norm.learned)}
    return {**row, "offset": str(norm.bias)} if norm.kind == "layer" else row


def _t5_row(attention: Attention, heads: Row) -> Row:
    position = attention.position
    return {
        "heads": heads["heads"],
        "buckets": str(position.buckets),
        "max_distance": str(position.max_distance),
        "both_sides": str(attention.mask != "causal"),
    }


def norms_of(spec: ModelSpec) -> list[Norm]:
    """Every norm of the residual stream that is there."""
    ends = [spec.embedding.norm, spec.unembedding.norm]
    if spec.architecture == "encoder-decoder":
        ends.append(spec.encoder_norm)
    return [*ends, *(layer.norm for layers in spec.stacks.values() for layer in layers)]
