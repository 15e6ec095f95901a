"""Whom to believe about classes, where rows come one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.learning.committee.log_pools import MEMORIES, LogPools
from daemon.learning.committee.mixture import FixedShare
from daemon.learning.committee.probabilities import mixed, of_classes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class ClassTrust:
    """A fixed share of voices and of pools of them, by their log loss."""

    def __init__(self, voices: int, *, share: float) -> None:
        self._pools = LogPools(voices)
        self._mixture = FixedShare(voices + len(MEMORIES), share=share)

    def answer(self, voices: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities ``(classes, rows)`` of what voices say ``(voices, classes, rows)``."""
        _, experts = self._pools.experts(voices)
        return mixed(experts, self._mixture.weights)

    def likelihoods(self, answer: NDArray[np.float32], truth: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the probability ``(rows,)`` that was given to the class that it is."""
        return of_classes(answer, truth).astype(np.float64)

    def learn(self, voices: NDArray[np.float32], truth: NDArray[np.int64]) -> None:
        """Learn from rows whose class ``(rows,)`` is among those of ``voices``."""
        logs, experts = self._pools.experts(voices)
        self._mixture.learn(-np.log(of_classes(experts, truth), dtype=np.float64))
        self._pools.learn(logs, truth)

    def state_dict(self) -> dict[str, Any]:
        """Return pools and weights."""
        return {"pools": self._pools.state_dict(), "mixture": self._mixture.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other voices."""
        self._pools.load_state_dict(state["pools"])
        self._mixture.load_state_dict(state["mixture"])
