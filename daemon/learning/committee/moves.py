"""By how much rows have changed since the row before under their key, in running sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.learning.committee.fading_scale import FadingSize


class Moves:
    """Gathers changes until all places are taken, and lets a running size absorb them then.

    So the size is a function of how many rows there were, and not of how they were grouped.
    """

    def __init__(self, size: FadingSize, *, places: int, features: int) -> None:
        self._size = size
        self._gathered = np.zeros((places, features))

    def gather(self, changes: NDArray[np.float64], *, start: int) -> None:
        """Take in changes ``(rows, features)`` from the place ``start`` on; they fit."""
        stop = start + len(changes)
        self._gathered[start:stop] = changes
        if stop == len(self._gathered):
            self._size.absorb(self._gathered)
            self._gathered[:] = 0

    def state_dict(self) -> dict[str, Any]:
        """Return what is gathered."""
        return {"gathered": self._gathered.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what was gathered; raise ``ValueError`` where there are other places."""
        gathered = np.asarray(state["gathered"])
        if gathered.shape != self._gathered.shape:
            raise ValueError(f"the checkpoint gathers {gathered.shape} changes, not {self._gathered.shape}")
        self._gathered[:] = gathered
