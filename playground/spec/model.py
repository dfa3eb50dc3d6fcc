"""The model as data: every layer is its own record, and what is filled in decides the architecture."""

from __future__ import annotations

from typing import Literal

from playground.spec.attention import (
    PHUONG,
    Attention,
    AttentionHeads,
    CrossAttention,
    RelativePosition,
    d_head,
    kv_heads,
    rotated,
)
from playground.spec.ends import Embedding, Position, Unembedding
from playground.spec.gist import Gist
from playground.spec.mlp import Mlp
from playground.spec.norm import Norm, PlacedNorm
from playground.spec.record import Record, field

__all__ = [
    "PHUONG", "Attention", "AttentionHeads", "CrossAttention", "Embedding", "Gist", "Init", "Layer", "Mlp", "ModelSpec", "Norm",
    "PlacedNorm", "Position", "RelativePosition", "Unembedding", "branches", "d_head", "kv_heads", "rotated",
]  # fmt: skip

Architecture = Literal["decoder-only", "encoder-only", "encoder-decoder"]


class Layer(Record):
    """One layer: attention, in a decoder cross-attention, and an MLP; each may be absent, and each has the norm."""

    norm: PlacedNorm = PlacedNorm()
    attention: Attention | None = Attention()
    cross: CrossAttention | None = None
    mlp: Mlp | None = Mlp()
    order: Literal["serial", "parallel", "parallel_shared"] = field(
        "serial",
        "Branches",
        "One after another, or attention and MLP side by side on the same input, each with its own norm (GPT-NeoX) or with "
        "one for both (GPT-J).",
        cite="Wang & Komatsuzaki 2021; Black et al. 2022",
        url="https://arxiv.org/abs/2204.06745",
    )
    branch_scale: float = field(
        1.0, "Branch scale", "Every branch is multiplied by this before it is added to the stream.", gt=0.0, le=10.0, step=0.05,
        cite="Wang et al. 2022, DeepNet", url="https://arxiv.org/abs/2203.00555",
    )  # fmt: skip


class Init(Record):
    """How weights start."""

    std: float = field(0.02, "Std", "Standard deviation of the starting weights.", change="fresh", gt=0.0, le=2.0, step=0.01)
    fan_in: bool = field(
        False,
        "By fan-in",
        "Start each matrix of the layers with 1/√(number of its inputs) instead, so that what comes out is as large as what "
        "goes in, whatever the width.",
        change="fresh",
        cite="LeCun et al. 1998, §4.6",
    )
    embedding_factor: float = field(
        1.0,
        "Embedding factor",
        "How many times larger than Std token embeddings and learned positions start.",
        change="fresh",
        gt=0.0,
        le=1000.0,
    )
    depth_scaled: bool = field(
        True,
        "Depth-scaled",
        "Start the projections back into the residual stream smaller by √(number of branches), as GPT-2 does.",
        change="fresh",
        cite="Radford et al. 2019, §2.3",
    )
    tokens: float = field(
        0.0,
        "Tokens' std",
        "Standard deviation of the starting vectors of tokens and positions; 0 takes that of all weights.",
        change="fresh",
        ge=0.0,
        le=2.0,
        step=0.1,
    )
    zero_head: bool = field(
        False,
        "Unembedding at zero",
        "Start an untied unembedding at zero: every token is equally likely at first.",
        change="fresh",
    )
    zero_out: bool = field(
        False,
        "Branches at zero",
        "Start the projections back into the residual stream at zero: every layer begins as the identity.",
        change="fresh",
        cite="Zhang et al. 2019, Fixup",
        url="https://arxiv.org/abs/1901.09321",
    )


class ModelSpec(Record):
    """A transformer, whole. Encoder only is a BERT, decoder only a GPT, both an encoder-decoder."""

    d_model: int = field(128, "Width", "Width of the residual stream (d_model).", ge=1, le=16384, slider=(16, 512))
    n_ctx: int = field(64, "Context", "How many tokens the model sees at once.", ge=1, le=65536, unit="tokens", slider=(8, 512))
    vocab: int = field(
        256, "Vocabulary", "How many tokens there are; it follows from the tokenizer.", change="fresh", ge=1, le=2**24
    )
    embedding: Embedding = Embedding()
    encoder: tuple[Layer, ...] = ()
    encoder_norm: Norm = Norm(kind="none")
    decoder: tuple[Layer, ...] = (Layer(), Layer(), Layer(), Layer())
    unembedding: Unembedding = Unembedding()
    gist: Gist = Gist()
    init: Init = Init()

    @property
    def gist_token(self) -> int:
        """The id of the gist token, where there is one."""
        return self.vocab - 1

    @property
    def stacks(self) -> dict[str, tuple[Layer, ...]]:
        """The stacks that have layers, by name."""
        return {name: layers for name, layers in (("encoder", self.encoder), ("decoder", self.decoder)) if layers}

    @property
    def multi_domain(self) -> bool:
        """Whether it reads values, images and actions beside text."""
        return self.embedding.modalities is not None

    @property
    def architecture(self) -> Architecture:
        """What the filled-in stacks make of it."""
        return "decoder-only" if not self.encoder else "encoder-decoder" if self.decoder else "encoder-only"


def branches(layer: Layer) -> list[tuple[str, AttentionHeads | Mlp]]:
    """The parts of a layer that are there, by name, in the order in which they compute."""
    found = (("attention", layer.attention), ("cross", layer.cross), ("mlp", layer.mlp))
    return [(name, part) for name, part in found if part is not None]
