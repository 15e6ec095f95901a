"""How long events are waited for: until too many have come after them, or too much time has passed."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


class Patience:
    """Knows the numbers of the events that wait. Time is the newest event time of the stream, and never goes back.

    >>> patience = Patience(most=2, horizon_seconds=60.0)
    >>> [patience.admit(at=time) for time in (0.0, 10.0, 20.0, 90.0)]
    [0, 1, 2, 3]
    >>> patience.settle(2), patience.expired()
    (True, [0, 1])
    """

    def __init__(self, *, most: int, horizon_seconds: float | None) -> None:
        self.most = most
        """So many events may come after one that waits, itself included."""
        self._horizon = math.inf if horizon_seconds is None else horizon_seconds
        self.next = 0
        """The number of the next event."""
        self.now = -math.inf
        """The newest event time, in seconds since 1970."""
        self._waiting: OrderedDict[int, float] = OrderedDict()
        """When each is given up, by number; neither ever falls."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def seconds(self) -> float:
        """The same; NaN where no event time is known."""
        return self.now if math.isfinite(self.now) else math.nan

    @property
    def deadline(self) -> float:
        """Until when what comes now is waited for."""
        return self.now + self._horizon if math.isfinite(self.now) else math.inf

    def pass_to(self, seconds: float) -> None:
        """Let time pass to an event time, NaN where it is unknown."""
        self.now = max(self.now, seconds)

    def admit(self, *, at: float, waits: bool = True) -> int:
        """Return the number of an event that comes now; let it wait, or only be counted."""
        self.pass_to(at)
        number, self.next = self.next, self.next + 1
        if waits:
            self._waiting[number] = self.deadline
        return number

    def settle(self, number: int) -> bool:
        """Let an event wait no longer; return whether it did."""
        return self._waiting.pop(number, None) is not None

    def expired(self) -> list[int]:
        """Return the events that were waited for long enough, and wait no longer for them."""
        gone: list[int] = []
        while self._waiting:
            number = next(iter(self._waiting))
            if number > self.next - 1 - self.most and self._waiting[number] >= self.now:
                break
            del self._waiting[number]
            gone.append(number)
        return gone

    def state_dict(self) -> dict[str, Any]:
        """Return who waits, and until when."""
        return {
            "next": self.next,
            "now": self.now if math.isfinite(self.now) else None,
            "numbers": np.array(list(self._waiting), dtype=np.int64),
            "deadlines": np.array(list(self._waiting.values()), dtype=np.float64),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state."""
        self.next = state["next"]
        self.now = -math.inf if state["now"] is None else state["now"]
        pairs = zip(np.asarray(state["numbers"]).tolist(), np.asarray(state["deadlines"]).tolist(), strict=True)
        self._waiting = OrderedDict(pairs)
