"""Finds the position of partitions that members of a group hand to each other."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from kafka import TopicPartition

from connectors.kafka.claims import NOTHING, GroupOffset
from connectors.kafka.placement import KafkaPlacement
from connectors.kafka.positions import ForgottenError
from connectors.kafka.shared_group import learned_by_nobody, shared_position, taken_by_others
from connectors.source import CheckpointRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.kafka.positions import Log, Position
    from connectors.kafka.topics import TopicFacts

log = logging.getLogger(__name__)


class SharedPlacement(KafkaPlacement):
    """Goes on where the group stands, unless this very model is to learn again what it has forgotten."""

    _asked = False
    """Whether this connection has placed anything yet."""

    @property
    def undecided(self) -> bool:
        """Whether it is not known yet if the group took all that was learned, and no more."""
        return bool(self._ledger.undecided) or not (self._ledger.missing_known and self._asked)

    def place(
        self, parts: list[TopicPartition], topics: Mapping[str, TopicFacts], diverged: set[TopicPartition]
    ) -> dict[TopicPartition, Position]:
        """Return a position for each.

        Raises CheckpointRefusedError, too, where the checkpoint that was taken up holds what others are to learn,
        and ForgottenError where it lacks what others count as learned.
        """
        if self._overtaken(parts):
            return {}
        self._decide(parts)
        self._miss_nothing(parts, topics)
        placed = super().place(parts, topics, diverged)
        self._take_back(placed)
        return placed

    def _take_back(self, placed: Mapping[TopicPartition, Position]) -> None:
        """Let the group stand where this model goes back to, before anybody else could go on behind that."""
        identity, group = self._ledger.identity, self._ledger.group
        offsets = {
            part: known.followed_by(identity, at.offset, at.leader_epoch)
            for part, at in placed.items()
            if (known := group.get(part, NOTHING)).model == identity and at.offset < known.offset
        }
        if offsets:
            ready = {part: offset.to_kafka() for part, offset in offsets.items()}
            self._client.commit(ready, self._options.commit_seconds)
            self._ledger.has_committed(offsets)

    def _overtaken(self, assigned: list[TopicPartition]) -> bool:
        """Return whether, while no connection stood, others have gone on from before what was learned here.

        Nobody tells a new client what the one before it has lost. What is found is noted as lost.
        """
        first, self._asked = not self._asked, True
        if not first or not self._ledger.missing_known:
            return (
                False  # the connection has stood, or what was learned is all in the checkpoint that is decided on
            )
        read = self._ledger.progress_seconds  # by this process
        ahead = {part: self._ledger.positions[part] for part in self._ledger.unsettled(read)}
        group = self._committed(sorted(ahead)) if ahead else {}
        lost = taken_by_others(ahead, group, assigned=assigned, identity=self._ledger.identity)
        self._ledger.lost |= set(lost)
        return bool(lost)

    def _decide(self, assigned: list[TopicPartition]) -> None:
        """Find out whether the group has taken what the checkpoint holds, or will."""
        undecided = self._ledger.undecided
        if not undecided:
            return
        group = self._committed(sorted(undecided))
        gone = taken_by_others(undecided, group, assigned=assigned, identity=self._ledger.identity)
        if gone:
            names = ", ".join(f"{part.topic}/{part.partition}" for part in gone)
            raise CheckpointRefusedError(
                f"the checkpoint was never committed, and its events of {names} are other members' to learn"
            )
        undecided.clear()

    def _miss_nothing(self, assigned: list[TopicPartition], topics: Mapping[str, TopicFacts]) -> None:
        """See to it, once for each checkpoint that is taken up, that no event is left to nobody unless told."""
        if self._ledger.missing_known:
            return
        everywhere = [TopicPartition(name, number) for name, facts in topics.items() for number in facts.partitions]
        everywhere = list(filter(self._ledger.is_told, everywhere))
        stored, identity = self._ledger.positions, self._ledger.identity
        missing = {
            part: lacked
            for part, group in sorted(self._committed(everywhere).items())
            if (lacked := learned_by_nobody(stored.get(part), group, identity, mine=part in assigned))
        }
        if missing and self._options.on_forgotten == "fail":
            raise ForgottenError(_forgotten(missing))
        if missing:
            log.warning("%s", _forgotten(missing))
        self._ledger.missing_known = True

    def _one(self, part: TopicPartition, held: Log, *, diverged: bool) -> Position:
        stored = self._ledger.positions.get(part)
        at = super()._one(part, held, diverged=diverged)
        same = stored is not None and stored.offset == at.offset
        return replace(at, begun=stored.begun if stored is not None and same else at.offset)

    def _known(self, part: TopicPartition) -> Position | None:
        stored = self._ledger.positions.get(part)
        if not self._ledger.is_told(part):
            return stored
        at = shared_position(stored, self._ledger.group.get(part, NOTHING), self._ledger.identity)
        return at if at is None or stored is None else replace(at, topic_id=stored.topic_id)

    def _foreign(self, part: TopicPartition) -> GroupOffset | None:
        offset = self._ledger.group.get(part, NOTHING)
        theirs = offset is not NOTHING and offset.model is None and self._ledger.is_told(part)
        return offset if theirs else None

    def _start(self, part: TopicPartition, held: Log) -> Position:
        """Return where a member begins that comes with nothing.

        What is handed to it may wait for labels that were there before it came: "latest" is of events.
        """
        if self._options.start == "latest" and not self._ledger.is_told(part):
            return held.first
        return super()._start(part, held)

    def _tell(self, part: TopicPartition, stored: Position | None, at: Position) -> None:
        """Say nothing: in a group, to go on elsewhere than one stood is the rule."""


def _forgotten(missing: Mapping[TopicPartition, int]) -> str:
    where = ", ".join(f"{part.topic}/{part.partition} (up to {lacked})" for part, lacked in missing.items())
    return (
        f"this model had learned events of {where}, has forgotten them by a rollback, a damaged generation or a"
        " restored backup, and the other members go on behind them: nobody would learn them. After a rollback,"
        " retaind checkpoint undo-rollback puts the newer generations back; or set source.on_forgotten to pass to"
        " go on without those events"
    )
