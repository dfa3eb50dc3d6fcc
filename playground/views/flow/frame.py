"""What passes between the flow's probe and its panel: a few quantities of every part, picture after picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from playground.views.frames import Frame, Look, Table

BINS = 28
"""Classes of a histogram."""


@dataclass(frozen=True)
class Measure:
    """One quantity. `span` is its fixed scale, logarithmic unless `linear`; a histogram shows shares of values in classes
    of their size, and `span` is that of the sizes."""

    name: str
    title: str
    help: str
    span: tuple[float, float]
    linear: bool = False
    histogram: bool = False
    share: bool = False
    """Whether it is a share of 1, and written in per cent."""
    learning: bool = False
    """Whether it is about how the weights learn, and not about what goes forwards."""


MEASURES: tuple[Measure, ...] = (
    Measure("stream", "Residual stream", "Length of a token's vector after each layer, mean over the tokens", (0.1, 300.0)),
    Measure("activations", "Activations", "Sizes of what each part adds to the stream: bright is where most values lie",
            (1e-3, 3e1), histogram=True),
    Measure("entropy", "Attention entropy", "0 % looks at one token, 100 % at all alike; mean over heads and queries",
            (0.0, 1.0), linear=True, share=True),
    Measure("dead", "Dead MLP units", "Units that hand on nothing for any of the tokens read",
            (0.0, 1.0), linear=True, share=True),
    Measure("gradients", "Gradients", "Sizes of the gradient of each weight, of the loss on the same sequences of the "
            "validation part: bright is where most values lie", (1e-8, 1e-1), histogram=True, learning=True),
    Measure("gradient", "Gradient size", "Root mean square over the weights of a part in the last training step, unclipped",
            (1e-7, 1e0), learning=True),
    Measure("weights", "Weight norm", "Length of all the weights of a part", (0.1, 1e3), learning=True),
    Measure("update", "Update / weight", "How far the weights have moved since the picture before, by their own length and "
            "by the steps in between; from some 8,000 evenly spaced weights of each tensor",
            (1e-5, 1e-1), share=True, learning=True),
)  # fmt: skip


@dataclass(frozen=True)
class FlowLook(Look):
    """How much of the validation part is read for a picture: so many sequences, of at most so many tokens together."""

    sequences: int = 2
    max_tokens: int = 128


@dataclass(frozen=True)
class Row:
    """A part, or a place in the stream: in words, and the name of its colour."""

    name: str
    kind: str


@dataclass(frozen=True)
class Sign:
    """An early warning of divergence: what is seen, and what to do."""

    text: str
    advice: str


@dataclass(frozen=True)
class FlowFrame(Frame):
    """The pictures taken since the view was first shown, the oldest thinned out.

    `steps` (pictures,) int64, ascending. `values` holds for each measure an array (pictures, rows), a histogram
    (pictures, rows, BINS) with shares of 1, float32; NaN where something could not be measured. `tokens` were read.
    """

    steps: np.ndarray
    rows: dict[str, tuple[Row, ...]]
    values: dict[str, np.ndarray]
    signs: tuple[Sign, ...]
    tokens: int

    def table(self) -> Table:
        """One row for each quantity of each part in each picture; a histogram has one for each of its classes."""
        return ("quantity", "part", "step", "value"), self._lines()

    def _lines(self) -> Iterator[tuple[object, ...]]:
        for measure in MEASURES:
            names, values = self.rows[measure.name], self.values[measure.name]
            edges = np.geomspace(*measure.span, BINS + 1) if measure.histogram else ()
            for at, row in ((at, row) for at in range(len(self.steps)) for row in range(len(names))):
                step, name = int(self.steps[at]), names[row].name
                if measure.histogram:
                    for low, high, share in zip(edges, edges[1:], values[at, row], strict=False):
                        yield f"{measure.title}, share from {low:.2g} to {high:.2g}", name, step, float(share)
                else:
                    yield measure.title, name, step, float(values[at, row])
