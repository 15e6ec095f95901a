"""Where one stretch of the stream ends and the next begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class Boundaries:
    """Finds the boundaries in a sequence of segment numbers, one a row.

    A boundary lies before a row whose segment differs from that of the row before, where the segment that ends
    there had lasted at least ``min_segment_events`` rows without interruption. Hence:

    - Streams whose tasks interleave, with no run of that length, have no boundary.
    - Two boundaries are at least ``min_segment_events`` rows apart.
    - A boundary is known at the first row of the new segment, before it is learned. The price: a short excursion
      (AAAA B AAAA) counts as the end of the first A, since nobody can know yet that A comes back. The return to A
      is not a boundary, and the run of A counts from 1 again. So with a minimum of 4 there is one boundary, before
      B; with 5 there is none, however long the interrupted A goes on in all.

    The loop looks with ``next_boundary``, learns the rows up to there and tells so with ``advance``. At 0 it learns
    what is left of the block, consolidates, and goes on with ``cross``:

    >>> boundaries = Boundaries(2)
    >>> segments = np.array([7, 7, 7, 8, 8])
    >>> boundaries.next_boundary(segments)
    3
    >>> boundaries.advance(segments[:3])
    >>> boundaries.next_boundary(segments[3:])
    0
    >>> boundaries.cross()
    >>> boundaries.next_boundary(segments[3:]) is None
    True
    """

    def __init__(self, min_segment_events: int) -> None:
        assert min_segment_events >= 1
        self._minimum = min_segment_events
        self._segment: int | None = None
        self._run = 0

    def next_boundary(self, segments: NDArray[np.int64]) -> int | None:
        """Return the place in ``segments (rows,)`` of the first row after a boundary, None where there is none.

        ``segments`` are the rows that follow those given to ``advance``. Changes nothing.
        """
        if not len(segments) or (segments == self._segment).all():
            return None
        starts = np.flatnonzero(segments[1:] != segments[:-1]) + 1
        if self._segment is not None and segments[0] != self._segment:
            starts = np.concatenate(([0], starts))
        lengths = np.diff(starts, prepend=0)
        if len(lengths):
            lengths[0] += self._run
        ends = np.flatnonzero(lengths >= self._minimum)
        return int(starts[ends[0]]) if len(ends) else None

    def advance(self, segments: NDArray[np.int64]) -> None:
        """Count rows as passed; there must be no boundary among or before them."""
        if not len(segments):
            return
        last = int(segments[-1])
        others = np.flatnonzero(segments != last)
        if len(others):
            self._run = len(segments) - 1 - int(others[-1])
        else:
            self._run = len(segments) + (self._run if last == self._segment else 0)
        self._segment = last

    def cross(self) -> None:
        """Pass the boundary that ``next_boundary`` found at 0."""
        self._segment, self._run = None, 0

    def state_dict(self) -> dict[str, Any]:
        """Return the segment of the newest row and how long it has lasted."""
        return {"segment": self._segment, "run": self._run}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state that ``state_dict`` returned."""
        self._segment, self._run = state["segment"], state["run"]
