from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient

from connectors.kafka.client import TidyClient
from connectors.source import PartitionsLostError
from tests.connectors.kafka.reading import (
    DEADLINE_SECONDS,
    new_source,
    numbers,
    opened,
    poll_until,
    read,
    settle,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.kafka.source import KafkaSource
    from connectors.record import Record
    from tests.kafka.cluster import Cluster

QUICK = {"reconnect_backoff_max_ms": 500, "heartbeat_interval_ms": 100}
COOPERATIVE = QUICK | {"partition_assignment_strategy": "cooperative-sticky"}
IMPATIENT = QUICK | {"max_poll_interval_ms": 700}


@pytest.fixture
def wide(broker: Cluster, topic: str) -> Iterator[str]:
    name = broker.create_topic(f"{topic}-wide", partitions=4)
    yield name
    broker.delete_topic(name)


def member(broker: Cluster, topic: str, **options: Any) -> KafkaSource:
    return new_source(broker, topic, mode="subscribe", group=f"{topic}-group", **{"client": QUICK} | options)


def together(
    sources: list[KafkaSource], done: Callable[[], bool], read_by: dict[int, list[Record]] | None = None
) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not done():
        for number, source in enumerate(sources):
            records = source.poll(500, 0.05)
            if read_by is not None:
                read_by.setdefault(number, []).extend(records)
        assert time.monotonic() < deadline, [source.status() for source in sources]


def partitions(source: KafkaSource) -> set[int]:
    return {part.partition for part in source.status().partitions}


def produce_to_each(broker: Cluster, topic: str, first: int, last: int) -> None:
    for number in range(4):
        broker.produce(topic, numbers(first, last), partition=number)


@pytest.mark.parametrize("client", [QUICK, COOPERATIVE], ids=["eager", "cooperative"])
def test_two_members_share_the_partitions_without_loss_or_repetition(
    broker: Cluster, wide: str, client: dict[str, Any]
) -> None:
    produce_to_each(broker, wide, 0, 10)
    with opened(member(broker, wide, client=client)) as first:
        alone = read(first, 40)
        first.commit(first.snapshot())
        with opened(member(broker, wide, client=client)) as second:
            together([first, second], lambda: len(partitions(first)) == len(partitions(second)) == 2)
            produce_to_each(broker, wide, 10, 20)
            shared: dict[int, list[Record]] = {}
            together([first, second], lambda: sum(map(len, shared.values())) >= 40, shared)
            second.commit(second.snapshot())
        rest: list[Record] = []
        produce_to_each(broker, wide, 20, 25)
        poll_until(first, lambda: len(rest) >= 20, rest)
        assert partitions(first) == {0, 1, 2, 3}
    everything = alone + shared[0] + shared[1] + rest
    assert sorted((record.partition, record.offset) for record in everything) == [
        (number, offset) for number in range(4) for offset in range(25)
    ]


def test_what_was_not_committed_before_a_partition_left_is_not_read_again_when_it_comes_back(
    broker: Cluster, wide: str
) -> None:
    produce_to_each(broker, wide, 0, 10)
    with opened(member(broker, wide)) as first:
        read(first, 40)
        with opened(member(broker, wide)) as second:
            again: dict[int, list[Record]] = {}
            together([first, second], lambda: len(again.get(1, [])) == 20, again)
            assert again[0] == []
        produce_to_each(broker, wide, 10, 11)
        assert values(read(first, 4)) == [10, 10, 10, 10]


def test_partitions_that_were_lost_are_told_and_never_committed(broker: Cluster, wide: str) -> None:
    produce_to_each(broker, wide, 0, 10)
    with opened(member(broker, wide, client=IMPATIENT)) as slow, opened(member(broker, wide)) as other:
        read(slow, 40)
        stale = slow.snapshot()
        poll_until(other, lambda: partitions(other) == {0, 1, 2, 3})
        settle(other)
        other.commit(other.snapshot())
        slow.commit(stale)
        names = ", ".join(f"{wide}/{number}" for number in range(4))
        with pytest.raises(PartitionsLostError, match=names):
            together([slow, other], lambda: False)
        slow.open(stale)
        together([slow, other], lambda: len(partitions(slow)) == len(partitions(other)) == 2)
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap, kafka_client=TidyClient) as admin:
        (known,) = admin.list_group_offsets([f"{wide}-group"]).values()
        assert {part.partition: at.offset for part, at in known.items()} == dict.fromkeys(range(4), 10)


def test_a_pattern_is_shared_too_and_finds_later_topics(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 2))
    later = f"{topic}-later"
    source = new_source(
        broker,
        pattern=f"{topic}(-later)?",
        mode="subscribe",
        group=topic,
        topics_seconds=0.2,
        client=QUICK,
    )
    with opened(source):
        assert values(read(source, 2)) == [0, 1]
        broker.create_topic(later)
        broker.produce(later, numbers(2, 4))
        assert values(read(source, 2)) == [2, 3]
    broker.delete_topic(later)


def test_a_static_member_comes_back_to_its_partitions(broker: Cluster, wide: str) -> None:
    produce_to_each(broker, wide, 0, 5)
    with opened(member(broker, wide, group_instance_id="one")) as before:
        read(before, 20)
        snapshot = before.snapshot()
    produce_to_each(broker, wide, 5, 6)
    with opened(member(broker, wide, group_instance_id="one"), snapshot) as after:
        assert values(read(after, 4)) == [5, 5, 5, 5]


def test_a_member_that_reads_nothing_for_a_while_keeps_its_place_and_its_positions(
    broker: Cluster, wide: str
) -> None:
    produce_to_each(broker, wide, 0, 10)
    with opened(member(broker, wide, client=IMPATIENT)) as source:
        before = read(source, 12, max_records=12)
        until = time.monotonic() + 3 * IMPATIENT["max_poll_interval_ms"] / 1_000
        while time.monotonic() < until:
            assert source.poll(0, 0.1) == []
        assert (source.status().ready, partitions(source)) == (True, {0, 1, 2, 3})
        after = read(source, 28)
    assert sorted(values(before) + values(after)) == sorted(list(range(10)) * 4)
