"""The edges of the stream: partitions, rejected records and dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.bounded_labels import OTHER, printable
from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from connectors.decoder import Oddity
    from connectors.source import PartitionStatus
    from daemon.intake.features.key_slots import KnownKeys
    from daemon.telemetry.metrics.board import Board

REJECTIONS = (
    ("read", "unreadable"),
    ("decode", "tombstone"),
    ("decode", "too_large"),
    ("decode", "undecodable"),
    ("decode", "wrong_type"),
    ("decode", "not_finite"),
    ("decode", "implausible_time"),
    ("features", "missing_field"),
    ("label", "missing_label"),
    ("label", "unknown_class"),
    ("label", "too_large"),
    ("task", "missing_task"),
    ("task", "too_large"),
)
"""Stage and reason of what is shown as 0 from the start; others appear when they happen."""

SINKS = ("dead_letters", "predictions")
_PARTITION = ("topic", "partition")

REJECTED = Family(
    "retaind_events_rejected_total",
    "counter",
    "Records that could not be learned from, by the stage that rejected them and the reason.",
    ("stage", "reason"),
    unit="records",
)
DEAD_LETTERS = Family(
    "retaind_dead_letters_total", "counter", "Rejected records handed to the dead letters.", unit="records"
)
LOST = Family(
    "retaind_dead_letters_lost_total",
    "counter",
    "Rejected records that the dead letters' topic took in no form, for their size.",
    unit="records",
)
WAITING = Family(
    "retaind_sink_waiting",
    "gauge",
    "1 while this sink takes nothing (a full disk, a broker that is away), so that nothing is polled; else 0.",
    ("sink",),
)
ASSIGNED = Family(
    "retaind_partitions_assigned", "gauge", "Partitions that this process reads now.", unit="partitions"
)
POSITION = Family(
    "retaind_partition_position", "gauge", "The next offset that will be delivered.", _PARTITION, unit="offset"
)
END = Family(
    "retaind_partition_end_offset", "gauge", "One past the last offset in the log.", _PARTITION, unit="offset"
)
LAG = Family(
    "retaind_partition_lag",
    "gauge",
    "End offset minus position; the sum over the partitions that share __other__.",
    _PARTITION,
    unit="offsets",
)
PROGRESS = Family(
    "retaind_partition_last_progress_timestamp_seconds",
    "gauge",
    "When the position last advanced, or the partition was assigned; the oldest over those that share __other__.",
    _PARTITION,
    unit="seconds",
)
ORDER_TIMEOUTS = Family(
    "retaind_order_timeouts_total",
    "counter",
    "Times that records were taken by timestamp without waiting any longer for a partition that had none.",
    unit="timeouts",
)
ODD = Family(
    "retaind_odd_values_total",
    "counter",
    "Values out of their range, which are missing, times that were clamped, and record timestamps that cannot be.",
    ("field", "kind"),
    unit="values",
)
HELD = Family(
    "retaind_events_held", "gauge", "First events that wait until there are enough to look at.", unit="events"
)
KEYS = Family("retaind_keys_known", "gauge", "Keys that something is remembered of.", unit="keys")
KEYS_DROPPED = Family(
    "retaind_keys_dropped_total",
    "counter",
    "Keys that were forgotten because there were more than features.max_keys.",
    unit="keys",
)
FAMILIES = (
    REJECTED,
    DEAD_LETTERS,
    LOST,
    WAITING,
    ODD,
    HELD,
    KEYS,
    KEYS_DROPPED,
    ASSIGNED,
    POSITION,
    END,
    LAG,
    PROGRESS,
    ORDER_TIMEOUTS,
)


class StreamMetrics:
    """Shows where the stream stands and what of it could not be used."""

    def __init__(self, board: Board, *, max_partitions: int) -> None:
        self._board = board
        self._max_partitions = max_partitions
        self._rejections = board.labels("stage", "reason", limit=64)
        self._odd = board.labels("field", "kind", limit=256)
        self._dropped = 0
        self.waiting_for(())
        with board.tell() as now:
            now.add(DEAD_LETTERS, 0)
            now.set(LOST, 0)
            now.add(KEYS_DROPPED, 0)
            now.add(ORDER_TIMEOUTS, 0)
            for rejection in REJECTIONS:
                now.add(REJECTED, 0, *now.place(self._rejections, *rejection))

    def rejected(self, counts: Mapping[tuple[str, str], int], *, dead_letters: int) -> None:
        """Add records rejected since the last call, by (stage, reason), and the dead letters acknowledged."""
        with self._board.tell() as now:
            now.add(DEAD_LETTERS, dead_letters)
            for rejection, count in counts.items():
                now.add(REJECTED, count, *now.place(self._rejections, *rejection))

    def lost(self, count: int) -> None:
        """Show how many rejected records the dead letters took in no form, in this process."""
        with self._board.tell() as now:
            now.set(LOST, count)

    def order_timeouts(self, count: int) -> None:
        """Show how often the order was not a function of the logs alone, in this process."""
        with self._board.tell() as now:
            now.set(ORDER_TIMEOUTS, count)

    def waiting_for(self, sinks: Collection[str]) -> None:
        """Show that exactly these sinks are waited for."""
        with self._board.tell() as now:
            for sink in SINKS:
                now.set(WAITING, float(sink in sinks), sink)

    def odd(self, counts: Mapping[Oddity, int]) -> None:
        """Add values that were odd since the last call, by field and kind."""
        with self._board.tell() as now:
            for oddity, count in counts.items():
                now.add(ODD, count, *now.place(self._odd, *map(printable, oddity)))

    def remembered(self, keys: KnownKeys, *, held: int) -> None:
        """Show how many keys are known and were dropped, and how many events are held back."""
        with self._board.tell() as now:
            now.set(HELD, held)
            now.set(KEYS, keys.known)
            now.add(KEYS_DROPPED, max(0, keys.dropped - self._dropped))
        self._dropped = keys.dropped

    def partitions(self, assigned: Iterable[PartitionStatus]) -> None:
        """Show exactly these partitions, ordered by name; those beyond the bound share ``__other__``."""
        ordered = sorted(assigned, key=lambda each: (each.topic, each.partition))
        shown = {_place(each): each for each in ordered[: self._max_partitions]}
        lag, progress = _shared(ordered[self._max_partitions :])
        with self._board.tell() as now:
            now.set(ASSIGNED, len(ordered))
            now.replace(POSITION, {place: each.position for place, each in shown.items()})
            now.replace(END, {place: each.end_offset for place, each in shown.items()})
            now.replace(LAG, {**{place: each.lag for place, each in shown.items()}, **lag})
            now.replace(PROGRESS, {place: each.last_progress_seconds for place, each in shown.items()} | progress)


def _place(partition: PartitionStatus) -> tuple[str, ...]:
    return printable(partition.topic), str(partition.partition)


def _shared(rest: list[PartitionStatus]) -> tuple[dict[tuple[str, ...], float], dict[tuple[str, ...], float]]:
    """Return the sum of the lags and the oldest progress of the partitions beyond the bound, if any."""
    if not rest:
        return {}, {}
    lags = [each.lag for each in rest if each.lag is not None]
    place = (OTHER, OTHER)
    return {place: sum(lags)}, {place: min(each.last_progress_seconds for each in rest)}
