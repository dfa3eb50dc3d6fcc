"""The position-wise network of a layer as data: its curve, its gate, and a mixture of several."""

from __future__ import annotations

from typing import Literal

from playground.spec.record import Record, field


class Mlp(Record):
    """The position-wise network of a layer."""

    d_mlp: int = field(512, "Width", "Hidden neurons; usually four times d_model.", ge=1, le=65536, slider=(16, 1024))
    activation: Literal["relu", "relu2", "gelu", "gelu_tanh", "silu", "tanh", "sigmoid"] = field(
        "gelu",
        "Activation",
        "The curve each neuron applies. GELU exact and its tanh form differ by up to 0.0005.",
        cite="Hendrycks & Gimpel 2016; So et al. 2021 (ReLU²)",
        url="https://arxiv.org/abs/1606.08415",
    )
    gated: bool = field(
        False,
        "Gated",
        "Multiply the activation by a second projection (with SiLU this is SwiGLU).",
        cite="Shazeer 2020",
        url="https://arxiv.org/abs/2002.05202",
    )
    experts: int = field(
        1,
        "Experts",
        "How many such networks there are; a router sends each token to a few of them. One is the plain MLP.",
        cite="Shazeer et al. 2017; Jiang et al. 2024 (Mixtral)",
        url="https://arxiv.org/abs/1701.06538",
        ge=1,
        le=64,
        slider=(1, 16),
    )
    top_k: int = field(
        2, "Experts a token", "How many experts work on each token, mixed by the router's softmax over them.", ge=1, le=64,
        slider=(1, 8), when=("experts", tuple(range(2, 65))),
    )  # fmt: skip
    balance: float = field(
        0.01,
        "Balance",
        "Weight of a loss that is least where all experts get equally many tokens; without it a few soon do all the work. It "
        "is not part of the loss that is reported. 0 leaves the router free.",
        change="hot",
        cite="Fedus et al. 2021 (Switch Transformer), §2.2",
        url="https://arxiv.org/abs/2101.03961",
        ge=0.0,
        le=10.0,
        step=0.01,
        when=("experts", tuple(range(2, 65))),
    )
    bias: bool = field(True, "Biases", "Whether the two (or three) matrices have an offset.")
    dropout: float = field(
        0.0, "Dropout", "Share of the branch's output that is dropped in training.", change="hot", ge=0.0, lt=1.0, step=0.05
    )
