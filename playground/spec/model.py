"""The model as data: every layer is its own record, and what is filled in decides the architecture."""

from __future__ import annotations

from typing import Literal

from playground.spec.record import Record, field

PHUONG = "https://arxiv.org/abs/2207.09238"


class Position(Record):
    """Positions added to the token embeddings (Algorithm 2)."""

    kind: Literal["none", "learned", "sinusoidal"] = field(
        "learned",
        "Position",
        "How a token learns where it stands: a learned vector for each place, a fixed pattern of sines, or nothing.",
        cite="Phuong & Hutter 2022, Algorithm 2; Vaswani et al. 2017, §3.5",
        url=PHUONG,
    )
    base: float = field(10000.0, "Base", "The longest wavelength of the sinusoidal pattern.", gt=1.0)


class RelativePosition(Record):
    """Positions that act inside the attention, on queries and keys."""

    kind: Literal["none", "rotary"] = field(
        "none",
        "Position",
        "Rotary turns queries and keys by an angle that grows with the position, so scores see distances only.",
        cite="Su et al. 2021, RoFormer",
        url="https://arxiv.org/abs/2104.09864",
    )
    base: float = field(10000.0, "Rotary base", "The slowest rotation; larger bases suit longer contexts.", gt=1.0)


class Norm(Record):
    """Normalisation of the residual stream (Algorithm 6); RMS is the same with mean and bias zero."""

    kind: Literal["layer", "rms", "none"] = field(
        "layer",
        "Norm",
        "LayerNorm centres and scales each vector; RMSNorm only scales it, which is cheaper and works as well.",
        cite="Ba et al. 2016; Zhang & Sennrich 2019",
        url="https://arxiv.org/abs/1910.07467",
    )
    eps: float = field(1e-5, "Epsilon", "Added to the variance so that nothing is divided by zero.", ge=0.0, le=1e-2)
    bias: bool = field(True, "Bias", "Whether LayerNorm also learns an offset (β). RMSNorm has none.")


class PlacedNorm(Norm):
    """A layer's norm, and where it stands."""

    place: Literal["pre", "post"] = field(
        "pre",
        "Placed",
        "Before the branch (trains without warm-up) or after it, as the first transformer was printed.",
        cite="Xiong et al. 2020",
        url="https://arxiv.org/abs/2002.04745",
    )


class Attention(Record):
    """Multi-head attention (Algorithm 5) with grouped keys and values."""

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
    mask: Literal["causal", "bidirectional"] = field(
        "causal",
        "Mask",
        "Causal: a token sees itself and what came before. Bidirectional: it sees the whole sequence.",
        cite="Phuong & Hutter 2022, Algorithm 4",
        url=PHUONG,
    )
    position: RelativePosition = RelativePosition()
    bias: bool = field(True, "Biases", "Whether the query, key, value and output projections have an offset.")
    dropout: float = field(
        0.0, "Dropout", "Share of the branch's output that is dropped in training.", change="hot", ge=0.0, lt=1.0, step=0.05
    )


class Mlp(Record):
    """The position-wise network of a layer."""

    d_mlp: int = field(512, "Width", "Hidden neurons; usually four times d_model.", ge=1, le=65536, slider=(16, 1024))
    activation: Literal["relu", "gelu", "gelu_tanh", "silu"] = field(
        "gelu",
        "Activation",
        "The curve each neuron applies. GELU exact and its tanh form differ by up to 0.0005.",
        cite="Hendrycks & Gimpel 2016",
        url="https://arxiv.org/abs/1606.08415",
    )
    gated: bool = field(
        False,
        "Gated",
        "Multiply the activation by a second projection (with SiLU this is SwiGLU).",
        cite="Shazeer 2020",
        url="https://arxiv.org/abs/2002.05202",
    )
    bias: bool = field(True, "Biases", "Whether the two (or three) matrices have an offset.")
    dropout: float = field(
        0.0, "Dropout", "Share of the branch's output that is dropped in training.", change="hot", ge=0.0, lt=1.0, step=0.05
    )


class Layer(Record):
    """One layer: a norm, attention and an MLP; either of the two may be absent."""

    norm: PlacedNorm = PlacedNorm()
    attention: Attention | None = Attention()
    mlp: Mlp | None = Mlp()


class Embedding(Record):
    """Tokens into vectors (Algorithm 1), with positions added (Algorithm 2)."""

    position: Position = Position()
    dropout: float = field(
        0.0, "Dropout", "Share of the embedding that is dropped in training.", change="hot", ge=0.0, lt=1.0, step=0.05
    )


class Unembedding(Record):
    """Vectors into logits (Algorithm 7), after the final norm."""

    norm: Norm = Norm()
    tied: bool = field(
        True,
        "Tied",
        "Use the token embedding's matrix to read out as well.",
        cite="Press & Wolf 2016",
        url="https://arxiv.org/abs/1608.05859",
    )


class Init(Record):
    """How weights start."""

    std: float = field(0.02, "Std", "Standard deviation of the starting weights.", change="fresh", gt=0.0, le=2.0, step=0.01)
    depth_scaled: bool = field(
        True,
        "Depth-scaled",
        "Start the projections back into the residual stream smaller by √(number of branches), as GPT-2 does.",
        change="fresh",
        cite="Radford et al. 2019, §2.3",
    )


class ModelSpec(Record):
    """A transformer, whole. Encoder only is a BERT, decoder only a GPT."""

    d_model: int = field(128, "Width", "Width of the residual stream (d_model).", ge=1, le=16384, slider=(16, 512))
    n_ctx: int = field(64, "Context", "How many tokens the model sees at once.", ge=1, le=65536, unit="tokens", slider=(8, 512))
    vocab: int = field(
        256, "Vocabulary", "How many tokens there are; it follows from the tokenizer.", change="fresh", ge=1, le=2**24
    )
    embedding: Embedding = Embedding()
    encoder: tuple[Layer, ...] = ()
    decoder: tuple[Layer, ...] = (Layer(), Layer(), Layer(), Layer())
    unembedding: Unembedding = Unembedding()
    init: Init = Init()

    @property
    def stacks(self) -> dict[str, tuple[Layer, ...]]:
        """The stacks that have layers, by name."""
        return {name: layers for name, layers in (("encoder", self.encoder), ("decoder", self.decoder)) if layers}


def d_head(model: ModelSpec, attention: Attention) -> int:
    """Width of one head; d_model / heads unless it is given."""
    return attention.d_head if attention.d_head is not None else model.d_model // attention.heads


def kv_heads(attention: Attention) -> int:
    """Heads that own keys and values; all of them unless it is given."""
    return attention.kv_heads if attention.kv_heads is not None else attention.heads
