"""The optimisers: a table of which torch optimiser moves which weights, and one object that is all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from playground.spec.experiment import TrainingSpec
from playground.training.muon import Muon, hidden_matrices

MOMENTS = frozenset({"step", "exp_avg", "exp_avg_sq"})
"""What Adam and AdamW remember of a weight."""

Settings = Callable[[TrainingSpec, bool], dict[str, Any]]
"""The settings of a group that may change while it trains, from the spec and whether the group decays."""


@dataclass(frozen=True)
class Part:
    """A torch optimiser and the weights it moves.

    `weights` are all, the hidden matrices, or those that are none; `remembers` names what it keeps of each. `rate` is the
    field with its largest learning rate. A `fused` one leaves out an update by itself where it is told `found_inf`.
    """

    make: Callable[..., torch.optim.Optimizer]
    settings: Settings
    remembers: frozenset[str] = frozenset()
    weights: Literal["all", "hidden", "rest"] = "all"
    rate: Literal["lr", "muon_lr"] = "lr"
    fused: bool = True


def _plain(training: TrainingSpec, decays: bool) -> dict[str, Any]:
    return {}


def _adam(training: TrainingSpec, decays: bool) -> dict[str, Any]:
    return {"betas": (training.beta1, training.beta2)}


def _adamw(training: TrainingSpec, decays: bool) -> dict[str, Any]:
    return {"betas": (training.beta1, training.beta2), "weight_decay": training.weight_decay if decays else 0.0}


def _muon(training: TrainingSpec, decays: bool) -> dict[str, Any]:
    return {"momentum": training.momentum, "weight_decay": training.weight_decay if decays else 0.0}


_ADAMW = Part(partial(torch.optim.AdamW, fused=True), _adamw, MOMENTS)

OPTIMISERS: dict[str, tuple[Part, ...]] = {
    # lr times the gradient is subtracted, as in Algorithms 11 to 13 (of the batch's mean, where they have a sum)
    "sgd": (Part(partial(torch.optim.SGD, fused=True), _plain),),
    # Kingma & Ba 2014
    "adam": (Part(partial(torch.optim.Adam, fused=True), _adam, MOMENTS),),
    # Loshchilov & Hutter 2017; only matrices decay
    "adamw": (_ADAMW,),
    # Jordan et al. 2024, with Nesterov momentum and five Newton-Schulz steps; AdamW for what is no hidden matrix
    "muon": (
        Part(Muon, _muon, frozenset({"momentum_buffer"}), "hidden", "muon_lr", fused=False),
        Part(_ADAMW.make, _adamw, MOMENTS, "rest"),
    ),
}


class Optimiser:
    """The parts of a row of the table as one. Raises ValueError for a model that leaves a part nothing to move."""

    def __init__(self, model: nn.Module, training: TrainingSpec) -> None:
        self.kind = training.optimiser
        self._parts = [(part, _made(part, model, training)) for part in OPTIMISERS[self.kind]]
        self.state = Memory(self._parts)
        self.skips = all(part.fused for part, _ in self._parts)
        """Whether `step` can be told on the device to change nothing, so that nobody has to wait for the device first."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all parts, as torch keeps them."""
        return [group for _, optimiser in self._parts for group in optimiser.param_groups]

    def tune(self, training: TrainingSpec) -> None:
        """Use other betas, momentum and decay from the next step on."""
        for part, optimiser in self._parts:
            for group in optimiser.param_groups:
                group.update(part.settings(training, group["decays"]))

    def set_rate(self, rate: float, training: TrainingSpec) -> None:
        """Let the next step use this learning rate; a part with one of its own follows in proportion."""
        for part, optimiser in self._parts:
            own = rate if part.rate == "lr" else getattr(training, part.rate) * (rate / training.lr)
            for group in optimiser.param_groups:
                group["lr"] = own

    def step(self, found_inf: Tensor | None = None) -> None:
        """Move the weights along their gradients; where `found_inf` () is 1, and all parts are fused, nothing changes."""
        for _, optimiser in self._parts:
            # what GradScaler does: the fused kernels skip weights, moments and step count where this is 1
            optimiser.found_inf = found_inf  # type: ignore[attr-defined]
            optimiser.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for _, optimiser in self._parts:
            optimiser.zero_grad(set_to_none)


class Memory(MutableMapping[Tensor, dict[str, Tensor]]):
    """What is remembered of each weight, by the part that moves it; what that part would not understand is not taken."""

    def __init__(self, parts: list[tuple[Part, torch.optim.Optimizer]]) -> None:
        self._homes = {
            weight: (part, optimiser.state)
            for part, optimiser in parts
            for group in optimiser.param_groups
            for weight in group["params"]
        }

    def keys_of(self, weight: Tensor) -> frozenset[str]:
        """The names under which something is remembered of a weight once it has been moved."""
        return self._homes[weight][0].remembers

    def __getitem__(self, weight: Tensor) -> dict[str, Tensor]:
        found: dict[str, Tensor] | None = self._homes[weight][1].get(weight)
        if not found:
            raise KeyError("nothing is remembered of this weight yet")
        return found

    def __setitem__(self, weight: Tensor, values: dict[str, Tensor]) -> None:
        part, state = self._homes[weight]
        if values.keys() == part.remembers:
            state[weight] = values

    def __delitem__(self, weight: Tensor) -> None:
        self._homes[weight][1].pop(weight)

    def __iter__(self) -> Iterator[Tensor]:
        return (weight for weight, (_, state) in self._homes.items() if state.get(weight))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _made(part: Part, model: nn.Module, training: TrainingSpec) -> torch.optim.Optimizer:
    """The torch optimiser of a part, its weights in two groups: matrices, which decay where anything does, and vectors."""
    hidden = hidden_matrices(model)
    if part.weights == "hidden":
        return part.make(
            [{"params": list(hidden), "rows": list(hidden.values()), "decays": True, **part.settings(training, True)}],
            lr=getattr(training, part.rate),
        )
    taken = [p for p in model.parameters() if part.weights == "all" or p not in hidden]
    groups = [
        {"params": [p for p in taken if (p.dim() > 1) == decays], "decays": decays, **part.settings(training, decays)}
        for decays in (True, False)
    ]
    return part.make(groups, lr=getattr(training, part.rate))
