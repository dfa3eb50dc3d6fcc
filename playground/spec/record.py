"""The base of every record, and what a field carries for its readers: label, help, citation, kind of change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

Change = Literal["hot", "graft", "fresh"]


class Record(BaseModel):
    """A frozen record that refuses keys it does not know; a change makes a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_guessing(cls, value: Any, about: ValidationInfo) -> Any:
        """pydantic would read true as 1, "8" as 8 and 1 as true; in a file these are slips."""
        annotation = cls.model_fields[about.field_name or ""].annotation
        wanted = set(get_args(annotation)) or {annotation}
        if wanted & {int, float} and isinstance(value, bool | str):
            raise ValueError("should be a whole number" if int in wanted else "should be a number")
        if bool in wanted and not isinstance(value, bool):
            raise ValueError("should be true or false")
        return value


@dataclass(frozen=True)
class Info:
    """What the inspector says about one field.

    `change` names what an edit costs: "hot" is used by the next step, "graft" carries the fitting weights over,
    "fresh" starts training again. `unit` and `step` are hints for the editor; `cite` is a short reference. `when` names
    a field of the same record and the values of it for which this one means anything.
    """

    label: str
    help: str
    change: Change = "graft"
    cite: str = ""
    url: str = ""
    unit: str = ""
    step: float | None = None
    slider: tuple[float, float] | None = None
    when: tuple[str, tuple[Any, ...]] | None = None


def field(
    default: Any,
    label: str,
    help: str,
    *,
    change: Change = "graft",
    cite: str = "",
    url: str = "",
    unit: str = "",
    step: float | None = None,
    slider: tuple[float, float] | None = None,
    when: tuple[str, tuple[Any, ...]] | None = None,
    **limits: Any,
) -> Any:
    """A pydantic field with its `Info`; `limits` are pydantic's own (ge, le, gt, lt)."""
    made: FieldInfo = Field(default, description=help, **limits)
    made.metadata.append(Info(label, help, change, cite, url, unit, step, slider, when))
    return made


def info(record: type[Record], name: str) -> Info | None:
    """The `Info` of a field, or None for a field that holds another record."""
    return next((item for item in record.model_fields[name].metadata if isinstance(item, Info)), None)


def means(record: Record, name: str) -> bool:
    """Whether a field of a record means anything as the others stand: a rotary base without rotation does not."""
    about = info(type(record), name)
    if about is None or about.when is None:
        return True
    other, values = about.when
    return getattr(record, other) in values and means(record, other)


def limit(record: type[Record], name: str) -> int:
    """The largest value that a whole-number field takes."""
    return int(next(item.le for item in record.model_fields[name].metadata if hasattr(item, "le")))
