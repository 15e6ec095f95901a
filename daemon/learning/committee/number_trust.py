"""Whom to believe about numbers, where rows come one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.learning.committee.number_pools import MEMORIES, NumberPools
from daemon.learning.committee.number_share import NumberShare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class NumberTrust:
    """A share of voices and of pools of them, by their squared errors; everything is in running units."""

    def __init__(self, voices: int, *, share: float) -> None:
        self._pools = NumberPools(voices)
        self._share = NumberShare(voices + len(MEMORIES), share=share)

    def answer(self, voices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return numbers ``(rows,)`` of what voices say ``(voices, rows)``."""
        return np.asarray(self._share.weights @ self._pools.experts(voices))

    def likelihoods(self, answer: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return exp(-loss) of the answers ``(rows,)``."""
        everyone = np.ones(len(truth), dtype=np.bool_)
        return np.asarray(np.exp(-self._share.losses(answer[None], truth, everyone)[0]))

    def learn(self, voices: NDArray[np.float64], truth: NDArray[np.float64]) -> None:
        """Learn from rows and their numbers ``(rows,)``."""
        self._share.learn(self._pools.experts(voices), truth, judged=np.ones(len(truth), dtype=np.bool_))
        self._pools.learn(voices, truth)

    def state_dict(self) -> dict[str, Any]:
        """Return pools and weights."""
        return {"pools": self._pools.state_dict(), "share": self._share.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other voices."""
        self._pools.load_state_dict(state["pools"])
        self._share.load_state_dict(state["share"])
