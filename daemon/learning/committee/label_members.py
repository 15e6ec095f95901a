"""What labels alone say of the next one: the last one again, or how often each was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.views import Views

_FADING = 0.9995
"""What an event's label counts after one more event, in the frequencies."""
_STAYING = 0.999
"""The same, in the chance that a label stays."""


class LabelMembers:
    """The key's last label, with a learned chance that it stays; and frequencies of the labels, which fade.

    Labels of held-out events count too: they are what was seen, and no row of them is kept.
    """

    names = ("last_label", "frequencies")

    def __init__(self, classes: int) -> None:
        self._counts = np.zeros(classes)
        self._classes = torch.arange(classes)
        self._stayed, self._counted = 1.0, 2.0

    def predict(self, views: Views) -> list[Tensor]:
        """Return the probabilities of both; where a key has no label yet, frequencies are all there is."""
        classes, stay = len(self._counts), self._stayed / self._counted
        share = (self._counts + 0.5 / classes) / (self._counts.sum() + 0.5)
        frequent = share.astype(np.float32)
        # Of the others' share after each label; the last one, which is that of -1, is of a key without one.
        left = torch.from_numpy(np.append((1 - stay) / np.maximum(1 - share, 1e-9), 1.0))
        others = (torch.from_numpy(frequent.astype(np.float64)).unsqueeze(1) * left[views.last]).float()
        repeated = others.masked_fill(self._classes.unsqueeze(1) == views.last, stay)
        return [repeated, torch.from_numpy(frequent).unsqueeze(1).expand(-1, views.last.shape[0])]

    def learn(self, views: Views, label: NDArray[np.int64], *, fresh: NDArray[np.int64]) -> None:
        """Count labels, and how often one stayed."""
        rows, last = len(label), views.last[: len(label)].numpy()
        self._counts = self._counts * _FADING**rows + np.bincount(label, minlength=len(self._counts))
        known = last >= 0
        self._stayed = self._stayed * _STAYING**rows + float((known & (last == label)).sum())
        self._counted = self._counted * _STAYING**rows + float(known.sum())

    def state_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return {"counts": self._counts, "stayed": self._stayed, "counted": self._counted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the counts."""
        self._counts = np.array(state["counts"])
        self._stayed, self._counted = state["stayed"], state["counted"]
