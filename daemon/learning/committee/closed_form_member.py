"""The member that has no learning rate: ridge regression on random features, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from daemon.learning.committee.newton_logistic import NewtonLogistic
from strategies.random_features import NestedColumns
from strategies.ridge import StreamingRidge

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.views import Views

_FORGETTING = 0.9995
_RIDGE = 10.0
_SHARPNESS = 6.0
"""Probabilities are ∝ exp of so many times the outputs."""
_SOLVE_EVERY = 512
_LARGE_BLOCK, _SOLVE_EVERY_IN_LARGE = 32, 1_024
"""In larger blocks than that, weights are solved half as often: whoever chooses those wants speed."""


class ClosedFormMember:
    """One-hot labels on nested views of a row: its inputs with random features of them; labels and differences too.

    A third voice is a logistic regression on the inputs, whose Gram matrix the closed form has summed.
    """

    names = ("closed_form", "closed_form_differences", "logistic")

    def __init__(
        self, *, narrow_width: int, label_width: int, classes: int, places: int, generator: np.random.Generator
    ) -> None:
        """``places`` are the most rows of a block."""
        self._columns = NestedColumns(
            [narrow_width, label_width + narrow_width], features=[64, 48], generator=generator
        )
        self._ridge = StreamingRidge(
            self._columns.views,
            outputs=classes,
            forgetting=_FORGETTING,
            ridge=_RIDGE,
            solve_every=_SOLVE_EVERY if places <= _LARGE_BLOCK else _SOLVE_EVERY_IN_LARGE,
            single=True,
        )
        self._logistic = NewtonLogistic(inputs=1 + narrow_width, classes=classes)
        self._classes = classes
        self._weights = torch.zeros(len(self.names), classes, self._columns.views[-1])
        """Of each voice on all columns, 0 on those that it does not read: one product is faster than three."""
        self._of: tuple[Views, Tensor, Tensor] | None = None

    def predict(self, views: Views) -> list[Tensor]:
        """Return the probabilities of both views and of the logistic regression."""
        return list(self._made(views)[1])

    def learn(self, views: Views, label: NDArray[np.int64], *, fresh: NDArray[np.int64]) -> None:
        """Add the fresh rows to the sums; step where the closed form is solved."""
        if len(fresh):
            rows = torch.from_numpy(fresh)
            columns, said = self._made(views)
            columns, chances = columns[rows], said[-1].t()[rows]
            truth = torch.zeros(len(fresh), self._classes)
            truth.scatter_(1, torch.from_numpy(label[fresh]).unsqueeze(1), 1)
            if self._ridge.absorb(columns, truth):
                self._logistic.add(columns, truth, chances=chances)
                if not self._ridge.unsolved:
                    self._logistic.step(columns, gram=self._ridge.gram, ridge=_RIDGE)
                    self._gather_weights()
        self._of = None

    def state_dict(self) -> dict[str, Any]:
        """Return the random features, the sums and the logistic regression."""
        return {
            "columns": self._columns.state_dict(),
            "ridge": self._ridge.state_dict(),
            "logistic": self._logistic.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._columns.load_state_dict(state["columns"])
        self._ridge.load_state_dict(state["ridge"])
        self._logistic.load_state_dict(state["logistic"])
        self._gather_weights()

    def _gather_weights(self) -> None:
        parts = (*(weights * _SHARPNESS for weights in self._ridge.weights), self._logistic.weights)
        for voice, weights in zip(self._weights, parts, strict=True):
            voice[:, : len(weights)] = weights.t()

    def _made(self, views: Views) -> tuple[Tensor, Tensor]:
        """Return the columns of the block so far, and what the voices say of them ``(voices, classes, places)``."""
        if self._of is None or self._of[0] is not views:
            both = torch.cat([views.label, views.narrow_difference], 1)
            columns = self._columns([views.narrow, both])
            scores = self._weights.flatten(0, 1) @ columns.t()
            self._of = views, columns, torch.softmax(scores.view(len(self.names), self._classes, -1), 1)
        return self._of[1:]
