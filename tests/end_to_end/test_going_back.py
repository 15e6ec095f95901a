"""From Kafka to Kafka: what is relearned for a budget is published once, and a log that has gone is no way back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient, TopicPartition

from connectors.kafka.client import TidyClient
from connectors.kafka.source import KafkaSource
from connectors.kafka.source_options import KafkaSourceOptions
from daemon.build.load import load_bytes
from daemon.loop.poll_size import PollSize
from daemon.service import Service
from tests.daemon.poisoned_stream import EVENTS, LEARNS, poisoned

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.record import Record
    from tests.kafka.cluster import Cluster

CONFIG = """
source: {{type: kafka, topics: [{topic}], bootstrap_servers: "{bootstrap}", group: {topic}}}
predictions: {{type: kafka, topic: {out}, bootstrap_servers: "{bootstrap}"}}
"""


def service_in(directory: Path, broker: Cluster, *, topic: str, out: str) -> Service:
    where = {"directory": directory, "bootstrap": broker.bootstrap, "topic": topic, "out": out}
    text = (CONFIG + LEARNS).format(**where, remedies="[rollback, freeze]")
    service = Service(load_bytes(text.encode(), file="test.yaml", environ={}))
    service.loop._poll_size = PollSize(first=50, most=50)
    return service


def entered(service: Service, stage: str) -> int:
    budget = service.loop.pipeline.snapshot().budget
    return 0 if budget is None else budget.entered[stage]


def test_what_is_relearned_is_in_the_topic_once(broker: Cluster, topic: str, tmp_path: Path) -> None:
    out = broker.create_topic(f"{topic}-out")
    broker.produce(topic, poisoned(), partition=0)
    with service_in(tmp_path, broker, topic=topic, out=out) as service:
        service.run(stop=lambda: service.loop.answered.again or service.loop.pipeline.events >= EVENTS - 1)
        assert entered(service, "rollback") == 1
    # Another process goes on relearning, and comes to what is new.
    with service_in(tmp_path, broker, topic=topic, out=out) as service:
        assert service.loop.answered.again
        service.run(stop=lambda: service.loop.pipeline.events >= EVENTS - 1)
        assert not service.loop.answered.again
        assert entered(service, "rollback") == 1
    published = broker.read_all(out, isolation_level="read_committed")
    assert len(published) == EVENTS - 1
    origins = sorted(dict(record.headers)["__retaind.source"] for record in published)
    assert len(set(origins)) == EVENTS - 1
    assert broker.committed(topic) == {(topic, 0): EVENTS}
    broker.delete_topic(out)


def test_offsets_that_are_gone_are_no_way_back(broker: Cluster, topic: str) -> None:
    options = {"topics": [topic], "bootstrap_servers": broker.bootstrap}
    broker.produce(topic, poisoned()[:20], partition=0)
    source = KafkaSource(KafkaSourceOptions.model_validate(options))
    source.open(None)
    try:
        records = reading(source, 5)
        early = source.snapshot()
        records += reading(source, 15)
        late = source.snapshot()
        assert source.why_not_back_to(early) == ""
        before = source.lies_before(early)
        assert [record.offset for record in records if before(record)] == list(range(5))
        with KafkaAdminClient(bootstrap_servers=broker.bootstrap, kafka_client=TidyClient) as admin:
            admin.delete_records({TopicPartition(topic, 0): 12})
        assert f"offset 5 of {topic}/0 is gone: its log begins at 12" in source.why_not_back_to(early)
        assert source.why_not_back_to(late) == ""
        assert source.has_passed(late)
        source.open(early)
        assert not source.has_passed(late)
    finally:
        source.close()
    shared = options | {"mode": "subscribe", "group": topic}
    assert "shared" in KafkaSource(KafkaSourceOptions.model_validate(shared)).why_not_back_to(early)


def reading(source: KafkaSource, count: int) -> list[Record]:
    """The next records, so many."""
    records: list[Record] = []
    deadline = time.monotonic() + 30
    while len(records) < count and time.monotonic() < deadline:
        records += source.poll(count - len(records), 0.2)
    return records
