"""What cannot work, said with its place and what would work instead; the one door through which experiments come in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from playground.spec.experiment import DOMAINS, TOLD, Experiment
from playground.spec.modalities import Modalities
from playground.spec.model import Attention, AttentionHeads, CrossAttention, Layer, Mlp, ModelSpec, d_head, kv_heads, rotated
from playground.spec.record import Record, limit
from playground.spec.wording import refusal


@dataclass(frozen=True)
class Fix:
    """One repair: set `path` to `value`."""

    path: str
    value: Any

    @property
    def label(self) -> str:
        """What the button says."""
        if isinstance(self.value, Record):
            return f"add {self.path.rsplit('.', 1)[-1]}"
        if self.value is None or self.value == ():
            return f"leave out {self.path.rsplit('.', 1)[-1]}"
        return f"{self.path.rsplit('.', 1)[-1]} = {self.value}"


@dataclass(frozen=True)
class Problem:
    """Why an experiment is refused: the field, what is wrong and what would work, and repairs for one click."""

    path: str
    message: str
    fixes: tuple[Fix, ...] = ()

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class SpecError(ValueError):
    """Raised for an experiment that cannot be; `problems` holds every reason."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def parse(data: dict[str, Any]) -> Experiment:
    """An Experiment from plain data; raises SpecError with every reason at once."""
    try:
        experiment = Experiment.model_validate(data)
    except ValidationError as error:
        raise SpecError([Problem(*refusal(item)) for item in error.errors()]) from None
    problems = [
        *check(experiment.model), *_check_objective(experiment), *_check_gist(experiment), *_check_domains(experiment),
    ]  # fmt: skip
    if problems:
        raise SpecError(problems)
    return experiment


def check(model: ModelSpec) -> Iterator[Problem]:
    """Every reason, across fields, why this model cannot be built."""
    if not model.stacks:
        yield Problem("model.decoder", "there is no layer at all; add one to the decoder")
    if model.embedding.position.kind.startswith("sinusoidal") and model.d_model % 2:
        works = _widths(model)
        yield Problem(
            "model.d_model",
            f"sinusoidal positions need an even width, {model.d_model} is odd{_would(works)}",
            (*(Fix("model.d_model", value) for value in works), Fix("model.embedding.position.kind", "learned")),
        )
    if model.architecture == "encoder-decoder" and not any(layer.cross for layer in model.decoder):
        last = f"model.decoder[{len(model.decoder) - 1}].cross"
        cross = CrossAttention(heads=max(n for n in (8, 4, 2, 1) if model.d_model % n == 0))
        yield Problem(
            "model.decoder",
            "nothing in the decoder looks at the encoder; give a layer cross-attention",
            (Fix(last, cross), Fix("model.encoder", ())),
        )
    hidden = model.unembedding.hidden
    if model.unembedding.tied and hidden not in (None, model.d_model):
        yield Problem(
            "model.unembedding.hidden",
            f"the tied matrix reads vectors of d_model = {model.d_model}, not of {hidden}; make them equal, or untie it",
            (Fix("model.unembedding.hidden", model.d_model), Fix("model.unembedding.tied", False)),
        )
    about = model.embedding.modalities
    if about is not None and about.channels % about.groups:
        divides = max(value for value in range(1, about.groups + 1) if about.channels % value == 0)
        yield Problem(
            "model.embedding.modalities.groups",
            f"{about.groups} groups do not divide {about.channels} channels; {divides} would",
            (Fix("model.embedding.modalities.groups", divides),),
        )
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            yield from _check_layer(model, layer, f"model.{stack}[{index}]")


def _check_objective(experiment: Experiment) -> Iterator[Problem]:
    fits = {"decoder-only": ("next", "prefix"), "encoder-only": ("masked",), "encoder-decoder": ("sequence",)}
    works, wish = fits[experiment.model.architecture], experiment.task.objective
    if wish not in ("auto", *works):
        yield Problem(
            "task.objective",
            f"“{wish}” is nothing for an {experiment.model.architecture} model; {' or '.join(works)} would do"
            if experiment.model.architecture != "decoder-only"
            else f"“{wish}” is nothing for a decoder alone; {' or '.join(works)} would do",
            (Fix("task.objective", "auto"),),
        )


def _check_gist(experiment: Experiment) -> Iterator[Problem]:
    if experiment.gisted and experiment.task.kind not in TOLD:
        yield Problem(
            "model.gist.mask",
            "gist tokens hold what an instruction says, and this task has none; none would do, or a task with instructions",
            (Fix("model.gist.mask", "none"), Fix("task.kind", "instructions")),
        )


def _check_domains(experiment: Experiment) -> Iterator[Problem]:
    """A multi-domain model learns from domains, and nothing else does."""
    several, model, task = experiment.task.kind == DOMAINS, experiment.model, experiment.task
    place = "model.embedding.modalities"
    if several and not model.multi_domain:
        yield Problem(
            place, "several domains need an embedding for values, images and actions; add it", (Fix(place, Modalities()),)
        )
    if model.multi_domain and not several:
        yield Problem(
            "task.kind", "an embedding for values, images and actions is for several domains; domains would do",
            (Fix("task.kind", DOMAINS), Fix(place, None)),
        )  # fmt: skip
    if several and (model.architecture != "decoder-only" or task.objective not in ("auto", "next")):
        yield Problem(
            "model.encoder" if model.encoder else "task.objective",
            "several domains are learned by a decoder alone, which says the next token",
            (Fix("task.kind", "text"),),
        )
    if several and experiment.training.label_smoothing:
        yield Problem(
            "training.label_smoothing", "bins have bells of their own there, and nothing else is smoothed; 0 would do",
            (Fix("training.label_smoothing", 0.0),),
        )  # fmt: skip
    for name in ("pictures", "episodes"):
        if several and getattr(task.domains.share, name) and not getattr(task.domains, name):
            yield Problem(
                f"task.domains.{name}", f"your {name} have a share of the batch, and nothing says where they are; give a path",
                (Fix(f"task.domains.share.{name}", 0.0),),
            )  # fmt: skip
    if several and not any(getattr(task.domains.share, name) for name in type(task.domains.share).model_fields):
        yield Problem(
            "task.domains.share", "no domain has a share of the batch; give one to text, say",
            (Fix("task.domains.share.text", 1.0),),
        )  # fmt: skip


def _check_layer(model: ModelSpec, layer: Layer, path: str) -> Iterator[Problem]:
    if layer.attention is None and layer.cross is None and layer.mlp is None:
        mlp = Mlp(d_mlp=min(4 * model.d_model, limit(Mlp, "d_mlp")))
        yield Problem(path, "a layer needs attention, an MLP or both; this one has neither", (Fix(f"{path}.mlp", mlp),))
    if layer.attention is not None:
        yield from _check_heads(model, layer.attention, f"{path}.attention")
        yield from _check_self(model, layer.attention, f"{path}.attention")
    if layer.cross is not None:
        yield from _check_heads(model, layer.cross, f"{path}.cross")
        if not model.encoder or path.startswith("model.encoder"):
            why = "an encoder has no other sequence to look at" if model.encoder else "there is no encoder to look at"
            yield Problem(f"{path}.cross", f"{why}; leave cross-attention out here", (Fix(f"{path}.cross", None),))
    if layer.mlp is not None and layer.mlp.experts > 1 and layer.mlp.top_k > layer.mlp.experts:
        yield Problem(
            f"{path}.mlp.top_k",
            f"{layer.mlp.top_k} experts a token are more than the {layer.mlp.experts} there are",
            (Fix(f"{path}.mlp.top_k", layer.mlp.experts), Fix(f"{path}.mlp.experts", layer.mlp.top_k)),
        )
    if layer.order != "serial" and layer.norm.place != "pre" and layer.norm.kind != "none":
        yield Problem(
            f"{path}.order",
            "parallel branches read one normalised input, so their norm stands before them",
            (Fix(f"{path}.norm.place", "pre"), Fix(f"{path}.order", "serial")),
        )


def _check_heads(model: ModelSpec, attention: AttentionHeads, path: str) -> Iterator[Problem]:
    heads, groups = attention.heads, kv_heads(attention)
    if attention.d_head is None and model.d_model % heads:
        yield _uneven(model, attention, path)
    if heads % groups:
        works = [value for value in range(1, heads + 1) if heads % value == 0]
        near = min(works, key=lambda value: abs(value - groups))
        yield Problem(
            f"{path}.kv_heads",
            f"{groups} does not divide heads = {heads}; {', '.join(map(str, works))} would",
            (Fix(f"{path}.kv_heads", near),),
        )


def _check_self(model: ModelSpec, attention: Attention, path: str) -> Iterator[Problem]:
    position, size = attention.position, d_head(model, attention)
    fits = attention.d_head is not None or model.d_model % attention.heads == 0
    if position.kind == "rotary" and fits and size % 2 and position.fraction == 1:
        even = min(size + 1, limit(Attention, "d_head"))
        yield Problem(
            f"{path}.position.kind",
            f"rotary turns pairs, so it needs an even head size, not {size}; d_head = {even} would",
            (Fix(f"{path}.d_head", even), Fix(f"{path}.position.kind", "none")),
        )
    elif position.kind == "rotary" and fits and rotated(size, position) == 0:
        yield Problem(
            f"{path}.position.fraction",
            f"{position.fraction:g} of a head of {size} is not one pair to turn; 1.0 would turn all of it",
            (Fix(f"{path}.position.fraction", 1.0), Fix(f"{path}.position.kind", "none")),
        )
    if position.kind == "t5" and position.max_distance <= position.buckets // 2:
        yield Problem(
            f"{path}.position.max_distance",
            f"the first {position.buckets // 2} of {position.buckets} buckets hold one distance each, so the longest must be "
            f"greater than {position.max_distance}; {2 * position.buckets} would do",
            (Fix(f"{path}.position.max_distance", 2 * position.buckets),),
        )
    if attention.mask == "prefix" and path.startswith("model.encoder"):
        yield Problem(
            f"{path}.mask", "an encoder reads its whole input at once; bidirectional would do",
            (Fix(f"{path}.mask", "bidirectional"),),
        )  # fmt: skip


def _uneven(model: ModelSpec, attention: AttentionHeads, path: str) -> Problem:
    """The heads do not divide the width: other widths, other heads, or a head size of its own."""
    heads, width = attention.heads, model.d_model
    works = _widths(model)
    fixes = [Fix("model.d_model", value) for value in works]
    if other := _heads(model, attention):
        fixes.append(Fix(f"{path}.heads", other))
    would = _would(works)
    if not fixes:
        size = max(2, min(width // heads // 2 * 2, limit(Attention, "d_head")))
        fixes, would = [Fix(f"{path}.d_head", size)], f"; d_head = {size} would do"
    elif not works:
        would = f"; heads = {fixes[0].value} would"
    return Problem(f"{path}.heads", f"{heads} does not divide d_model = {width}{would}", tuple(fixes))


def _widths(model: ModelSpec) -> list[int]:
    """The nearest widths, below and above, that suit every layer and the positions at once."""
    steps = [2 if model.embedding.position.kind.startswith("sinusoidal") else 1]
    for layers in model.stacks.values():
        for attention in (part for layer in layers for part in (layer.attention, layer.cross)):
            if attention is not None and attention.d_head is None:
                steps.append(attention.heads * (2 if _turns(attention) else 1))
    step = math.lcm(*steps)
    below = model.d_model // step * step
    return [value for value in (below, below + step) if 1 <= value <= limit(ModelSpec, "d_model")]


def _heads(model: ModelSpec, attention: AttentionHeads) -> int | None:
    """The most heads, fewer than asked for if that can be, that suit the width, the shared keys and the rotation."""
    groups = attention.kv_heads or 1
    even = 2 if _turns(attention) else 1
    works = [n for n in range(1, limit(Attention, "heads") + 1) if model.d_model % (n * even) == 0 and n % groups == 0]
    return max((n for n in works if n < attention.heads), default=min(works, default=None))


def _turns(attention: AttentionHeads) -> bool:
    return isinstance(attention, Attention) and attention.position.kind == "rotary" and attention.position.fraction == 1


def _would(works: list[int]) -> str:
    return f"; {' or '.join(map(str, works))} would" if works else ""
