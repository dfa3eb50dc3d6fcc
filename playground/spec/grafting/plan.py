"""The plan of a graft: a carry for every weight of the new model, collected part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from playground.spec.grafting.carry import Axis, Carry, Fill, along, overlap
from playground.spec.model import ModelSpec, Norm


@dataclass
class Plan:
    """Carries by the name of the new weight, and what people should hear about them.

    `reads` is the residual stream as what reads it sees it, `writes` as what writes to it does. A wider stream keeps the
    function: new features start as nothing (or, where LayerNorms stand before every branch, as the mean of the others,
    which leaves mean and centred vector as they were), and the norms' gains take up what the longer vector does to its
    length. So nothing changes where all norms are RMSNorms, or all are LayerNorms before their branches; eps apart, and
    unless a norm has no gain, positions are sinusoidal, or LayerNorms stand elsewhere.
    """

    old: ModelSpec
    new: ModelSpec
    carries: dict[str, Carry] = field(default_factory=dict)
    identity: list[str] = field(default_factory=list)
    nearly: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        before, after = self.old.d_model, self.new.d_model
        fill = Fill.MEAN if _centred(self.new) else Fill.ZERO
        self.reads = overlap(before, after, Fill.FRESH)
        self.writes = overlap(before, after, fill)
        self.gain = (before / after) ** 0.5 if after > before else 1.0
        """What a norm's gain is multiplied by, so that the longer vector is no shorter where it was."""

    def add(self, name: str, source: str, *axes: Axis, start: Fill = Fill.FRESH) -> None:
        """A weight from `source`, or, where that is empty, one that begins as `start`."""
        self.carries[name] = Carry(axes, source, start)

    def linear(
        self, name: str, source: str, rows: Axis, columns: Axis, *, offset: tuple[bool, bool], start: Fill = Fill.FRESH
    ) -> None:
        """A matrix (out, in) and its offset, where it has one; `offset` says whether it did and does. A new one is zero."""
        self.add(f"{name}.weight", source and f"{source}.weight", rows, columns, start=start)
        had, has = offset
        if has:
            behind = f"{source}.bias" if source and had else ""
            self.add(f"{name}.bias", behind, rows, start=Fill.ZERO)

    def norm(
        self, name: str, norm: Norm, source: str, old: Norm | None, *, width: tuple[int, int] | None = None,
        start: Fill = Fill.FRESH, factor: float = 1.0,
    ) -> None:  # fmt: skip
        """A norm of the stream, or of vectors whose `width` was and is another; gain and offset stay where both have them."""
        before, after = width or (self.old.d_model, self.new.d_model)
        axis = overlap(before, after, Fill.FRESH)
        gain = ((before / after) ** 0.5 if after > before else 1.0) * factor
        source = source if old is not None and old.kind != "none" else ""
        if norm.kind != "none" and norm.learned:
            had = f"{source}.weight" if source and old is not None and old.learned else ""
            self.add(f"{name}.weight", had, axis.scaled(gain), start=start)
        if norm.kind == "layer" and norm.bias:
            had = f"{source}.bias" if source and old is not None and old.kind == "layer" and old.bias else ""
            self.add(f"{name}.bias", had, axis.scaled(factor), start=Fill.ZERO)

    def ends(self) -> None:
        """Embedding, positions and unembedding.

        New tokens start as the mean of the others; positions that are added start as nothing. Untying copies the
        embedding, tying drops the unembedding.
        """
        old, new = self.old, self.new
        tokens = overlap(old.vocab, new.vocab, Fill.MEAN)
        # with the scale √d_model a wider model would make its tokens longer
        root = old.embedding.scale == new.embedding.scale == "root"
        longer = self.gain if root else 1.0
        self.add("embed.weight", "embed.weight", tokens, self.writes.scaled(longer))
        if new.embedding.position.kind == "learned":
            had = old.embedding.position.kind == "learned"
            places = overlap(old.n_ctx, new.n_ctx, Fill.FRESH)
            self.add("position.weight", "position.weight" if had else "", places, self.writes, start=Fill.ZERO)
        self._modalities()
        self.norm("embed_norm", new.embedding.norm, "embed_norm", old.embedding.norm)
        if new.architecture == "encoder-decoder":
            had = old.architecture == "encoder-decoder"
            self.norm("encoder_norm", new.encoder_norm, "encoder_norm" if had else "", old.encoder_norm)
        self._unembedding(tokens, longer)

    def _modalities(self) -> None:
        """Local positions and the patch encoder; only their width can be another without starting afresh."""
        about, before = self.new.embedding.modalities, self.old.embedding.modalities
        if about is None:
            return
        same = before == about
        inner, kernel = Axis(about.channels), (Axis(3), Axis(3))

        def add(name: str, *axes: Axis) -> None:
            self.add(name, name if same else "", *axes)

        add("local.weight", Axis(about.places + 2), self.writes)
        for name, colours in (("stem", about.colours), ("conv1", about.channels), ("conv2", about.channels)):
            add(f"patches.{name}.weight", inner, Axis(colours), *kernel)
            add(f"patches.{name}.bias", inner)
        for name in ("norm1", "norm2"):
            add(f"patches.{name}.weight", inner)
            add(f"patches.{name}.bias", inner)
        add("patches.out.weight", self.writes, Axis(about.channels * about.patch**2))
        add("patches.out.bias", self.writes)
        for name in ("row", "column"):
            add(f"patches.{name}.weight", Axis(about.intervals), self.writes)

    def _unembedding(self, tokens: Axis, longer: float) -> None:
        old, new = self.old.unembedding, self.new.unembedding
        before = old.hidden if old.hidden is not None else self.old.d_model
        after = new.hidden if new.hidden is not None else self.new.d_model
        if new.hidden is not None:
            rows = overlap(before, after, Fill.ZERO)
            self.linear("hidden", "hidden" if old.hidden is not None else "", rows, self.reads, offset=(True, True))
        # what is divided by √d_model comes out shorter, and a tied matrix was scaled with the embedding
        root = old.scale == new.scale == "root"
        shorter = (1.0 / self.gain if root else 1.0) / (longer if new.tied else 1.0)
        self.norm("norm", new.norm, "norm", old.norm, width=(before, after), factor=shorter if new.tied else 1.0)
        if not new.tied:
            source = "embed.weight" if old.tied else "unembed.weight"
            self.add("unembed.weight", source, tokens, overlap(before, after, Fill.FRESH).scaled(shorter))
        if new.bias:
            self.add("unembed.bias", "unembed.bias" if old.bias else "", tokens, start=Fill.ZERO)

    def branch_in(self, name: str, source: str, rows: Axis, *, offset: tuple[bool, bool], start: Fill = Fill.FRESH) -> None:
        """A matrix that reads the stream."""
        self.linear(name, source, rows, self.reads, offset=offset, start=start)

    def branch_out(self, name: str, source: str, columns: Axis, *, offset: tuple[bool, bool], silent: bool) -> None:
        """A matrix that writes to the stream; a silent one begins at zero."""
        start = Fill.ZERO if silent else Fill.FRESH
        self.linear(name, "" if silent else source, self.writes, columns, offset=offset, start=start)


def entries_of(axis: Axis, old: int, fill: Fill) -> Axis:
    """The same axis with another start for what is new."""
    if axis.entries is None:
        return axis
    return along(old, [fill if isinstance(entry, Fill) else entry for entry in axis.entries], axis.factors)


def _centred(model: ModelSpec) -> bool:
    """Whether everything that reads the stream does so through a LayerNorm, and nothing normalises what is written."""
    layers: Sequence[Norm] = [layer.norm for stack in model.stacks.values() for layer in stack]
    places = {layer.norm.place for stack in model.stacks.values() for layer in stack}
    ends = [model.unembedding.norm, *([model.encoder_norm] if model.architecture == "encoder-decoder" else [])]
    plain = model.embedding.norm.kind == "none" and model.unembedding.hidden is None
    return plain and places == {"pre"} and all(norm.kind == "layer" for norm in [*layers, *ends])
