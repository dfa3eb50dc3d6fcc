"""Which fields the inspector shows for a path, in which order and in which words; read from the records, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from playground.spec import edit
from playground.spec.experiment import TOLD, Experiment
from playground.spec.model import Attention, AttentionHeads, CrossAttention, Layer, Mlp, d_head, kv_heads
from playground.spec.record import Change, Info, Record, info, means
from playground.spec.saying import said as said

Kind = Literal["bool", "int", "float", "choice", "text", "part"]

PARTS = {"attention": "attention", "cross": "cross-attention", "mlp": "MLP", "norm": "norm"}
"""The parts of a layer in words."""

ABSENT = {
    "attention": Info(
        "Attention", "Whether this layer attends at all; a layer without attention moves nothing between tokens."
    ),
    "cross": Info(
        "Cross-attention",
        "Whether this layer looks at the encoder as well.",
        cite="Phuong & Hutter 2022, Algorithm 8",
        url="https://arxiv.org/abs/2207.09238",
    ),
    "mlp": Info("MLP", "Whether this layer has an MLP; attention-only models are a classic of interpretability."),
}


@dataclass(frozen=True)
class Field:
    """One row of the form: `low` and `high` are the limits of a number; an `optional` one may be left open (None)."""

    path: str
    kind: Kind
    info: Info
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    optional: bool = False

    @property
    def can_be_none(self) -> bool:
        """Whether leaving it open means that there is none, and not what follows from other fields."""
        return self.optional and not self.path.endswith((".kv_heads", ".d_head"))

    @property
    def change(self) -> Change:
        """What an edit of it costs."""
        return self.info.change


def fields(experiment: Experiment, path: str) -> tuple[Field, ...]:
    """The fields of the record at `path` (nested records flattened), or the one field that `path` names."""
    holder_path, _, name = path.rpartition(".")
    holder: Any = edit.get(experiment, holder_path) if holder_path else experiment
    value = edit.get(experiment, path)
    if isinstance(value, Record):
        return tuple(_walk(value, path))
    record: type[Record] = type(holder)
    return (_field(record, name, path),)


def read(experiment: Experiment, path: str) -> Any:
    """The value at a path that is known to be there; raises LookupError where it is not.

    `edit.get` says what is wrong with a path; this is for the hundreds of look-ups that showing a page takes.
    """
    value: Any = experiment
    try:
        for step in _steps(path):
            value = value[step] if isinstance(step, int) else getattr(value, step)
    except (AttributeError, IndexError, TypeError):
        raise LookupError(path) from None
    return value


_steps = cache(edit.split)


def needed(experiment: Experiment, path: str) -> bool:
    """Whether a field means anything as things stand: a rotary base without rotary positions does not."""
    holder_path, _, name = path.rpartition(".")
    holder: Any = read(experiment, holder_path) if holder_path else experiment
    if path in ("task.mask_ratio", "task.mask_rule"):
        return experiment.objective == "masked"
    if path.startswith("model.gist"):
        return experiment.task.kind in TOLD and means(holder, name)
    if path == "task.word_drop":
        return experiment.gisted
    if path.startswith("task.tokenizer") and experiment.task.generated:
        return False  # a generated task brings its own symbols
    return means(holder, name)


def effective(experiment: Experiment, path: str) -> Any:
    """The value that counts: for a field left to the model, what follows from the others."""
    value = read(experiment, path)
    if value is not None:
        return value
    holder_path, _, name = path.rpartition(".")
    attention = read(experiment, holder_path)
    if isinstance(attention, AttentionHeads) and name in ("kv_heads", "d_head"):
        return kv_heads(attention) if name == "kv_heads" else d_head(experiment.model, attention)
    return None


def preset_value(preset: Experiment, path: str, fallback: Any = None) -> Any:
    """The value of a field in the preset; a layer that the preset lacks is measured against its last one."""
    try:
        return read(preset, path)
    except LookupError:
        pass
    stack = path.partition("[")[0].removeprefix("model.")
    if stack in preset.model.stacks:
        rest = path.split("]", 1)[1]
        try:
            return read(preset, f"model.{stack}[{len(preset.model.stacks[stack]) - 1}]{rest}")
        except LookupError:
            return fallback
    return fallback


def title(path: str, both: bool = False) -> str:
    """A part in words: "Layer 3 · attention"; where there are `both` stacks, a decoder's layer says whose it is."""
    if path.startswith("model.decoder[") or path.startswith("model.encoder["):
        index, _, rest = path.partition("[")[2].partition("]")
        layer = "Encoder layer" if path.startswith("model.encoder") else "Decoder layer" if both else "Layer"
        part = rest.removeprefix(".")
        return f"{layer} {int(index) + 1}{f' · {PARTS.get(part, part)}' if part else ''}"
    ends = {"model.embedding": "Token embedding", "model.unembedding": "Unembedding", "model.encoder_norm": "Encoder norm"}
    return ends.get(path, path)


def _walk(record: Record, path: str) -> list[Field]:
    found: list[Field] = []
    for name, about in type(record).model_fields.items():
        value, here = getattr(record, name), f"{path}.{name}"
        if isinstance(record, Layer) and name in ABSENT:
            found.append(Field(here, "part", ABSENT[name]))
        elif isinstance(value, Record):
            found += _walk(value, here)
        elif value is None and info(type(record), name) is None:
            continue  # a part that this model does not have
        elif about is not None:
            found.append(_field(type(record), name, here))
    # who looks where comes first, what a record chooses before what follows from the choice, offsets and dropout last
    return sorted(found, key=lambda field: _rank(field.path)) if not isinstance(record, Layer) else found


def _rank(path: str) -> int:
    name = path.rsplit(".", 1)[-1]
    if name in ("heads", "kv_heads", "d_head", "mask", "window") or ".attention.position." in path:
        return 0
    return {"place": 2, "eps": 3, "learned": 3, "bias": 4, "pattern_dropout": 5, "dropout": 5}.get(name, 1)


@cache
def _field(record: type[Record], name: str, path: str) -> Field:
    about = record.model_fields[name]
    said_of = info(record, name) or Info(name, about.description or "")
    kinds = [kind for kind in _members(about.annotation) if kind is not type(None)]
    optional = len(kinds) < len(_members(about.annotation))
    first = kinds[0]
    if get_origin(first) is Literal:
        return Field(path, "choice", said_of, tuple(str(choice) for choice in get_args(first)), optional=optional)
    limits = {key: getattr(item, key) for item in about.metadata for key in ("ge", "gt", "le", "lt") if hasattr(item, key)}
    low, high = limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))
    kind: Kind = "bool" if first is bool else "int" if first is int else "float" if first is float else "text"
    return Field(path, kind, said_of, (), low, high, optional)


def _members(annotation: Any) -> list[Any]:
    return list(get_args(annotation)) if get_origin(annotation) in (Union, UnionType) else [annotation]


def part_default(path: str) -> Attention | CrossAttention | Mlp:
    """What an absent part becomes when it is switched on."""
    if path.endswith(".cross"):
        return CrossAttention()
    return Attention() if path.endswith(".attention") else Mlp()
