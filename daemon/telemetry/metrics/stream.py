"""The edges of the stream: partitions, rejected records and dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.bounded_labels import OTHER, printable
from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.source import PartitionStatus
    from daemon.telemetry.metrics.board import Board

REJECTIONS = (
    ("read", "unreadable"),
    ("decode", "tombstone"),
    ("decode", "too_large"),
    ("decode", "undecodable"),
    ("decode", "wrong_type"),
    ("decode", "not_finite"),
    ("decode", "missing_field"),
    ("label", "missing_label"),
    ("label", "unknown_class"),
    ("task", "missing_task"),
)
"""Stage and reason of what is shown as 0 from the start; others appear when they happen."""

_PARTITION = ("topic", "partition")

REJECTED = Family(
    "retaind_events_rejected_total",
    "counter",
    "Records that could not be learned from, by the stage that rejected them and the reason.",
    ("stage", "reason"),
    unit="records",
)
DEAD_LETTERS = Family(
    "retaind_dead_letters_total", "counter", "Rejected records acknowledged by the dead letters.", unit="records"
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
FAMILIES = (REJECTED, DEAD_LETTERS, ASSIGNED, POSITION, END, LAG, PROGRESS, ORDER_TIMEOUTS)


class StreamMetrics:
    """Shows where the stream stands and what of it could not be used."""

    def __init__(self, board: Board, *, max_partitions: int) -> None:
        self._board = board
        self._max_partitions = max_partitions
        self._rejections = board.labels("stage", "reason", limit=64)
        with board.tell() as now:
            now.add(DEAD_LETTERS, 0)
            now.add(ORDER_TIMEOUTS, 0)
            for rejection in REJECTIONS:
                now.add(REJECTED, 0, *now.place(self._rejections, *rejection))

    def rejected(self, counts: Mapping[tuple[str, str], int], *, dead_letters: int) -> None:
        """Add records rejected since the last call, by (stage, reason), and the dead letters acknowledged."""
        with self._board.tell() as now:
            now.add(DEAD_LETTERS, dead_letters)
            for rejection, count in counts.items():
                now.add(REJECTED, count, *now.place(self._rejections, *rejection))

    def order_timeouts(self, count: int) -> None:
        """Show how often the order was not a function of the logs alone, in this process."""
        with self._board.tell() as now:
            now.set(ORDER_TIMEOUTS, count)

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
