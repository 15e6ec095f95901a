"""A topic that every member of a group reads whole, beside those whose partitions they share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from connectors.kafka.source import KafkaSource
from tests.connectors.kafka.group_member import COOPERATIVE, QUICK, Member, together
from tests.connectors.kafka.reading import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kafka.cluster import Cluster


@pytest.fixture
def labels(broker: Cluster, topic: str) -> Iterator[str]:
    name = broker.create_topic(f"{topic}-labels", partitions=2)
    yield name
    broker.delete_topic(name)


def source(broker: Cluster, events: str, labels: str, **options: Any) -> KafkaSource:
    settings: dict[str, Any] = {"topics": (events,), "mode": "subscribe", "group": f"{events}-group", **options}
    return KafkaSource(KafkaSource.Options(bootstrap_servers=broker.bootstrap, **settings).with_labels_of(labels))


@dataclass
class Reading(Member):
    """A member that notes which topic each record was of."""

    seen: Counter[str] = field(default_factory=Counter)

    def turn(self) -> None:
        records = self.source.poll(500, 0.05)
        self.seen.update(record.topic for record in records)
        if self.source.status().checkpoint_wanted:
            self.save()

    def has(self, topic: str) -> int:
        return sum(part.topic == topic for part in self.source.status().partitions)


@pytest.mark.parametrize("client", [QUICK, QUICK | {"partition_assignment_strategy": "sticky"}, COOPERATIVE])
def test_each_member_reads_all_labels_once_and_the_events_are_shared(
    broker: Cluster, topic: str, labels: str, client: dict[str, Any]
) -> None:
    events = broker.create_topic(f"{topic}-events", partitions=4)
    for partition in range(4):
        broker.produce(events, numbers(0, 10), partition=partition)
    members = [Reading(source(broker, events, labels, client=client)) for _ in range(2)]
    broker.produce(labels, numbers(0, 5), partition=1)  # some are there before the second one comes
    members[0].source.open(None)
    together(members[:1], lambda: members[0].seen[labels] == 5)
    members[1].source.open(None)
    together(members, lambda: all(each.has(events) == each.has(labels) == 2 for each in members))
    broker.produce(labels, numbers(5, 9), partition=0)
    together(members, lambda: all(each.seen[labels] >= 9 for each in members))
    together(members, lambda: sum(each.seen[events] for each in members) >= 40)
    assert [each.seen[labels] for each in members] == [9, 9]
    assert sum(each.seen[events] for each in members) == 40
    for member in members:
        member.stop()
    committed = broker.committed(f"{events}-group")
    assert {name for name, _ in committed} == {events}
    broker.delete_topic(events)


def test_who_comes_with_nothing_reads_labels_that_were_there_before(
    broker: Cluster, topic: str, labels: str
) -> None:
    broker.produce(labels, numbers(0, 5), partition=1)
    broker.produce(topic, numbers(0, 5))
    member = Reading(source(broker, topic, labels, client=QUICK, start="latest"))
    member.source.open(None)
    together([member], lambda: member.source.status().ready and member.seen[labels] == 5)
    assert member.seen[topic] == 0
    member.stop()
