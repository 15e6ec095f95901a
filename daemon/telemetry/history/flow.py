"""How fast the stream ran in the last minutes, and how far behind its end."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connectors.source import PartitionStatus

EVERY_SECONDS = 2.0
SPAN_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Where the stream stood at one moment."""

    at: float
    """Unix time."""
    events_per_second: float | None
    """Since the sample before; None for the first of a process."""
    lag: int | None
    """Records between the position and the end of the log, over all partitions; None where unknown."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What came in some time."""

    start: float
    stop: float
    """Unix times."""
    seconds: float
    """In which a process ran, of those between."""
    events: int
    lag: int | None
    """The largest; None where unknown."""


class Flow:
    """Samples of the last ten minutes, at least two seconds apart; ``samples`` are those of an earlier process."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._samples: deque[Sample] = deque(samples, maxlen=int(SPAN_SECONDS / EVERY_SECONDS))
        self._last: tuple[float, int] | None = None

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Oldest first."""
        return tuple(self._samples)

    def sample(self, *, at: float, events: int, lag: int | None) -> Stretch | None:
        """Take a sample at Unix time ``at``, unless the one before is too near; ``events`` are all so far.

        Return what came since the one before, None where nothing is known of it.
        """
        if self._samples and at < self._samples[-1].at:
            # The machine's clock was set back: what is kept would lie in the future.
            self._samples.clear()
            self._last = None
        if self._last is None:
            self._add(Sample(at, None, lag), events)
            return None
        since, before = self._last
        if at - since < EVERY_SECONDS:
            return None
        # Going back to a checkpoint is no negative rate.
        come = max(0, events - before)
        self._add(Sample(at, come / (at - since), lag), events)
        return Stretch(start=since, stop=at, seconds=at - since, events=come, lag=lag)

    def _add(self, sample: Sample, events: int) -> None:
        self._samples.append(sample)
        while sample.at - self._samples[0].at > SPAN_SECONDS:
            self._samples.popleft()
        self._last = sample.at, events


def lag_of(partitions: Sequence[PartitionStatus]) -> int | None:
    """Return the records that are still to be read, over the partitions whose end is known; None without any."""
    behind = [each.lag for each in partitions if each.lag is not None]
    return sum(behind) if behind else None
