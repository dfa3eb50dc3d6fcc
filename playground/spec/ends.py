"""The two ends of a model as data: tokens into vectors with their positions, and vectors into logits."""

from __future__ import annotations

from typing import Literal

from playground.spec.attention import PHUONG
from playground.spec.modalities import Modalities
from playground.spec.norm import Norm
from playground.spec.record import Record, field


class Position(Record):
    """Positions added to the token embeddings (Algorithm 2)."""

    kind: Literal["none", "learned", "sinusoidal", "sinusoidal_paper"] = field(
        "learned",
        "Position",
        "How a token learns where it stands: a learned vector for each place, a fixed pattern of sines (with base 10,000 as in "
        "2017, or with the context as base as Phuong & Hutter print it), or nothing.",
        cite="Phuong & Hutter 2022, Algorithm 2; Vaswani et al. 2017, §3.5",
        url=PHUONG,
    )
    base: float = field(
        10000.0, "Base", "The longest wavelength of the sinusoidal pattern.", gt=1.0, when=("kind", ("sinusoidal",))
    )


class Embedding(Record):
    """Tokens into vectors (Algorithm 1), with positions added (Algorithm 2); encoder and decoder share them.

    With `modalities` values, images and actions are embedded beside text (Reed et al. 2022): the model is multi-domain.
    """

    position: Position = Position()
    scale: Literal["one", "root"] = field(
        "one",
        "Scale",
        "Whether token vectors are multiplied by √d_model before positions are added, as in 2017.",
        cite="Vaswani et al. 2017, §3.4",
        url="https://arxiv.org/abs/1706.03762",
    )
    norm: Norm = Norm(kind="none")
    modalities: Modalities | None = None
    dropout: float = field(
        0.0, "Dropout", "Share of the embedding that is dropped in training.", change="hot", ge=0.0, lt=1.0, step=0.05
    )


class Unembedding(Record):
    """Vectors into logits (Algorithm 7), after the final norm."""

    hidden: int | None = field(
        None,
        "Hidden width",
        "d_f: one more layer before the final norm, X ← GELU(W_f X + b_f), as BERT has it; none where it is left open.",
        cite="Phuong & Hutter 2022, Algorithm 9, line 9",
        url=PHUONG,
        ge=1,
        le=16384,
        slider=(16, 512),
    )
    norm: Norm = Norm()
    scale: Literal["one", "root"] = field(
        "one",
        "Scale",
        "Whether vectors are divided by √d_model before they are read out, as T5 does with tied matrices.",
        cite="Raffel et al. 2019",
        url="https://arxiv.org/abs/1910.10683",
    )
    tied: bool = field(
        True,
        "Tied",
        "Use the token embedding's matrix to read out as well.",
        cite="Press & Wolf 2016",
        url="https://arxiv.org/abs/1608.05859",
    )
    bias: bool = field(False, "Bias", "Whether each token has an offset of its own; Algorithm 7 has none.")
    soft_cap: float = field(
        0.0,
        "Logit cap",
        "Bends logits so that they stay between −cap and cap. 0 leaves them alone.",
        cite="Gemma 2 2024",
        url="https://arxiv.org/abs/2408.00118",
        ge=0.0,
        le=1000.0,
        step=5.0,
    )
