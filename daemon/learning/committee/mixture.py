"""Whom to believe: a mixture of experts by their losses, with a share for all (fixed share)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class FixedShare:
    """Bayes' mixture over experts, whose best may change (Herbster & Warmuth 1998, "Tracking the best expert").

    Within a block an expert's weight is multiplied by exp(-loss) after each event; at the end of a block of n
    events a share 1 - (1 - ``share``)ⁿ of all weight is dealt out equally. With the log loss, the mixture's loss on
    any stretch is at most that of the best expert there plus about log(experts) + log(1/share) (Cesa-Bianchi &
    Lugosi 2006, Prediction, Learning, and Games, ch. 3 and 5).

    >>> mixture = FixedShare(2)
    >>> losses = np.array([[0.1, 0.1, 0.1], [2.0, 2.0, 2.0]])
    >>> mixture.within(losses).round(2).tolist()
    [[0.5, 0.87, 0.98], [0.5, 0.13, 0.02]]
    """

    def __init__(self, experts: int, *, share: float = 0.002) -> None:
        self._share = share
        self._log_weights = np.full(experts, -np.log(experts))

    @property
    def weights(self) -> NDArray[np.float64]:
        """Each expert's weight now ``(experts,)``; they add up to 1."""
        return _normalised(self._log_weights)

    def within(self, losses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights ``(experts, rows)`` before each row of a block, by the losses of the rows before it.

        ``losses`` are ``(experts, rows)``, the whole block's so far; of the last row they are not used.
        """
        before = np.empty(losses.shape)
        before[:, 0] = self._log_weights
        np.subtract(self._log_weights[:, None], np.cumsum(losses[:, :-1], axis=1), out=before[:, 1:])
        return _normalised(before)

    def after(self, losses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights ``(experts,)`` for the row that comes after a block's so far; changes nothing."""
        return _normalised(self._log_weights - losses.sum(axis=1))

    def learn(self, losses: NDArray[np.float64], *, events: float | None = None) -> None:
        """Take up the losses ``(experts, rows)`` of a block, which counts as so many events, or as its rows."""
        after = self._log_weights - losses.sum(axis=1)
        kept = (1 - self._share) ** (losses.shape[1] if events is None else events)
        self._log_weights = np.log(kept * _normalised(after) + (1 - kept) / len(after))

    def state_dict(self) -> dict[str, Any]:
        """Return the weights."""
        return {"log_weights": self._log_weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other experts."""
        weights = np.array(state["log_weights"])
        if weights.shape != self._log_weights.shape:
            raise ValueError(f"the checkpoint weighs {len(weights)} experts, there are {len(self._log_weights)}")
        self._log_weights = weights


def joined(before: NDArray[np.float64], more: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns ``(experts, rows)`` behind those before.

    They lie in one order in memory, however many came at a time: a sum may round differently for another.
    """
    return np.ascontiguousarray(np.concatenate([before, more], axis=1))


def _normalised(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights ∝ exp(logs) ``(experts, …)`` that add up to 1 over the experts."""
    weights = np.exp(logs - logs.max(axis=0))
    return np.asarray(weights / weights.sum(axis=0))
