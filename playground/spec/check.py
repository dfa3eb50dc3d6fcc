"""What cannot work, said with its place and what would work instead; the one door through which experiments come in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from playground.spec.experiment import Experiment
from playground.spec.model import Attention, Layer, ModelSpec, d_head, kv_heads
from playground.spec.record import Record


@dataclass(frozen=True)
class Fix:
    """One repair: set `path` to `value`."""

    path: str
    value: Any

    @property
    def label(self) -> str:
        """What the button says."""
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
        raise SpecError([_from_pydantic(item) for item in error.errors()]) from None
    problems = list(check(experiment.model))
    if problems:
        raise SpecError(problems)
    return experiment


def check(model: ModelSpec) -> Iterator[Problem]:
    """Every reason, across fields, why this model cannot be built."""
    if not model.stacks:
        yield Problem("model.decoder", "there is no layer at all; add one to the decoder")
    if model.encoder:
        yield Problem("model.encoder", "encoders are not built yet; leave it empty and use the decoder")
    if model.embedding.position.kind == "sinusoidal" and model.d_model % 2:
        yield Problem(
            "model.d_model",
            f"sinusoidal positions need an even width, {model.d_model} is odd; {model.d_model + 1} would",
            (Fix("model.d_model", model.d_model + 1),),
        )
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            yield from _check_layer(model, layer, f"model.{stack}[{index}]")


def _check_layer(model: ModelSpec, layer: Layer, path: str) -> Iterator[Problem]:
    if layer.attention is None and layer.mlp is None:
        yield Problem(path, "a layer needs attention, an MLP or both; this one has neither")
    if layer.attention is not None:
        yield from _check_attention(model, layer.attention, f"{path}.attention")


def _divisors(model: ModelSpec) -> list[int]:
    """What the width has to be a multiple of: the heads of every attention whose head size follows from it."""
    attentions = [layer.attention for layers in model.stacks.values() for layer in layers if layer.attention is not None]
    return [attention.heads for attention in attentions if attention.d_head is None]


def _check_attention(model: ModelSpec, attention: Attention, path: str) -> Iterator[Problem]:
    heads, width = attention.heads, model.d_model
    if attention.d_head is None and width % heads:
        together = math.lcm(*_divisors(model))  # a width that suits this layer must suit the others as well
        below, above = width // together * together, (width // together + 1) * together
        works = [value for value in (below, above) if value > 0]
        fixes = [Fix("model.d_model", value) for value in works]
        fixes.append(Fix(f"{path}.heads", max(h for h in range(1, heads + 1) if width % h == 0)))
        yield Problem(
            f"{path}.heads",
            f"{heads} does not divide d_model = {width}; {' or '.join(map(str, works))} would",
            tuple(fixes),
        )
        return
    groups = kv_heads(attention)
    if heads % groups:
        works = [value for value in range(1, heads + 1) if heads % value == 0]
        near = min(works, key=lambda value: abs(value - groups))
        yield Problem(
            f"{path}.kv_heads",
            f"{groups} does not divide heads = {heads}; {', '.join(map(str, works))} would",
            (Fix(f"{path}.kv_heads", near),),
        )
    size = d_head(model, attention)
    if attention.position.kind == "rotary" and size % 2:
        yield Problem(
            f"{path}.position.kind",
            f"rotary turns pairs, so it needs an even head size, not {size}; d_head = {size + 1} would",
            (Fix(f"{path}.d_head", size + 1), Fix(f"{path}.position.kind", "none")),
        )


def _from_pydantic(error: Any) -> Problem:
    path = ""
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f"{'.' if path else ''}{part}"
    if error["type"] == "extra_forbidden":
        known = _known_fields(error["loc"][:-1])
        return Problem(
            path, f"there is no such field; known here are {', '.join(known)}" if known else "there is no such field"
        )
    message = error["msg"].removeprefix("Input ").removeprefix("Value error, ")
    given = error.get("input")
    shown = f", not {given!r}" if isinstance(given, (str, int, float, bool)) else ""
    return Problem(path, f"{message}{shown}")


def _known_fields(loc: tuple[str | int, ...]) -> list[str]:
    record: Any = Experiment
    for part in loc:
        if isinstance(part, int):
            continue
        annotation = record.model_fields[part].annotation if part in record.model_fields else None
        record = _record_in(annotation)
        if record is None:
            return []
    return list(record.model_fields)


def _record_in(annotation: Any) -> type[Record] | None:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if inner is not Ellipsis and (found := _record_in(inner)) is not None:
            return found
    return None
