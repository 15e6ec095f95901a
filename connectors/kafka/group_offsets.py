"""What an operator makes of a group's offsets while nobody uses it: those of a checkpoint, or none."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient, errors

from connectors.kafka.claims import NOTHING, GroupOffset
from connectors.kafka.client import TidyClient
from connectors.kafka.ledger import Ledger
from connectors.source import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kafka import TopicPartition

    from connectors.kafka.source_options import KafkaSourceOptions

ANSWER_MS = 5000


class GroupOffsets:
    """The committed offsets of a source's group, of the topics that the source reads.

    Methods raise SourceUnavailableError where no broker answers, or the group is in use.
    """

    def __init__(self, options: KafkaSourceOptions) -> None:
        assert options.group is not None
        self._options = options
        self._group = options.group

    def follow(self, snapshot: Mapping[str, Any]) -> dict[TopicPartition, int]:
        """Commit the positions of a checkpoint, in the name of its model, and return them."""
        ledger = Ledger.of(snapshot)
        positions = {part: at for part, at in ledger.positions.items() if self._reads(part)}
        with self._admin() as admin:
            known = self._known(admin)
            offsets = {
                part: known.get(part, NOTHING).followed_by(ledger.identity, at.offset, at.leader_epoch).to_kafka()
                for part, at in positions.items()
            }
            self._check(admin.alter_group_offsets(self._group, offsets) if offsets else {})
        return {part: at.offset for part, at in sorted(positions.items())}

    def clear(self) -> dict[TopicPartition, int]:
        """Remove the offsets, and return those that were there."""
        with self._admin() as admin:
            known = {part: at.offset for part, at in sorted(self._known(admin).items())}
            self._check(admin.delete_group_offsets(self._group, list(known)) if known else {})
        return known

    def _known(self, admin: Any) -> dict[TopicPartition, GroupOffset]:
        (offsets,) = admin.list_group_offsets([self._group]).values()
        return {part: GroupOffset.of(at) for part, at in offsets.items() if self._reads(part) and at.offset >= 0}

    def _reads(self, part: TopicPartition) -> bool:
        of_topic = (
            re.fullmatch(self._options.pattern, part.topic) is not None
            if self._options.pattern
            else part.topic in self._options.topics
        )
        return of_topic and (self._options.partitions is None or part.partition in self._options.partitions)

    def _check(self, results: Mapping[TopicPartition, Any]) -> None:
        for part, error in sorted(results.items()):
            if error is not errors.NoError:
                raise SourceUnavailableError(
                    f"the offset of {part.topic}/{part.partition} in group {self._group} was not changed:"
                    f" {error.__name__}; stop whatever reads in that group"
                )

    @contextmanager
    def _admin(self) -> Iterator[Any]:
        given = self._options.consumer_config()
        config = {name: value for name, value in given.items() if name in KafkaAdminClient.DEFAULT_CONFIG}
        config["bootstrap_timeout_ms"] = ANSWER_MS
        try:
            with KafkaAdminClient(**config, kafka_client=TidyClient) as admin:
                yield admin
        except (errors.KafkaError, OSError) as error:
            servers = self._options.bootstrap_servers
            raise SourceUnavailableError(
                f"group {self._group} at {servers}: {error or type(error).__name__}"
            ) from error
