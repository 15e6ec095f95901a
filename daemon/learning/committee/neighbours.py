"""The member that looks for what was like this a moment ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.learning.committee.member import Said
    from daemon.learning.committee.views import Views

_ROWS = 512
_NEAREST = 5


class Neighbours:
    """The five nearest of the latest 512 rows, weighted by how near they are."""

    names = ("neighbours",)

    def __init__(self, *, width: int, classes: int, places: int) -> None:
        self._rows = torch.zeros(_ROWS, width)
        self._lengths = torch.zeros(_ROWS)
        self._labels = torch.zeros(_ROWS, dtype=torch.int64)
        self._classes = classes
        self._places = places
        self._seen = 0

    def predict(self, views: Views) -> list[Said]:
        """Return the vote; all classes alike before there are enough rows."""
        classes, x = self._classes, views.narrow
        if self._seen < _NEAREST:
            return [np.full((self._places, classes), 1 / classes)]
        distance = torch.addmm(self._lengths, x, self._rows.t(), alpha=-2)
        distance[:, min(self._seen, _ROWS) :] = torch.inf
        near, which = distance.topk(_NEAREST, largest=False, sorted=False)
        near = (near + x.square().sum(1, keepdim=True)).clamp_(min=0)
        weight = 1 / (near + 0.1 * near.mean(1, keepdim=True) + 1e-6)
        weight /= weight.sum(1, keepdim=True)
        votes = torch.zeros(self._places, classes).scatter_add_(1, self._labels[which], weight)
        said = (votes * _NEAREST + 0.3 / classes) / (_NEAREST + 0.3)
        return [said.numpy().astype(np.float64)]

    def learn(self, views: Views, label: NDArray[np.int64], *, fresh: NDArray[np.int64]) -> None:
        """Put the fresh rows in place of the oldest."""
        newest = torch.from_numpy(fresh[-_ROWS:])
        x = views.narrow[newest]
        place = (self._seen + torch.arange(len(x))) % _ROWS
        self._rows[place], self._lengths[place] = x, x.square().sum(1)
        self._labels[place] = torch.from_numpy(label)[newest]
        self._seen += len(x)

    def state_dict(self) -> dict[str, Any]:
        """Return the rows."""
        return {"rows": self._rows, "lengths": self._lengths, "labels": self._labels, "seen": self._seen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the rows; raise ``ValueError`` where they are of another width."""
        rows = torch.as_tensor(state["rows"])
        if rows.shape != self._rows.shape:
            raise ValueError(f"the checkpoint's neighbours have {rows.shape[1]} columns, not {self._rows.shape[1]}")
        self._rows, self._lengths = rows.clone(), torch.as_tensor(state["lengths"]).clone()
        self._labels, self._seen = torch.as_tensor(state["labels"]).clone(), state["seen"]
