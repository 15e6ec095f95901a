"""By how much rows have changed since the row before under their key, in running sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.learning.committee.fading_scale import FadingSize
    from strategies.row_holder import Gone


class Moves:
    """Gathers changes until all places are taken, and lets a running size absorb them then.

    So the size is a function of how many rows there were, and not of how they were grouped.
    """

    def __init__(self, size: FadingSize, *, places: int, features: int) -> None:
        self._size = size
        self._gathered = np.zeros((places, features))
        self._keys = np.full(places, UNKNOWN)

    def gather(self, changes: NDArray[np.float64], *, start: int, key: NDArray[np.int64]) -> None:
        """Take in changes ``(rows, features)`` of rows with these hashes of keys from the place ``start`` on."""
        stop = start + len(changes)
        self._gathered[start:stop], self._keys[start:stop] = changes, key
        if stop == len(self._gathered):
            self._size.absorb(self._gathered)
            self._gathered[:], self._keys[:] = 0, UNKNOWN

    def forget(self, gone: Gone) -> int:
        """Let changes go, as if nothing had changed; return how many: see ``RowHolder``."""
        leave = gone.hashed(self._keys)
        self._gathered[leave], self._keys[leave] = 0, UNKNOWN
        return int(leave.sum())

    def state_dict(self) -> dict[str, Any]:
        """Return what is gathered."""
        return {"gathered": self._gathered.copy(), "keys": self._keys.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what was gathered; raise ``ValueError`` where there are other places."""
        gathered = np.asarray(state["gathered"])
        if gathered.shape != self._gathered.shape:
            raise ValueError(f"the checkpoint gathers {gathered.shape} changes, not {self._gathered.shape}")
        self._gathered[:], self._keys[:] = gathered, np.asarray(state["keys"])
