"""Where each partition is read from, given the stored offset, the committed one and what the log holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kafka import TopicPartition

from connectors.source import SourceDataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LostOffsetPolicy = Literal["fail", "earliest", "latest"]
RecreatedTopicPolicy = Literal["fail", "accept"]


class PositionLostError(SourceDataError):
    """The next record is not in the log, and the configured policy is to fail rather than to jump."""


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset of a partition, and what shows whether it still means the same record."""

    offset: int
    leader_epoch: int = -1
    """Of the record just before ``offset``, -1 where unknown; a broker compares it with its log (KIP-320)."""
    topic_id: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """The offsets that a partition holds now: ``start`` up to, not including, ``end``."""

    start: int
    end: int
    topic_id: str | None = None


@dataclass(frozen=True, slots=True)
class Policies:
    """What to do when a position cannot be kept."""

    on_lost_offset: LostOffsetPolicy = "fail"
    on_recreated_topic: RecreatedTopicPolicy = "fail"

    def place(
        self,
        part: TopicPartition,
        stored: Position | None,
        committed: int | None,
        log: Log,
        *,
        diverged: bool = False,
    ) -> Position | None:
        """Return where to continue: the larger offset of the two if the log holds it, None if neither is known.

        ``diverged`` says that the broker's log is no longer the one that was read. Raises PositionLostError.
        """
        if stored and stored.topic_id and log.topic_id and stored.topic_id != log.topic_id:
            return self._recreated(part, log)
        offset = max(stored.offset if stored else -1, -1 if committed is None else committed)
        if offset < 0:
            return None
        if diverged or not log.start <= offset <= log.end:
            return self._lost(part, offset, log, diverged=diverged)
        epoch = stored.leader_epoch if stored and stored.offset == offset else -1
        return Position(offset, epoch, log.topic_id)

    def _recreated(self, part: TopicPartition, log: Log) -> Position:
        if self.on_recreated_topic == "fail":
            raise PositionLostError(
                f"topic {part.topic} was deleted and created again since it was last read; "
                "set on_recreated_topic: accept to read the new one from its start"
            )
        return Position(log.start, topic_id=log.topic_id)

    def _lost(self, part: TopicPartition, offset: int, log: Log, *, diverged: bool) -> Position:
        if self.on_lost_offset == "fail":
            why = _why(offset, log, diverged=diverged)
            raise PositionLostError(
                f"offset {offset} of {part.topic}/{part.partition} is to be read next, but {why}; "
                "set on_lost_offset to earliest or latest to continue with what the log holds"
            )
        return Position(log.start if self.on_lost_offset == "earliest" else log.end, topic_id=log.topic_id)


def _why(offset: int, log: Log, *, diverged: bool) -> str:
    if diverged and log.start <= offset <= log.end:
        return "the records before it were replaced on the broker (an unclean leader election, or another cluster)"
    if offset < log.start:
        return f"the log begins at {log.start}: {log.start - offset} offsets are gone"
    return f"the log ends at {log.end}"


def to_json(positions: Mapping[TopicPartition, Position]) -> dict[str, Any]:
    """Return positions as the JSON values of a snapshot, sorted by topic and partition."""
    return {
        "partitions": [
            {
                "topic": part.topic,
                "partition": part.partition,
                "offset": at.offset,
                "leader_epoch": at.leader_epoch,
                "topic_id": at.topic_id,
            }
            for part, at in sorted(positions.items())
        ]
    }


def from_json(snapshot: Mapping[str, Any] | None) -> dict[TopicPartition, Position]:
    """Return the positions that a snapshot holds."""
    rows: Iterable[Mapping[str, Any]] = (snapshot or {}).get("partitions", ())
    return {
        TopicPartition(row["topic"], row["partition"]): Position(
            row["offset"], row.get("leader_epoch", -1), row.get("topic_id")
        )
        for row in rows
    }
