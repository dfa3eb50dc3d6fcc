"""The exponential moving average of a model's weights, which can stand in for them while the model is tested."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class Average:
    """The average follows every step: `average = keep · average + (1 - keep) · weights` (Polyak & Juditsky 1992, as an EMA).

    After n steps no more than (1 + n) / (10 + n) of it is kept, so that it soon forgets the weights it began with (as
    TensorFlow's ExponentialMovingAverage does with `num_updates`).
    """

    def __init__(self, model: nn.Module) -> None:
        """Begins with the weights as they are."""
        self._names = [name for name, _ in model.named_parameters()]
        self._parameters = list(model.parameters())
        self._averages = [parameter.detach().clone() for parameter in self._parameters]
        self.steps = 0

    @property
    def weights(self) -> dict[str, Tensor]:
        """The averages by the names of their weights."""
        return dict(zip(self._names, self._averages, strict=True))

    def follow(self, decay: float) -> None:
        """Take in the weights of one more step; `decay` is the largest share of the average that is kept."""
        keep = min(decay, (1 + self.steps) / (10 + self.steps))
        get_ema_multi_avg_fn(keep)(self._averages, self._parameters, None)  # type: ignore[no-untyped-call]
        self.steps += 1

    def restore(self, weights: dict[str, Tensor], steps: int) -> None:
        """Go on from averages (by name, of the weights' shapes) after so many steps. Raises KeyError and ValueError."""
        for name, average in self.weights.items():
            if weights[name].shape != average.shape or weights[name].dtype != average.dtype:
                raise ValueError(f"the average of {name} does not fit this model")
            average.copy_(weights[name])
        self.steps = steps

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """For a while the model has the averages for weights; afterwards the weights are back, to the bit."""
        weights = [parameter.data for parameter in self._parameters]
        try:
            self._point_to(self._averages)
            yield
        finally:
            self._point_to(weights)

    def _point_to(self, values: list[Tensor]) -> None:
        for parameter, value in zip(self._parameters, values, strict=True):
            parameter.data = value
