from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaConnectionError, KafkaError
from pydantic import ValidationError

from connectors.kafka.client import TidyClient
from connectors.kafka.log_watch import LogWatch
from connectors.kafka.positions import PositionLostError
from connectors.kafka.reader import KafkaReader
from connectors.kafka.source import KafkaSource
from connectors.source import SourceUnavailableError
from tests.connectors.kafka.reading import (
    new_source,
    numbers,
    of_library,
    offsets,
    opened,
    poll_until,
    read,
    settle,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kafka.cluster import Cluster

pytestmark = pytest.mark.usefixtures("each_library")


@pytest.fixture
def admin(broker: Cluster) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap, kafka_client=TidyClient) as client:
        yield client


def delete_before(admin: KafkaAdminClient, topic: str, offset: int) -> None:
    admin.delete_records({TopicPartition(topic, 0): offset})


def stored(topic: str, offset: int, **more: Any) -> dict[str, Any]:
    return {"partitions": [{"topic": topic, "partition": 0, "offset": offset, **more}]}


def committed(broker: Cluster, group: str, topic: str) -> int | None:
    with KafkaConsumer(bootstrap_servers=broker.bootstrap, kafka_client=TidyClient, group_id=group) as consumer:
        offset: int | None = consumer.committed(TopicPartition(topic, 0))
        return offset


def test_reading_goes_on_exactly_where_a_snapshot_was_taken(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 100))
    with opened(new_source(broker, topic)) as source:
        before = read(source, 40, max_records=40)
        snapshot = source.snapshot()
        read(source, 10, max_records=10)
    with opened(new_source(broker, topic), snapshot) as source:
        after = read(source, 60)
    assert values(before) + values(after) == list(range(100))


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_what_the_broker_has_compressed_is_read(broker: Cluster, topic: str, codec: str) -> None:
    packed = broker.create_topic(f"{topic}-{codec}", config={"compression.type": codec})
    broker.produce(packed, numbers(0, 2_000))
    with opened(new_source(broker, packed)) as source:
        assert values(read(source, 2_000)) == list(range(2_000))
    broker.delete_topic(packed)


def test_a_poll_never_returns_more_than_was_asked_for(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 50))
    with opened(new_source(broker, topic, max_poll_records=7)) as source:
        sizes: list[int] = []
        while sum(sizes) < 50:
            sizes.append(len(source.poll(1000, 0.5)))
        assert max(sizes) == 7
        assert source.poll(3, 0) == []


def test_partitions_come_in_order_and_none_is_left_out(broker: Cluster, topic: str) -> None:
    wide = broker.create_topic(f"{topic}-wide", partitions=3)
    for number in range(3):
        broker.produce(wide, numbers(0, 20), partition=number)
    with opened(new_source(broker, wide)) as source:
        records = read(source, 60)
        assert offsets(source.snapshot()) == [20, 20, 20]
    for number in range(3):
        assert values([record for record in records if record.partition == number]) == list(range(20))
    broker.delete_topic(wide)


def test_only_the_listed_partitions_are_read_and_a_missing_one_is_named(broker: Cluster, topic: str) -> None:
    wide = broker.create_topic(f"{topic}-wide", partitions=3)
    for number in range(3):
        broker.produce(wide, numbers(0, 5), partition=number)
    with opened(new_source(broker, wide, partitions=(1, 7))) as source:
        assert {record.partition for record in read(source, 5)} == {1}
        assert source.status().reason == f"topic {wide} has no partition 7"
    broker.delete_topic(wide)


def test_a_commit_shows_the_positions_of_the_snapshot_and_never_goes_back(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 30))
    with opened(new_source(broker, topic, group=topic)) as source:
        records = read(source, 10, max_records=10)
        durable = source.snapshot()
        records += read(source, 10, max_records=10)
        source.commit(durable)
        assert committed(broker, topic, topic) == 10
        source.commit(source.snapshot())
        source.commit(durable)
        records += read(source, 10)  # what came while a commit was waited for
        assert values(records) == list(range(30))
    assert committed(broker, topic, topic) == 20


def test_without_a_group_nothing_is_committed_and_nothing_fails(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 1))
    with opened(new_source(broker, topic)) as source:
        read(source, 1)
        source.commit(source.snapshot())


def test_an_offset_that_retention_has_deleted_is_an_error_that_says_how_many_are_gone(
    broker: Cluster, topic: str, admin: KafkaAdminClient
) -> None:
    broker.produce(topic, numbers(0, 30))
    delete_before(admin, topic, 20)
    with (
        opened(new_source(broker, topic), stored(topic, 5)) as source,
        pytest.raises(PositionLostError, match=f"offset 5 of {topic}/0 .* begins at 20: 15 offsets are gone"),
    ):
        read(source, 1)


@pytest.mark.parametrize(("policy", "then"), [("earliest", [20, 21]), ("latest", [])])
def test_a_deleted_offset_can_be_accepted(
    broker: Cluster, topic: str, admin: KafkaAdminClient, policy: str, then: list[int]
) -> None:
    broker.produce(topic, numbers(0, 22))
    delete_before(admin, topic, 20)
    with opened(new_source(broker, topic, on_lost_offset=policy), stored(topic, 5)) as source:
        records: list[Any] = []
        settle(source, records)
        assert values(records) == then
        assert offsets(source.snapshot()) == [22]
        (part,) = source.status().partitions
        saved = source.snapshot()
        assert part.begun == 22 - len(then)
    with opened(new_source(broker, topic, on_lost_offset=policy), saved) as source:
        settle(source, records)
        (part,) = source.status().partitions
        assert part.begun == 22 - len(then)


def test_an_offset_deleted_while_reading_is_noticed(broker: Cluster, topic: str, admin: KafkaAdminClient) -> None:
    broker.produce(topic, [b"x" * 100_000] * 60)
    small = of_library(max_partition_fetch_bytes=100_000)
    with opened(new_source(broker, topic, **small)) as source:
        read(source, 1, max_records=1)
        delete_before(admin, topic, 50)
        with pytest.raises(PositionLostError, match="begins at 50"):
            read(source, 100)


def test_an_offset_beyond_the_end_of_the_log_is_an_error(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 3))
    with (
        opened(new_source(broker, topic), stored(topic, 10)) as source,
        pytest.raises(PositionLostError, match="the log ends at 3"),
    ):
        read(source, 1)


def test_records_replaced_below_the_stored_offset_are_noticed(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 10))
    with (
        opened(new_source(broker, topic), stored(topic, 5, leader_epoch=7)) as source,
        pytest.raises(PositionLostError, match="the records before it were replaced"),
    ):
        read(source, 1)


def test_a_topic_created_again_is_an_error_or_is_read_from_its_start(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 10))
    with opened(new_source(broker, topic)) as source:
        read(source, 5, max_records=5)
        snapshot = source.snapshot()
    broker.delete_topic(topic)
    broker.create_topic(topic)
    broker.produce(topic, numbers(100, 110))
    with (
        opened(new_source(broker, topic), snapshot) as source,
        pytest.raises(PositionLostError, match="deleted and created again"),
    ):
        read(source, 1)
    with opened(new_source(broker, topic, on_recreated_topic="accept"), snapshot) as source:
        assert values(read(source, 10)) == list(range(100, 110))
        assert source.snapshot()["partitions"][0]["topic_id"] != snapshot["partitions"][0]["topic_id"]


def test_a_topic_created_again_while_it_is_read_is_noticed(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 10))
    with opened(new_source(broker, topic)) as source:
        read(source, 10)
        broker.delete_topic(topic)
        poll_until(source, lambda: "does not exist" in source.status().reason)
        broker.create_topic(topic)
        with pytest.raises(PositionLostError, match="deleted and created again"):
            poll_until(source, lambda: False)


def test_aborted_transactions_are_left_out_and_their_offsets_are_passed(broker: Cluster, topic: str) -> None:
    with KafkaProducer(
        bootstrap_servers=broker.bootstrap, kafka_client=TidyClient, transactional_id=topic
    ) as producer:
        producer.init_transactions()
        for first, keep in ((0, True), (10, False), (20, True), (30, False)):
            producer.begin_transaction()
            for value in numbers(first, first + 5):
                producer.send(topic, value)
            producer.flush()
            (producer.commit_transaction if keep else producer.abort_transaction)()
    with opened(new_source(broker, topic)) as source:
        records = read(source, 10)
        assert values(records) == [*range(5), *range(20, 25)]
        assert records[5].offset == 12
        settle(source)
        snapshot = source.snapshot()
    assert offsets(snapshot) == [24]
    broker.produce(topic, numbers(40, 41))
    with opened(new_source(broker, topic), snapshot) as source:
        assert values(read(source, 1)) == [40]


@pytest.mark.parametrize(
    ("start", "expected"),
    [("earliest", [0, 1, 2, 9]), ("latest", [9]), (datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC), [1, 2, 9])],
)
def test_without_any_offset_it_begins_where_it_was_told_to(
    broker: Cluster, topic: str, start: Any, expected: list[int]
) -> None:
    broker.produce(topic, numbers(0, 3), timestamps=[1000, 2000, 3000])
    with opened(new_source(broker, topic, start=start)) as source:
        records: list[Any] = []
        settle(source, records)
        broker.produce(topic, numbers(9, 10))
        poll_until(source, lambda: len(records) == len(expected), records)
    assert values(records) == expected


def test_a_partition_added_later_is_read_from_its_first_record_even_after_starting_at_latest(
    broker: Cluster, topic: str, admin: KafkaAdminClient
) -> None:
    broker.produce(topic, numbers(0, 5))
    with opened(new_source(broker, topic, start="latest", topics_seconds=0.2)) as source:
        settle(source)
        admin.create_partitions({topic: 2})
        broker.produce(topic, numbers(10, 13), partition=1)
        assert values(read(source, 3)) == [10, 11, 12]
        assert offsets(source.snapshot()) == [5, 3]


def test_a_pattern_finds_topics_by_their_whole_name_and_later_ones_too(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 2))
    later, other = f"{topic}-b", f"x-{topic}"
    with opened(new_source(broker, pattern=f"{topic}(-b)?", topics_seconds=0.2)) as source:
        assert {record.topic for record in read(source, 2)} == {topic}
        for name in (other, later):
            broker.create_topic(name)
            broker.produce(name, numbers(2, 4))
        assert {record.topic for record in read(source, 2)} == {later}
        settle(source)
    for name in (other, later):
        broker.delete_topic(name)


def test_a_missing_topic_is_waited_for_said_plainly_and_never_created(
    broker: Cluster, topic: str, admin: KafkaAdminClient
) -> None:
    missing = f"{topic}-missing"
    broker.produce(topic, numbers(0, 3))
    with opened(new_source(broker, None, topics=(topic, missing))) as source:
        assert values(read(source, 3)) == [0, 1, 2]
        assert source.status().reason == f"topic {missing} does not exist (retaind never creates topics)"
        assert not source.status().ready
        assert missing not in admin.list_topics()
        broker.create_topic(missing)
        broker.produce(missing, numbers(3, 4))
        assert values(read(source, 1)) == [3]
        poll_until(source, lambda: source.status().ready)
    broker.delete_topic(missing)


def test_a_missing_topic_ends_it_after_give_up_seconds(broker: Cluster) -> None:
    source = new_source(broker, "never-there", give_up_seconds=0.5)
    with opened(source), pytest.raises(SourceUnavailableError, match="never-there does not exist"):
        read(source, 1)


def test_a_message_of_ten_megabytes_arrives(broker: Cluster, topic: str) -> None:
    big = broker.create_topic(f"{topic}-big", config={"max.message.bytes": "12000000"})
    broker.produce(big, [b"a", b"b" * 10_000_000, b"c"])
    with opened(new_source(broker, big)) as source:
        assert [len(record.value or b"") for record in read(source, 3)] == [1, 10_000_000, 1]
    broker.delete_topic(big)


@pytest.mark.parametrize("order", ["arrival", "timestamp"])
def test_a_connection_that_is_given_up_between_two_polls_costs_no_record(
    broker: Cluster, topic: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.produce(topic, numbers(0, 100))
    looks: list[int] = []

    def look(_: LogWatch, *__: Any) -> None:
        looks.append(0)
        if len(looks) % 4 == 0:
            raise KafkaConnectionError("no connection to broker 1")

    monkeypatch.setattr(LogWatch, "look", look)
    monkeypatch.setattr("connectors.kafka.source.FIRST_BACKOFF_SECONDS", 0.0)
    with opened(new_source(broker, topic, order=order)) as source:
        assert values(read(source, 100, max_records=10)) == list(range(100))
    assert len(looks) > 8


def test_a_second_open_rewinds_to_the_snapshot(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 10))
    with opened(new_source(broker, topic)) as source:
        read(source, 4, max_records=4)
        snapshot = source.snapshot()
        read(source, 6)
        source.open(snapshot)
        assert values(read(source, 6)) == list(range(4, 10))


def test_status_tells_position_end_and_progress(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 10))
    with opened(new_source(broker, topic)) as source:
        assert not source.status().ready
        read(source, 4, max_records=4)
        (part,) = source.status().partitions
        assert (part.topic, part.partition, part.position, part.end_offset) == (topic, 0, 4, 10)
        assert abs(part.last_progress_seconds - time.time()) < 30
        assert source.status().ready
        assert not source.exhausted


def test_a_partition_that_stands_still_is_sought_again_then_not_ready_then_the_end(
    broker: Cluster, topic: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.produce(topic, numbers(0, 5))
    with opened(new_source(broker, topic, times=50, stall_seconds=20, stall_exit_seconds=120)) as source:
        read(source, 5)
        assert source._reader is not None
        monkeypatch.setattr(
            source._reader.client, "poll", lambda *_: {}
        )  # as a client with a fault would seem to be
        broker.produce(topic, numbers(5, 10))
        poll_until(source, lambda: not source.status().ready)
        assert source.status().reason == f"{topic}/0 is stalled at offset 5 while its log ends at 10"
        assert f"{topic}/0 is stalled at offset 5 while its log ends at 10: seeking again" in caplog.messages
        with pytest.raises(SourceUnavailableError, match=r"is stalled at offset 5 .* for 120 s"):
            poll_until(source, lambda: False)


def test_a_fault_that_ends_one_connection_after_another_is_a_stall_too(
    broker: Cluster, topic: str, each_library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poll(*_: Any, **__: Any) -> None:
        raise KafkaError("a fault of the client")

    broker.produce(topic, numbers(0, 5))
    monkeypatch.setattr(KafkaReader, "_fetch", poll)
    times = 10 if each_library == "kafka-python" else 20  # librdkafka connects anew in less time
    with (
        opened(new_source(broker, topic, times=times, stall_seconds=20, stall_exit_seconds=60)) as source,
        pytest.raises(SourceUnavailableError, match=r"is stalled at offset 0 while its log ends at 5, for 60 s"),
    ):
        poll_until(source, lambda: False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give either topics"),
        ({"topics": ("a",), "pattern": "b"}, "give either topics"),
        ({"pattern": "("}, "not a regular expression"),
        ({"topics": ("a",), "mode": "subscribe"}, "needs group"),
        ({"topics": ("a",), "mode": "subscribe", "group": "g", "partitions": (0,)}, "the group decides"),
        ({"topics": ("a",), "group": "g", "group_instance_id": "i"}, "belongs to mode: subscribe"),
        ({"topics": ("a",), "start": "noon"}, "start"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        KafkaSource.Options(**options)
