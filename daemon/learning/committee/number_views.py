"""A block of rows whose labels are numbers, in the views that members ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daemon.learning.committee.views import CLIP

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

FARTHEST = 10.0
"""An output counts as at most so many units."""


@dataclass(frozen=True, slots=True)
class NumberViews:
    """The rows of a block so far, in places of a fixed number; the places not filled are zero.

    Tensors are ``(places, width) float32``, arrays ``(places,)``, and float64 in the target's units.
    """

    filled: int
    x: Tensor
    """As the main learner sees them, clipped."""
    narrow: Tensor
    """``x``, projected where it is wide."""
    history: Tensor
    """What has changed since the key's row before (projected where it is wide); the level of the key's last label;
    and the labels before that one, relative to it."""
    label: NDArray[np.float64]
    """0 where it is not usable."""
    usable: NDArray[np.bool_]
    """Whether the label is to be believed."""
    last: NDArray[np.float64]
    """The key's last label; where it has none, the mean of all labels."""
    unit: NDArray[np.float64]
    """The running size of an increment; where the key has no label, the deviation of all labels."""
    begun: NDArray[np.bool_]
    """Whether any usable label was known before the row's own."""
    mean: float
    """Of all labels before the block."""
    deviation: float
    """Theirs; 0 where nothing is known of it, or they are all alike."""
    key: NDArray[np.int64]
    """Hash of each row's key, ``(filled,)``; see ``Batch``."""

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Whether what is said of a row can be compared with its label."""
        return self.usable & self.begun

    @property
    def means(self) -> NDArray[np.float64]:
        """The mean, as what somebody says of each row."""
        return np.full(len(self.last), self.mean)

    @property
    def levels(self) -> NDArray[np.float64]:
        """The labels in deviations from the mean, clipped: a target to learn."""
        return in_units(self.label - self.mean, self.deviation, limit=CLIP)

    @property
    def increments(self) -> NDArray[np.float64]:
        """The labels in units from the last ones, clipped: the other target."""
        return in_units(self.label - self.last, self.unit, limit=CLIP)

    def of_levels(self, outputs: Tensor) -> NDArray[np.float64]:
        """Return the labels that outputs ``(places,)`` for ``levels`` stand for."""
        return self.mean + self.deviation * _within(outputs)

    def of_increments(self, outputs: Tensor) -> NDArray[np.float64]:
        """Return the labels that outputs ``(places,)`` for ``increments`` stand for."""
        return self.last + self.unit * _within(outputs)


def in_units(
    distance: NDArray[np.float64], unit: NDArray[np.float64] | float, *, limit: float
) -> NDArray[np.float64]:
    """Return distances in units, clipped; 0 where the unit is 0, or the distance is no number.

    >>> in_units(np.array([-3.0, 50.0, np.nan, 1.0]), np.array([2.0, 2.0, 2.0, 0.0]), limit=8).tolist()
    [-1.5, 8.0, 0.0, 0.0]
    """
    told = np.zeros(distance.shape)
    with np.errstate(over="ignore"):
        np.divide(distance, unit, out=told, where=(unit > 0) & ~np.isnan(distance))
    return np.clip(told, -limit, limit, out=told)


def _within(outputs: Tensor) -> NDArray[np.float64]:
    return np.clip(outputs.numpy().astype(np.float64), -FARTHEST, FARTHEST)
