"""How values, images and actions become tokens and vectors beside text, as data: what makes a model multi-domain."""

from __future__ import annotations

from playground.spec.record import Record, field

GATO = "https://arxiv.org/abs/2205.06175"


class Modalities(Record):
    """The codecs of a multi-domain model (Reed et al. 2022, §2.1 and appendices B and C)."""

    bins: int = field(
        256, "Bins", "In how many equal steps a continuous value from −1 to 1 is told apart. The paper has 1,024; fewer are "
        "learned sooner.", change="fresh", cite="Reed et al. 2022, §2.1", url=GATO, ge=2, le=65536, slider=(16, 1024),
    )  # fmt: skip
    mu: float = field(
        100.0, "μ", "How strongly observations are bent before they are cut into bins: small values get more of them.",
        change="fresh", cite="Reed et al. 2022, appendix B", url=GATO, gt=0.0, le=1e6,
    )  # fmt: skip
    largest: float = field(
        256.0, "Largest", "M of the μ-law: the observation that becomes 1; what is larger is cut off.", change="fresh",
        cite="Reed et al. 2022, appendix B", url=GATO, gt=0.0, le=1e6,
    )  # fmt: skip
    discrete: int = field(
        32, "Discrete values", "How many ids whole numbers have: buttons, places, grey levels. The paper has 1,024.",
        change="fresh", cite="Reed et al. 2022, §2.1", url=GATO, ge=2, le=65536, slider=(8, 1024),
    )  # fmt: skip
    overlap: bool = field(
        False, "Shared ids", "Whether whole numbers use the first ids of the text as well, as in the paper, instead of ids of "
        "their own.", change="fresh", cite="Reed et al. 2022, §2.1", url=GATO,
    )  # fmt: skip
    places: int = field(
        80, "Local positions", "How many places within a timestep have a learned vector; actions share one vector, text has "
        "none.", change="fresh", cite="Reed et al. 2022, §2.2 and appendix C", url=GATO, ge=1, le=4096, slider=(8, 128),
    )  # fmt: skip
    patch: int = field(
        4, "Patch", "Side of the squares that images are cut into. The paper has 16.", change="fresh", unit="pixels",
        cite="Dosovitskiy et al. 2020; Reed et al. 2022, §2.1", url=GATO, ge=1, le=64, slider=(2, 16),
    )  # fmt: skip
    colours: int = field(
        1, "Colours", "Channels of an image: 1 for grey, 3 for red, green and blue.", change="fresh", ge=1, le=4,
    )  # fmt: skip
    channels: int = field(
        16, "Patch channels", "Width of the residual block that turns a patch into a vector.", change="fresh",
        cite="Reed et al. 2022, appendix C", url=GATO, ge=1, le=1024, slider=(4, 64),
    )  # fmt: skip
    groups: int = field(
        4, "Patch groups", "Groups of the block's GroupNorm; as many as divide the channels. The paper has 32.",
        change="fresh", cite="Wu & He 2018", url="https://arxiv.org/abs/1803.08494", ge=1, le=1024, slider=(1, 32),
    )  # fmt: skip
    intervals: int = field(
        128, "Patch positions", "In how many steps rows and columns of an image are told apart. In training a patch takes a "
        "random one of those that it covers, otherwise their mean.", change="fresh",
        cite="Reed et al. 2022, appendix C", url=GATO, ge=1, le=4096, slider=(16, 256),
    )  # fmt: skip
    fourier: bool = field(
        True, "Bins start in order", "Whether the vectors of the bins begin as random waves of their centres, so that "
        "neighbours are alike. The paper draws each by itself.", change="fresh",
        cite="Tancik et al. 2020", url="https://arxiv.org/abs/2006.10739",
    )  # fmt: skip
