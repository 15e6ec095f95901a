from __future__ import annotations

import logging
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from connectors.kafka.client import TidyClient
from connectors.kafka.dead_letters import KafkaDeadLetters
from connectors.kafka.positions import PositionLostError
from connectors.kafka.predictions import KafkaPredictions
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
from tests.connectors.rejects import prediction, reject
from tests.connectors.settled import until_settled

if TYPE_CHECKING:
    from tests.kafka.broker import Broker


def test_a_killed_broker_costs_no_record_and_repeats_none(
    mortal: Broker, each_library: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed = f"killed-{each_library}"
    mortal.create_topic(killed, partitions=2)
    mortal.produce(killed, numbers(0, 500))
    with opened(new_source(mortal, killed, group="g", commit_seconds=0.2)) as source:
        records = list(read(source, 100, max_records=50))
        mortal.kill()
        with caplog.at_level(logging.INFO, "connectors"):
            poll_until(source, lambda: "no connection to broker 1" in source.status().reason, records)
            source.commit(source.snapshot())
            caplog.clear()
            for _ in range(8):
                records += source.poll(50, 0.02)
            assert [message for message in caplog.messages if message.startswith("kafka:")] == []
        mortal.start()
        mortal.produce(killed, numbers(500, 600))
        poll_until(source, lambda: len(records) >= 600, records)
        settle(source, records)
        assert sorted(values(records)) == list(range(600))


def test_a_broker_that_is_not_there_at_the_start_is_waited_for(mortal: Broker, each_library: str) -> None:
    late = f"late-{each_library}"
    mortal.create_topic(late)
    mortal.produce(late, numbers(0, 5))
    mortal.kill()
    with opened(new_source(mortal, late)) as source:
        began = time.monotonic()
        assert source.poll(10, 0.3) == []
        assert 0.25 < time.monotonic() - began < 20  # and not until the client's own time is up
        assert source.status().reason == f"no broker at {mortal.bootstrap} has answered yet"
        assert source.snapshot()["partitions"] == []
        mortal.start()
        assert values(read(source, 5)) == list(range(5))
        poll_until(source, lambda: source.status().ready)


def test_reading_goes_on_after_offsets_that_compaction_has_emptied(mortal: Broker, each_library: str) -> None:
    compacted = f"compacted-{each_library}"
    with KafkaAdminClient(bootstrap_servers=mortal.bootstrap, kafka_client=TidyClient) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", {"log.cleaner.backoff.ms": "100"})])
    config = {
        "cleanup.policy": "compact",
        "segment.ms": "50",
        "min.cleanable.dirty.ratio": "0.0",
        "max.compaction.lag.ms": "1",
    }
    mortal.create_topic(compacted, config=config)
    keys = [b"first", *[b"same"] * 8, b"last"]
    mortal.produce(compacted, numbers(0, 10), keys=keys)
    deadline = time.monotonic() + 30
    while [record.offset for record in mortal.read_all(compacted)[:2]] != [0, 8]:
        mortal.produce(compacted, [b"0"], keys=[b"roll the segment"])
        assert time.monotonic() < deadline
    with opened(new_source(mortal, compacted)) as source:
        records: list[Any] = []
        settle(source, records)
        assert [record.offset for record in records][:3] == [0, 8, 9]
        assert offsets(source.snapshot()) == [records[-1].offset + 1]


@pytest.mark.parametrize(
    ("each_library", "start"),
    [("kafka-python", "earliest"), ("kafka-python", "latest"), ("librdkafka", "earliest")],
    indirect=["each_library"],
)
def test_a_log_that_was_replaced_is_noticed_behind_a_transaction_marker_and_where_nothing_was_read(
    mortal: Broker, each_library: str, start: str
) -> None:
    name = f"replaced-{start}-{each_library}"
    mortal.create_topic(name)
    with KafkaProducer(
        bootstrap_servers=mortal.bootstrap, kafka_client=TidyClient, transactional_id=name
    ) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        for value in numbers(0, 300):
            producer.send(name, value)
        producer.commit_transaction()
    with opened(new_source(mortal, name, start=start)) as source:
        settle(source)
        snapshot = source.snapshot()
    assert offsets(snapshot) == [301]
    mortal.stop()
    shutil.rmtree(mortal.directory / "data" / f"{name}-0")  # as where a replica without these records takes over
    mortal.start()
    mortal.produce(name, numbers(1000, 1400))
    with (
        opened(new_source(mortal, name), snapshot) as source,
        pytest.raises(PositionLostError, match="the records before it were replaced on the broker"),
    ):
        read(source, 1)


def test_a_topic_deleted_while_it_is_read_is_not_created_again_whatever_the_broker_allows(
    mortal: Broker, each_library: str
) -> None:
    deleted = f"deleted-{each_library}"
    mortal.create_topic(deleted)
    mortal.produce(deleted, numbers(0, 5))
    with KafkaAdminClient(bootstrap_servers=mortal.bootstrap, kafka_client=TidyClient) as admin:
        with opened(new_source(mortal, None, topics=(deleted, "never"))) as source:
            read(source, 5)
            mortal.delete_topic(deleted)
            poll_until(source, lambda: f"topic {deleted} does not exist" in source.status().reason)
            for _ in range(10):
                source.poll(10, 0.05)
        assert not {deleted, "never"} & set(admin.list_topics())


def test_a_broker_that_hangs_is_told_and_reading_goes_on_when_it_wakes(mortal: Broker, each_library: str) -> None:
    hung = f"hung-{each_library}"
    mortal.create_topic(hung)
    mortal.produce(hung, numbers(0, 5))
    with opened(new_source(mortal, hung, times=10)) as source:
        read(source, 5)
        with mortal.asleep():
            poll_until(source, lambda: source.status().reason == "connected, but no broker answers")
        mortal.produce(hung, numbers(5, 6))
        assert values(read(source, 1)) == [5]
        poll_until(source, lambda: source.status().ready)


def test_a_dead_letter_is_not_taken_as_kept_before_the_broker_says_so(mortal: Broker, each_library: str) -> None:
    name = mortal.create_topic(f"letters-{each_library}")
    letters = KafkaDeadLetters(
        KafkaDeadLetters.Options(bootstrap_servers=mortal.bootstrap, topic=name, **of_library())
    )
    letters.write([reject(1)])
    until_settled(letters)
    with mortal.asleep():
        letters.write([reject(2)])
        assert not letters.settle(0.5)
    until_settled(letters)
    letters.close()


def test_predictions_are_not_taken_as_published_before_the_broker_says_so(
    mortal: Broker, each_library: str
) -> None:
    name = mortal.create_topic(f"published-{each_library}")
    predictions = KafkaPredictions(
        KafkaPredictions.Options(bootstrap_servers=mortal.bootstrap, topic=name, **of_library())
    )
    predictions.write([prediction(1)])
    until_settled(predictions)
    with mortal.asleep():
        predictions.write([prediction(2)])
        assert not predictions.settle(0.5)
    until_settled(predictions)
    predictions.close()


@pytest.mark.usefixtures("each_library")
def test_an_address_without_a_broker_ends_it_after_give_up_seconds() -> None:
    options: dict[str, Any] = {"bootstrap_servers": "127.0.0.1:1", "topics": ("t",), "give_up_seconds": 0.3}
    options |= of_library()
    with (
        opened(KafkaSource(KafkaSource.Options(**options))) as source,
        pytest.raises(SourceUnavailableError, match=r"no broker at 127\.0\.0\.1:1 has answered yet, for 0 s"),
    ):
        poll_until(source, lambda: False)
