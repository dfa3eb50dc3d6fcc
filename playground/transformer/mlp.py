"""The position-wise network of a layer: two matrices and a curve between them, or three where it is gated."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from playground.spec.model import Mlp as MlpSpec
from playground.transformer.taps import Taps

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
}


class Mlp(nn.Module):
    """`W2 act(W1 x)`, or `W2 (act(W1 x) * W3 x)` where gated (Shazeer 2020)."""

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
