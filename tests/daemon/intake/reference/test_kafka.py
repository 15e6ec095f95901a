"""A topic of earlier events as reference: read up to the end that it has by then, and no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.kafka.source import KafkaSource
from connectors.kafka.source_options import KafkaSourceOptions
from connectors.source import SourceUnavailableError
from daemon.build.pipeline import build_pipeline
from daemon.intake.reference.records import records_up_to_now
from daemon.learning.stopwatch import Stopwatch
from tests.daemon.build.test_reference import MIXING, numbers, stream
from tests.daemon.intake.reference.before import before
from tests.daemon.lives import small_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kafka.cluster import Cluster


@pytest.fixture
def second_topic(broker: Cluster, topic: str) -> Iterator[str]:
    """A topic of three partitions, one of them empty, with a hundred rows from before."""
    name = broker.create_topic(f"{topic}-before", partitions=3)
    values = [record.value for record in before(100)]
    broker.produce(name, values[:70], partition=0)
    broker.produce(name, values[70:], partition=2)
    yield name
    broker.delete_topic(name)


def source(broker: Cluster, *topics: str) -> KafkaSource:
    return KafkaSource(KafkaSourceOptions(topics=topics, bootstrap_servers=broker.bootstrap))


def test_a_topic_is_read_to_its_present_end(broker: Cluster, second_topic: str) -> None:
    groups = records_up_to_now(source(broker, second_topic), most=1000, wait_seconds=30)
    found = sorted((record.partition, record.offset) for group in groups for record in group)
    assert found == [(0, offset) for offset in range(70)] + [(2, offset) for offset in range(30)]


def test_a_topic_without_a_record_ends_at_once(broker: Cluster, topic: str) -> None:
    assert list(records_up_to_now(source(broker, topic), most=10, wait_seconds=30)) == []


def test_a_topic_that_does_not_exist_is_given_up(broker: Cluster) -> None:
    groups = records_up_to_now(source(broker, "no-such-topic"), most=10, wait_seconds=1)
    with pytest.raises(SourceUnavailableError, match=r"reference\.source: .*no-such-topic"):
        list(groups)


def test_a_pipeline_mixes_in_rows_of_a_second_topic(broker: Cluster, second_topic: str, tmp_path: Path) -> None:
    kafka = {"type": "kafka", "bootstrap_servers": broker.bootstrap, "topics": [second_topic]}
    config = small_config(tmp_path, reference={"source": kafka}, strategies=[MIXING])
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    pipeline.process(stream())
    rows = pipeline._reference
    assert rows is not None
    assert len(numbers(rows.probes) | numbers(rows.mixable)) == 100
    assert pipeline.main is not None
    assert pipeline.main.scored.evaluator.reference is not None
