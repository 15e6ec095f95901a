"""The member that looks for what was like this a moment ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.learning.committee.member import Said
    from daemon.learning.committee.views import Views
    from strategies.row_holder import Gone

_ROWS = 256
_GROUPS = 32
_NEAREST = 5
_PRIOR = 0.3
"""Votes of nobody, for all classes alike."""


class Neighbours:
    """Votes of the latest 256 rows by how near they are; the fifth nearest has hardly any weight.

    How far that is, is found among the nearest of each of 32 groups, which is much faster than among all rows, and
    no nearer than the fifth of all: at least five rows have a vote.
    """

    names = ("neighbours",)

    def __init__(self, *, width: int, classes: int) -> None:
        self._rows = np.zeros((_ROWS, width), dtype=np.float32)
        self._lengths = np.full(_ROWS, np.inf, dtype=np.float32)
        """Squared, of each row; one that is not there yet is infinitely far away."""
        self._votes = np.zeros((_ROWS, classes), dtype=np.float32)
        """The rows' labels, one-hot."""
        self._keys = np.full(_ROWS, UNKNOWN)
        """Hash of the key of each row."""
        self._classes = classes
        self._seen = 0

    def predict(self, views: Views) -> list[Said]:
        """Return the vote; all classes alike before there are enough rows."""
        if self._seen < _NEAREST:
            return [np.full((self._classes, len(views.x)), 1 / self._classes, dtype=np.float32)]
        votes = self._votes.T @ self._weights(views.narrow.numpy()).T
        votes *= np.float32(_NEAREST / (_NEAREST + _PRIOR)) / votes.sum(axis=0)
        votes += np.float32(_PRIOR / (_NEAREST + _PRIOR) / self._classes)
        return [votes]

    def learn(self, views: Views, label: NDArray[np.int64], *, fresh: NDArray[np.int64]) -> None:
        """Put the fresh rows in place of the oldest."""
        fresh = fresh[-_ROWS:]
        x, labels, keys = views.narrow.numpy()[fresh], label[fresh], views.key[fresh]
        begin = self._seen % _ROWS
        until_end = min(len(fresh), _ROWS - begin)
        self._write(slice(begin, begin + until_end), x[:until_end], labels[:until_end], keys[:until_end])
        self._write(slice(0, len(fresh) - until_end), x[until_end:], labels[until_end:], keys[until_end:])
        self._seen += len(fresh)

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many: see ``RowHolder``. As many others come to be the latest 256 with time."""
        there = np.arange(max(0, self._seen - _ROWS), self._seen) % _ROWS
        kept = there[~gone.hashed(self._keys[there])]
        if len(kept) < len(there):
            x, labels, keys = self._rows[kept], self._votes[kept].argmax(axis=1), self._keys[kept]
            self._rows[:], self._votes[:], self._lengths[:], self._keys[:] = 0, 0, np.inf, UNKNOWN
            self._write(slice(0, len(kept)), x, labels, keys)
            self._seen = len(kept)
        return len(there) - len(kept)

    def state_dict(self) -> dict[str, Any]:
        """Return the rows and their labels."""
        return {
            "rows": torch.from_numpy(self._rows),
            "lengths": torch.from_numpy(self._lengths),
            "labels": torch.from_numpy(self._votes.argmax(axis=1)),
            "keys": self._keys,
            "seen": self._seen,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the rows; raise ``ValueError`` where they are of another width."""
        rows = np.asarray(state["rows"])
        if rows.shape != self._rows.shape:
            raise ValueError(f"the checkpoint's neighbours are {rows.shape}, not {self._rows.shape}")
        self._seen = state["seen"]
        there = np.arange(min(self._seen, _ROWS))
        self._rows[:], self._keys[:] = rows, state["keys"]
        self._lengths[there] = np.asarray(state["lengths"])[there]
        self._votes[there, np.asarray(state["labels"])[there]] = 1

    def _write(
        self, places: slice, x: NDArray[np.float32], labels: NDArray[np.int64], keys: NDArray[np.int64]
    ) -> None:
        if len(labels):
            self._rows[places], self._keys[places] = x, keys
            self._lengths[places] = np.square(x).sum(axis=1)
            self._votes[places] = 0
            self._votes[places][np.arange(len(labels)), labels] = 1

    def _weights(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what each row counts ``(places, rows)`` for rows ``x``: 0 where it is not near."""
        # The squared length of x itself, the same for all rows, comes later.
        distance = x @ (np.float32(-2) * self._rows.T)
        distance += self._lengths
        of_groups = distance.reshape(len(x), -1, _GROUPS).min(axis=1)
        fifth = np.sort(of_groups, axis=1)[:, _NEAREST - 1 : _NEAREST]
        own = np.square(x).sum(axis=1, keepdims=True)
        near = np.maximum(fifth + own, np.float32(1e-6))
        distance += own
        np.maximum(distance, 0, out=distance)
        distance += np.float32(0.1) * near
        weight = np.reciprocal(distance, out=distance)
        weight -= np.reciprocal(np.float32(1.2) * near)
        return np.maximum(weight, 0, out=weight)
