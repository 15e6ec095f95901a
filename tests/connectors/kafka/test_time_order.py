from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition

from connectors.kafka.time_order import TimeOrder
from tests.connectors.kafka.reading import new_source, numbers, offsets, opened, read, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kafka.cluster import Cluster

PARTS = [TopicPartition("plant", number) for number in range(3)]


class Event(NamedTuple):
    timestamp: int
    partition: int
    offset: int


logs = st.lists(st.lists(st.integers(0, 30), max_size=12), min_size=3, max_size=3)


def logged(times: list[list[int]]) -> list[list[Event]]:
    return [
        [Event(time, number, offset) for offset, time in enumerate(of_one)] for number, of_one in enumerate(times)
    ]


def merged(log: list[list[Event]]) -> list[Event]:
    """What is to come: always the earliest of the partitions' next ones."""
    left, order = [list(events) for events in log], []
    while any(left):
        of = min(
            (events for events in left if events), key=lambda events: (events[0].timestamp, events[0].partition)
        )
        order.append(of.pop(0))
    return order


@given(times=logs, data=st.data())
def test_however_records_arrive_they_are_given_out_in_one_order(
    times: list[list[int]], data: st.DataObject
) -> None:
    log = logged(times)
    order, fetched, given_out = TimeOrder(idle_seconds=2.0), [0, 0, 0], []
    for now in range(200):
        number = data.draw(st.integers(0, 2))
        until = fetched[number] + data.draw(st.integers(0, 5))
        order.add(PARTS[number], log[number][fetched[number] : until])
        fetched[number] = min(until, len(log[number]))
        given_out += order.take(
            PARTS,
            data.draw(st.integers(1, 7)),
            has_more=lambda part: fetched[part.partition] < len(log[part.partition]),
            now=now * 0.5,
        )
        if len(given_out) == sum(map(len, log)):
            break
    assert given_out == merged(log)[: len(given_out)]
    if fetched == [len(events) for events in log]:
        assert order.timeouts <= 3


def test_a_partition_without_a_next_record_is_waited_for_and_then_counted_once() -> None:
    order, one, other = TimeOrder(idle_seconds=1.0), *PARTS[:2]
    take: Any = lambda now, more=False: order.take([one, other], 10, has_more=lambda _: more, now=now)  # noqa: E731
    order.add(one, [Event(5, 0, 0), Event(6, 0, 1)])
    assert take(0.0) == []
    assert take(0.9, more=True) == []  # its log has more: the waiting begins anew
    assert take(1.0) == take(1.9) == []
    assert order.timeouts == 0
    assert take(2.0) == [Event(5, 0, 0), Event(6, 0, 1)]
    assert order.timeouts == 1
    order.add(one, [Event(9, 0, 2)])
    assert take(2.1) == [Event(9, 0, 2)]
    assert order.timeouts == 1
    order.add(other, [Event(7, 1, 0)])
    order.add(one, [Event(10, 0, 3)])
    assert take(2.2) == [Event(7, 1, 0)]
    assert take(2.3) == []


def test_who_was_stopped_has_not_waited() -> None:
    order, one, other = TimeOrder(idle_seconds=5.0), *PARTS[:2]
    order.add(one, [Event(5, 0, 0)])
    for now in (0.0, 100.0, 200.0):
        assert order.take([one, other], 10, has_more=lambda _: False, now=now) == []


@pytest.fixture
def wide(broker: Cluster, topic: str) -> Iterator[str]:
    name = broker.create_topic(f"{topic}-wide", partitions=3)
    yield name
    broker.delete_topic(name)


@pytest.mark.usefixtures("each_library")
def test_records_of_several_partitions_come_by_their_time_wherever_reading_is_interrupted(
    broker: Cluster, wide: str
) -> None:
    now = int(time.time() * 1000)  # a broker deletes what looks old
    for number in range(3):
        times = [now + 7 * n + 3 * number for n in range(200)]
        broker.produce(wide, numbers(0, 200), partition=number, timestamps=times)
    expected = sorted((now + 7 * n + 3 * number, number, n) for number in range(3) for n in range(200))
    snapshot: dict[str, Any] | None = None
    records: list[Any] = []
    for at_least, at_once in ((150, 7), (350, 50), (598, 500)):  # then the first partition has no more
        with opened(new_source(broker, wide, order="timestamp", idle_seconds=60), snapshot) as source:
            records += read(source, at_least - len(records), max_records=at_once)
            snapshot = source.snapshot()
            assert source.status().order_timeouts == 0
    assert [(record.timestamp, record.partition, record.offset) for record in records] == expected[: len(records)]
    assert sum(offsets(snapshot or {})) == len(records) == 598
    with opened(new_source(broker, wide, order="timestamp", idle_seconds=0.2), snapshot) as source:
        records += read(source, 600 - len(records))
        assert source.status().order_timeouts > 0
    assert sorted(values(records)) == sorted(list(range(200)) * 3)


def test_a_time_that_no_clock_can_have_said_does_not_hold_its_partition_back_for_ever() -> None:
    order = TimeOrder(idle_seconds=2.0, latest_ms=lambda: 1_000)
    odd = [Event((1 << 63) - 1, 0, 0), Event(5, 0, 1)]
    order.add(PARTS[0], odd)
    order.add(PARTS[1], [Event(time, 1, time) for time in range(10)])
    taken = order.take(PARTS[:2], 100, has_more=lambda _: True, now=0.0)
    assert taken[0] == odd[0]
    assert [event.timestamp for event in taken[1:]] == [0, 1, 2, 3, 4, 5]
