"""Attention as data: its heads, whom a query may see, and how the distance between two tokens enters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from playground.spec.record import Record, field

if TYPE_CHECKING:
    from playground.spec.model import ModelSpec

PHUONG = "https://arxiv.org/abs/2207.09238"
_ROTARY, _ALIBI, _T5 = ("rotary",), ("alibi",), ("t5",)


class RelativePosition(Record):
    """Positions that act inside the attention, on queries and keys or on their scores."""

    kind: Literal["none", "rotary", "alibi", "t5"] = field(
        "none",
        "Position",
        "Rotary turns queries and keys by an angle that grows with the position; ALiBi subtracts a share of the distance "
        "from each score; T5 learns a number for each distance. All three see distances only.",
        cite="Su et al. 2021 (rotary); Press et al. 2021 (ALiBi); Raffel et al. 2019 (T5)",
        url="https://arxiv.org/abs/2104.09864",
    )
    base: float = field(
        10000.0, "Rotary base", "The slowest rotation; larger bases suit longer contexts.", gt=1.0, when=("kind", _ROTARY)
    )
    fraction: float = field(
        1.0,
        "Rotated share",
        "The share of each head's features that is turned; the rest knows no position.",
        cite="Black et al. 2022, GPT-NeoX",
        url="https://arxiv.org/abs/2204.06745",
        gt=0.0,
        le=1.0,
        step=0.25,
        when=("kind", _ROTARY),
    )
    pairing: Literal["halves", "neighbours"] = field(
        "halves",
        "Pairs",
        "Which two features are turned together: i and i + half (Llama, GPT-NeoX), or neighbours (the paper, GPT-J). "
        "Saved weights fit only one of them.",
        cite="Su et al. 2021, §3.2.2",
        url="https://arxiv.org/abs/2104.09864",
        when=("kind", _ROTARY),
    )
    slope: float = field(
        1.0,
        "Slope",
        "How many times steeper than published the scores fall with distance; steep heads see a few tokens back, and learn "
        "that at once.",
        gt=0.0,
        le=64.0,
        step=1.0,
        when=("kind", _ALIBI),
    )
    buckets: int = field(
        32, "Buckets", "How many learned numbers the distances share.", ge=4, le=512, slider=(8, 64), when=("kind", _T5)
    )
    max_distance: int = field(
        128, "Longest distance", "All distances from here on share a bucket.", ge=8, le=65536, slider=(16, 512),
        when=("kind", _T5),
    )  # fmt: skip


class AttentionHeads(Record):
    """What self-attention and cross-attention have in common (Algorithms 4 and 5)."""

    heads: int = field(
        4,
        "Heads",
        "How many places each token can look at independently.",
        cite="Vaswani et al. 2017, §3.2.2",
        url="https://arxiv.org/abs/1706.03762",
        ge=1,
        le=256,
        slider=(1, 16),
    )
    kv_heads: int | None = field(
        None,
        "KV heads",
        "Heads that own keys and values; fewer than heads is grouped-query attention, one is multi-query.",
        cite="Ainslie et al. 2023",
        url="https://arxiv.org/abs/2305.13245",
        ge=1,
        le=256,
        slider=(1, 16),
    )
    d_head: int | None = field(
        None,
        "Head size",
        "Width of one head's queries, keys and values; usually d_model / heads.",
        ge=1,
        le=1024,
        slider=(4, 128),
    )
    qk_norm: Literal["none", "head", "full"] = field(
        "none",
        "QK norm",
        "RMS-normalise queries and keys, in each head or over all heads at once, so that scores cannot grow without bound.",
        cite="Henry et al. 2020; Dehghani et al. 2023",
        url="https://arxiv.org/abs/2010.04245",
    )
    scaled: bool = field(
        True, "Scaled", "Divide scores by √(head size); T5 does not.", cite="Vaswani et al. 2017, §3.2.1",
        url="https://arxiv.org/abs/1706.03762",
    )  # fmt: skip
    soft_cap: float = field(
        0.0,
        "Score cap",
        "Bends scores so that they stay between −cap and cap: cap · tanh(score / cap). 0 leaves them alone.",
        cite="Gemma 2 2024",
        url="https://arxiv.org/abs/2408.00118",
        ge=0.0,
        le=1000.0,
        step=5.0,
    )
    sink: bool = field(
        False,
        "Sink",
        "A learned score for each head that no value belongs to, so that a head can look at nothing.",
        cite="Xiao et al. 2023; gpt-oss 2025",
        url="https://arxiv.org/abs/2309.17453",
    )
    gate: bool = field(
        False,
        "Output gate",
        "Multiply what the heads bring by a sigmoid of the token itself.",
        cite="Qiu et al. 2025",
        url="https://arxiv.org/abs/2505.06708",
    )
    bias: bool = field(True, "Biases", "Whether the query, key, value and output projections have an offset.")
    pattern_dropout: float = field(
        0.0, "Pattern dropout", "Share of the attention weights that is dropped in training.", change="hot", ge=0.0, lt=1.0,
        step=0.05,
    )  # fmt: skip
    dropout: float = field(
        0.0, "Dropout", "Share of the branch's output that is dropped in training.", change="hot", ge=0.0, lt=1.0, step=0.05
    )


class Attention(AttentionHeads):
    """Multi-head self-attention (Algorithm 5) with grouped keys and values."""

    mask: Literal["causal", "bidirectional", "prefix"] = field(
        "causal",
        "Mask",
        "Causal: a token sees itself and what came before. Bidirectional: it sees the whole sequence. Prefix: the prompt "
        "sees all of itself, the answer is causal.",
        cite="Phuong & Hutter 2022, Algorithm 4; Raffel et al. 2019 (prefix)",
        url=PHUONG,
    )
    window: int | None = field(
        None,
        "Window",
        "A token sees at most this many places back, itself included (and as many ahead where the mask allows it).",
        cite="Beltagy et al. 2020; Jiang et al. 2023 (Mistral)",
        url="https://arxiv.org/abs/2004.05150",
        ge=1,
        le=65536,
        slider=(1, 128),
    )
    position: RelativePosition = RelativePosition()
    qk_norm_place: Literal["before", "after"] = field(
        "before",
        "QK norm placed",
        "Before the rotation (Qwen 3, OLMo 2) or after it (nanochat).",
        when=("qk_norm", ("head", "full")),
    )


class CrossAttention(AttentionHeads):
    """Multi-head attention of the decoder's tokens to the encoder's (Algorithm 8, line 15); the encoder is seen whole."""


def d_head(model: ModelSpec, attention: AttentionHeads) -> int:
    """Width of one head; d_model / heads unless it is given."""
    return attention.d_head if attention.d_head is not None else model.d_model // attention.heads


def kv_heads(attention: AttentionHeads) -> int:
    """Heads that own keys and values; all of them unless it is given."""
    return attention.kv_heads if attention.kv_heads is not None else attention.heads


def rotated(size: int, position: RelativePosition) -> int:
    """How many of a head's `size` features rotary positions turn, always even."""
    return int(size * position.fraction) // 2 * 2
