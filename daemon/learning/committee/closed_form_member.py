"""The member that has no learning rate: ridge regression on random features, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from strategies.random_features import NestedColumns
from strategies.ridge import StreamingRidge

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.member import Said
    from daemon.learning.committee.views import Views

_FORGETTING = 0.9995
_RIDGE = 10.0
_SHARPNESS = 6.0
"""Probabilities are ∝ exp of so many times the outputs."""
_SOLVE_EVERY = 512


class ClosedFormMember:
    """One-hot labels on nested views of a row: its inputs with random features of them; labels and differences too.

    A third voice is a logistic regression on the inputs by Newton steps. Its Hessian is at most a quarter of the
    inputs' Gram matrix G (Böhning 1992), which the closed form has summed: W ← W + 4 (G + λI)⁻¹ φᵀ(Y - P).
    """

    names = ("closed_form", "closed_form_differences", "logistic")

    def __init__(
        self, *, narrow_width: int, label_width: int, classes: int, generator: np.random.Generator
    ) -> None:
        self._columns = NestedColumns(
            [narrow_width, label_width + narrow_width], features=[64, 48], generator=generator
        )
        self._ridge = StreamingRidge(
            self._columns.views,
            outputs=classes,
            forgetting=_FORGETTING,
            ridge=_RIDGE,
            solve_every=_SOLVE_EVERY,
            single=True,
        )
        self._logistic = torch.zeros(1 + narrow_width, classes, dtype=torch.float64)
        self._classes = classes
        self._of: tuple[Views, Tensor] | None = None

    def predict(self, views: Views) -> list[Said]:
        """Return the probabilities of both views and of the logistic regression."""
        columns = self._made(views)
        closed = [torch.softmax(each.mul_(_SHARPNESS), 1).numpy() for each in self._ridge.outputs(columns)]
        return [*closed, self._chances(columns).numpy()]

    def learn(self, views: Views, label: NDArray[np.int64], *, fresh: NDArray[np.int64]) -> None:
        """Add the fresh rows to the sums, then make a Newton step on them."""
        if len(fresh):
            columns = self._made(views)[torch.from_numpy(fresh)]
            truth = torch.zeros(len(fresh), self._classes)
            truth.scatter_(1, torch.from_numpy(label[fresh]).unsqueeze(1), 1)
            if self._ridge.absorb(columns, truth):
                self._step(columns, truth)
        self._of = None

    def state_dict(self) -> dict[str, Any]:
        """Return the random features, the sums and the logistic weights."""
        return {
            "columns": self._columns.state_dict(),
            "ridge": self._ridge.state_dict(),
            "logistic": self._logistic,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._columns.load_state_dict(state["columns"])
        self._ridge.load_state_dict(state["ridge"])
        self._logistic = torch.as_tensor(state["logistic"]).clone()

    def _step(self, columns: Tensor, truth: Tensor) -> None:
        size = len(self._logistic)
        inputs = columns[:, :size]
        system = self._ridge.gram[:size, :size].clone()
        system.diagonal().add_(_RIDGE)
        factor, failed = torch.linalg.cholesky_ex(system)
        slope = inputs.t() @ (truth - self._chances(columns))
        step = torch.cholesky_solve(slope.double(), factor).mul_(4)
        # A column that was constant and begins to move has hardly any curvature: no score moves by more than 1.
        step /= max(1.0, float((inputs @ step.float()).abs().max()))
        if not int(failed) and bool(step.isfinite().all()):
            self._logistic += step

    def _chances(self, columns: Tensor) -> Tensor:
        return torch.softmax(columns[:, : len(self._logistic)] @ self._logistic.float(), 1)

    def _made(self, views: Views) -> Tensor:
        """Return the columns of the block so far; those that were predicted are learned."""
        if self._of is None or self._of[0] is not views:
            both = torch.cat([views.label, views.narrow_difference], 1)
            self._of = views, self._columns([views.narrow, both])
        return self._of[1]
