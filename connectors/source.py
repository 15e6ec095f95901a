"""The contract of every source of events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.record import Record


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """How far one partition has been read, for ``/metrics``, ``/readyz`` and ``/status``."""

    topic: str
    partition: int
    position: int
    """The next offset that will be delivered."""
    end_offset: int | None
    """One past the last offset in the log, None where unknown."""
    last_progress_seconds: float
    """Unix time of the last advance of ``position``, or of the assignment."""
    begun: int = 0
    """From this offset on nothing is missing of what was delivered; before it, something that others have read."""

    @property
    def lag(self) -> int | None:
        """Records that are still to be read; None where the end is unknown."""
        return None if self.end_offset is None else max(0, self.end_offset - self.position)


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The state of a source, available at any time from the loop's thread without any I/O."""

    ready: bool
    """Connected, assigned and not stalled."""
    reason: str
    """Why not ready; empty where ready."""
    partitions: Sequence[PartitionStatus] = field(default=())
    order_timeouts: int = 0
    """How often the order of records was not a function of the logs alone, where it is to be one."""
    checkpoint_wanted: bool = False
    """Nothing more is delivered until what was delivered is in a checkpoint, and ``commit`` was called with it."""


class SourceUnavailableError(Exception):
    """A dependency cannot be reached and the source has stopped trying; the process exits with 69."""


class PartitionsLostError(Exception):
    """What was delivered since the newest checkpoint may be others' to learn; go back to that one."""


class CheckpointRefusedError(PartitionsLostError):
    """What the newest checkpoint holds is others' to learn; go back to the one before."""


class SourceDataError(ValueError):
    """What a source is to read is absent, damaged or replaced; the message names it and the remedy."""


class Source(Protocol):
    """Where events come from. Used from one thread.

    The daemon calls ``open`` once, then ``poll`` again and again. When everything that ``poll`` has delivered
    is learned, it takes ``snapshot`` into a checkpoint; when that checkpoint is durable it calls ``commit`` with
    the snapshot, and after a crash it calls ``open`` with the newest one. The snapshot is the truth about
    positions; what a broker's group coordinator knows is for lag tools.
    """

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Connect and take up the positions of ``snapshot``, or the configured start where it is None.

        Where ``snapshot`` has ``group_is_ahead``: true, an older state is in use again, and positions that were
        committed elsewhere are not to be taken for progress. Where it has ``committed``: true, ``commit`` had
        returned True for it.
        """

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        """Return up to ``max_records`` records, or none after ``timeout_seconds``.

        With 0 it reads nothing and keeps its place, as in a group, while what was delivered has to wait.
        Within a partition the order is that of the log. A broker that can't be reached is retried inside, with
        backoff: then nothing is returned, and ``status`` says why. Raises ``PartitionsLostError`` where what was
        delivered since the newest checkpoint may have gone to another process as well: it is to be discarded, and
        ``open`` called with that checkpoint's positions. Raises ``CheckpointRefusedError`` where the checkpoint
        that ``open`` was called with turns out to hold what others have learned: then the one before it is to be
        used.
        """

    def snapshot(self) -> dict[str, Any]:
        """Return the positions after all that was delivered, as JSON values."""

    def commit(self, snapshot: Mapping[str, Any]) -> bool:
        """Make the positions of a durable checkpoint visible to others, and return whether they are.

        Failing to is logged, not raised.
        """

    def status(self) -> SourceStatus:
        """Return what is known now, without asking anyone."""

    @property
    def exhausted(self) -> bool:
        """Whether no event will ever come again (the end of a file); always False for Kafka."""

    def close(self) -> None:
        """Release everything. May be called twice."""


@runtime_checkable
class Rewindable(Protocol):
    """A source that can deliver again what it has delivered, from the positions of an earlier snapshot."""

    def why_not_back_to(self, snapshot: Mapping[str, Any]) -> str:
        """Return why ``open`` could not go on from an earlier snapshot now, in a sentence; empty where it can."""

    def lies_before(self, snapshot: Mapping[str, Any]) -> Callable[[Record], bool]:
        """Return what tells of a record whether the positions of a snapshot are behind it."""

    def has_passed(self, snapshot: Mapping[str, Any]) -> bool:
        """Tell whether all records have been delivered again that lie before the positions of a snapshot."""


@runtime_checkable
class FromItsStart(Rewindable, Protocol):
    """A source that can tell whether all that it has ever delivered can be delivered again."""

    def why_not_all_before(self, snapshot: Mapping[str, Any]) -> str:
        """Return why not all that lies before a snapshot can be delivered now, in a sentence; empty where it can.

        It was opened without a snapshot, and polled.
        """


def why_not_back_to(source: Source, snapshot: Mapping[str, Any]) -> str:
    """Return why a source could not go on from an earlier snapshot, whatever it is; empty where it can."""
    if not isinstance(source, Rewindable):
        return "the source cannot deliver again what it has delivered"
    return source.why_not_back_to(snapshot)


def why_not_all_before(source: Source, snapshot: Mapping[str, Any]) -> str:
    """Return why not all before a snapshot can be delivered, whatever the source is; empty where it can."""
    if not isinstance(source, FromItsStart):
        return "the source cannot tell whether it has all that it ever had"
    return source.why_not_all_before(snapshot)
