"""Why a single field is refused, in plain words: pydantic's errors as a path and a sentence; the record behind a path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playground.spec.experiment import Experiment
from playground.spec.record import Record

_LIMITS = ("ge", "gt", "le", "lt")


def refusal(error: Any) -> tuple[str, str]:
    """The path of the field and what is wrong with it, from one of pydantic's errors."""
    path = ""
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f"{'.' if path else ''}{part}"
    if error["type"] == "extra_forbidden":
        known = _known_fields(error["loc"][:-1])
        return path, f"there is no such field; known here are {', '.join(known)}" if known else "there is no such field"
    given = error.get("input")
    shown = f", not {_shown(given)}" if isinstance(given, str | int | float) else ""
    return path, f"{_wanted(error)}{shown}"


def _wanted(error: Any) -> str:
    """What pydantic would have had, in plain words."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "model_type":
        absent = ', or "none" to leave it out' if error["loc"][-1] in ("attention", "mlp") else ""
        return f"should be a table of {', '.join(_known_fields(error['loc']))}{absent}"
    if kind.startswith("int"):
        return "should be a whole number"
    plain = {
        "greater_than_equal": "should be at least {ge}",
        "greater_than": "should be greater than {gt}",
        "less_than_equal": "should be at most {le}",
        "less_than": "should be less than {lt}",
        "float_type": "should be a number",
        "string_type": "should be text",
        "tuple_type": "should be a list of layers, each a table such as [[model.decoder]]",
    }
    if kind in plain:
        whole = {key: int(value) if float(value).is_integer() else value for key, value in context.items() if key in _LIMITS}
        return plain[kind].format_map(whole)
    return str(error["msg"]).removeprefix("Input ").removeprefix("Value error, ")


def _shown(value: str | int | float) -> str:
    """A value as it stands in a file, cut where it is long."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def record_at(loc: Sequence[str | int]) -> type[Record] | None:
    """The kind of record that stands at a place of an experiment, or None where there is none."""
    record: type[Record] = Experiment
    for part in loc:
        if isinstance(part, int):
            continue
        annotation = record.model_fields[part].annotation if part in record.model_fields else None
        inner = _record_in(annotation)
        if inner is None:
            return None
        record = inner
    return record


def _known_fields(loc: Sequence[str | int]) -> list[str]:
    record = record_at(loc)
    return list(record.model_fields) if record is not None else []


def _record_in(annotation: Any) -> type[Record] | None:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if inner is not Ellipsis and (found := _record_in(inner)) is not None:
            return found
    return None
