"""Looks at what goes through the model, forwards and backwards, and keeps the pictures so far."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.spec.model import ModelSpec
from playground.transformer.taps import Taps
from playground.views.flow import measures
from playground.views.flow.frame import MEASURES, FlowFrame, FlowLook, Row
from playground.views.flow.signs import signs
from playground.views.gauges.probe import by_part, parts
from playground.views.motion.probe import title
from playground.views.subject import Subject, read_only

MOST = 192
"""Pictures kept; when there are more, every second of the older half goes."""
SPANS = {measure.name: measure.span for measure in MEASURES}
COLOURS = {"attention": "attention", "cross": "cross_attention", "mlp": "mlp"}


@dataclass
class Marked:
    """Some weights of each part as they were at a step."""

    step: int
    weights: dict[str, Tensor]


class FlowProbe:
    """One pass over the same few validation sequences for each picture. Weights are compared with those of the picture
    before, so that no training step is looked at, or slowed down, itself."""

    def __init__(self) -> None:
        self._parts: object = None
        """What rows and their weights are, as far as pictures can be compared."""
        self._taken: dict[int, dict[str, np.ndarray]] = {}
        """What was measured, by step."""
        self._marked: Marked | None = None

    def observe(self, subject: Subject, look: FlowLook) -> FlowFrame:
        """Everything so far, with the model as it is now."""
        spec, history = subject.model.spec, subject.history
        weights = measures.weights_of(subject.model)
        rows = _rows(spec, list(weights))
        known = rows, [[each.shape for each in tensors] for tensors in weights.values()]
        if known != self._parts:  # after an edit there is nothing to compare with
            self._taken, self._marked, self._parts = {}, None, known
        present = max(subject.step, int(history.steps[-1]) if len(history) else 0)
        self._taken = {step: each for step, each in self._taken.items() if step <= present}  # the run may have been taken back
        found, focus, tokens = self._measure(subject, look, weights)
        found["update"] = self._moved(subject.step, weights, present)
        self._taken = dict(sorted((self._taken | {subject.step: found}).items()))
        self._thin(subject.step)
        values = {name: read_only(np.stack([each[name] for each in self._taken.values()]), np.float32) for name in found}
        upto = {name: value[: list(self._taken).index(subject.step) + 1] for name, value in values.items()}
        norms = history.grad_norm[: int(np.searchsorted(history.steps, subject.step, "right"))]
        steps = read_only(np.array(list(self._taken)), np.int64)
        return FlowFrame(subject.step, steps, rows, values, signs(rows, upto, focus, norms), tokens)

    def _measure(
        self, subject: Subject, look: FlowLook, weights: dict[str, list[Tensor]]
    ) -> tuple[dict[str, np.ndarray], np.ndarray, int]:
        """All but the updates; how much of each attention goes to one token; the number of tokens read."""
        assert subject.fixed is not None
        spec = subject.model.spec
        streams, branches = measures.stream_places(spec), parts(spec)
        attentions, mlps = measures.attentions(spec), measures.mlps(spec)
        batch = next(subject.fixed(max(1, min(look.sequences, look.max_tokens // spec.n_ctx))))
        taps = Taps([
            *streams.values(), *branches.values(), *(unit for units in mlps.values() for unit in units),
            *(f"{prefix}.{name}" for prefix in attentions.values() for name in ("scores", "pattern")),
        ])  # fmt: skip
        gradients = measures.run(subject.model, batch, taps, weights)
        seen = taps.values
        spreads = [measures.spread(seen[f"{at}.scores"], seen[f"{at}.pattern"]) for at in attentions.values()]
        sizes = by_part(subject.model.named_parameters(), subject.gradients) if subject.gradients else {}
        found = {
            "stream": [seen[tap].float().norm(dim=-1).mean().item() for tap in streams.values()],
            "activations": [measures.histogram([seen[tap]], SPANS["activations"]).numpy() for tap in branches.values()],
            "entropy": [entropy for entropy, _ in spreads],
            "dead": [measures.dead([seen[unit] for unit in units if unit in seen]) for units in mlps.values()],
            "gradients": [measures.histogram(gradients[path], SPANS["gradients"]).numpy() for path in weights],
            "gradient": [sizes.get(path, math.nan) for path in weights],
            "weights": [measures.norm(each) for each in weights.values()],
        }
        arrays = {name: np.array(values, dtype=np.float32) for name, values in found.items()}
        return arrays, np.array([focus for _, focus in spreads]), batch.tokens.numel()

    @torch.no_grad()
    def _moved(self, step: int, weights: dict[str, list[Tensor]], present: int) -> np.ndarray:
        """By how much of their length the weights of each part have moved in a step since the picture before, (parts,)."""
        unknown = np.full(len(weights), math.nan, dtype=np.float32)
        before = self._marked
        if step < present:  # a look back
            return unknown
        if before is not None and before.step == step:
            return self._taken[step]["update"] if step in self._taken else unknown
        now = {path: torch.cat([measures.sample(each) for each in tensors]) for path, tensors in weights.items()}
        self._marked = Marked(step, now)
        if before is None or before.step > step:
            return unknown
        shares = [
            float((now[path] - before.weights[path]).norm() / now[path].norm().clamp(min=1e-12)) / (step - before.step)
            for path in weights
        ]
        return np.array(shares, dtype=np.float32)

    def _thin(self, step: int) -> None:
        """Keep at most MOST pictures, those at the end, and that of `step`, in any case."""
        if len(self._taken) > MOST:
            older = list(self._taken)[1 : MOST // 2 : 2]
            for each in older:
                if each != step:
                    del self._taken[each]


def _rows(spec: ModelSpec, weights: list[str]) -> dict[str, tuple[Row, ...]]:
    """The rows of every measure, in the order of its values."""

    def named(paths: list[str]) -> tuple[Row, ...]:
        return tuple(Row(title(path), COLOURS.get(path.rpartition(".")[2], path.rpartition(".")[2])) for path in paths)

    learning = named(weights)
    return {
        "stream": tuple(Row(name, "embedding" if "mbedding" in name else "accent") for name in measures.stream_places(spec)),
        "activations": named(list(parts(spec))),
        "entropy": named(list(measures.attentions(spec))),
        "dead": named(list(measures.mlps(spec))),
        "gradients": learning, "gradient": learning, "weights": learning, "update": learning,
    }  # fmt: skip


PROBE = FlowProbe
