"""How fast the stream ran in the last minutes, and how far behind its end."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.source import PartitionStatus

EVERY_SECONDS = 2.0
SPAN_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Where the stream stood at one moment."""

    at: float
    """Unix time."""
    events_per_second: float | None
    """Since the sample before; None for the first."""
    lag: int | None
    """Records between the position and the end of the log, over all partitions; None where unknown."""


class Flow:
    """Samples of the last ten minutes, at least two seconds apart."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=int(SPAN_SECONDS / EVERY_SECONDS))
        self._events = 0

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Oldest first."""
        return tuple(self._samples)

    def sample(self, *, at: float, events: int, lag: int | None) -> None:
        """Take a sample at Unix time ``at``, unless the one before is too near; ``events`` are all so far."""
        if not self._samples:
            self._add(Sample(at, None, lag), events)
            return
        seconds = at - self._samples[-1].at
        if seconds >= EVERY_SECONDS:
            # Going back to a checkpoint is no negative rate.
            self._add(Sample(at, max(0, events - self._events) / seconds, lag), events)
        elif seconds < 0:
            # The machine's clock was set back: what is kept would lie in the future.
            self._samples.clear()

    def _add(self, sample: Sample, events: int) -> None:
        self._samples.append(sample)
        self._events = events


def lag_of(partitions: Sequence[PartitionStatus]) -> int | None:
    """Return the records that are still to be read, over the partitions whose end is known; None without any."""
    behind = [each.lag for each in partitions if each.lag is not None]
    return sum(behind) if behind else None
