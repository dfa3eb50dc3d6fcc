"""Muon for the matrices of a transformer's layers: those of one shape at once, and queries, keys and values each for itself."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import torch
from torch import Tensor, nn

from playground.transformer.attention import Attention, CrossAttention


class Muon(torch.optim.Muon):
    """`torch.optim.Muon` (Jordan et al. 2024), which takes a weight that holds several matrices for that many.

    A group's `rows` has, for each of its weights, how many rows each matrix in it has. Orthogonalised together, queries,
    keys and values share one budget of directions: with the shipped GPT that cost 0.15 nats after 300 steps (3.79 against
    3.64 apart, one seed). What is remembered of a weight stays one tensor, `momentum_buffer`.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # no loss is computed anew
        """As torch's step, one matrix after the other, would move them, but all matrices of one shape together: the products
        of small ones cost less than the calls. The same but for the rounding of bfloat16."""
        for group in self.param_groups:
            weights: list[Tensor] = []
            grads: list[Tensor] = []
            memories: list[Tensor] = []
            self._init_group(group, weights, grads, memories)
            shapes: dict[torch.Size, list[int]] = {}
            for at, weight in enumerate(weights):
                shapes.setdefault(weight.shape, []).append(at)
            for found in shapes.values():
                self._move(group, *([each[at] for at in found] for each in (weights, grads, memories)))

    def _move(
        self, group: MutableMapping[str, Any], weights: list[Tensor], grads: list[Tensor], memories: list[Tensor]
    ) -> None:
        """One step of matrices of the same shape."""
        rate, momentum = float(group["lr"]), group["momentum"]
        torch._foreach_lerp_(memories, grads, 1.0 - momentum)
        updates = torch._foreach_lerp(grads, memories, momentum) if group["nesterov"] else memories
        turned = orthogonal(torch.stack(list(updates)), group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = weights[0].shape
        if group["weight_decay"]:
            torch._foreach_mul_(weights, 1.0 - rate * group["weight_decay"])
        # a matrix with more rows than columns moves further, as Jordan et al. scale it
        scaled = turned.to(weights[0].dtype) * (-rate * max(1.0, rows / columns) ** 0.5)
        torch._foreach_add_(weights, list(scaled.unbind()))

    def _init_group(
        self, group: MutableMapping[str, Any], params: list[Tensor], grads: list[Tensor], memories: list[Tensor]
    ) -> bool:
        """Hand the matrices of a group to torch's step, each with its gradient and its memory; none is complex."""
        for weight, rows in zip(group["params"], group["rows"], strict=True):
            if weight.grad is None:
                continue
            state = self.state[weight]
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = torch.zeros_like(weight)
            # views: what the step does to them it does to the whole
            params += weight.split(rows)
            grads += weight.grad.split(rows)
            memories += state["momentum_buffer"].split(rows)
        return False


def orthogonal(updates: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """The nearest matrices with orthogonal rows or columns, roughly, by Newton-Schulz steps in bfloat16 (Jordan et al. 2024);
    (matrices, rows, columns) to the same shape."""
    a, b, c = coefficients
    tall = updates.shape[1] > updates.shape[2]
    x = (updates.transpose(1, 2) if tall else updates).bfloat16()
    x = x / x.flatten(1).norm(dim=1).clamp(min=eps)[:, None, None]
    for _ in range(steps):
        gram = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.transpose(1, 2) if tall else x


def hidden_matrices(model: nn.Module) -> dict[Tensor, list[int]]:
    """The matrices (out, in) of the layers of encoder and decoder, with the rows of each matrix that a weight holds.

    Embedding, unembedding, positions, tables of distances and the routers of experts are none of them.
    """
    found: dict[Tensor, list[int]] = {}
    for name, module in model.named_modules():
        if not name.startswith(("encoder.", "decoder.")):
            continue
        if isinstance(module, nn.Linear) and not name.endswith(".router"):
            found.setdefault(module.weight, [module.out_features])
        elif isinstance(module, Attention):
            found[module.qkv.weight] = module.widths
        elif isinstance(module, CrossAttention):
            found[module.kv.weight] = module.widths[1:]
    return found
