"""A network on a view of its own: another learner, by the same methods as the main one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.stepped_network import SteppedNetwork
    from daemon.learning.committee.views import Views

LABEL_SIZE = 2.0
"""What a one-hot label counts beside inputs of deviation 1."""


def inputs_alone(views: Views) -> Tensor:
    """Return the rows as the main learner sees them."""
    return views.x


def with_labels_and_differences(views: Views) -> Tensor:
    """Return the rows, the labels before them and what has changed since the row before."""
    return torch.cat([views.x, views.label * LABEL_SIZE, views.difference], 1)


class NetworkMember:
    """A network that says probabilities."""

    def __init__(self, name: str, network: SteppedNetwork, *, view: Callable[[Views], Tensor]) -> None:
        self.names = (name,)
        self._network = network
        self._view = view

    def predict(self, views: Views) -> list[Tensor]:
        """Return the probabilities."""
        # Sums over few classes are several times faster over whole rows.
        return [torch.softmax(self._network.outputs(self._view(views)).t(), 0)]

    def learn(self, views: Views, label: NDArray[np.int64], *, fresh: NDArray[np.int64]) -> None:
        """Make the steps that are due on the fresh rows."""
        self._network.learn(self._view(views), torch.from_numpy(label), fresh=fresh)

    def state_dict(self) -> dict[str, Any]:
        """Return the network."""
        return self._network.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a network."""
        self._network.load_state_dict(state)
