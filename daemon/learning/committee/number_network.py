"""The networks of the committee for numbers: one says how far from the last label, one where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.learning.committee.number_member import Value
    from daemon.learning.committee.number_views import NumberViews
    from daemon.learning.committee.stepped_network import SteppedNetwork


class IncrementNetwork:
    """Predicts the increment from the inputs, their differences and earlier labels."""

    names = ("with_history",)

    def __init__(self, network: SteppedNetwork) -> None:
        self._network = network

    def predict(self, views: NumberViews) -> list[Value]:
        """Return the last label and the increment."""
        return [views.of_increments(self._network.outputs(torch.cat([views.narrow, views.history], 1))[:, 0])]

    def learn(self, views: NumberViews, *, fresh: NDArray[np.int64]) -> None:
        """Make the steps that are due on the fresh rows."""
        target = torch.from_numpy(views.increments[: views.filled].astype(np.float32))
        self._network.learn(torch.cat([views.narrow, views.history], 1), target, fresh=fresh)

    def state_dict(self) -> dict[str, Any]:
        """Return the network."""
        return self._network.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a network."""
        self._network.load_state_dict(state)


class PlasticNetwork:
    """Predicts the level from the inputs alone, without rehearsal: it follows the newest events."""

    names = ("plastic",)

    def __init__(self, network: SteppedNetwork) -> None:
        self._network = network

    def predict(self, views: NumberViews) -> list[Value]:
        """Return the level in the target's units."""
        return [views.of_levels(self._network.outputs(views.x)[:, 0])]

    def learn(self, views: NumberViews, *, fresh: NDArray[np.int64]) -> None:
        """Make the steps that are due on the fresh rows."""
        target = torch.from_numpy(views.levels[: views.filled].astype(np.float32))
        self._network.learn(views.x, target, fresh=fresh)

    def state_dict(self) -> dict[str, Any]:
        """Return the network."""
        return self._network.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a network."""
        self._network.load_state_dict(state)
