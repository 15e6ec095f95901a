"""Which of two answers to believe about a row, by what the row is like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

_NEWEST = 256
"""Rows that are remembered as the newest."""
_NEAREST = 5
_MEMORY = 0.9995
"""What a row counts after one more, in the curvature."""
_RIDGE = 3.0
_LEAST_DISTANCE = 1e-3
_SURE = 30.0
"""The log odds are at most that."""


class Gate:
    """Mixes two experts by logistic regression on the row (Jacobs et al. 1991, Adaptive Mixtures of Local Experts).

    It knows the row ``(width,)`` and how far it is from the five nearest of the newest 256: a stream that begins
    to be different is told from its past at once. It learns by Newton steps on how likely each answer has made
    the truth.
    """

    def __init__(self, width: int) -> None:
        self._weights = np.zeros(width + 2)
        self._curvature = np.zeros((width + 2, width + 2))
        self._newest = np.zeros((_NEWEST, width))
        self._keys = np.full(_NEWEST, UNKNOWN)
        """Hash of the key of each of the newest."""
        self._seen = 0

    @property
    def begun(self) -> bool:
        """Whether there are rows to be near to."""
        return self._seen >= _NEAREST

    def shares(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the first answer's share ``(rows,)`` for rows ``(rows, width)``."""
        return self._of_columns(self._columns(x))

    def learn(self, x: NDArray[np.float64], *, first: NDArray[np.float64], second: NDArray[np.float64]) -> None:
        """Make a step on rows, of which the answers have made the truth so likely, ``(rows,)`` each."""
        columns = self._columns(x)
        share = self._of_columns(columns)
        owed = share * first / (share * first + (1 - share) * second)
        uncertain = share * (1 - share)
        self._curvature = self._curvature * _MEMORY ** len(x) + (columns * uncertain[:, None]).T @ columns
        prior = _RIDGE * np.eye(len(self._weights))
        step = np.linalg.solve(self._curvature + prior, columns.T @ (owed - share))
        if np.isfinite(step).all():
            self._weights += step

    def follow(self, x: NDArray[np.float64], *, key: NDArray[np.int64]) -> None:
        """Put rows ``(rows, width)`` with the hashes of their keys in place of the oldest of the newest."""
        x, key = x[-_NEWEST:], key[-_NEWEST:]
        places = (self._seen + np.arange(len(x))) % _NEWEST
        self._newest[places], self._keys[places] = x, key
        self._seen += len(x)

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many: see ``RowHolder``."""
        there = np.arange(max(0, self._seen - _NEWEST), self._seen) % _NEWEST
        kept = there[~gone.hashed(self._keys[there])]
        if len(kept) < len(there):
            x, key = self._newest[kept], self._keys[kept]
            self._newest[:], self._keys[:], self._seen = 0, UNKNOWN, 0
            self.follow(x, key=key)
        return len(there) - len(kept)

    def state_dict(self) -> dict[str, Any]:
        """Return the regression and the newest rows."""
        return {
            "weights": self._weights,
            "curvature": self._curvature,
            "newest": self._newest.astype(np.float32),
            "keys": self._keys.copy(),
            "seen": self._seen,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of rows of another width."""
        newest = np.array(state["newest"], dtype=np.float64)
        if newest.shape != self._newest.shape:
            raise ValueError(f"the checkpoint's newest rows are {newest.shape}, not {self._newest.shape}")
        self._weights, self._curvature = np.array(state["weights"]), np.array(state["curvature"])
        self._newest, self._seen = newest, state["seen"]
        self._keys = np.array(state["keys"], dtype=np.int64)

    def _of_columns(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-np.clip(columns @ self._weights, -_SURE, _SURE))))

    def _columns(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the regression sees of rows ``(rows, width + 2)``."""
        newest = self._newest[: self._seen]
        # In place: for a thousand rows, each copy costs as much as the product.
        squared = x @ (-2 * newest.T)
        squared += np.square(newest).sum(1)
        squared += np.square(x).sum(1)[:, None]
        squared.partition(_NEAREST - 1, axis=1)
        nearest = np.maximum(squared[:, :_NEAREST], 0)
        distance = np.log(np.sqrt(nearest).mean(axis=1) + _LEAST_DISTANCE)
        return np.column_stack([np.ones(len(x)), distance, x / 2])
