"""Whom to believe about numbers: the fixed share, by squared errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.learning.committee.mixture import FixedShare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Overlap = NDArray[np.int64] | None

_MEMORY = 0.999
"""What a squared error counts after one more event."""
_WORST = 16.0
"""The most that one event can cost an expert."""


class NumberShare:
    """Mixes experts; the loss is ``rate``/2 times the squared error, in units of the mixture's own running one.

    >>> share = NumberShare(2)
    >>> experts = np.array([[0.0] * 3, [1.0] * 3])
    >>> for _ in range(30):
    ...     share.learn(experts, np.zeros(3), judged=np.ones(3, dtype=bool))
    >>> share.mixed(experts, np.zeros(3), judged=np.ones(3, dtype=bool)).round(1).tolist()
    [0.0, 0.0, 0.0]
    """

    def __init__(self, experts: int, *, rate: float = 0.3, share: float = 0.002) -> None:
        self._mixture, self._rate = FixedShare(experts, share=share), rate
        self._squares = self._count = 0.0

    @property
    def weights(self) -> NDArray[np.float64]:
        """Each expert's weight now ``(experts,)``; they add up to 1."""
        return self._mixture.weights

    def mixed(
        self, experts: NDArray[np.float64], truth: NDArray[np.float64], *, judged: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the mixture ``(rows,)`` for each row of a block, by what is known before it.

        ``experts`` are ``(experts, rows)``; of ``truth (rows,)`` only the ``judged`` are used, and never the last.
        """
        weights = self.within(self.losses(experts, truth, judged))
        return np.asarray((experts * weights).sum(axis=0))

    def within(self, losses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights ``(experts, rows)`` before each row of a block, of which these are the losses."""
        return self._mixture.within(losses)

    def after(self, losses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights ``(experts,)`` for the row that comes after a block's so far; changes nothing."""
        return self._mixture.after(losses)

    def learn(
        self,
        experts: NDArray[np.float64],
        truth: NDArray[np.float64],
        *,
        judged: NDArray[np.bool_],
        overlap: Overlap = None,
    ) -> None:
        """Take up a block; rows whose labels ``overlap (rows,)`` with so many count as much as one together."""
        mixed = self.mixed(experts, truth, judged=judged)
        events = None if overlap is None else float((1 / overlap).sum())
        self._mixture.learn(self.losses(experts, truth, judged, overlap=overlap), events=events)
        # A row that surprises everybody says little of how large an error is usual.
        error = np.minimum(np.square(truth - mixed), 16 * np.square(truth - experts).min(axis=0))[judged]
        kept = _MEMORY ** len(error)
        self._squares = kept * self._squares + float(error.sum())
        self._count = kept * self._count + len(error)

    def losses(
        self,
        experts: NDArray[np.float64],
        truth: NDArray[np.float64],
        judged: NDArray[np.bool_],
        *,
        overlap: Overlap = None,
    ) -> NDArray[np.float64]:
        """Return the losses ``(experts, rows)``; a row that is not ``judged`` costs nobody anything."""
        usual = self._squares / self._count if self._count else 1.0
        squared = np.square(truth - experts)
        losses = np.minimum(0.5 * self._rate * squared / max(usual, 1e-12), _WORST)
        losses = np.where(judged, losses, 0.0)
        return losses if overlap is None else losses / overlap

    def state_dict(self) -> dict[str, Any]:
        """Return the weights and the running error."""
        return {"mixture": self._mixture.state_dict(), "squares": self._squares, "count": self._count}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other experts."""
        self._mixture.load_state_dict(state["mixture"])
        self._squares, self._count = state["squares"], state["count"]
