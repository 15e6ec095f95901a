from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors.kafka.predictions import KafkaPredictions
from connectors.prediction_json import to_json
from connectors.sink import SinkUnavailableError
from tests.connectors.kafka.reading import of_library
from tests.connectors.rejects import prediction, record
from tests.connectors.settled import until_settled

if TYPE_CHECKING:
    from tests.kafka.cluster import Cluster

pytestmark = pytest.mark.usefixtures("each_library")


def new_sink(broker: Cluster, topic: str, **options: Any) -> KafkaPredictions:
    given = {"bootstrap_servers": broker.bootstrap, "topic": topic} | of_library() | options
    return KafkaPredictions(KafkaPredictions.Options(**given))


def test_predictions_are_in_the_topic_when_they_are_settled_in_order_under_the_events_key(
    broker: Cluster, topic: str
) -> None:
    sink = new_sink(broker, topic, linger_ms=10_000)
    sink.write([prediction(offset) for offset in range(500)])
    until_settled(sink)
    published = broker.read_all(topic, isolation_level="read_committed")
    sink.close()
    assert [orjson.loads(each.value or b"")["offset"] for each in published] == list(range(500))
    assert {each.key for each in published} == {b"k"}
    assert published[0].value == to_json(prediction(0))


def test_no_more_than_max_unacknowledged_are_under_way(broker: Cluster, topic: str) -> None:
    sink = new_sink(broker, topic, linger_ms=10_000, max_unacknowledged=10)
    sink.write([prediction(offset) for offset in range(2)])
    until_settled(sink)  # after several at once, others are waited for
    sink.write([prediction(offset) for offset in range(2, 11)])
    assert len(broker.read_all(topic, isolation_level="read_committed")) == 2
    assert not sink.full
    sink.write([prediction(11)])
    until_settled(sink)
    assert len(broker.read_all(topic, isolation_level="read_committed")) == 12
    sink.close()


def test_a_key_as_long_as_a_message_is_left_out(broker: Cluster, topic: str) -> None:
    sink = new_sink(broker, topic)
    sink.write([replace(prediction(), record=record(key=b"k" * 2_000_000))])
    until_settled(sink)
    sink.close()
    assert [each.key for each in broker.read_all(topic, isolation_level="read_committed")] == [None]


def test_predictions_that_the_topic_refuses_end_the_run_rather_than_vanish(broker: Cluster, topic: str) -> None:
    narrow = broker.create_topic(f"{topic}-narrow", config={"max.message.bytes": "100"})
    sink = new_sink(broker, narrow)
    sink.write([prediction()])
    with pytest.raises(SinkUnavailableError, match="narrow cannot be written to"):
        until_settled(sink)
    sink.close()
    broker.delete_topic(narrow)


def test_what_has_expired_is_there_once_though_it_is_given_again(broker: Cluster, topic: str) -> None:
    given = [prediction(offset) for offset in range(3)]
    given[2:2] = [replace(prediction(1), expired=record(offset)) for offset in (70, 71)]
    first = new_sink(broker, topic)
    until_settled(first)
    state = first.state_dict()
    first.write(given[:3])
    until_settled(first)
    first.close()
    again = new_sink(broker, topic)
    again.load_state_dict(state)
    again.write(given)
    until_settled(again)
    again.close()
    published = [
        orjson.loads(each.value or b"") for each in broker.read_all(topic, isolation_level="read_committed")
    ]
    assert [each["offset"] for each in published] == [0, 1, 70, 71, 2]
    assert [each.get("outcome") for each in published] == [None, None, "expired", "expired", None]
