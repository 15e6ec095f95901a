"""The member that looks for what was like this a moment ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

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
        self._rows = torch.zeros(_ROWS, width)
        self._lengths = torch.full((_ROWS,), torch.inf)
        """Squared, of each row; one that is not there yet is infinitely far away."""
        self._votes = torch.zeros(classes, _ROWS)
        """The rows' labels, one-hot."""
        self._keys = np.full(_ROWS, UNKNOWN)
        """Hash of the key of each row."""
        self._classes = classes
        self._seen = 0

    def predict(self, views: Views) -> list[Tensor]:
        """Return the vote; all classes alike before there are enough rows."""
        if self._seen < _NEAREST:
            return [torch.full((self._classes, views.x.shape[0]), 1 / self._classes)]
        votes = self._votes @ self._weights(views.narrow).t()
        votes.mul_(_NEAREST / (_NEAREST + _PRIOR) / votes.sum(0))
        return [votes.add_(_PRIOR / (_NEAREST + _PRIOR) / self._classes)]

    def learn(self, views: Views, label: NDArray[np.int64], *, fresh: NDArray[np.int64]) -> None:
        """Put the fresh rows in place of the oldest."""
        fresh = fresh[-_ROWS:]
        x, labels, keys = views.narrow[torch.from_numpy(fresh)], torch.from_numpy(label[fresh]), views.key[fresh]
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
            x, labels, keys = self._rows[kept], self._votes[:, kept].argmax(0), self._keys[kept]
            self._rows, self._votes = torch.zeros_like(self._rows), torch.zeros_like(self._votes)
            self._lengths, self._keys = torch.full_like(self._lengths, torch.inf), np.full(_ROWS, UNKNOWN)
            self._write(slice(0, len(kept)), x, labels, keys)
            self._seen = len(kept)
        return len(there) - len(kept)

    def state_dict(self) -> dict[str, Any]:
        """Return the rows and their labels."""
        return {
            "rows": self._rows,
            "lengths": self._lengths,
            "labels": self._votes.argmax(0),
            "keys": self._keys,
            "seen": self._seen,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the rows; raise ``ValueError`` where they are of another width."""
        rows = torch.as_tensor(state["rows"])
        if rows.shape != self._rows.shape:
            raise ValueError(f"the checkpoint's neighbours are {tuple(rows.shape)}, not {tuple(self._rows.shape)}")
        self._seen = state["seen"]
        there = slice(0, min(self._seen, _ROWS))
        self._rows, self._keys = rows.clone(), np.array(state["keys"], dtype=np.int64)
        self._lengths[there] = torch.as_tensor(state["lengths"])[there]
        self._votes[:, there].scatter_(0, torch.as_tensor(state["labels"])[there].unsqueeze(0), 1)

    def _write(self, places: slice, x: Tensor, labels: Tensor, keys: NDArray[np.int64]) -> None:
        if len(labels):
            self._rows[places], self._keys[places] = x, keys
            self._lengths[places] = x.square().sum(1)
            self._votes[:, places] = 0
            self._votes[:, places].scatter_(0, labels.unsqueeze(0), 1)

    def _weights(self, x: Tensor) -> Tensor:
        """Return what each row counts ``(places, rows)`` for rows ``x``: 0 where it is not near."""
        # The squared length of x itself, the same for all rows, comes later.
        distance = torch.addmm(self._lengths, x, self._rows.t(), alpha=-2)
        of_groups = distance.view(-1, _ROWS // _GROUPS, _GROUPS).amin(1)
        fifth = of_groups.topk(_NEAREST, largest=False, sorted=False).values.amax(1, keepdim=True)
        own = x.square().sum(1, keepdim=True)
        near = (fifth + own).clamp_(min=1e-6)
        weight = distance.add_(own).clamp_(min=0).add_(0.1 * near).reciprocal_()
        return weight.sub_(near.mul_(1.2).reciprocal_()).clamp_(min=0)
