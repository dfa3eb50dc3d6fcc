"""The position-wise network of a layer: two matrices and a curve between them, three where gated, or a mixture of such."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.spec.model import Mlp as MlpSpec
from playground.transformer.taps import Taps


def relu_squared(x: Tensor) -> Tensor:
    """ReLU² (So et al. 2021, Primer)."""
    return F.relu(x).square()


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "relu2": relu_squared,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


class Mlp(nn.Module):
    """`W2 act(W1 x)`, or `W2 (act(W3 x) * W1 x)` where gated (Shazeer 2020)."""

    def __init__(self, spec: MlpSpec, d_model: int, name: str) -> None:
        super().__init__()
        self.name = name
        self.up = nn.Linear(d_model, spec.d_mlp, bias=spec.bias)
        self.gate = nn.Linear(d_model, spec.d_mlp, bias=spec.bias) if spec.gated else None
        self.down = nn.Linear(spec.d_mlp, d_model, bias=spec.bias)
        self.activation = ACTIVATIONS[spec.activation]

    def forward(self, x: Tensor, taps: Taps | None = None) -> Tensor:
        """(batch, pos, d_model) to the same shape."""
        pre = (self.gate if self.gate is not None else self.up)(x)  # (batch, pos, d_mlp)
        if taps is not None:
            pre = taps(f"{self.name}.mlp_pre", pre)
        post = self.activation(pre)
        if self.gate is not None:
            post = post * self.up(x)
        if taps is not None:
            post = taps(f"{self.name}.mlp_post", post)
        return self.down(post)  # type: ignore[no-any-return]


class Experts(nn.Module):
    """A mixture of MLPs: a router sends each token to its `top_k` experts and adds what they say, by the softmax of its
    scores over those (Shazeer et al. 2017; Jiang et al. 2024)."""

    def __init__(self, spec: MlpSpec, d_model: int, name: str) -> None:
        super().__init__()
        self.name, self.top_k = name, spec.top_k
        self.router = nn.Linear(d_model, spec.experts, bias=False)
        self.experts = nn.ModuleList(Mlp(spec, d_model, f"{name}.expert{index}") for index in range(spec.experts))

    def forward(self, x: Tensor, taps: Taps | None = None) -> Tensor:
        """(batch, pos, d_model) to the same shape."""
        scores = self.router(x)  # (batch, pos, experts)
        if taps is not None:
            scores = taps(f"{self.name}.router", scores)
        best, index = scores.topk(self.top_k, dim=-1)
        share = torch.zeros_like(scores).scatter(-1, index, best.softmax(dim=-1))  # (batch, pos, experts), 0 for the others
        tokens, shares = x.flatten(0, -2), share.flatten(0, -2)
        made = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            # an expert that nobody asks reads an empty batch, so that its gradient is zero instead of missing
            chosen = (shares[:, number] > 0).nonzero()[:, 0]
            said = expert(tokens[chosen]) * shares[chosen, number, None]
            made = made.index_add(0, chosen, said.to(made.dtype))
        return made.view_as(x)


def make_mlp(spec: MlpSpec, d_model: int, name: str) -> Mlp | Experts:
    """The network of a record."""
    return Mlp(spec, d_model, name) if spec.experts == 1 else Experts(spec, d_model, name)
