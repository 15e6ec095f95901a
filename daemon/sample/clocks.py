"""Times as numbers: which unit they are in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Clock = Literal["seconds", "milliseconds", "microseconds", "nanoseconds", "iso", "other"]
"""``iso`` is text in ISO 8601, ``other`` is text that is a date to people alone."""

PER_SECOND: Mapping[Clock, float] = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
EARLIEST, LATEST = 631_152_000.0, 4_102_444_800.0
"""From 1990 to 2100: where a clock of a machine may stand, in seconds since 1970."""

_NAMED = re.compile(r"(?:^|[^a-z])(?:time|times?tamp|datetime|date|ts|epoch|unix\w*|when|at)(?:$|[^a-z])")


def is_named_like_a_time(name: str) -> bool:
    """Tell whether a field's name says that it holds a time.

    >>> is_named_like_a_time("event_time"), is_named_like_a_time("sent_at"), is_named_like_a_time("runtime")
    (True, True, False)
    """
    return _NAMED.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) is not None


def clock_of(name: str, values: NDArray[np.float64]) -> Clock | None:
    """Return the unit in which numbers ``(rows,)`` are times since 1970; None where they probably are none.

    All lie between 1990 and 2100 in that unit; and the field is named like a time, or they never fall.

    >>> clock_of("ts", np.array([1.7e12, 1.7e12 + 500]))
    'milliseconds'
    """
    numbers = values[np.isfinite(values)]
    for unit, per_second in PER_SECOND.items():
        if len(numbers) and numbers.min() / per_second >= EARLIEST and numbers.max() / per_second <= LATEST:
            steps = np.diff(numbers)
            rises = len(steps) > 1 and bool((steps >= 0).all()) and bool((steps > 0).any())
            return unit if is_named_like_a_time(name) or rises else None
    return None
