"""Looks, now and then, at what no record shows: holes in the logs, connections, partitions that stand still."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kafka import errors

from connectors.source import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka import TopicPartition

    from connectors.kafka.assignment import KafkaAssignment
    from connectors.kafka.ledger import Ledger
    from connectors.kafka.log_client import LogClient
    from connectors.kafka.positions import Position
    from connectors.kafka.source_options import KafkaSourceOptions
    from connectors.kafka.stall_watch import StallWatch
    from connectors.kafka.topic_watch import TopicWatch

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # how often holes and connections are checked, without a request
ENDS_SECONDS = 5.0  # how often the end offsets of partitions without progress are requested
ANSWER_SECONDS = 1.0
FRESH_START_SECONDS = 30.0  # without its broker for this long, start again at the bootstrap servers


class LogWatch:
    """Watches the partitions that one client reads."""

    def __init__(
        self,
        client: LogClient,
        *,
        options: KafkaSourceOptions,
        ledger: Ledger,
        stalls: StallWatch,
        assignment: KafkaAssignment,
        topics: TopicWatch,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._options = options
        self._ledger = ledger
        self._stalls = stalls
        self._assignment = assignment
        self._topics = topics
        self._clock = clock
        self._look_at = self._ends_at = float("-inf")
        self._trouble_since: float | None = None
        self._trouble = self._silent = ""
        self.stalled = ""
        """Which partition is stalled, in a sentence; empty where none is."""

    @property
    def missing(self) -> str:
        """Which broker is missing or silent, in a sentence; empty where none is."""
        return self._trouble or self._silent

    def look(self, now: float, parts: Sequence[tuple[TopicPartition, Position]]) -> None:
        """Look at partitions with their positions, if it is time; ``now`` is in monotonic seconds.

        Raises SourceUnavailableError where one stays stalled, KafkaError where the connection is to be given up.
        """
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        self._pass_holes(parts)
        self._look_at_connections(now)
        if any(at.is_of_another_topic(self._client.topic_id(part.topic)) for part, at in parts):
            self._topics.distrust()
        if now >= self._ends_at and not self._trouble:
            self._ends_at = now + ENDS_SECONDS
            self._look_at_ends(now, parts)

    def _pass_holes(self, parts: Sequence[tuple[TopicPartition, Position]]) -> None:
        """Move positions past offsets that hold no record, which the client knows and no record shows."""
        for part, behind in self._client.passed(parts).items():
            self._ledger.put(part, behind, self._clock())

    def _look_at_connections(self, now: float) -> None:
        self._trouble = self._client.trouble(sorted(self._assignment.active))
        if not self._trouble:
            self._trouble_since = None
            return
        self._topics.hurry()
        self._trouble_since = now if self._trouble_since is None else self._trouble_since
        if now - self._trouble_since >= FRESH_START_SECONDS:
            raise errors.KafkaConnectionError(self._trouble)

    def _look_at_ends(self, now: float, parts: Sequence[tuple[TopicPartition, Position]]) -> None:
        """Ask for the end offsets of the partitions without progress, and judge them."""
        self._silent = self.stalled = ""
        still = [part for part, at in parts if self._stalls.standing(part, at.offset, now)]
        if not still:
            return
        try:
            ends = self._client.ends(still, ANSWER_SECONDS)
        except errors.KafkaTimeoutError:
            self._silent = "connected, but no broker answers"
            self._stalls.forget()
            return
        self._ledger.ends |= {part: end.offset for part, end in ends.items()}
        for part in still:
            self._act_on_stall(part, ends[part].offset, now)

    def _act_on_stall(self, part: TopicPartition, end: int, now: float) -> None:
        verdict = self._stalls.judge(part, end, now)
        at = self._ledger.positions[part]
        sentence = f"{part.topic}/{part.partition} is stalled at offset {at.offset} while its log ends at {end}"
        if verdict == "give_up":
            raise SourceUnavailableError(f"{sentence}, for {self._options.stall_exit_seconds:.0f} s")
        if verdict == "seek_again":
            log.warning("%s: seeking again", sentence)
            self._assignment.begin(part, at)
        if verdict == "stalled":
            self.stalled = sentence
