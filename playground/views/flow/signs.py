"""The early warnings of divergence in words, from the measured quantities alone; each says what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from playground.style.numbers import percent
from playground.views.flow.frame import Row, Sign

WINDOW = 100
"""Steps whose median gradient the newest ones are held against."""
NEWEST = 10
TIMES = 5.0
"""So many times the median is a warning."""
UPDATE = 0.03
"""Share of a weight's size: what is usual is a thousandth."""
LASTING = 3
"""Pictures that have to agree on an update: one alone may be the start of a new layer."""
FOCUS = 0.95
DEAD = 0.3
STREAM = 1000.0
"""By how much the residual stream may grow from the embedding to the last layer."""


def signs(
    rows: Mapping[str, Sequence[Row]], values: Mapping[str, np.ndarray], focus: np.ndarray, norms: np.ndarray
) -> tuple[Sign, ...]:
    """What is wrong now, the most urgent first.

    `values` as in a FlowFrame; `focus` (attentions,) the largest share of a layer's attention that goes to one token; `norms`
    (steps,) the gradient's norm in every training step so far.
    """
    return (*_gradient(norms), *_updates(rows["update"], values["update"]), *_attention(rows["entropy"], focus),
            *_dead(rows["dead"], values["dead"]), *_stream(rows["stream"], values["stream"]))  # fmt: skip


def _gradient(norms: np.ndarray) -> Iterator[Sign]:
    if len(norms) < WINDOW // 2:
        return
    usual, newest = float(np.median(norms[-WINDOW:])), float(norms[-NEWEST:].max())
    if usual > 0 and newest > TIMES * usual:
        yield Sign(
            f"The gradient norm has been {newest / usual:.0f} times its median of the last {min(len(norms), WINDOW)} steps.",
            "Clip the gradient, or lower the learning rate.",
        )


def _updates(rows: Sequence[Row], values: np.ndarray) -> Iterator[Sign]:
    known = values[-LASTING:]
    if len(known) < LASTING:
        return
    least = known.min(axis=0)  # NaN where one of them is not known
    if np.isnan(least).all():
        return
    worst = int(np.nanargmax(least))
    if least[worst] > UPDATE:
        more = int((least > UPDATE).sum()) - 1
        also = f" (and {more} more)" if more else ""
        yield Sign(
            f"{_part(rows[worst])}{also} moves by {percent(float(known[-1, worst]))} of its weights in a step; 0.1 % is usual.",
            "Lower the learning rate, or warm up for longer.",
        )


def _attention(rows: Sequence[Row], focus: np.ndarray) -> Iterator[Sign]:
    for row, share in zip(rows, focus, strict=True):
        if share > FOCUS:
            yield Sign(
                f"{_part(row)} has collapsed: {percent(float(share))} of it goes to one token.",
                "Turn on QK norm, or lower the learning rate.",
            )


def _dead(rows: Sequence[Row], values: np.ndarray) -> Iterator[Sign]:
    for row, share in zip(rows, values[-1], strict=True):
        if share > DEAD:
            yield Sign(
                f"{percent(float(share))} of the units of {_part(row)} are dead.",
                "Lower the learning rate, or choose GELU or SiLU instead of ReLU.",
            )


def _stream(rows: Sequence[Row], values: np.ndarray) -> Iterator[Sign]:
    for stack in ("Encoder", ""):
        places = [at for at, row in enumerate(rows) if row.name.startswith("Encoder") == bool(stack)]
        if len(places) < 2:
            continue
        first, last = float(values[-1, places[0]]), float(values[-1, places[-1]])
        if not math.isfinite(last) or (first > 0 and last > STREAM * first):
            grown = "is no longer a number" if not math.isfinite(last) else f"grows {last / first:.0f}-fold"
            where = rows[places[-1]].name
            yield Sign(
                f"The residual stream {grown} from the embedding to {where[:1].lower()}{where[1:]}.",
                "Use a norm before each branch, or more weight decay.",
            )


def _part(row: Row) -> str:
    """A part at the beginning of a sentence: "Layer 2 · MLP" is said as it stands on its row."""
    return row.name
