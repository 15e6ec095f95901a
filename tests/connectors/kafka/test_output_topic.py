"""A topic has each record once: of killed processes, of several writers, and of one that was fenced."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors.kafka.outgoing import HEADER
from connectors.kafka.predictions import KafkaPredictions
from connectors.record import EventRecord
from connectors.sink import SinkUnavailableError
from tests.connectors.kafka.reading import of_library
from tests.connectors.rejects import prediction, record
from tests.connectors.settled import until_settled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.kafka.cluster import Cluster

pytestmark = pytest.mark.usefixtures("each_library")


def sink_of(broker: Cluster, topic: str, state: dict[str, Any] | None = None, **options: Any) -> KafkaPredictions:
    """A sink as a process has it that goes on from a state."""
    given = {"bootstrap_servers": broker.bootstrap, "topic": topic} | of_library() | options
    sink = KafkaPredictions(KafkaPredictions.Options(**given))
    if state is not None:
        sink.load_state_dict(json.loads(json.dumps(state)))
    return sink


def put(sink: KafkaPredictions, offsets: Iterable[int]) -> dict[str, Any]:
    """Write predictions, and return the state after them."""
    sink.write([prediction(offset) for offset in offsets])
    until_settled(sink)
    return sink.state_dict()


def counts(broker: Cluster, topic: str) -> dict[int, int]:
    published = broker.read_all(topic, isolation_level="read_committed")
    return Counter(orjson.loads(each.value or b"")["offset"] for each in published)


def once(*offsets: int) -> dict[int, int]:
    return dict.fromkeys(offsets, 1)


def test_what_a_killed_process_has_published_since_the_checkpoint_is_not_published_again(
    broker: Cluster, topic: str
) -> None:
    first = sink_of(broker, topic)
    before = put(first, [])
    after = put(first, range(5))
    put(first, range(5, 20))
    first.close()
    second = sink_of(broker, topic, after)
    # The checkpoint after the tenth knows that the topic has more than ten.
    middle = put(second, range(5, 10))
    assert middle == after
    second.close()
    third = sink_of(broker, topic, middle)
    end = put(third, range(10, 30))
    third.close()
    assert counts(broker, topic) == once(*range(30))
    assert end["writer"] == before["writer"]
    assert end["ends"] != middle["ends"]
    # A rollback to the very start.
    again = sink_of(broker, topic, before)
    put(again, range(31))
    again.close()
    assert counts(broker, topic) == once(*range(31))


def test_several_writers_share_a_topic_and_each_publishes_all(broker: Cluster, topic: str) -> None:
    sinks = [sink_of(broker, topic) for _ in range(2)]
    states = [put(sink, range(3)) for sink in sinks]
    for sink in sinks:
        sink.close()
    assert states[0]["writer"] != states[1]["writer"]
    again = sink_of(broker, topic, states[0])
    put(again, range(3, 5))
    again.close()
    assert counts(broker, topic) == Counter([*range(3), *range(5)])


def test_of_two_processes_with_one_state_the_later_one_goes_on_and_the_other_ends(
    broker: Cluster, topic: str
) -> None:
    first = sink_of(broker, topic)
    state = put(first, range(3))
    second = sink_of(broker, topic, state)
    put(second, range(3, 6))
    first.write([prediction(offset) for offset in range(3, 9)])
    with pytest.raises(SinkUnavailableError, match="another process has taken over"):
        until_settled(first)
    first.close()
    put(second, range(6, 9))
    second.close()
    assert counts(broker, topic) == once(*range(9))


def test_one_that_was_fenced_and_finds_nobody_there_goes_on(broker: Cluster, topic: str) -> None:
    first = sink_of(broker, topic)
    state = put(first, range(3))
    passing = sink_of(broker, topic, state)
    until_settled(passing)
    passing.close()
    put(first, range(3, 6))
    first.close()
    assert counts(broker, topic) == once(*range(6))


def test_a_name_of_ones_own_fences_a_process_with_another_state(broker: Cluster, topic: str) -> None:
    first, second = (sink_of(broker, topic, transactional_id="mine") for _ in range(2))
    put(first, range(2))
    put(second, range(2, 4))
    first.write([prediction(4)])
    with pytest.raises(SinkUnavailableError, match="another process has taken over"):
        until_settled(first)
    first.close()
    second.close()
    assert counts(broker, topic) == once(*range(4))


def test_the_events_of_one_message_are_told_apart_when_the_topic_is_read_back(broker: Cluster, topic: str) -> None:
    events = [(offset, index) for offset in (7, 8) for index in range(12)]
    rows = [replace(prediction(), record=EventRecord.of(record(offset), index)) for offset, index in events]
    first = sink_of(broker, topic)
    state = put(first, [])
    # The process dies within the second message; what it published of it was not even its beginning.
    first.write([*rows[:12], *rows[14:17]])
    until_settled(first)
    first.close()
    second = sink_of(broker, topic, state)
    second.write(rows)
    until_settled(second)
    second.close()
    published = broker.read_all(topic, isolation_level="read_committed")
    told = [orjson.loads(each.value or b"") for each in published]
    assert sorted((each["offset"], each["index"]) for each in told) == events
    assert dict(published[0].headers)[HEADER].endswith(b"/plant/3/7.0")


def test_what_a_state_knows_of_one_topic_says_nothing_of_another(broker: Cluster, topic: str) -> None:
    other = broker.create_topic(f"{topic}-other")
    first = sink_of(broker, topic)
    state = put(first, range(5))
    first.close()
    second = sink_of(broker, other, state)
    moved = put(second, range(5, 8))
    second.close()
    assert (moved["writer"], moved["topic"]) == (state["writer"], other)
    assert counts(broker, other) == once(5, 6, 7)
    broker.delete_topic(other)


def test_two_records_of_one_event_are_both_there_once(broker: Cluster, topic: str) -> None:
    first = sink_of(broker, topic)
    state = put(first, [])
    put(first, [1, 1, 2])
    first.close()
    second = sink_of(broker, topic, state)
    put(second, [1, 1, 1, 2, 3])
    second.close()
    assert counts(broker, topic) == {1: 3, 2: 1, 3: 1}
