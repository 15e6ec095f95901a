"""Linear pools of members that predict numbers: what several of them say together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.learning.committee.fading_scale import WILD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


MEMORIES = (0.997, 0.999, 0.9998)
"""What an event counts in a pool's sums after one more event: a pool for each."""


class NumberPools:
    """The last value plus a weighted sum of the members' distances from it: stacking (Breiman 1996) by ridge.

    A pool for each of ``MEMORIES``. All distances are in running units. The prior is the last value alone, weights
    of zero; it is worth ``ridge`` times the pool's own running squared error.
    """

    def __init__(self, members: int, *, ridge: float = 10.0) -> None:
        self._ridge = ridge
        self._weights = np.zeros((members, len(MEMORIES)))
        self._gram = np.zeros((len(MEMORIES), members, members))
        self._cross = np.zeros((len(MEMORIES), members))
        self._noise = np.ones(len(MEMORIES))

    @property
    def weights(self) -> NDArray[np.float64]:
        """What each member counts in each pool ``(members, pools)``."""
        return self._weights

    def predict(self, offsets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far from the last value each pool is ``(pools, rows)``, of ``offsets (members, rows)``."""
        return self._weights.T @ offsets

    def experts(self, offsets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``offsets (members, rows)`` above how far each pool is, at most ``WILD`` units."""
        return np.concatenate([offsets, np.clip(self.predict(offsets), -WILD, WILD)])

    def learn(self, offsets: NDArray[np.float64], truth: NDArray[np.float64]) -> None:
        """Add a block to the sums and solve; ``truth (rows,)`` is the label's distance from the last value."""
        members, rows = offsets.shape
        decay = np.array(MEMORIES) ** rows
        error = np.square(truth - self.predict(offsets)).mean(axis=1)
        self._noise = self._noise * decay + (1 - decay) * error
        self._gram = self._gram * decay[:, None, None] + offsets @ offsets.T
        self._cross = self._cross * decay[:, None] + offsets @ truth
        prior = (self._ridge * np.maximum(self._noise, 1e-6))[:, None, None] * np.eye(members)
        solved = np.linalg.solve(self._gram + prior, self._cross[..., None])[..., 0].T
        if np.isfinite(solved).all():
            # Into the same memory: a product may round differently for another order of it.
            self._weights[:] = solved

    def state_dict(self) -> dict[str, Any]:
        """Return weights and sums."""
        return {"weights": self._weights, "gram": self._gram, "cross": self._cross, "noise": self._noise}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other members."""
        weights = np.array(state["weights"])
        if weights.shape != self._weights.shape:
            raise ValueError(f"the checkpoint pools {len(weights)} members, there are {len(self._weights)}")
        self._weights, self._gram = weights, np.array(state["gram"])
        self._cross, self._noise = np.array(state["cross"]), np.array(state["noise"])
