"""Log-linear pools of the members: what several of them say together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.learning.committee.probabilities import centred_logs, exponentials, floored, of_classes, softmax

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MEMORIES = (0.998, 0.9998)
"""How much of the past remains in a pool's curvature after one more event: a pool for each."""


_ROWS = 32
"""Rows of a block that a step is made on."""


class LogPools:
    """Probabilities ∝ Π pₘ^wₘ, with weights by an online Newton step on the log loss (Hazan et al. 2007).

    A pool can be better than every member, where the members err differently. It is an expert of the mixture like
    the members themselves, and so never believed longer than it is right. ``ridge`` pulls the weights' first steps
    towards equal ones. Logs of probabilities are ``(members, classes, rows)``, centred over the classes.
    """

    def __init__(self, members: int, *, ridge: float = 10.0) -> None:
        self._weights = np.full((members, len(MEMORIES)), 1 / members)
        self._curvature = np.zeros((len(MEMORIES), members, members))
        self._prior = ridge * np.eye(members)

    @property
    def weights(self) -> NDArray[np.float64]:
        """What each member counts in each pool ``(members, pools)``."""
        return self._weights

    def predict(self, logs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities of each pool ``(pools, classes, rows)``."""
        return softmax(self._scores(logs))

    def experts(self, voices: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the centred logs of ``voices (members, classes, rows)``, and these beside what the pools say."""
        logs = centred_logs(voices)
        return logs, np.concatenate([voices, floored(exponentials(self._scores(logs)))])

    def learn(self, logs: NDArray[np.float32], label: NDArray[np.int64]) -> None:
        """Make one step on a block; ``label (rows,)`` is among the classes of ``logs``."""
        events = len(label)
        # Of a large block some rows are enough: a step is made once for all of them.
        some = slice(0, None, max(1, events // _ROWS))
        logs, label = np.ascontiguousarray(logs[:, :, some]), label[some]
        members, classes, rows = logs.shape
        each = events / rows
        flat, pooled = logs.reshape(members, classes * rows), self.predict(logs)
        truth = of_classes(logs, label).sum(axis=1)
        slopes = np.empty((len(MEMORIES), members))
        for pool, memory in enumerate(MEMORIES):
            weighted = logs * pooled[pool]
            mean = weighted.sum(axis=1)
            curvature = weighted.reshape(members, classes * rows) @ flat.T - mean @ mean.T
            self._curvature[pool] = memory**events * self._curvature[pool] + each * curvature
            slopes[pool] = each * (truth - mean.sum(axis=1))
        steps = np.linalg.solve(self._curvature + self._prior, slopes[..., None])[..., 0]
        if np.isfinite(steps).all():
            self._weights += steps.T

    def state_dict(self) -> dict[str, Any]:
        """Return weights and curvature."""
        return {"weights": self._weights, "curvature": self._curvature}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other members."""
        weights = np.array(state["weights"])
        if weights.shape != self._weights.shape:
            raise ValueError(f"the checkpoint pools {len(weights)} members, there are {len(self._weights)}")
        self._weights, self._curvature = weights, np.array(state["curvature"])

    def _scores(self, logs: NDArray[np.float32]) -> NDArray[np.float32]:
        members, classes, rows = logs.shape
        flat = self._weights.astype(np.float32).T @ logs.reshape(members, classes * rows)
        return np.asarray(flat.reshape(len(MEMORIES), classes, rows))
