"""Where a stream is good again: from which event on the breaker would not trip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WINDOW = 1_000
"""Events that are judged together, as by ``RejectLimit``."""


def first_good(
    bad: Sequence[bool] | NDArray[np.bool_], *, max_share: float, ended: bool, window: int = WINDOW
) -> int | None:
    """Return the place of the first good event that begins a good stretch; None where there is none, or not yet.

    ``bad`` ``(events,)`` says of events in their order which were rejected. A stretch is good where at most
    ``max_share`` of the ``window`` events from there on are bad; at the end of a stream that has ``ended``, of
    as many as there are.

    >>> first_good([True, False, True, True, False, False], max_share=0.5, ended=True, window=3)
    4
    >>> first_good([True, False, False], max_share=0.5, ended=False, window=3) is None
    True
    """
    each = np.asarray(bad, dtype=np.bool_)
    counts = np.concatenate(([0], np.cumsum(each)))
    starts = np.flatnonzero(~each)
    if not ended:
        starts = starts[starts + window <= len(each)]
    stops = np.minimum(starts + window, len(each))
    good = np.flatnonzero(counts[stops] - counts[starts] <= max_share * (stops - starts))
    return int(starts[good[0]]) if len(good) else None
