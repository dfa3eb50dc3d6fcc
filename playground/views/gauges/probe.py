"""Looks at how much each part adds to the stream, and how large the last gradient of its weights was."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from torch import Tensor

from playground.spec.model import ModelSpec, branches
from playground.transformer.taps import Taps
from playground.views.gauges.frame import GaugesFrame, GaugesLook, Sizes
from playground.views.subject import Subject, at_rest, reading

OUTPUTS = {"attention": "attn_out", "cross": "cross_out", "mlp": "mlp_out"}


class GaugesProbe:
    """One forward pass over the first words of the validation text; the gradients are those the trainer has met anyway."""

    def observe(self, subject: Subject, look: GaugesLook) -> GaugesFrame:
        """The sizes of the embedding, of every branch and of the unembedding."""
        places = parts(subject.model.spec)
        taps = Taps(places.values())
        with at_rest(subject.model):
            reading(subject, "", look.max_tokens).logits(subject, taps)
            found = {path: taps.values[tap].float().square().mean().sqrt().item() for path, tap in places.items()}
        gradients = by_part(subject.model.named_parameters(), subject.gradients) if subject.gradients else {}
        return GaugesFrame(subject.step, {path: Sizes(size, gradients.get(path)) for path, size in found.items()})


def parts(model: ModelSpec) -> dict[str, str]:
    """The tap point of what each part hands on, by the part's path."""
    found = {"model.embedding": "embed"}
    for stack, layers in model.stacks.items():
        for index, layer in enumerate(layers):
            for name, _ in branches(layer):
                found[f"model.{stack}[{index}].{name}"] = f"{stack}.{index}.{OUTPUTS[name]}"
    return found | {"model.unembedding": "logits"}


def by_part(named: Iterable[tuple[str, Tensor]], norms: Mapping[str, float]) -> dict[str, float]:
    """Root mean square of a weight's gradient by the path of the part that has it, from (name, parameter) pairs and the
    norms of their gradients. A tied matrix belongs to the embedding, the norms of a layer to none."""
    squares: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for name, parameter in named:
        if name in norms and (path := part_of(name)):
            squares[path] += norms[name] ** 2
            counts[path] += parameter.numel()
    return {path: math.sqrt(squares[path] / counts[path]) for path in squares}


def part_of(name: str) -> str:
    """The path of the part that a parameter belongs to, or ""."""
    first, *rest = name.split(".")
    if first in ("encoder", "decoder"):
        return f"model.{first}[{rest[0]}].{rest[1]}" if rest[1] in OUTPUTS else ""
    return "model.embedding" if first in ("embed", "position") else "model.unembedding" if first == "unembed" else ""


PROBE = GaugesProbe
