"""Where each partition is read from, given the stored offset, the group's and what the log holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from kafka import TopicPartition

from connectors.source import SourceDataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.kafka.claims import GroupOffset

LostOffsetPolicy = Literal["fail", "earliest", "latest"]
RecreatedTopicPolicy = Literal["fail", "accept"]
GroupOffsetsPolicy = Literal["fail", "ignore", "take"]


NOT_SHARED = -1


class PositionLostError(SourceDataError):
    """The next record is not in the log, and the configured policy is to fail rather than to jump."""


class ForeignOffsetsError(SourceDataError):
    """The group has offsets that this model did not commit, and nobody has said what they are to mean."""


class ForgottenError(SourceDataError):
    """In a shared group, this model has forgotten what the others count as learned."""


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset of a partition, and what shows whether it still means the same record."""

    offset: int
    leader_epoch: int = -1
    """Of the batch just before ``offset``, -1 where unknown; a broker compares it with its log (KIP-320)."""
    topic_id: str | None = None
    begun: int = NOT_SHARED
    """The offset at which this model took the partition over in a shared group, or went on behind what is gone.

    What is between is its own, and nothing of it is missing.
    """

    def moved(self, offset: int, leader_epoch: int) -> Position:
        """Return the position behind what was read since."""
        return replace(self, offset=offset, leader_epoch=leader_epoch)

    def is_of_another_topic(self, topic_id: str | None) -> bool:
        """Whether the topic of that id is another one of the same name."""
        return None not in (self.topic_id, topic_id) and self.topic_id != topic_id


@dataclass(frozen=True, slots=True)
class Log:
    """The offsets that a partition holds now: ``start`` up to, not including, ``end``."""

    start: int
    end: int
    topic_id: str | None = None
    leader_epoch: int = -1
    """Of the newest leader, -1 where unknown."""

    @property
    def first(self) -> Position:
        """The position of the first record."""
        return Position(self.start, topic_id=self.topic_id)

    @property
    def behind(self) -> Position:
        """The position behind the last record."""
        return Position(self.end, self.leader_epoch, self.topic_id)


@dataclass(frozen=True, slots=True)
class Policies:
    """What to do when a position cannot be kept, or when nobody knows which one is meant."""

    on_lost_offset: LostOffsetPolicy = "fail"
    on_recreated_topic: RecreatedTopicPolicy = "fail"
    on_group_offsets: GroupOffsetsPolicy = "fail"

    def place(
        self,
        part: TopicPartition,
        stored: Position | None,
        foreign: GroupOffset | None,
        log: Log,
        *,
        diverged: bool = False,
    ) -> Position | None:
        """Return where to continue, None where the configured start is to say it: a stored position wins, always.

        ``foreign`` is the group's offset where another than this model committed it; ``diverged`` says that the
        broker's log is no longer the one that was read. Raises PositionLostError and ForeignOffsetsError.
        """
        if stored and stored.is_of_another_topic(log.topic_id):
            return self._recreated(part, log)
        at = stored
        if foreign and self._matters(part, stored, foreign):
            at = Position(foreign.offset, foreign.leader_epoch)
        return None if at is None else self.kept(part, at, log, diverged=diverged)

    def kept(self, part: TopicPartition, at: Position, log: Log, *, diverged: bool = False) -> Position:
        """Return the position where the log holds it, else what ``on_lost_offset`` asks for."""
        if diverged or not log.start <= at.offset <= log.end:
            return self._lost(part, at.offset, log, diverged=diverged)
        return replace(at, topic_id=log.topic_id)

    def _matters(self, part: TopicPartition, stored: Position | None, foreign: GroupOffset) -> bool:
        """Return whether to begin at the group's offset, which only a partition without a stored position does."""
        if stored is not None and foreign.offset <= stored.offset:
            return False
        if self.on_group_offsets == "fail":
            raise ForeignOffsetsError(_foreign(part, stored, foreign))
        return stored is None and self.on_group_offsets == "take"

    def _recreated(self, part: TopicPartition, log: Log) -> Position:
        if self.on_recreated_topic == "fail":
            raise PositionLostError(
                f"topic {part.topic} was deleted and created again since it was last read; "
                "set on_recreated_topic: accept to read the new one from its start"
            )
        return log.first

    def _lost(self, part: TopicPartition, offset: int, log: Log, *, diverged: bool) -> Position:
        if self.on_lost_offset == "fail":
            why = _why(offset, log, diverged=diverged)
            raise PositionLostError(
                f"offset {offset} of {part.topic}/{part.partition} is to be read next, but {why}; "
                "set on_lost_offset to earliest or latest to continue with what the log holds"
            )
        return log.first if self.on_lost_offset == "earliest" else log.behind


def _foreign(part: TopicPartition, stored: Position | None, foreign: GroupOffset) -> str:
    name, who = f"{part.topic}/{part.partition}", "another consumer" if foreign.model is None else "another model"
    if stored is None:
        return (
            f"{who} has committed offset {foreign.offset} of {name} to this group, and no checkpoint of this model"
            " has read it; set source.on_group_offsets to take to begin there; or to ignore, or run `retaind"
            " positions clear`, to begin at source.start; or give this model a group of its own"
        )
    return (
        f"the checkpoint stands at offset {stored.offset} of {name}, and {who} has committed {foreign.offset} to"
        " this group; set source.on_group_offsets to ignore, or run `retaind positions commit`, to go on at"
        f" {stored.offset} and learn what is between, or give this model a group of its own: a checkpoint is never"
        " left for the group's offsets"
    )


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
                **({} if at.begun == NOT_SHARED else {"begun": at.begun}),
            }
            for part, at in sorted(positions.items())
        ]
    }


def from_json(snapshot: Mapping[str, Any] | None) -> dict[TopicPartition, Position]:
    """Return the positions that a snapshot holds."""
    rows: Iterable[Mapping[str, Any]] = (snapshot or {}).get("partitions", ())
    return {
        TopicPartition(row["topic"], row["partition"]): Position(
            row["offset"], row.get("leader_epoch", -1), row.get("topic_id"), row.get("begun", NOT_SHARED)
        )
        for row in rows
    }
