"""The member for numbers that has no learning rate: ridge regression on random features, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.random_features import NestedColumns
from strategies.ridge import StreamingRidge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.number_member import Value
    from daemon.learning.committee.number_views import NumberViews

_FORGETTING = 0.9995
_RIDGE = 10.0
_SOLVE_EVERY = 256


class NumberClosedForm:
    """Two targets, level and increment, on two nested views: the inputs; differences and earlier labels too."""

    names = (
        "closed_form_level",
        "closed_form_increment",
        "closed_form_history_level",
        "closed_form_history_increment",
    )

    def __init__(self, *, narrow_width: int, history_width: int, generator: np.random.Generator) -> None:
        self._columns = NestedColumns([narrow_width, history_width], features=[64, 32], generator=generator)
        self._ridge = StreamingRidge(
            self._columns.views,
            outputs=2,
            forgetting=_FORGETTING,
            ridge=_RIDGE,
            solve_every=_SOLVE_EVERY,
            single=True,
        )

    def predict(self, views: NumberViews) -> list[Value]:
        """Return what each view says by each target."""
        outputs = self._ridge.outputs(self._made(views))
        return [said for each in outputs for said in (views.of_levels(each[:, 0]), views.of_increments(each[:, 1]))]

    def learn(self, views: NumberViews, *, fresh: NDArray[np.int64]) -> None:
        """Add the fresh rows to the sums."""
        if len(fresh):
            targets = np.column_stack([views.levels[fresh], views.increments[fresh]])
            self._ridge.absorb(self._made(views)[torch.from_numpy(fresh)], torch.from_numpy(targets))

    def state_dict(self) -> dict[str, Any]:
        """Return the random features and the sums."""
        return {"columns": self._columns.state_dict(), "ridge": self._ridge.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._columns.load_state_dict(state["columns"])
        self._ridge.load_state_dict(state["ridge"])

    def _made(self, views: NumberViews) -> Tensor:
        return self._columns([views.narrow, views.history])
