"""Values, fields and places in the words that people use for them: "RMS", "3e-4", "MLP width", "in all layers"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from playground.spec import edit
from playground.spec.attention import Attention, RelativePosition
from playground.spec.ends import Position
from playground.spec.experiment import PYTHON_DOCS, TaskSpec, TokenizerSpec
from playground.spec.mlp import Mlp
from playground.spec.model import Gist, Init, Layer, ModelSpec
from playground.spec.record import info
from playground.spec.training import TrainingSpec
from playground.spec.wording import record_at

SAYINGS: dict[str, str] = {
    "bidirectional": "full", "sinusoidal": "sines", "sinusoidal_paper": "sines (paper)", "relu2": "ReLU²",
    "alibi": "ALiBi", "t5": "T5", "parallel_shared": "parallel, one norm", "root": "√d_model", "one": "1", "rms": "RMS",
    "pre": "before", "post": "after", "relu": "ReLU", "gelu": "GELU", "gelu_tanh": "GELU (tanh)", "silu": "SiLU",
    "bpe": "BPE", "float32": "fp32", "bfloat16": "bf16", "wsd": "stable, then decay", "sgd": "SGD", "adam": "Adam",
    "adamw": "AdamW", "muon": "Muon and AdamW", "ema": "moving average",
}  # fmt: skip
"""How a choice is said where its name in the spec is not what people say."""

NORMS = {"layer": "LayerNorm", "rms": "RMS", "none": "no norm"}
"""Norms where nothing beside them says that they are norms."""

PARTS = {"mlp": "MLP", "cross": "cross-attention"}
"""Parts whose name in the spec is not what people say."""
ENDS = {"embedding": "in the embedding", "unembedding": "in the unembedding", "encoder_norm": "after the encoder"}
UNCLEAR = {
    "model.init.std": "first weights std", "training.step_every": "rate falls every",
    "training.step_factor": "rate factor", "training.average_decay": "decay of the average",
}  # fmt: skip
"""Labels that are clear in their section of the form only."""

_LAYER = re.compile(r"model\.(encoder|decoder)\[(\d+)\](?:\.(.+))?")
_END = re.compile(r"model\.(embedding|unembedding|encoder_norm)\.(.+)")


def said(choice: str) -> str:
    """A choice as people say it."""
    return SAYINGS.get(choice, choice)


def written(value: float) -> str:
    """A number as short as it can be without loss of its digits: 0.1, 3e-4, 1e-5, 10000."""
    if value == 0:
        return "0"
    plain = f"{value:.12f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else f"{value:g}"
    mantissa, _, exponent = f"{value:.9e}".partition("e")
    short = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return short if abs(value) < 1e-2 or (len(plain) > 6 and len(short) < len(plain)) else plain


def value(path: str, what: Any) -> str:
    """The value of the field at `path`, in words."""
    if isinstance(what, bool):
        return "on" if what else "off"
    if what is None:
        return "auto" if path.endswith((".kv_heads", ".d_head")) else "none"
    if isinstance(what, int):
        return f"{what:,}"
    if isinstance(what, float):
        return written(what)
    if path == "task.text":
        return "Python docs" if what == PYTHON_DOCS else re.split(r"[\\/]", str(what))[-1]
    if path.endswith("norm.kind"):
        return NORMS[what]
    if path == "task.kind":
        return str(what).replace("-", " ")
    return said(str(what))


@dataclass(frozen=True)
class Place:
    """Where a field stands: in a stack, at one of the ends, or elsewhere, and its path from there on."""

    stack: str
    index: int
    end: str
    rest: str


def place(path: str) -> Place:
    """A path taken apart; `index` is -1 outside the stacks."""
    if found := _LAYER.fullmatch(path):
        return Place(found[1], int(found[2]), "", found[3] or "")
    if found := _END.fullmatch(path):
        return Place("", -1, found[1], f"norm.{found[2]}" if found[1] == "encoder_norm" else found[2])
    return Place("", -1, "", path)


def label(path: str) -> str:
    """What a field is called in running text, with its part where the name alone would not tell: "MLP width"."""
    if path in UNCLEAR:
        return UNCLEAR[path]
    loc = edit.split(path)
    record, about = record_at(loc[:-1]), None
    if record is not None:
        about = info(record, str(loc[-1]))
    if about is None:
        return PARTS.get(str(loc[-1]), str(loc[-1]).replace("_", " "))
    called = about.label if about.label[1:2].isupper() or about.label.startswith("Muon") else _lower(about.label)
    at = place(path)
    if "norm." in at.rest:
        return "" if at.rest.endswith("norm.kind") else f"norm {called.removeprefix('norm ')}"
    holder = at.rest.split(".")[0 if at.index >= 0 else -2] if "." in at.rest else ""
    alike = holder == "cross" or (not at.end and about.label in _shared())
    return f"{PARTS.get(holder, holder)} {called}" if holder and alike else called


def layer(stack: str, index: int, layers: tuple[int, int]) -> str:
    """A layer as it is counted on screen, from 1, with its stack where there are two."""
    return f"{stack} layer {index + 1}" if all(layers) else f"layer {index + 1}"


def where(places: Collection[Place], layers: tuple[int, int]) -> str:
    """Where a change happens: "in layer 2", "in all decoder layers", "everywhere", "in the unembedding"."""
    ends = {at.end for at in places if at.end}
    count = dict(zip(("encoder", "decoder"), layers, strict=True))
    at = {stack: sorted(p.index for p in places if p.stack == stack) for stack in count}
    touched = {stack: found for stack, found in at.items() if found}
    whole = all(len(found) >= count[stack] > 0 for stack, found in touched.items())
    if touched and whole and len(touched) == sum(map(bool, layers)):
        if "unembedding" in ends:
            return "everywhere"
        said = ["in all layers" if sum(layers) > 1 else "in the layer"]
    else:
        said = [_layers(stack, found, count[stack], all(layers)) for stack, found in touched.items()]
    return " and ".join([*said, *(ENDS[end] for end in sorted(ends))])


def _layers(stack: str, found: list[int], count: int, both: bool) -> str:
    prefix = f"{stack} " if both else ""
    if len(found) == 1:
        return f"in {prefix}layer {found[0] + 1}"
    if len(found) == count:
        return f"in all {prefix}layers"
    if found[-1] - found[0] == len(found) - 1:
        return f"in {prefix}layers {found[0] + 1}–{found[-1] + 1}"
    if len(found) > 3:
        return f"in {len(found)} {prefix}layers"
    return f"in {prefix}layers {', '.join(str(index + 1) for index in found[:-1])} and {found[-1] + 1}"


@cache
def _shared() -> frozenset[str]:
    """Labels that fields of several records have."""
    counts: Counter[str] = Counter()
    for record in (
        TaskSpec,
        TokenizerSpec,
        TrainingSpec,
        ModelSpec,
        Gist,
        Init,
        Position,
        Layer,
        Attention,
        RelativePosition,
        Mlp,
    ):
        counts.update(about.label for name in record.model_fields if (about := info(record, name)) is not None)
    return frozenset(label for label, count in counts.items() if count > 1)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
