"""Norms as data: LayerNorm, RMSNorm or none, and where a layer places it."""

from __future__ import annotations

from typing import Literal

from playground.spec.record import Record, field


class Norm(Record):
    """Normalisation of the residual stream (Algorithm 6); RMS is the same with mean and bias zero."""

    kind: Literal["layer", "rms", "none"] = field(
        "layer",
        "Norm",
        "LayerNorm centres and scales each vector; RMSNorm only scales it, which is cheaper and works as well.",
        cite="Ba et al. 2016; Zhang & Sennrich 2019",
        url="https://arxiv.org/abs/1910.07467",
    )
    eps: float = field(
        1e-5,
        "Epsilon",
        "Added to the variance so that nothing is divided by zero.",
        ge=0.0,
        le=1e-2,
        when=("kind", ("layer", "rms")),
    )
    learned: bool = field(
        True, "Learned scale", "Whether each feature has a scale of its own (γ).", when=("kind", ("layer", "rms"))
    )
    bias: bool = field(
        True, "Bias", "Whether LayerNorm also learns an offset (β). RMSNorm has none.", when=("kind", ("layer",))
    )


class PlacedNorm(Norm):
    """A layer's norm, and where it stands."""

    place: Literal["pre", "post", "sandwich", "output"] = field(
        "pre",
        "Placed",
        "Before the branch (trains without warm-up), after the sum as the first transformer was printed, before the branch "
        "and on its output (sandwich), or on the branch's output alone.",
        cite="Xiong et al. 2020; Ding et al. 2021 (sandwich); OLMo 2 2025 (output)",
        url="https://arxiv.org/abs/2002.04745",
        when=("kind", ("layer", "rms")),
    )
