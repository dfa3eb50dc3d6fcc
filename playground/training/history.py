"""The history of a run: every step's figures in growing arrays, and every validation."""

from __future__ import annotations

import math

import numpy as np

from playground.training.report import StepReport

COLUMNS = ("step", "loss", "lr", "grad_norm", "tokens_per_s")


class History:
    """Figures by step, float64; views of the arrays are cheap and only valid until the next `add`."""

    def __init__(self) -> None:
        self._rows = np.zeros((256, len(COLUMNS)))
        self._count = 0
        self._validations: list[tuple[int, float, float]] = []

    def __len__(self) -> int:
        return self._count

    def add(self, report: StepReport) -> None:
        """Append a step, and its validation where it had one."""
        if self._count == len(self._rows):
            self._rows = np.concatenate((self._rows, np.zeros_like(self._rows)))
        self._rows[self._count] = [getattr(report, name) for name in COLUMNS]
        self._count += 1
        if report.validation is not None:
            score = math.nan if report.score is None else report.score
            self._validations.append((report.step, report.validation, score))

    @property
    def steps(self) -> np.ndarray:
        """Step numbers (steps,)."""
        return self._column("step")

    @property
    def loss(self) -> np.ndarray:
        """Batch losses in nats per token (steps,)."""
        return self._column("loss")

    @property
    def lr(self) -> np.ndarray:
        """Learning rates (steps,)."""
        return self._column("lr")

    @property
    def grad_norm(self) -> np.ndarray:
        """Norms of the gradient before clipping (steps,)."""
        return self._column("grad_norm")

    @property
    def tokens_per_s(self) -> np.ndarray:
        """Tokens a second (steps,)."""
        return self._column("tokens_per_s")

    @property
    def validation_steps(self) -> np.ndarray:
        """Steps that were followed by a validation."""
        return self._validated(0)

    @property
    def validation(self) -> np.ndarray:
        """Validation losses in nats per token."""
        return self._validated(1)

    @property
    def scores(self) -> np.ndarray:
        """With each validation the share of questions answered without a mistake, 0 to 1; NaN where nothing was asked."""
        return self._validated(2)

    def copy(self) -> History:
        """The same figures, to go on from by another way."""
        return History.restored(*self.arrays())

    def upto(self, step: int) -> History:
        """The figures of the steps up to one."""
        rows, validations = self.arrays()
        return History.restored(rows[rows[:, 0] <= step], validations[validations[:, 0] <= step])

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Everything, for a checkpoint: (steps, columns) and (validations, 3)."""
        validations = np.array(self._validations, dtype=np.float64).reshape(-1, 3)
        return self._rows[: self._count].copy(), validations

    @classmethod
    def restored(cls, rows: np.ndarray, validations: np.ndarray) -> History:
        """The history that `arrays` described; raises ValueError for arrays of another shape."""
        made = cls()
        made._rows = np.concatenate((rows, np.zeros((256, len(COLUMNS)))))
        made._count = len(rows)
        made._validations = [(int(step), float(loss), float(score)) for step, loss, score in validations]
        return made

    def _validated(self, column: int) -> np.ndarray:
        return np.array([row[column] for row in self._validations], dtype=np.float64)

    def _column(self, name: str) -> np.ndarray:
        return self._rows[: self._count, COLUMNS.index(name)]
