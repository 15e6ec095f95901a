from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from connectors.kafka.dead_letters import KafkaDeadLetters
from connectors.record import EventRecord
from connectors.sink import SinkUnavailableError
from tests.connectors.kafka.reading import Chosen, of_library
from tests.connectors.rejects import reject
from tests.connectors.settled import until_settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.decoder import Reject
    from connectors.record import Record
    from tests.kafka.cluster import Cluster

pytestmark = pytest.mark.usefixtures("each_library")

CONTEXT = {
    "__connect.errors.topic": b"plant",
    "__connect.errors.partition": b"3",
    "__connect.errors.offset": b"7",
    "__connect.errors.stage": b"decode",
    "__connect.errors.exception.class.name": b"undecodable",
    "__connect.errors.exception.message": "not JSON at byte 0: é".encode(),
    "__retaind.errors.timestamp": b"1700000000000",
}


def read(broker: Cluster, topic: str) -> list[Record]:
    return broker.read_all(topic, isolation_level="read_committed")


def put(sink: KafkaDeadLetters, rejects: list[Reject]) -> None:
    sink.write(rejects)
    until_settled(sink)


@pytest.fixture
def letters(broker: Cluster, topic: str, each_library: str) -> Iterator[KafkaDeadLetters]:
    assert each_library == Chosen.library
    sink = new_sink(broker, topic)
    yield sink
    sink.close()


def new_sink(broker: Cluster, topic: str, **options: Any) -> KafkaDeadLetters:
    given = {"bootstrap_servers": broker.bootstrap, "topic": topic} | of_library() | options
    return KafkaDeadLetters(KafkaDeadLetters.Options(**given))


def test_key_value_and_headers_are_unchanged_and_connects_headers_say_what_was_wrong(
    broker: Cluster, topic: str, letters: KafkaDeadLetters
) -> None:
    put(letters, [reject()])
    (letter,) = read(broker, topic)
    assert (letter.key, letter.value) == (b"k", b"\xff{")
    assert letter.headers[0] == ("h", b"\x00")
    assert dict(letter.headers[1:-1]) == CONTEXT
    assert letter.headers[-1][0] == "__retaind.source"
    assert letter.headers[-1][1].endswith(b"/plant/3/7")
    assert abs(letter.timestamp / 1000 - time.time()) < 60


def test_of_a_message_of_several_events_the_letter_names_the_one_and_holds_the_message(
    broker: Cluster, topic: str, letters: KafkaDeadLetters
) -> None:
    whole = reject()
    put(letters, [replace(whole, record=EventRecord.of(whole.record, index)) for index in (0, 12)])
    written = read(broker, topic)
    assert [letter.value for letter in written] == [whole.record.value] * 2
    assert [dict(letter.headers[1:-1]) for letter in written] == [
        CONTEXT | {"__retaind.errors.index": b"0"},
        CONTEXT | {"__retaind.errors.index": b"12"},
    ]


def test_all_are_in_the_topic_when_they_are_settled(broker: Cluster, topic: str, letters: KafkaDeadLetters) -> None:
    put(letters, [reject(offset) for offset in range(300)])
    written = {dict(letter.headers)["__connect.errors.offset"] for letter in read(broker, topic)}
    assert written == {b"%d" % offset for offset in range(300)}


def test_tombstones_and_headers_without_a_value_are_kept(
    broker: Cluster, topic: str, letters: KafkaDeadLetters
) -> None:
    put(letters, [reject(value=None), reject(key=None, value=None), reject(headers=[("empty", None)])])
    with_key, without, headed = read(broker, topic)
    assert (with_key.key, with_key.value) == (b"k", None)
    assert (without.key, without.value) == (None, b"")
    assert dict(without.headers)["__retaind.errors.value"] == b"null"
    assert headed.headers[0] == ("empty", b"")


def test_a_value_too_large_for_the_topic_is_truncated_and_says_so(
    broker: Cluster, topic: str, letters: KafkaDeadLetters
) -> None:
    put(letters, [reject(0), reject(1, value=b"x" * 3_000_000), reject(2)])
    put(letters, [reject(3, value=b"x" * 3_000_000), reject(4)])
    found = {dict(letter.headers)["__connect.errors.offset"]: letter for letter in read(broker, topic)}
    assert set(found) == {b"0", b"1", b"2", b"3", b"4"}
    assert {len(letter.value or b"") for letter in found.values()} == {2, 65536}
    assert found[b"1"].value == b"x" * 65536
    assert dict(found[b"1"].headers)["__retaind.errors.value"] == b"truncated to 65536 of 3000000 bytes"


def test_a_value_too_large_for_the_client_is_truncated_and_says_so(broker: Cluster, topic: str) -> None:
    most = "max_request_size" if Chosen.library == "kafka-python" else "message_max_bytes"
    small = new_sink(broker, topic, **of_library(**{most: 200_000}))
    put(small, [reject(key=b"k" * 300_000, value=b"x" * 300_000, headers=[("h", b"y" * 300_000)])])
    small.close()
    (letter,) = read(broker, topic)
    assert (len(letter.key or b""), len(letter.value or b"")) == (65536, 65536)
    how = dict(letter.headers)["__retaind.errors.value"]
    assert how == (
        b"truncated to 65536 of 300000 bytes; key truncated to 65536 of 300000 bytes; 1 headers left out"
    )


def test_ten_megabytes_go_whole_into_a_topic_that_takes_them(broker: Cluster, topic: str) -> None:
    big = broker.create_topic(f"{topic}-big", config={"max.message.bytes": "12000000"})
    sink = new_sink(broker, big)
    put(sink, [reject(value=b"x" * 10_000_000)])
    sink.close()
    (letter,) = read(broker, big)
    assert len(letter.value or b"") == 10_000_000
    broker.delete_topic(big)


def test_a_missing_topic_is_an_unavailable_sink_after_the_deadline(broker: Cluster) -> None:
    sink = new_sink(broker, "no-such-topic", deadline_seconds=3)
    with pytest.raises(SinkUnavailableError, match=r"topic no-such-topic cannot be written to.*does not exist"):
        put(sink, [reject()])
    sink.close()


def test_a_missing_broker_is_an_unavailable_sink_after_the_deadline() -> None:
    options = KafkaDeadLetters.Options(
        bootstrap_servers="127.0.0.1:1", topic="t", deadline_seconds=1, **of_library()
    )
    sink = KafkaDeadLetters(options)
    with pytest.raises(SinkUnavailableError, match="topic t cannot be written to"):
        put(sink, [reject()])
    sink.close()
