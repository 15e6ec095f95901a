"""What is librdkafka's own: what it tells otherwise, and that each library goes on from the other's checkpoints."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from kafka import TopicPartition, errors

from connectors.kafka.librdkafka.delivered import Delivered
from connectors.kafka.positions import PositionLostError
from connectors.kafka.unreadable import UnreadableError
from connectors.record import UnreadableRecord
from connectors.source import SourceDataError
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
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from connectors.kafka.source import KafkaSource
    from tests.kafka.broker import Broker
    from tests.kafka.cluster import Cluster

LIBRARIES = ["kafka-python", "librdkafka"]
PART = TopicPartition("plant", 0)
BATCH = 50


def source_of(cluster: Cluster, topic: str, library: str, **options: Any) -> KafkaSource:
    return new_source(cluster, topic, client=library, librdkafka={}, **options)


@pytest.mark.parametrize(("first", "then"), [LIBRARIES, LIBRARIES[::-1]])
def test_what_one_library_has_read_the_other_goes_on_with(
    broker: Cluster, topic: str, first: str, then: str
) -> None:
    broker.produce(topic, numbers(0, 100))
    with opened(source_of(broker, topic, first, group=topic)) as source:
        before = read(source, 40, max_records=40)
        snapshot = source.snapshot()
        assert source.commit(snapshot)
    with opened(source_of(broker, topic, then, group=topic), snapshot) as source:
        after = read(source, 60)
        assert source.commit(source.snapshot())
        assert source.snapshot()["partitions"] == [{**snapshot["partitions"][0], "offset": 100}]
    assert values(before) + values(after) == list(range(100))
    assert broker.committed(topic) == {(topic, 0): 100}


class Latin1(str):
    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return super().encode("latin-1")


def test_a_record_with_a_header_whose_name_is_not_utf_8_is_one_that_cannot_be_read(
    broker: Cluster, topic: str
) -> None:
    odd = [[("trace", b"1")], [(Latin1("tr\xe1ce"), b"2")], [("retaind.file", b"3")]] * 40
    load(broker.bootstrap, topic, numbers(0, 120), headers=odd)
    with opened(source_of(broker, topic, "librdkafka")) as source:
        records = read(source, 120)
    first, second, third = records[:3]
    assert (first.headers, third.headers) == ([("trace", b"1")], [(r"retaind\x2efile", b"3")])
    assert [isinstance(record, UnreadableRecord) for record in records] == [False, True, False] * 40
    assert isinstance(second, UnreadableRecord)
    assert (second.offset, second.value) == (1, b"1")
    assert second.problem == "The record at offset 1 cannot be read: the name of a header is not UTF-8"


def test_a_topic_created_again_at_once_and_longer_than_before_is_noticed(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 10))
    with opened(source_of(broker, topic, "librdkafka", topics_seconds=600)) as source:
        settle(source)
        broker.delete_topic(topic)
        broker.create_topic(topic)
        broker.produce(topic, numbers(100, 120))
        with pytest.raises(PositionLostError, match="deleted and created again"):
            poll_until(source, lambda: False)


@pytest.mark.parametrize("order", ["arrival", "timestamp"])
def test_a_long_rest_hears_the_library_and_costs_no_record(
    broker: Cluster, topic: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.kafka.librdkafka.log_client.REST_SECONDS", 0.0)
    broker.produce(topic, numbers(0, 300))
    with opened(source_of(broker, topic, "librdkafka", order=order)) as source:
        records = read(source, 100, max_records=50)
        assert source._reader is not None
        client: Any = source._reader.client
        monkeypatch.setattr(client._statistics, "_text", None)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while client._statistics._text is None:
            assert source.poll(0, 0.05) == []
            assert time.monotonic() < deadline
        records += read(source, 200)
    assert values(records) == list(range(300))


def test_it_closes_though_nobody_answers_what_was_committed(mortal: Broker) -> None:
    name = mortal.create_topic("closed-while-the-broker-hangs")
    mortal.produce(name, numbers(0, 5))
    with opened(source_of(mortal, name, "librdkafka", group=name, commit_seconds=0.5)) as source:
        read(source, 5)
        with mortal.asleep():
            assert not source.commit(source.snapshot())
            closing = Thread(target=source.close, daemon=True)
            closing.start()
            closing.join(DEADLINE_SECONDS)
            assert not closing.is_alive()


def test_connections_that_were_given_up_leave_no_descriptors(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 5))

    def connect_and_give_up() -> None:
        with opened(source_of(broker, topic, "librdkafka")) as source:
            read(source, 5)

    connect_and_give_up()
    before = descriptors()
    for _ in range(4):
        connect_and_give_up()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while descriptors() > before:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def damaged(mortal: Broker) -> str:
    """A topic of two partitions, three batches each: a byte of the second of partition 0 is wrong."""
    name = mortal.create_topic("damaged-for-librdkafka", partitions=2)
    for partition in range(2):
        for first in range(0, 3 * BATCH, BATCH):
            load(mortal.bootstrap, name, numbers(first, first + BATCH), partition=partition)
    mortal.flip_a_bit(name)
    return name


def test_a_damaged_batch_holds_its_partition_nothing_behind_it_is_delivered_and_the_way_past_it_is_told(
    mortal: Broker, damaged: str
) -> None:
    records: list[Any] = []
    with opened(source_of(mortal, damaged, "librdkafka", stall_exit_seconds=4)) as source:
        poll_until(source, lambda: "cannot be read at offset 50" in source.status().reason, records)
        poll_until(source, lambda: len(records) >= 4 * BATCH, records)
        snapshot = source.snapshot()
        remedy = "CRC32C check .*; set source.client to kafka-python, and source.on_unreadable to skip, to pass it"
        with pytest.raises(SourceDataError, match=remedy):
            poll_until(source, lambda: False, records)
    assert sorted((record.partition, record.offset) for record in records) == [
        *((0, offset) for offset in range(BATCH)),
        *((1, offset) for offset in range(3 * BATCH)),
    ]
    with opened(source_of(mortal, damaged, "kafka-python", on_unreadable="skip"), snapshot) as source:
        passed, *rest = read(source, BATCH + 1)
    assert isinstance(passed, UnreadableRecord)
    assert values(rest) == list(range(2 * BATCH, 3 * BATCH))


def test_what_came_behind_an_error_of_a_partition_is_dropped_and_that_of_others_is_not() -> None:
    delivered = Delivered(in_group=False)
    other = TopicPartition("plant", 1)
    delivered.begin(PART, 5)
    delivered.begin(other, 0)
    runs = delivered.runs(
        [Said(PART, 5), Said(PART, 6, "_BAD_MSG"), Said(other, 0), Said(PART, 7), Said(other, 3, "_BAD_MSG")]
    )
    assert {part: [record.offset for record in run] for part, run in runs.items()} == {PART: [5], other: [0]}
    for offset in (6, 3):
        with pytest.raises(UnreadableError, match=f"cannot be read at offset {offset}"):
            delivered.raise_what_came_last()
    delivered.raise_what_came_last()
    assert (delivered.position(PART), delivered.position(other)) == (6, 1)


@pytest.mark.parametrize(
    ("name", "raised"),
    [
        ("_AUTO_OFFSET_RESET", errors.OffsetOutOfRangeError),
        ("_LOG_TRUNCATION", errors.LogTruncationError),
        ("_UNKNOWN_TOPIC", errors.UnknownTopicOrPartitionError),
        ("_BAD_COMPRESSION", UnreadableError),
    ],
)
def test_an_error_alone_is_raised_at_once(name: str, raised: type[Exception]) -> None:
    delivered = Delivered(in_group=False)
    delivered.begin(PART, 5)
    with pytest.raises(raised):
        delivered.runs([Said(PART, 5, name)])


class Said:
    """A message as the library hands it out."""

    def __init__(self, part: TopicPartition, offset: int, error: str | None = None) -> None:
        self._part, self._offset, self._error = part, offset, error

    def topic(self) -> str:
        return str(self._part.topic)

    def partition(self) -> int:
        return int(self._part.partition)

    def offset(self) -> int:
        return self._offset

    def error(self) -> Any:
        return None if self._error is None else Problem(self._error)

    def timestamp(self) -> tuple[int, int]:
        return 0, -1

    def key(self) -> None:
        """There is none."""

    value = headers = key

    def leader_epoch(self) -> int:
        return 0


class Problem:
    def __init__(self, name: str) -> None:
        self._name = name

    def name(self) -> str:
        return self._name

    def code(self) -> int:
        return -1

    def str(self) -> str:
        return "a test"
